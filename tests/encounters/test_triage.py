"""Who is measured while she waits goes on waiting; a danger sign lets her go first."""

from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.desk import queue, reception
from apps.encounters.inputs import Opening, VisitInput
from apps.encounters.models import Visit
from tests.encounters.conftest import signed_in
from tests.encounters.test_pages import at
from tests.factories import encounters as make
from tests.factories.patients import a_person


@pytest.fixture
def helper(station):
    """A nurse who measures, and neither prescribes nor signs."""
    return make.a_practitioner(station, "Ngô Thị Đo", grade="nurse", can_sign=False)


@pytest.fixture
def desk(helper):
    return signed_in("nurse", helper, "do.nt")


def save(client, visit, action="save", **values):
    visit.refresh_from_db()
    said = {"form_key": str(uuid4()), "version": visit.version, "action": action, "reason": "Sốt", "main": ""}
    answer = client.post(at("visit", visit.pk), said | {"external": "", "follow_up_on": ""} | values)
    visit.refresh_from_db()
    return answer


def numbers(scope, part="waiting"):
    with enter(scope):
        found = queue.queue(scope, timezone.localdate(), now=timezone.now())
    return [each.visit.queue_no for each in getattr(found, part)]


def test_it_works(desk, station, doctor, helper):
    first, second = (make.a_visit(a_person(station, f"Đinh Văn {n}"), helper) for n in ("Một", "Hai"))
    assert save(desk, second, temperature="38,4", pulse="96").status_code == 302
    assert second.state == "waiting" and second.started_at is None
    page = desk.get(at("visit", second.pk)).content.decode()
    assert "Người bệnh vẫn chờ khám" in page and 'value="38,4"' in page
    scope = make.scope_of(doctor)
    assert numbers(scope) == [first.queue_no, second.queue_no]
    listed = desk.get(at("queue")).content.decode()
    assert listed.count("đã đo") == 1 and listed.index("Đinh Văn Hai") < listed.index("đã đo")
    # and whoever examines her begins
    save(signed_in("doctor", doctor, "binh.tv"), second, temperature="38,4", pulse="96")
    assert second.state == "in_progress" and numbers(scope) == [first.queue_no]
    assert numbers(scope, "examined") == [second.queue_no]
    listed = desk.get(at("queue")).content.decode()
    assert listed.index("Đang khám") < listed.rindex("Đinh Văn Hai")


def test_a_danger_sign_goes_first_until_it_is_put_right(desk, station, doctor, helper):
    first, second = (make.a_visit(a_person(station, f"Đinh Văn {n}"), helper) for n in ("Một", "Hai"))
    save(desk, second, spo2="82")
    assert (second.state, second.rank, second.priority_for) == ("waiting", 0, ["danger"])
    scope = make.scope_of(doctor)
    assert numbers(scope) == [second.queue_no, first.queue_no]
    assert "nguy hiểm" in desk.get(at("queue")).content.decode()
    with enter(make.scope_of(helper)):
        said = Opening(reason="Khó thở", payer="fee")
        reception.visit_reception(visit_id=second.pk, expected_version=second.version, opening=said)
    second.refresh_from_db()
    assert (second.rank, second.priority_for) == (0, ["danger"])
    save(desk, second, spo2="98")
    assert (second.rank, second.priority_for) == (9, [])
    assert numbers(scope) == [first.queue_no, second.queue_no]


@pytest.mark.parametrize("field", ["history", "examination", "advice"])
def test_who_writes_more_than_figures_examines(desk, hoa, helper, field):
    visit = make.a_visit(hoa, helper)
    save(desk, visit, **{field: "Đau từ hôm qua"})
    assert visit.state == "in_progress"


def test_an_end_that_lacks_its_diagnosis_says_so(desk, hoa, helper):
    visit = make.a_visit(hoa, helper)
    answer = save(desk, visit, "finalise", temperature="37")
    assert answer.status_code == 422 and "Chưa có chẩn đoán chính" in answer.content.decode()
    assert visit.state == "in_progress"


def test_a_measured_one_is_called_and_may_leave(desk, hoa, doctor, helper):
    visit = make.a_visit(hoa, helper)
    save(desk, visit, temperature="37")
    with enter(make.scope_of(doctor)):
        assert queue.call_next(room_id=None).pk == visit.pk
        services.visit_left(visit_id=visit.pk, expected_version=visit.version)
        with pytest.raises(Refused):
            services.visit_save(
                visit_id=visit.pk, expected_version=visit.version + 1, data=VisitInput(fields={"reason": "x"})
            )
    assert Visit.unscoped.get(pk=visit.pk).state == "left"
