"""Who is in a family now, and who heads it when some of them go. Shared by everything that moves people."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from apps.core.errors import Refused
from apps.core.scope import current
from apps.facilities.models import Hamlet
from apps.facilities.queries import station_of
from apps.households.ledger import Ledger
from apps.households.models import HEAD, Household, Membership
from apps.patients.models import Person


@dataclass(frozen=True)
class Joining:
    """A person who comes into a family, as what to its head."""

    person: Person
    relation: str


def open_rows(household: Household) -> list[Membership]:
    """The members of a household that was taken through the scope."""
    # unscoped people: a member of ours who was seen off to another hamlet is still a member.
    rows = Membership.objects.filter(household=household, valid_to__isnull=True)
    people = Person.unscoped.defer("tokens", "search").in_bulk([row.person_id for row in rows])
    for row in rows:
        row.person, row.household = people[row.person_id], household
    return list(rows)


def open_of(person: Person) -> Membership | None:
    """Where a person belongs now."""
    # unscoped: one open membership in the whole database; the sentences tell nothing about which.
    row = Membership.unscoped.filter(person=person, valid_to__isnull=True).select_related("household").first()
    if row is not None:
        row.person = person
    return row


def check_open(household: Household) -> None:
    if household.closed:
        raise Refused(f"Hộ {household.code}: {household.get_closed_display().lower()}.", field="household")


def chosen(
    rows: Sequence[Membership], people: Iterable[Person], *, field: str = "people"
) -> list[Membership]:
    """The rows of those people; nobody, or somebody who has left meanwhile, is refused."""
    by_person = {row.person_id: row for row in rows}
    wanted = list(people)
    if not wanted:
        raise Refused("Hãy chọn ít nhất một người.", field=field)
    for person in wanted:
        if person.pk not in by_person:
            raise Refused(f"{person.full_name} không còn ở trong hộ này.", field=field)
    return [by_person[person.pk] for person in wanted]


def check_relation(relation: str) -> None:
    """What a member may be to a head who is there already."""
    if relation == HEAD:
        raise Refused("Hộ này đã có chủ hộ. Một hộ chỉ có một chủ hộ.", field="relation")
    if len(relation) > 2:
        raise Refused("Quan hệ với chủ hộ không hợp lệ.", field="relation")


def send_off(
    ledger: Ledger,
    rows: Sequence[Membership],
    going: Sequence[Membership],
    *,
    last: dt.date,
    new_head: Person | None,
) -> list[Membership]:
    """Ends the rows of those who go; who stays keeps a head. Returns who stays. Raises Refused."""
    leaving = {row.pk for row in going}
    stay = [row for row in rows if row.pk not in leaving]
    head_goes = any(row.is_head for row in going)
    successor = next((row for row in stay if new_head is not None and row.person_id == new_head.pk), None)
    if head_goes and stay and successor is None:
        raise Refused("Chủ hộ cũng đi. Hãy chọn chủ hộ mới cho những người ở lại.", field="new_head")
    for row in going:
        ledger.ends(row, last)
    if head_goes and successor is not None:
        ledger.relates(successor, HEAD, is_head=True)
        ledger.orders(successor.household, successor.person)
    return stay


def settle(
    ledger: Ledger, household: Household, joining: Sequence[Joining], *, head: Person | None, on: dt.date
) -> None:
    """Puts people into a household; into one where nobody is, `head` at its head. Raises Refused."""
    rows = open_rows(household)
    has_head = any(row.is_head for row in rows)
    if has_head and head is not None:
        raise Refused("Hộ này đã có chủ hộ. Một hộ chỉ có một chủ hộ.", field="head")
    if not rows and not any(each.person == head for each in joining):
        raise Refused("Hãy chọn ai là chủ hộ.", field="head")
    for each in joining:
        if each.person != head:
            check_relation(each.relation)
    for each in sorted(joining, key=lambda each: each.person != head):
        ledger.begins(household, each.person, each.relation, is_head=each.person == head, since=on)


def station_for(hamlet_id: UUID, on: dt.date | None = None) -> UUID:
    """The station that cares for the hamlet, which must exist on the day and be within one's reach."""
    day = on or timezone.localdate()
    hamlet = Hamlet.objects.filter(pk=hamlet_id).first()
    if hamlet is not None and not hamlet.in_force(day):
        raise Refused(f"{hamlet.name} không có vào ngày {day:%d/%m/%Y}.", field="hamlet")
    station = station_of(hamlet_id, timezone.localdate()) if hamlet else None
    if station is None or not current().reaches(station.pk):
        raise Refused("Thôn này không thuộc địa bàn của trạm.", field="hamlet")
    return station.pk
