"""Results: read, flagged, verified, corrected; what they become elsewhere."""

import datetime as dt
from decimal import Decimal as D

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.care.models import Measurement
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters import services
from apps.encounters.events import ResultVerified
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import Order, Result, ResultValue, Visit
from apps.encounters.ordering import orders, results
from apps.encounters.ordering.results import ResultInput
from apps.encounters.writing import Problems
from apps.patients.models import TimelineEntry
from tests.factories import encounters as make
from tests.factories.catalogues import an_icd10
from tests.factories.orders import (
    COUNT,
    GLUCOSE,
    HBSAG,
    HIV,
    ULTRASOUND,
    a_result,
    an_order,
    order_catalogues,
)
from tests.factories.patients import RIGHTS, a_station


@pytest.fixture
def visit(hoa, doctor):
    order_catalogues()
    return make.an_examined_visit(hoa, doctor)


@pytest.fixture
def order(visit, doctor):
    return an_order(visit, doctor)


def save(order, *, verify=False, override="", version=None, **fields):
    return results.result_save(
        order_id=order.pk,
        expected_version=version or Order.unscoped.get(pk=order.pk).version,
        data=ResultInput(**fields),
        verify=verify,
        override=override,
    )


def test_who_did_it_stays_whoever_saves_and_verifies(order, nurse, doctor):
    with enter(make.scope_of(nurse, rights=frozenset({"results.view", "results.enter"}))):
        save(order, values={"GLU_CAP": "5,6"})
    order.refresh_from_db()
    with enter(make.scope_of(doctor)):
        save(order, values={"GLU_CAP": "5,7"}, verify=True)
    result = Result.unscoped.get()
    assert (result.performer, result.performer_text, result.verifier) == (nurse, nurse.full_name, doctor)


def test_it_works(order, nurse, doctor):
    with enter(make.scope_of(nurse, rights=frozenset({"results.view", "results.enter"}))):
        save(order, values={"GLU_CAP": "5,6"})
    order.refresh_from_db()
    assert (order.state, order.summary, order.flag) == ("done", "5,6 mmol/L", "")
    assert not Measurement.unscoped.filter(source_kind="result").exists()
    with enter(make.scope_of(doctor)):
        results.result_verify(order_id=order.pk, expected_version=order.version)
    order.refresh_from_db()
    result = Result.unscoped.get()
    assert (order.state, result.state, result.late) == ("resulted", "final", False)
    assert (result.performer, result.verifier) == (nurse, doctor)
    value = ResultValue.unscoped.get()
    assert (value.value, value.unit, value.range_text, value.loinc) == (
        D("5.6"),
        "mmol/L",
        "3,9–6,4",
        "14743-9",
    )
    figure = Measurement.unscoped.get(source_kind="result")
    assert (figure.value, figure.vital.key, figure.method) == (D("5.6"), "glucose_random", "capillary")
    assert TimelineEntry.unscoped.get(kind="result").title.endswith("5,6 mmol/L")
    actions = AuditEntry.objects.filter(object_id=order.pk).order_by("at").values_list("action", flat=True)
    assert list(actions) == ["order.placed", "result.entered", "result.verified"]


def test_a_fasting_glucose_is_another_series(order, as_doctor):
    save(order, values={"GLU_CAP": "7,2"}, fasting=True, verify=True)
    assert Measurement.unscoped.get(source_kind="result").vital.key == "glucose_fasting"


def test_a_critical_figure_stands_on_the_order_before_anybody_verifies(order, nurse):
    with enter(make.scope_of(nurse)):
        save(order, values={"GLU_CAP": "2,4"})
    order.refresh_from_db()
    assert (order.flag, order.summary) == ("critical_low", "2,4 mmol/L thấp nguy hiểm")


def test_the_worst_of_several_is_said_first(visit, doctor, as_doctor):
    count = an_order(visit, doctor, COUNT)
    save(count, values={"WBC": "7,0", "HGB": "65"})
    count.refresh_from_db()
    assert count.flag == "critical_low"
    assert count.summary == "Huyết sắc tố 65 g/L thấp nguy hiểm; Số lượng bạch cầu 7 G/L"


def test_words_are_kept_with_their_code(visit, doctor, as_doctor):
    save(an_order(visit, doctor, HBSAG), values={"HBSAG": "Dương tính"}, verify=True)
    value = ResultValue.unscoped.get()
    assert (value.word, value.word_code, value.flag) == ("Dương tính", "pos", "abnormal")
    # a positive test notes; a diagnosis is the doctor's
    assert not AuditEntry.objects.filter(action="task.opened").exists()


def test_a_picture_has_a_conclusion(visit, doctor, as_doctor):
    order = an_order(visit, doctor, ULTRASOUND)
    with pytest.raises(Problems, match="Ghi kết luận"):
        save(order, description="Gan không to")
    save(order, description="Gan không to", conclusion="Chưa thấy bất thường", verify=True)
    order.refresh_from_db()
    assert order.summary == "Chưa thấy bất thường"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"values": {"GLU_CAP": "cao"}}, "không phải là số"),
        ({"values": {"GLU_CAP": ""}}, "Ghi ít nhất một kết quả"),
        ({"values": {"HGB": "130"}}, "không thuộc chỉ định"),
        ({"values": {"GLU_CAP": "126"}}, "mg/dL"),
        ({"values": {"GLU_CAP": "5,6"}, "at": timezone.now() + dt.timedelta(hours=2)}, "tương lai"),
        ({"values": {"GLU_CAP": "5,6"}, "at": timezone.now() - dt.timedelta(days=3)}, "trước ngày khám"),
    ],
    ids=["word", "empty", "foreign", "unit", "future", "before"],
)
def test_what_is_refused_saves_nothing(order, as_doctor, fields, sentence):
    with pytest.raises(Problems, match=sentence):
        save(order, **fields)
    assert not Result.unscoped.exists()


def test_far_from_the_range_asks_for_a_reason(visit, doctor, as_doctor):
    order = an_order(visit, doctor, COUNT)
    with pytest.raises(NeedsReason, match="xem lại dấu phẩy"):
        save(order, values={"WBC": "145"})
    result = save(order, values={"WBC": "145"}, override="Bệnh bạch cầu đã biết")
    assert result.overrides[0]["reason"] == "Bệnh bạch cầu đã biết"


def test_who_may_not_verify(order, nurse):
    with enter(make.scope_of(nurse, rights=frozenset({"results.view", "results.enter"}))):
        with pytest.raises(PermissionDenied):
            save(order, values={"GLU_CAP": "5,6"}, verify=True)
        save(order, values={"GLU_CAP": "5,6"})
        with pytest.raises(PermissionDenied):
            results.result_verify(order_id=order.pk, expected_version=2)


def test_without_a_practitioner_nobody_signs(order, station):
    from tests.factories.patients import scope_at

    with enter(scope_at(station)), pytest.raises(Refused, match="không gắn với người hành nghề"):
        save(order, values={"GLU_CAP": "5,6"}, verify=True)


def test_two_who_enter_at_once(order, as_doctor):
    save(order, values={"GLU_CAP": "5,6"}, version=1)
    with pytest.raises(StaleVersion):
        save(order, values={"GLU_CAP": "6,6"}, version=1)
    assert ResultValue.unscoped.get().value == D("5.6")


def test_entered_again_before_it_is_verified(order, as_doctor):
    save(order, values={"GLU_CAP": "5,6"})
    save(order, values={"GLU_CAP": "6,5"})
    assert Result.unscoped.count() == 1
    assert ResultValue.unscoped.get().value == D("6.5")


def test_a_verified_result_is_corrected_by_another_one(order, as_doctor):
    first = save(order, values={"GLU_CAP": "5,6"}, verify=True)
    with pytest.raises(Refused, match="không làm được việc này"):
        save(order, values={"GLU_CAP": "6,5"})
    version = Order.unscoped.get().version
    with pytest.raises(Refused, match="Ghi lý do"):
        results.result_correct(
            order_id=order.pk, expected_version=version, data=ResultInput({"GLU_CAP": "6,6"}), reason=""
        )
    second = results.result_correct(
        order_id=order.pk,
        expected_version=version,
        data=ResultInput({"GLU_CAP": "6,6"}),
        reason="Gõ nhầm",
    )
    first.refresh_from_db()
    assert (first.state, first.error_reason, second.corrects_id) == ("entered_in_error", "Gõ nhầm", first.pk)
    assert [row.value for row in Measurement.unscoped.filter(source_kind="result", state="final")] == [
        D("6.6")
    ]
    assert TimelineEntry.unscoped.filter(kind="result").count() == 1


def test_after_the_visit_it_is_an_addition_with_its_own_signature(visit, order, doctor, as_doctor):
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    signed = Visit.unscoped.get(pk=visit.pk)
    result = save(order, values={"GLU_CAP": "5,6"}, verify=True)
    assert (result.late, result.verifier) == (True, doctor)
    again = Visit.unscoped.get(pk=visit.pk)
    assert (again.version, again.signed_at) == (signed.version, signed.signed_at)


def test_an_order_in_error_takes_everything_back(order, as_doctor):
    save(order, values={"GLU_CAP": "5,6"}, verify=True)
    orders.order_in_error(
        order_id=order.pk, expected_version=Order.unscoped.get().version, reason="Nhầm người bệnh"
    )
    assert Result.unscoped.get().state == "entered_in_error"
    assert Measurement.unscoped.get(source_kind="result").state == "entered_in_error"
    assert TimelineEntry.unscoped.get(kind="result").state == "entered_in_error"


def test_a_restricted_result_is_hidden_in_the_timeline(visit, doctor, nurse):
    order = an_order(visit, doctor, HIV)
    with enter(make.scope_of(doctor, rights=RIGHTS | {"restricted.view"})):
        save(order, values={"HIV": "Âm tính"}, verify=True)
    assert TimelineEntry.unscoped.get(kind="result").restricted
    with enter(make.scope_of(nurse)):
        assert not Result.objects.exists()
        assert not ResultValue.objects.exists()
        with pytest.raises(Order.DoesNotExist):
            results.result_verify(order_id=order.pk, expected_version=2)


def test_a_visit_that_turns_out_restricted_takes_its_results_along(visit, order, as_doctor):
    save(order, values={"GLU_CAP": "5,6"}, verify=True)
    an_icd10("B20", "Bệnh do HIV")
    from apps.catalogues import codes
    from apps.catalogues.models import CodeEntry

    CodeEntry.objects.create(
        list="restricted_data", code="B20", scope="icd10", name="HIV", extra={"until": "B24", "group": "hiv"}
    )
    codes.forget()
    saved = services.visit_save(
        visit_id=visit.pk,
        expected_version=visit.version,
        data=VisitInput(fields={}, diagnoses=[DiagnosisInput("B20", "main")]),
    )
    services.visit_finalise(visit_id=visit.pk, expected_version=saved.version, override="xem lại rồi")
    assert TimelineEntry.unscoped.get(kind="result").restricted
    assert Measurement.unscoped.get(source_kind="result").restricted


def test_another_station_sees_nothing(order):
    elsewhere = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    with enter(make.scope_of(elsewhere)), pytest.raises(Order.DoesNotExist):
        save(order, values={"GLU_CAP": "5,6"}, version=1)


def test_others_are_told(order, as_doctor, heard):
    told = heard(ResultVerified)
    save(order, values={"GLU_CAP": "5,6"}, verify=True)
    assert told[0].order_id == order.pk


def test_saving_costs_at_most_21_queries(order, as_doctor, django_assert_max_num_queries):
    with django_assert_max_num_queries(21):
        save(order, values={"GLU_CAP": "5,6"}, verify=True)


def test_the_factory_reads_as_a_page_does(order, doctor):
    assert a_result(order, doctor, GLU_CAP="2,4").state == "final"
    assert order.code == GLUCOSE
