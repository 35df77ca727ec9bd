"""Orders, results and files of a real visit, from the station's forms to the receiver."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core import registry, scope
from apps.encounters import services as visits
from apps.encounters.models import Order
from apps.encounters.ordering import attachments, orders, procedures, results, traditional
from apps.encounters.ordering.procedures import SheetInput
from apps.encounters.ordering.results import ResultInput
from apps.encounters.ordering.traditional import SessionInput
from apps.sync import worker
from apps.sync.models import OutboxRow
from tests.factories.encounters import a_practitioner, an_examined_visit, catalogues, scope_of
from tests.factories.orders import (
    COUNT,
    DRESSING,
    HIV,
    NEEDLES,
    a_result,
    an_order,
    order_catalogues,
)
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    catalogues()
    order_catalogues()
    return a_practitioner(a_station())


@pytest.fixture
def visit(doctor):
    return an_examined_visit(a_person(doctor.facility, "Đinh Văn Tám"), doctor)


def end(visit, doctor):
    visit.refresh_from_db()
    with scope.enter(scope_of(doctor)):
        return visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version)


def version(order):
    return Order.unscoped.get(pk=order.pk).version


def held(liar, kind):
    return liar.store.of_type(kind)


def statuses(liar, kind):
    return sorted(each["status"] for each in held(liar, kind))


def test_it_works(receiver, liar, clock, doctor, visit):
    """A result that is verified after the visit's end follows it; nothing of it went before."""
    order = an_order(visit, doctor)
    a_result(order, doctor, verify=False, GLU_CAP="5,6")
    end(visit, doctor)
    worker.drain(clock=clock)
    assert statuses(liar, "ServiceRequest") == ["active"]
    assert held(liar, "DiagnosticReport") == [] and "5.6" not in json.dumps(held(liar, "Observation"))
    with scope.enter(scope_of(doctor)):
        results.result_verify(order_id=order.pk, expected_version=version(order))
    assert OutboxRow.unscoped.filter(state="pending").count() == 1
    worker.drain(clock=clock)
    assert statuses(liar, "ServiceRequest") == ["completed"]
    (report,) = held(liar, "DiagnosticReport")
    (value,) = [o for o in held(liar, "Observation") if "laboratory" in json.dumps(o)]
    assert report["result"] == [{"reference": f"Observation/{value['id']}"}]
    assert value["valueQuantity"]["value"] == 5.6
    assert len(held(liar, "Provenance")) == 2


def test_nothing_is_queued_for_a_visit_that_is_still_open(receiver, doctor, visit):
    a_result(an_order(visit, doctor), doctor, GLU_CAP="5,6")
    assert OutboxRow.unscoped.count() == 0


def test_a_corrected_result_replaces_the_one_that_was_sent(receiver, liar, clock, doctor, visit):
    order = an_order(visit, doctor, COUNT)
    a_result(order, doctor, HGB="120", WBC="6")
    end(visit, doctor)
    worker.drain(clock=clock)
    with scope.enter(scope_of(doctor)):
        results.result_correct(
            order_id=order.pk,
            expected_version=version(order),
            data=ResultInput(values={"HGB": "140"}),
            reason="Nhầm ống máu",
        )
    worker.drain(clock=clock)
    assert statuses(liar, "DiagnosticReport") == ["corrected"]
    laboratory = {
        o["code"].get("coding", [{}])[-1].get("code"): (o["status"], o.get("valueQuantity", {}).get("value"))
        for o in held(liar, "Observation")
        if o["status"] != "final"
    }
    assert laboratory["HGB"] == ("corrected", 140)
    assert ("entered-in-error", None) in laboratory.values()  # the count of cells that is no more


def test_an_order_in_error_is_taken_back(receiver, liar, clock, doctor, visit):
    order = an_order(visit, doctor)
    a_result(order, doctor, GLU_CAP="5,6")
    end(visit, doctor)
    worker.drain(clock=clock)
    with scope.enter(scope_of(doctor)):
        orders.order_in_error(order_id=order.pk, expected_version=version(order), reason="Nhầm người")
    worker.drain(clock=clock)
    assert statuses(liar, "ServiceRequest") == statuses(liar, "DiagnosticReport") == ["entered-in-error"]


def test_what_is_done_after_the_end_follows(receiver, liar, clock, doctor, visit):
    """A dressing that ends late, a sitting of a course, a picture; a cancelled order; a mistaken sitting."""
    dressing, count = (an_order(visit, doctor, code) for code in (DRESSING, COUNT))
    needles = an_order(visit, doctor, NEEDLES, sessions=5)
    end(visit, doctor)
    worker.drain(clock=clock)
    picture = io.BytesIO()
    Image.new("RGB", (9, 9)).save(picture, "PNG")
    with scope.enter(scope_of(doctor)):
        procedures.sheet_save(
            order_id=dressing.pk,
            expected_version=version(dressing),
            data=SheetInput(
                fields={"site": "Cẳng tay", "state": "Sạch", "done": "Thay băng"}, outcome="Vết thương khô"
            ),
            end=True,
            override="đủ",
        )
        method = codes.choices("yhct_method")[0][0]
        sitting = traditional.session_add(order_id=needles.pk, data=SessionInput(methods=[method]))
        orders.order_cancel(order_id=count.pk, expected_version=version(count), reason="Không cần")
        attachments.attach(
            visit_id=visit.pk,
            file=SimpleUploadedFile("vet-thuong.png", picture.getvalue()),
            title="Vết thương",
        )
    worker.drain(clock=clock)
    assert statuses(liar, "Procedure") == ["completed", "completed"]
    assert statuses(liar, "ServiceRequest") == sorted(["completed", "active", "revoked"])
    (file,) = held(liar, "DocumentReference")
    assert file["description"] == "Vết thương" and "data" not in json.dumps(file)
    with scope.enter(scope_of(doctor)):
        traditional.session_in_error(session_id=sitting.pk, reason="Nhầm ngày")
    worker.drain(clock=clock)
    assert statuses(liar, "Procedure") == ["completed", "entered-in-error"]


def test_a_restricted_order_stays_with_its_result(receiver, liar, clock, doctor, visit):
    a_result(an_order(visit, doctor, HIV), doctor, HIV="Âm tính")
    order = an_order(visit, doctor)
    a_result(order, doctor, GLU_CAP="5,6")
    end(visit, doctor)
    worker.drain(clock=clock)
    assert len(held(liar, "ServiceRequest")) == len(held(liar, "DiagnosticReport")) == 1
    text = json.dumps(list(liar.store.resources.items()), default=str, ensure_ascii=False)
    assert "HIV" not in text


def a_rule_that_sends(send):
    CodeEntry.objects.filter(list="restricted_data").delete()
    CodeEntry.objects.create(
        list="restricted_data", code="HIV", scope="lab", name="x", extra={"group": "hiv", "send": send}
    )
    codes.forget()


def test_a_rule_may_let_it_leave_and_its_end_takes_it_back(receiver, liar, clock, doctor, visit):
    a_rule_that_sends("yes")
    a_result(an_order(visit, doctor, HIV), doctor, HIV="Âm tính")
    end(visit, doctor)
    worker.drain(clock=clock)
    assert statuses(liar, "DiagnosticReport") == ["final"]
    a_rule_that_sends("no")
    for expected in ("1 chỉ định", "0 chỉ định"):
        with scope.system("test"):
            assert expected in registry.nightly.get("sync.restricted").run(timezone.localdate())
        worker.drain(clock=clock)
    assert statuses(liar, "DiagnosticReport") == ["entered-in-error"]
    assert "Âm tính" not in json.dumps(held(liar, "Observation"), ensure_ascii=False)


def test_a_lost_answer_is_sent_again_and_doubles_nothing(receiver, liar, clock, doctor, visit):
    """The receiver stores the result and the line drops before it can say so."""
    order = an_order(visit, doctor)
    end(visit, doctor)
    worker.drain(clock=clock)
    liar.faults.add("drop_after_commit")
    a_result(order, doctor, GLU_CAP="5,6")
    worker.drain(clock=clock)
    clock.forward(60)
    worker.drain(clock=clock)
    assert OutboxRow.unscoped.exclude(state="accepted").count() == 0
    assert len(held(liar, "DiagnosticReport")) == 1 and len(held(liar, "ServiceRequest")) == 1


def test_too_large_for_one_request_goes_in_parts(receiver, liar, clock, doctor, visit):
    a_result(an_order(visit, doctor), doctor, GLU_CAP="5,6")
    liar.faults.add("413")
    end(visit, doctor)
    worker.drain(clock=clock)
    clock.forward(60)
    worker.drain(clock=clock)
    assert OutboxRow.unscoped.get().state == "accepted"
    (report,) = held(liar, "DiagnosticReport")
    (request,) = held(liar, "ServiceRequest")
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{request['id']}"}]
    assert statuses(liar, "Composition") == ["final"]
