"""Giving out: whole, in part, another medicine, bought elsewhere; what cannot be."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.utils import DatabaseError
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry
from apps.core.scope import enter
from apps.encounters import services as visits
from apps.encounters.dispensing import queries, reading, services
from apps.encounters.dispensing.inputs import DispenseInput, Part
from apps.encounters.inputs import LineInput
from apps.encounters.models import Dispensing, DispensingLine, DispensingLot, Visit
from apps.encounters.writing import Problems
from apps.patients.models import TimelineEntry
from apps.stock.models import StockMovement
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.dispensing import agrees, at, given, part
from tests.factories.patients import RIGHTS, a_station


def standing(visit, code="TD001.1"):
    _, found, _ = reading.standings_of(visit)
    return found[str(give.line_of(visit, code).pk)]


def test_it_works(visit, desk, lot, pharmacist):
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    assert (act.state, act.performer, at(lot)) == ("completed", pharmacist, 90)
    row = DispensingLot.unscoped.get()
    assert (row.lot, row.quantity, row.line.kind) == (lot, 10, "given") and "sớm nhất" in row.why
    moved = StockMovement.unscoped.get(kind="dispense")
    assert (moved.source_kind, moved.source_id) == ("dispensing", act.pk)
    assert AuditEntry.objects.filter(action="dispensing.done", person_id=visit.person_id).count() == 1
    line = TimelineEntry.unscoped.get(kind="dispensing")
    assert (line.title, line.person_id) == ("Cấp phát 1 thuốc", visit.person_id)
    agrees()


def test_in_part_and_then_the_rest(visit, desk, lot, pharmacist):
    given(pharmacist, visit, desk, part(visit, 4, lot.item))
    assert (standing(visit).given, standing(visit).remaining) == (4, 6)
    given(pharmacist, visit, desk, part(visit, 6, lot.item))
    assert (standing(visit).remaining, at(lot)) == (0, 90)


def test_first_expired_first_over_several_lots(visit, desk, lot, pharmacist):
    early = give.a_stock(desk, 3, item=lot.item, number="TRUOC", expiry=give.in_days(20))
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    assert [(row.lot_number, row.quantity) for row in DispensingLot.unscoped.order_by("pk")] == [
        ("TRUOC", 3),
        ("L1", 7),
    ]
    assert (at(early), at(lot)) == (0, 93)


def test_bought_elsewhere_takes_nothing_from_the_shelf(visit, desk, lot, pharmacist):
    act = given(pharmacist, visit, desk, part(visit, 6, lot.item), part(visit, 4, None))
    assert {row.kind for row in give.rows(act)} == {"given", "outside"}
    assert (standing(visit).outside, standing(visit).remaining, at(lot)) == (4, 0, 94)


def test_all_bought_elsewhere_needs_no_place(visit, pharmacist):
    with enter(give.a_scope(pharmacist)):
        act = services.dispense(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=DispenseInput(parts=[part(visit, 10, None)]),
        )
    assert (act.location, give.rows(act)[0].item) == (None, None)


def test_another_strength_with_its_own_count_and_who_agreed(visit, desk, lot, pharmacist):
    make.a_drug("TD001.9", "Paracetamol", name="Hapacol", strength="250mg")
    other = give.a_stock(desk, 50, "TD001.9", "Hapacol 250mg")
    said = {"taken": 20, "reason": "Hết loại 500mg", "agreed_by": "Trần Văn Bình"}
    act = given(pharmacist, visit, desk, part(visit, 10, other.item, **said))
    row = give.rows(act)[0]
    assert (row.kind, row.quantity, row.taken, row.item_name) == ("substituted", 10, 20, "Hapacol 250mg")
    assert (row.reason, row.agreed_by) == ("Hết loại 500mg", "Trần Văn Bình")
    assert (at(other), at(lot), standing(visit).remaining) == (30, 100, 0)


@pytest.mark.parametrize(("strength", "taken"), [("250mg", 21), ("400mg", 21), ("1g", 11)])
def test_another_strength_takes_no_more_than_it_explains(visit, desk, pharmacist, strength, taken):
    make.a_drug("TD001.9", "Paracetamol", name="Hapacol", strength=strength)
    other = give.a_stock(desk, 50_000, "TD001.9", "Hapacol")
    said = {"reason": "Hết", "agreed_by": "Bình"}
    with pytest.raises(Problems, match=f"{taken - 1} viên là đủ") as refused:
        given(pharmacist, visit, desk, part(visit, 10, other.item, taken=taken, **said), override="x")
    assert refused.value.problems[0].field.endswith("taken")
    act = given(pharmacist, visit, desk, part(visit, 10, other.item, taken=taken - 1, **said))
    told = AuditEntry.objects.get(action="dispensing.done", object_id=act.pk)
    assert [each["units"] for each in told.data["taken"]] == [taken - 1]


def test_many_units_of_an_unknown_strength_are_asked_about(visit, desk, pharmacist):
    make.a_drug("TD001.9", "Paracetamol", name="Hapacol", strength="theo nhà sản xuất")
    other = give.a_stock(desk, 500, "TD001.9", "Hapacol")
    much = part(visit, 10, other.item, taken=101, reason="Hết", agreed_by="Bình")
    with pytest.raises(NeedsReason, match="lấy 101 viên Hapacol cho 10 viên"):
        given(pharmacist, visit, desk, much)
    act = given(pharmacist, visit, desk, much, override="Gói bột chia nhỏ")
    assert act.overrides[0]["reason"] == "Gói bột chia nhỏ"


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [("taken", "ghi lấy bao nhiêu"), ("reason", "ghi lý do thay thế"), ("agreed_by", "ai đồng ý")],
)
def test_another_medicine_says_how_many_why_and_who(visit, desk, pharmacist, missing, sentence):
    make.a_drug("TD001.9", "Paracetamol", strength="250mg")
    other = give.a_stock(desk, 50, "TD001.9", "Hapacol 250mg")
    said = {"taken": 20, "reason": "Hết", "agreed_by": "Bình"} | {missing: 0 if missing == "taken" else " "}
    with pytest.raises(Problems, match=sentence) as refused:
        given(pharmacist, visit, desk, part(visit, 10, other.item, **said))
    assert refused.value.problems[0].field.endswith(missing)
    assert not Dispensing.unscoped.exists()


def test_another_ingredient_is_the_doctors_to_prescribe(visit, desk, pharmacist):
    other = give.a_stock(desk, 50, "TD028.1", "Amoxicilin 500mg")
    said = {"taken": 10, "reason": "Hết", "agreed_by": "Bình"}
    with pytest.raises(Problems, match="không cùng hoạt chất"):
        given(pharmacist, visit, desk, part(visit, 10, other.item, **said))


@pytest.mark.parametrize(("quantity", "sentence"), [(11, "chỉ còn 10 viên"), (-1, "lớn hơn 0"), ("0.5", "")])
def test_quantities_that_cannot_be(visit, desk, lot, pharmacist, quantity, sentence):
    if not sentence:
        given(pharmacist, visit, desk, part(visit, quantity, lot.item))
        assert at(lot) == 99
        return
    with pytest.raises(Problems, match=sentence):
        given(pharmacist, visit, desk, part(visit, quantity, lot.item))
    assert at(lot) == 100


def test_nothing_is_no_act(visit, desk, lot, pharmacist):
    with pytest.raises(Refused, match="ít nhất một thuốc"):
        given(pharmacist, visit, desk, part(visit, 0, lot.item))


def test_given_and_bought_outside_together_are_not_more_than_prescribed(visit, desk, lot, pharmacist):
    with pytest.raises(Problems, match="cộng lại quá 10 viên chưa cấp"):
        given(pharmacist, visit, desk, part(visit, 10, lot.item), part(visit, 3, None))
    assert at(lot) == 100


def test_after_all_was_given_no_more_is(visit, desk, lot, pharmacist):
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    with pytest.raises(Problems, match="đã cấp đủ"):
        given(pharmacist, visit, desk, part(visit, 1, lot.item))


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"expiry": -1}, "hết hạn"), ({"state": "held"}, "đang giữ lại"), ({"state": "blocked"}, "bị khóa")],
)
def test_a_lot_that_may_not_be_used(visit, desk, pharmacist, fields, words):
    if "expiry" in fields:
        fields = {"expiry": give.in_days(fields["expiry"])}
    lot = give.a_stock(desk, 50, **fields)
    with pytest.raises(Refused, match=words):
        given(pharmacist, visit, desk, part(visit, 5, lot.item))
    assert not DispensingLine.unscoped.exists() and at(lot) == 50


def test_one_line_short_is_nothing_given_at_all(hoa, doctor, desk, lot, pharmacist):
    visit = give.a_prescription(hoa, doctor, make.PARACETAMOL, give.SIX_TABLETS)
    amoxi = give.a_stock(desk, 2, "TD028.1", "Amoxicilin 500mg")
    with pytest.raises(Refused, match="chỉ còn 2 viên, cần 6 viên"):
        given(pharmacist, visit, desk, part(visit, 10, lot.item), part(visit, 6, amoxi.item, code="TD028.1"))
    assert (at(lot), at(amoxi), Dispensing.unscoped.count()) == (100, 2, 0)


def test_two_lines_of_one_medicine_share_its_lots(hoa, doctor, desk, lot, pharmacist):
    twice = [make.PARACETAMOL, replace(make.PARACETAMOL, days=2)]
    visit = make.an_examined_visit(hoa, doctor, data=replace(make.USUAL, lines=twice))
    with enter(make.scope_of(doctor)):
        visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="sáng và tối")
    lines = reading.lines_of([visit.pk])[visit.pk]
    parts = [Part(line.pk, line.quantity, lot.item_id) for line in lines]
    act = given(pharmacist, visit, desk, *parts)
    lots = DispensingLot.unscoped.filter(line__dispensing=act).order_by("line__position")
    assert [row.quantity for row in lots] == [10, 4]
    assert at(lot) == 86


def test_an_unsigned_prescription_is_not_given(hoa, doctor, desk, lot, pharmacist, station):
    nurse = make.a_practitioner(station, "Thu", grade="assistant", can_sign=False, licence_no="1/QNG")
    visit = give.a_prescription(hoa, nurse)
    with pytest.raises(Refused, match="đơn đã ký"):
        given(pharmacist, visit, desk, part(visit, 1, lot.item))


def test_what_was_amended_meanwhile_is_not_given_unseen(visit, desk, lot, pharmacist):
    with enter(give.a_scope(pharmacist)), pytest.raises(Refused, match="vừa được sửa"):
        services.dispense(
            visit_id=visit.pk,
            expected_version=visit.version - 1,
            data=DispenseInput([part(visit, 1, lot.item)], desk.pk),
        )


def test_an_old_prescription_asks_why(hoa, doctor, desk, lot, pharmacist):
    at_then = timezone.now() - dt.timedelta(days=7)
    visit = give.a_prescription(hoa, doctor, at=at_then)
    with pytest.raises(NeedsReason, match="quá 5 ngày"):
        given(pharmacist, visit, desk, part(visit, 10, lot.item))
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item), override="Nhà xa, nay mới đến")
    assert act.overrides[0]["reason"] == "Nhà xa, nay mới đến"


@pytest.mark.parametrize(("days", "sentence"), [(1, "tương lai"), (-3, "trước ngày khám")])
def test_days_that_cannot_be(visit, desk, lot, pharmacist, days, sentence):
    with pytest.raises(Refused, match=sentence):
        given(pharmacist, visit, desk, part(visit, 1, lot.item), on=give.in_days(days))


# ---- who may


def test_by_right_and_by_grade(visit, desk, lot, pharmacist, station):
    data = DispenseInput([part(visit, 1, lot.item)], desk.pk)
    same = {"visit_id": visit.pk, "expected_version": visit.version, "data": data}
    with enter(make.scope_of(pharmacist, rights=RIGHTS | {"dispensing.view"})):
        with pytest.raises(PermissionDenied):
            services.dispense(**same)
    herbalist = make.a_practitioner(station, "Lương y", grade="traditional", can_sign=False)
    with enter(give.a_scope(herbalist)), pytest.raises(Refused, match="phạm vi hành nghề"):
        services.dispense(**same)


def test_another_station_neither_sees_nor_gives(visit, desk, lot, db):
    stranger = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Lan", grade="pharmacist")
    with enter(give.a_scope(stranger)), pytest.raises(Visit.DoesNotExist):
        services.dispense(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=DispenseInput([part(visit, 1, lot.item)], desk.pk),
        )


def test_a_foreign_shelf_is_no_shelf(visit, pharmacist, lot):
    other = give.a_desk(a_station("21490", "Trạm Y tế xã Ba Vì"))
    foreign = give.a_stock(other, 50)
    for item, place in ((foreign.item, other), (lot.item, other)):
        with pytest.raises(Refused):
            given(pharmacist, visit, place, part(visit, 1, item))
    assert (at(foreign), at(lot)) == (50, 100)


# ---- the record


def test_what_was_given_is_never_changed(visit, desk, lot, pharmacist):
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    for statement in (
        "UPDATE encounters_dispensingline SET quantity = 1",
        "DELETE FROM encounters_dispensinglot",
    ):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            try:
                cursor.execute("SAVEPOINT here")
                cursor.execute(statement)
            finally:
                cursor.execute("ROLLBACK TO SAVEPOINT here")


def test_the_stock_card_names_the_visit_and_no_person(visit, desk, lot, pharmacist, hoa):
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    with enter(give.a_scope(pharmacist)) as scope:
        told = queries.about(scope, [act.pk])[act.pk]
    assert visit.number in told.words and hoa.full_name not in told.words


def test_a_medicine_in_another_unit_is_counted_by_hand(hoa, doctor, desk, pharmacist):
    make.a_drug("TD300.1", "Kẽm gluconat", strength="10mg/5ml", unit="ml")
    visit = give.a_prescription(hoa, doctor, LineInput("TD300.1", Decimal(5), 2, 5, dose_unit="ml"))
    bottle = give.a_stock(desk, 4, "TD300.1", "Kẽm gluconat, chai 60 ml", unit="Chai", packs=[])
    with pytest.raises(Problems, match="ghi lấy bao nhiêu chai"):
        given(pharmacist, visit, desk, part(visit, 50, bottle.item, code="TD300.1"))
    given(pharmacist, visit, desk, part(visit, 50, bottle.item, code="TD300.1", taken=1))
    assert at(bottle) == 3
