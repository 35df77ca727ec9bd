"""What comes back, what never was; what a visit does to what was given on it."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from apps.core import events
from apps.core.errors import NeedsReason, Refused
from apps.core.scope import enter
from apps.encounters import moving, undoing
from apps.encounters import services as visits
from apps.encounters.dispensing import offers, reading, services
from apps.encounters.dispensing.inputs import BackInput
from apps.encounters.events import MedicationDispensed, MedicationReturned
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Dispensing, DispensingLot, MedicineReturn, Visit
from apps.encounters.writing import Problems
from apps.patients.models import TimelineEntry
from apps.stock.models import Lot, StockMovement
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.dispensing import agrees, at, given, part
from tests.factories.patients import RIGHTS, a_person


def lots(act):
    return list(DispensingLot.unscoped.filter(line__dispensing=act).order_by("pk"))


def back(who, act, quantities, *, left=False, reason="Cấp thừa", version=None):
    with enter(give.a_scope(who)):
        return services.medicines_back(
            dispensing_id=act.pk,
            expected_version=version or Dispensing.unscoped.get(pk=act.pk).version,
            data=BackInput(quantities, reason, left),
        )


def cancel(who, act, reason="Bấm nhầm", **fields):
    with enter(give.a_scope(who, **fields)):
        return services.dispensing_cancel(dispensing_id=act.pk, expected_version=act.version, reason=reason)


@pytest.fixture
def act(visit, desk, lot, pharmacist):
    return given(pharmacist, visit, desk, part(visit, 10, lot.item))


def test_it_works(act, lot, desk, pharmacist, visit):
    back(pharmacist, act, {lots(act)[0].pk: 4})
    assert at(lot, desk) == 94
    _, found, _ = reading.standings_of(visit)
    row = found[str(give.line_of(visit).pk)]
    assert (row.given, row.back, row.remaining, row.allowed) == (10, 4, 0, 4)
    back(pharmacist, act, {lots(act)[0].pk: 6})
    assert at(lot) == 100
    agrees()


def test_what_had_left_the_station_lies_apart(act, lot, desk, pharmacist, visit):
    back(pharmacist, act, {lots(act)[0].pk: 4}, left=True)
    apart = Lot.unscoped.get(state="quarantined")
    assert (apart.number, apart.expiry, at(apart, desk), at(lot, desk)) == ("L1 (trả lại)", lot.expiry, 4, 90)
    back(pharmacist, act, {lots(act)[0].pk: 1}, left=True)
    assert (Lot.unscoped.count(), at(apart), at(lot)) == (2, 5, 90)
    kinds = list(StockMovement.unscoped.filter(source_kind="medicine_return").values_list("kind", "quantity"))
    assert sorted(kinds) == [("transfer", -4), ("transfer", -1), ("transfer", 1), ("transfer", 4)]
    agrees()


@pytest.mark.parametrize(("many", "reason"), [(11, "x"), (-1, "x"), (0, "x"), (3, " ")])
def test_what_cannot_come_back(act, lot, pharmacist, many, reason):
    with pytest.raises((Problems, Refused)):
        back(pharmacist, act, {lots(act)[0].pk: many}, reason=reason)
    assert (at(lot), MedicineReturn.unscoped.count()) == (90, 0)


def test_a_lot_of_somebody_else_does_not_come_back(act, pharmacist, desk, lot, doctor, station):
    other = give.a_prescription(a_person(station, "Người khác"), doctor)
    foreign = given(pharmacist, other, desk, part(other, 10, lot.item))
    with pytest.raises(Problems):
        back(pharmacist, act, {lots(foreign)[0].pk: 1})
    assert at(lot) == 80


def test_a_second_tab_is_told(act, lot, pharmacist):
    back(pharmacist, act, {lots(act)[0].pk: 4})
    with pytest.raises(Refused, match="vừa có người"):
        back(pharmacist, act, {lots(act)[0].pk: 4}, version=act.version)
    assert at(lot) == 94


def test_cancelled_all_lies_where_it_lay(act, lot, pharmacist, visit):
    early = lots(act)[0]
    cancel(pharmacist, act)
    assert (Dispensing.unscoped.get().state, at(lot)) == ("cancelled", 100)
    assert TimelineEntry.unscoped.get(kind="dispensing").state == "entered_in_error"
    _, found, _ = reading.standings_of(visit)
    assert found[str(give.line_of(visit).pk)].remaining == 10
    with pytest.raises(Refused, match="đã hủy"):
        back(pharmacist, act, {early.pk: 1})
    agrees()


def test_after_a_part_came_back_only_the_rest_is_put_back(act, lot, pharmacist):
    back(pharmacist, act, {lots(act)[0].pk: 4})
    act.refresh_from_db()
    cancel(pharmacist, act)
    assert at(lot) == 100
    agrees()


def test_what_had_left_the_station_was_given_indeed(act, lot, pharmacist):
    back(pharmacist, act, {lots(act)[0].pk: 4}, left=True)
    act.refresh_from_db()
    with pytest.raises(Refused, match="không hủy được"):
        cancel(pharmacist, act)


def test_anothers_act_is_cancelled_by_right(act, doctor):
    with pytest.raises(PermissionDenied):
        cancel(doctor, act, rights=RIGHTS | {"dispensing.view", "dispensing.enter"})
    cancel(doctor, act)


def test_a_cancel_says_why(act, pharmacist):
    with pytest.raises(Refused, match="Ghi lý do"):
        cancel(pharmacist, act, reason=" ")


def test_events_tell_what_happened(visit, desk, lot, pharmacist, monkeypatch):
    heard = []
    for kind in (MedicationDispensed, MedicationReturned):
        monkeypatch.setitem(events._subscribers, kind, [heard.append])
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    back(pharmacist, act, {lots(act)[0].pk: 1})
    assert [type(event).__name__ for event in heard] == ["MedicationDispensed", "MedicationReturned"]
    assert all(event.visit_id == visit.pk and event.dispensing_id == act.pk for event in heard)


# ---- the visit goes on


def test_what_was_given_stops_an_undo(visit, desk, lot, pharmacist, doctor):
    user = uuid4()
    Visit.unscoped.filter(pk=visit.pk).update(signed_by=user)
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))

    def undo():
        with enter(give.a_scope(doctor, user_id=user)):
            return undoing.visit_undo(visit_id=visit.pk, expected_version=visit.version)

    with pytest.raises(Refused, match="Đã cấp thuốc"):
        undo()
    cancel(pharmacist, act)
    assert undo().state == "in_progress"


def test_a_visit_in_error_waits_for_its_medicines(visit, desk, lot, pharmacist, doctor, act):
    def in_error():
        with enter(make.scope_of(doctor)):
            return visits.visit_entered_in_error(
                visit_id=visit.pk, expected_version=visit.version, reason="Trùng lượt khám"
            )

    with pytest.raises(Refused, match="Hủy lần cấp"):
        in_error()
    assert at(lot) == 90
    back(pharmacist, act, {lots(act)[0].pk: 10})
    assert in_error().state == "entered_in_error"
    assert at(lot) == 100


def test_the_wrong_persons_medicines_are_the_right_ones(visit, desk, lot, pharmacist, doctor, act, station):
    lan = a_person(station, "Lê Thị Lan")
    moves = StockMovement.unscoped.count()
    with enter(give.a_scope(doctor)):
        new = moving.visit_move(
            visit_id=visit.pk, expected_version=visit.version, person=lan, reason="Hai chị cùng tên"
        )
    act.refresh_from_db()
    assert (act.visit_id, act.person_id, act.first_visit_id) == (new.pk, lan.pk, visit.pk)
    assert (StockMovement.unscoped.count(), at(lot)) == (moves, 90)
    assert TimelineEntry.unscoped.get(kind="dispensing").person_id == lan.pk
    _, found, orphans = reading.standings_of(new)
    assert ([row.given for row in found.values()], orphans) == ([10], [])
    back(pharmacist, act, {lots(act)[0].pk: 10})
    assert at(lot) == 100


def amended(visit, doctor, *lines):
    with enter(make.scope_of(doctor)):
        done = {"visit_id": visit.pk, "expected_version": visit.version, "reason": "Đổi thuốc"}
        try:
            return visits.visit_amend(**done, data=VisitInput(lines=list(lines)))
        except NeedsReason:
            return visits.visit_amend(**done, data=VisitInput(lines=list(lines)), override="đúng")


def test_an_amended_prescription_shows_what_she_has(visit, desk, lot, pharmacist, doctor, act):
    visit = amended(visit, doctor, replace(make.PARACETAMOL, days=3))
    _, found, _ = reading.standings_of(visit)
    assert [(row.over, row.remaining) for row in found.values()] == [(4, 0)]
    visit = amended(visit, doctor, give.SIX_TABLETS)
    _, found, orphans = reading.standings_of(visit)
    assert [row.remaining for row in found.values()] == [6]
    assert [each.quantity for each in orphans] == [10]
    with enter(give.a_scope(pharmacist)) as scope:
        lines, left = offers.offered(scope, visit, desk, visit.on)
    assert (len(lines), len(left)) == (1, 1)
    assert reading.progress_of([visit.pk])[visit.pk].amended


def test_a_visit_found_to_be_restricted_takes_its_line_along(visit, act, doctor):
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True, restricted_by=["hiv"])
    visit.refresh_from_db()
    with enter(make.scope_of(doctor, rights=RIGHTS | {"restricted.view"})):
        visits.visit_amend(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=VisitInput(fields={"advice": "x"}),
            reason="x",
        )
    assert TimelineEntry.unscoped.get(kind="dispensing").restricted
    act.refresh_from_db()
    assert act.restricted
