"""Orders: placed with their price, cancelled, entered in error; who may, and what is refused."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters import moving, services
from apps.encounters.models import Order, OrderKind, OrderSet
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import orders
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.orders import OrderInput
from tests.factories import encounters as make
from tests.factories.orders import (
    COUNT,
    DRESSING,
    GLUCOSE,
    HIV,
    INJECTION,
    NEEDLES,
    ULTRASOUND,
    a_price,
    a_result,
    an_order,
    order_catalogues,
)
from tests.factories.patients import RIGHTS, a_person, a_station


@pytest.fixture
def visit(hoa, doctor):
    order_catalogues()
    return make.an_examined_visit(hoa, doctor)


def place(visit, *codes, override="", **fields):
    return orders.orders_place(
        visit_id=visit.pk, items=[OrderInput(code, **fields) for code in codes], override=override
    )


def test_it_works(visit, doctor, hoa, as_doctor):
    a_price(GLUCOSE, 16_000, payer="fee")
    placed = place(visit, GLUCOSE, INJECTION, note="lúc đói")
    glucose, injection = Order.unscoped.order_by("name").reverse()
    assert (glucose.kind, glucose.tests, glucose.state) == ("lab", ["GLU_CAP"], "ordered")
    assert (injection.kind, injection.form, injection.price) == ("procedure", "injection", None)
    assert (glucose.performer, glucose.person, glucose.facility) == (doctor, hoa, visit.facility)
    assert glucose.note == "lúc đói"
    assert {row.pk for row in placed} == {glucose.pk, injection.pk}
    assert AuditEntry.objects.filter(action="order.placed").count() == 2


@pytest.mark.parametrize(
    ("code", "kind", "form"),
    [
        (GLUCOSE, "lab", ""),
        (COUNT, "lab", ""),
        (ULTRASOUND, "imaging", ""),
        (INJECTION, "procedure", "injection"),
        (DRESSING, "procedure", "wound"),
        (NEEDLES, "course", ""),
        ("08.0278.0230", "course", ""),  # by a word of its name, without a row of its own
        ("HCG_U", "lab", ""),
    ],
)
def test_what_a_service_is_done_as(visit, code, kind, form):
    item = order_catalogue.known([code], visit.on)[code]
    assert (item.kind, item.form) == (kind, form)


def test_the_price_is_that_of_the_day_the_payer_and_the_province(visit, doctor, as_doctor):
    province = visit.facility.unit.parent.name
    a_price(GLUCOSE, 10_000, payer="fee", valid_to=visit.on - dt.timedelta(days=1))
    a_price(GLUCOSE, 12_000, payer="fee", valid_from=visit.on)
    a_price(GLUCOSE, 13_000, payer="fee", area=province, valid_from=visit.on)
    a_price(GLUCOSE, 9_000, payer="fee", area="Cần Thơ", valid_from=visit.on)
    a_price(GLUCOSE, 8_000, payer="bhyt")
    type(visit).unscoped.filter(pk=visit.pk).update(payer="fee")
    assert place(visit, GLUCOSE)[0].price == 13_000
    assert Order.unscoped.get().price_source == "Nghị quyết HĐND tỉnh"


def test_a_free_visit_costs_nothing(visit, as_doctor):
    type(visit).unscoped.filter(pk=visit.pk).update(payer="free")
    assert place(visit, GLUCOSE)[0].price == 0


def test_who_may_not_order(visit, nurse, station):
    plain = make.a_practitioner(station, "Võ Thị Sen", grade="nurse", can_sign=False, licence_no="12")
    with enter(make.scope_of(plain)), pytest.raises(Refused, match="không được chỉ định"):
        place(visit, GLUCOSE)


def test_another_station_sees_no_visit(visit):
    elsewhere = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    with enter(make.scope_of(elsewhere)), pytest.raises(type(visit).DoesNotExist):
        place(visit, GLUCOSE)


def test_an_ended_visit_takes_no_orders(visit, as_doctor):
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    with pytest.raises(Refused, match="không chỉ định thêm được"):
        place(visit, GLUCOSE)


@pytest.mark.parametrize("code", ["10.0506.0459", "XYZ", "", "GLU_CAP"])
def test_what_a_commune_station_does_not_do(visit, as_doctor, code):
    with pytest.raises(Refused, match="không thuộc danh mục chỉ định"):
        place(visit, code)


def test_a_test_of_the_other_sex(station, doctor, as_doctor):
    order_catalogues()
    man = make.an_examined_visit(a_person(station, "Đinh Văn Bé", sex="male"), doctor)
    with pytest.raises(Refused, match="chỉ làm cho nữ"):
        place(man, "HCG_U")


def test_the_same_again_asks_for_a_reason(visit, as_doctor):
    place(visit, GLUCOSE)
    with pytest.raises(NeedsReason, match="đã chỉ định trong lượt khám"):
        place(visit, GLUCOSE)
    again = place(visit, GLUCOSE, override="Kiểm tra sau ăn")
    assert again[0].overrides[0]["reason"] == "Kiểm tra sau ăn"


def test_cancelled_with_a_reason_unless_begun(visit, doctor, as_doctor):
    order = place(visit, GLUCOSE)[0]
    with pytest.raises(Refused, match="Ghi lý do"):
        orders.order_cancel(order_id=order.pk, expected_version=1, reason=" ")
    orders.order_cancel(order_id=order.pk, expected_version=1, reason="Người bệnh không làm")
    assert Order.unscoped.get().state == order_states.CANCELLED
    second = place(visit, ULTRASOUND)[0]
    a_result(second, doctor, verify=False, conclusion="Bình thường")
    with pytest.raises(Refused, match="không làm được"):
        orders.order_cancel(order_id=second.pk, expected_version=2, reason="nhầm")


def test_two_who_take_back_at_once(visit, as_doctor):
    order = place(visit, GLUCOSE)[0]
    orders.order_cancel(order_id=order.pk, expected_version=1, reason="nhầm")
    with pytest.raises(StaleVersion):
        orders.order_cancel(order_id=order.pk, expected_version=1, reason="nhầm")


def test_a_visit_in_error_takes_its_orders_along(visit, doctor, as_doctor):
    order = place(visit, GLUCOSE)[0]
    result = a_result(order, doctor, GLU_CAP="5,6")
    visit.refresh_from_db()
    services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người")
    order.refresh_from_db()
    result.refresh_from_db()
    assert (order.state, result.state) == ("entered_in_error", "entered_in_error")


# ---- restricted tests


def test_a_restricted_test_is_for_few(visit, nurse, hoa, as_doctor):
    place(visit, HIV, GLUCOSE)
    assert Order.unscoped.get(code=HIV).restricted_by == ["hiv"]
    with enter(make.scope_of(nurse)) as scope:
        assert [row.code for row in order_queries.of_visit(scope, visit)] == [GLUCOSE]
        assert [row.code for row in order_queries.waiting(scope, since=visit.on).items] == [GLUCOSE]
    with enter(make.scope_of(nurse, rights=RIGHTS | {"restricted.view"})) as scope:
        assert len(order_queries.of_visit(scope, visit)) == 2


# ---- the picker


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("duong huyet", GLUCOSE),
        ("01.0281", GLUCOSE),
        ("sieu am", ULTRASOUND),
        ("tiem bap", INJECTION),
        ("thay bang", DRESSING),
        ("que thu thai", "HCG_U"),
        ("tien dinh", "08.0278.0230"),
    ],
)
def test_found_by_words_without_accents_or_code(visit, as_doctor, typed, code):
    assert code in [pick.code for pick in order_catalogue.find(as_doctor, typed, visit.on)]


def test_blood_sugar_is_the_rapid_test_first(visit, as_doctor):
    found = [pick.code for pick in order_catalogue.find(as_doctor, "duong huyet", visit.on)]
    assert found[:2] == [GLUCOSE, "23.0075.1494"]


def test_what_is_not_of_the_commune_is_not_found(visit, as_doctor):
    assert order_catalogue.find(as_doctor, "cat ruot thua", visit.on) == []


# ---- sets


def test_a_set_of_the_station(visit, station, as_doctor):
    row = orders.order_set_save(name="Xét nghiệm máu cơ bản", codes=[GLUCOSE, COUNT])
    assert order_queries.order_sets(as_doctor) == [row]
    with pytest.raises(Refused, match="đã có nhóm"):
        orders.order_set_save(name="Xét nghiệm máu cơ bản", codes=[GLUCOSE])
    with pytest.raises(Refused, match="Chọn các dịch vụ"):
        orders.order_set_save(name="Khác", codes=["XYZ"])
    orders.order_set_drop(set_id=row.pk)
    assert order_queries.order_sets(as_doctor) == []


def test_a_set_is_its_stations_own(visit, station, as_doctor):
    row = orders.order_set_save(name="Nhóm 1", codes=[GLUCOSE])
    elsewhere = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    with enter(make.scope_of(elsewhere)) as scope:
        assert order_queries.order_sets(scope) == []
        with pytest.raises(OrderSet.DoesNotExist):
            orders.order_set_save(name="Của tôi", codes=[GLUCOSE], set_id=row.pk)


# ---- what waits


def test_what_waits_costs_the_same_for_2_and_20(station, doctor, as_doctor, django_assert_num_queries):
    order_catalogues()
    for number in range(20):
        visit = make.a_visit(a_person(station, f"Đinh Văn {number}"), doctor)
        an_order(visit, doctor)
        if number in (1, 19):
            with django_assert_num_queries(2):
                page = order_queries.waiting(as_doctor, since=timezone.localdate())
                assert len([row.person.full_name for row in page.items]) == number + 1
    assert order_queries.waiting_counts(as_doctor, timezone.localdate())[OrderKind.LAB] == 20


def test_a_missing_right(visit, station):
    reader = make.a_practitioner(station, "Võ Thị Sen")
    with (
        enter(make.scope_of(reader, rights=frozenset({"results.view", "visits.view"}))),
        pytest.raises(PermissionDenied),
    ):
        orders.order_cancel(order_id=visit.pk, expected_version=1, reason="x")


def test_a_visit_that_moves_takes_along_what_nobody_had_begun(visit, doctor, station, as_doctor):
    place(visit, ULTRASOUND)
    a_result(place(visit, GLUCOSE)[0], doctor, GLU_CAP="5,6")
    right = a_person(station, "Nguyễn Thị Làn")
    visit.refresh_from_db()
    moved = moving.visit_move(
        visit_id=visit.pk, expected_version=visit.version, person=right, reason="Nhầm tên"
    )
    fresh = Order.unscoped.get(visit=moved)
    assert (fresh.code, fresh.person, fresh.state) == (ULTRASOUND, right, "ordered")
    assert {row.state for row in Order.unscoped.filter(visit=visit)} == {"entered_in_error"}
