"""Two who issue at once: one paper, one number."""

import pytest

from apps.core.scope import enter
from apps.encounters.certificates import issuing
from apps.encounters.models import Certificate
from tests.encounters.test_together import at_once
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doctor():
    make.catalogues()
    papers.lists()
    return make.a_practitioner(a_station())


def issue(doctor, visit, kind, said):
    with enter(papers.signer_scope(doctor)):
        return issuing.certificate_issue(
            kind=kind, visit_id=visit.pk, expected_version=visit.version, said=said
        )


def test_one_referral_of_a_visit(doctor):
    visit = papers.an_ended_visit(a_person(doctor.facility), doctor, outcome="2")
    made = at_once(*[lambda: issue(doctor, visit, "referral", papers.REFERRED)] * 2)
    assert sorted(type(each).__name__ for each in made) == ["Certificate", "Refused"]
    assert Certificate.unscoped.count() == 1


def test_one_day_of_leave_for_two_visits(doctor):
    person = a_person(doctor.facility)
    visits = [papers.an_ended_visit(person, doctor) for _ in range(2)]
    made = at_once(
        *(lambda visit=visit: issue(doctor, visit, "sick_leave", papers.leave(visit)) for visit in visits)
    )
    assert sorted(type(each).__name__ for each in made) == ["Certificate", "Problems"]


def test_numbers_have_no_gap_and_no_double(doctor):
    visits = [papers.an_ended_visit(a_person(doctor.facility, f"Đinh Văn {n}"), doctor) for n in range(4)]
    said = {"course": "x", "results": "", "treatment": "x", "condition": "x", "remark": ""}
    made = at_once(*(lambda visit=visit: issue(doctor, visit, "summary", said) for visit in visits))
    assert sorted(each.number[-1] for each in made) == ["1", "2", "3", "4"]
