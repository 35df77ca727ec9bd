"""The course of a chronic disease that runs through a restricted visit: what that visit has said, when it was
and what was prescribed there is told by right alone, in lists, books, papers, files and beside the next form.
"""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.care.models import Appointment, Enrolment, fact_values
from apps.core import paper
from apps.core.errors import Refused
from apps.core.scope import enter
from apps.encounters.certificates import issuing
from apps.encounters.certificates.sick_leave import SickLeave
from apps.encounters.models import Order, PrescriptionLine, Visit
from apps.facilities.models import Facility, Practitioner
from apps.ncd.models import FollowUp
from apps.patients.models import Person
from apps.sync import by_hand
from apps.sync.models import OutboxRow, Receiver
from tests.factories import certificates, ncd
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.facilities import a_station
from tests.factories.patients import a_person, scope_at

pytestmark = pytest.mark.django_db
MEDICINE, PRESSURE = "Dolutegravir giả định", "203/121"


@pytest.fixture
def station() -> Facility:
    make.catalogues()
    certificates.lists()
    a_code("care_programme", "hypertension", "Tăng huyết áp")
    make.a_drug("TD060.1", "Amlodipin", strength="5mg")
    return a_station()


@pytest.fixture
def doctor(station: Facility) -> Practitioner:
    return make.a_practitioner(station)


@pytest.fixture
def lan(station: Facility) -> Person:
    return a_person(station, "Phạm Thị Lan")


@pytest.fixture
def enrolment(lan: Person) -> Enrolment:
    return ncd.an_old_enrolment(lan)


@pytest.fixture
def hidden(lan: Person, doctor: Practitioner, enrolment: Enrolment) -> FollowUp:
    """Her last form: of a visit that few may read."""
    form = ncd.a_finished_follow_up(lan, doctor, 203, 121, days_ago=1, side_effects="khó chịu")
    for model, which in ((Visit, {"pk": form.visit_id}), (FollowUp, {"pk": form.pk})):
        model.unscoped.filter(**which).update(restricted=True)
    Appointment.unscoped.filter(person=lan).update(restricted=True)
    PrescriptionLine.unscoped.filter(prescription__visit=form.visit_id).update(drug_name=MEDICINE)
    return FollowUp.unscoped.get(pk=form.pk)


@pytest.fixture
def plain_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        paper, "pdf", lambda template, context, *a, **k: render_to_string(template, context).encode()
    )


def reader(station: Facility, role: str) -> Client:
    return client_of(a_member(role, station))


def said(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


@pytest.mark.parametrize("page", ["ncd:lists", "ncd:lists_paper"])
def test_lists_tell_it_by_right_alone(
    station: Facility, hidden: FollowUp, plain_papers: None, page: str
) -> None:
    path = f"{reverse(page)}?so=a&muc=tat-ca"
    told = (PRESSURE, f"{hidden.on:%d/%m/%Y}", f"{hidden.next_on:%d/%m/%Y}")
    by_right, without = (said(reader(station, role), path) for role in ("doctor", "nurse"))
    assert all(words in by_right for words in told)
    assert "Phạm Thị Lan" in without and not [words in without for words in told if words in without]


def test_the_years_book_tells_its_medicines_by_right_alone(station: Facility, hidden: FollowUp) -> None:
    path = f"{reverse('ncd:book_a')}?nam={hidden.on.year}"
    by_right, without = (said(reader(station, role), path) for role in ("doctor", "nurse"))
    assert MEDICINE in by_right
    assert "Phạm Thị Lan" in without and MEDICINE not in without and ">203<" not in without


def test_the_next_form_shows_the_last_one_by_right_alone(
    station: Facility, lan: Person, doctor: Practitioner, enrolment: Enrolment, hidden: FollowUp
) -> None:
    visit = make.a_visit(lan, doctor)
    path = reverse("ncd:follow", args=[visit.pk, enrolment.pk])
    by_right, without = (said(reader(station, role), path) for role in ("doctor", "nurse"))
    for words in (MEDICINE, PRESSURE, "khó chịu"):
        assert words in by_right and words not in without, words


def test_a_paper_for_the_employer_begins_without_the_medicines(
    station: Facility, lan: Person, doctor: Practitioner, hidden: FollowUp
) -> None:
    """As without the diagnosis: whoever issues it writes what the employer may read."""
    with enter(make.scope_of(doctor, rights=certificates.SIGNER | {"restricted.view"})):
        visit = Visit.objects.select_related("person", "facility", "card").get(pk=hidden.visit_id)
        begun = SickLeave().begin(issuing.subject_of_visit(visit))
    assert begun["treatment"] == begun["diagnosis"] == ""
    assert timezone.localdate() > visit.on


@pytest.mark.parametrize("what", ["visit", "order"])
def test_what_may_leave_is_taken_as_a_file_by_right_alone(
    station: Facility, lan: Person, doctor: Practitioner, what: str
) -> None:
    """Also where a rule lets it be sent: the file is read by who takes it."""
    visit = make.a_finished_visit(lan, doctor)
    if what == "visit":
        Visit.unscoped.filter(pk=visit.pk).update(restricted=True)
    else:
        shared = fact_values(visit) | {"restricted": True}
        Order.unscoped.create(**shared, visit=visit, kind="lab", code="HIV", name="Xét nghiệm giả định")
    row = OutboxRow.unscoped.create(
        receiver=Receiver.objects.create(code="kho", name="Kho dữ liệu", base_url="https://kho.invalid"),
        kind="visit", aggregate_id=visit.pk, person_id=lan.pk, facility_id=station.pk, state="rejected",
        next_at=timezone.now(), changed_at=timezone.now(),
    )  # fmt: skip
    rights = frozenset({"sync.view", "sync.enter", "sync.export"})
    with enter(scope_at(station, rights)):
        with pytest.raises(Refused, match="thông tin hạn chế"):
            by_hand.hand_take(row_id=row.pk, expected_version=row.version)
        OutboxRow.unscoped.filter(pk=row.pk).update(state="by_hand")
        with pytest.raises(Refused, match="thông tin hạn chế"):
            by_hand.hand_file(row_id=row.pk)
    with enter(scope_at(station, rights | {"restricted.view"})):
        try:
            by_hand.hand_file(row_id=row.pk)
        except Refused as refused:  # of an invented record, for another reason
            assert "hạn chế" not in refused.message
