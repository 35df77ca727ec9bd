"""Marriage and divorce: two people's status, and the move of one of them where there is one."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.core import parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.scope import current
from apps.core.text import clean
from apps.households import moving
from apps.households.families import Joining, open_of
from apps.households.ledger import Ledger, check_day
from apps.households.models import EventKind, Household, ResidenceEvent
from apps.households.places import Elsewhere
from apps.patients.models import Person, Sex

MARRIED, DIVORCED = "2", "4"  # codes of the list marital_status


@dataclass(frozen=True)
class Move:
    """Who of the two changes homes: into a family of the station (`household`, `relation`), with `place` as
    well where she comes from outside; or, without a household, away to `place`.
    """

    person: Person
    household: Household | None = None
    relation: str = ""
    place: Elsewhere | None = None
    new_head: Person | None = None


@transaction.atomic
def marriage_record(
    *,
    person: Person,
    spouse: Person | None,
    on: dt.date,
    spouse_text: str = "",
    move: Move | None = None,
    note: str = "",
    reason: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """`person`, of a family here, marries `spouse`, or somebody without a record (`spouse_text`).

    Raises Refused for what cannot be, NeedsReason for what is odd while `reason` is empty.
    """
    ledger = _begin(EventKind.MARRIED, person, spouse, spouse_text, on, note or reason, replaces, move)
    if spouse is not None and _close_kin(person, spouse):
        raise Refused("Hai người là cha mẹ và con hoặc anh chị em ruột.", field="spouse")
    odd = [*_too_young(person, on, "on"), *(_too_young(spouse, on, "on") if spouse else [])]
    for each in filter(None, [person, spouse]):
        if each.marital_status == MARRIED:
            odd.append(Warning("married", f"Hồ sơ {each.full_name} ghi đang có vợ hoặc chồng.", "spouse"))
    if spouse is not None and spouse.sex == person.sex != Sex.UNKNOWN:
        odd.append(Warning("sex", "Hai người được ghi cùng giới tính.", "spouse"))
    if odd and not clean(reason):
        raise NeedsReason(odd)
    return _finish(ledger, [person, spouse], MARRIED, on, move)


@transaction.atomic
def divorce_record(
    *,
    person: Person,
    spouse: Person | None,
    on: dt.date,
    spouse_text: str = "",
    move: Move | None = None,
    note: str = "",
    reason: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """The two are divorced from that day. Raises Refused, or NeedsReason while `reason` is empty."""
    ledger = _begin(EventKind.DIVORCED, person, spouse, spouse_text, on, note or reason, replaces, move)
    odd = [
        Warning("not_married", f"Hồ sơ {each.full_name} không ghi đang có vợ hoặc chồng.", "on")
        for each in filter(None, [person, spouse])
        if each.marital_status != MARRIED
    ]
    if odd and not clean(reason):
        raise NeedsReason(odd)
    return _finish(ledger, [person, spouse], DIVORCED, on, move)


def _begin(
    kind: str,
    person: Person,
    spouse: Person | None,
    spouse_text: str,
    on: dt.date,
    note: str,
    replaces: ResidenceEvent | None,
    move: Move | None,
) -> Ledger:
    current().require("households.edit")
    check_day(on)
    spouse_text = clean(spouse_text)
    home = open_of(person)
    if home is None:
        raise Refused("Người này chưa ở hộ nào; hãy ghi vào hộ trước.", field="person")
    if spouse is not None and spouse.pk == person.pk:
        raise Refused("Vợ hoặc chồng phải là người khác.", field="spouse")
    if spouse is None and not spouse_text:
        raise Refused("Hãy chọn vợ hoặc chồng, hoặc ghi họ tên nếu không có hồ sơ.", field="spouse")
    if len(spouse_text) > 100:
        raise Refused("Họ tên dài quá 100 chữ.", field="spouse_text")
    if spouse is not None and not current().reaches(spouse.station_id):
        # Whom the station only treats: neither her family nor her record is ours to write, or to tell of.
        raise Refused(
            "Người này thuộc địa bàn trạm khác. Hãy ghi họ tên ở ô “nếu không có hồ sơ”.", field="spouse"
        )
    theirs = open_of(spouse) if spouse else None
    ledger = Ledger(
        kind,
        on=on,
        household=home.household,
        from_household=theirs.household if theirs and theirs.household_id != home.household_id else None,
        note=note,
        spouse_text="" if spouse else spouse_text,
        replaces=replaces,
        also=move.household if move else None,
    )
    ledger.about(*filter(None, [person, spouse]))
    return ledger


def _finish(
    ledger: Ledger, couple: list[Person | None], status: str, on: dt.date, move: Move | None
) -> ResidenceEvent:
    for each in filter(None, couple):
        if each.marital_status != status:
            ledger.marital(each, status)
    event = ledger.done()
    if move is None:
        return event
    said: dict[str, Any] = {"on": on, "part_of": event}
    # the very object whose status was just written: it knows its version
    mover = next((each for each in couple if each == move.person), None)
    if mover is None:
        raise Refused("Người chuyển đi phải là một trong hai người.", field="mover")
    home = open_of(mover)
    if move.household is None:
        if home is None or move.place is None:
            raise Refused("Hãy ghi nơi đến.", field="reach")
        moving.members_depart(
            household=home.household, people=[mover], place=move.place, new_head=move.new_head, **said
        )
    elif home is not None:
        moving.members_move(
            joining=[Joining(mover, move.relation)],
            household=move.household,
            new_head=move.new_head,
            **said,
        )
    else:
        if move.place is None:
            raise Refused("Người này chưa ở hộ nào: hãy ghi chuyển đến từ đâu.", field="reach")
        moving.member_arrive(
            household=move.household,
            joining=Joining(mover, move.relation),
            place=move.place,
            **said,
        )
    return event


def _too_young(person: Person, on: dt.date, field: str) -> list[Warning]:
    """Below the age of the law on marriage and family, read with the day of the wedding."""
    if person.birth_date is None or person.sex == Sex.UNKNOWN:
        return []
    least = (
        parameters.value("households.marriage_age_male", on=on)
        if person.sex == Sex.MALE
        else parameters.value("households.marriage_age_female", on=on)
    )
    born = person.birth_date
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if age >= least:
        return []
    return [Warning("young", f"{person.full_name} mới {age} tuổi, chưa đủ {least} tuổi kết hôn.", field)]


def _close_kin(one: Person, other: Person) -> bool:
    parents = {one.mother_id, one.father_id} - {None}
    theirs = {other.mother_id, other.father_id} - {None}
    return one.pk in theirs or other.pk in parents or bool(parents & theirs)
