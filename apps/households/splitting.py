"""One family becomes two, or two become one."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from apps.core import dated
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.households.events import HouseholdCreated
from apps.households.families import (
    Joining,
    check_open,
    check_relation,
    chosen,
    open_rows,
    send_off,
    settle,
    station_for,
)
from apps.households.ledger import Ledger
from apps.households.models import Closed, EventKind, Household, ResidenceEvent
from apps.patients import codes
from apps.patients.models import Person


@transaction.atomic
def household_split(
    *,
    household: Household,
    joining: Sequence[Joining],
    head: Person,
    hamlet_id: UUID,
    address_text: str,
    on: dt.date,
    new_head: Person | None = None,
    note: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """Some of a family live as a family of their own from that day: the event's `household`.

    `head` heads the new one; `new_head` those who stay, when their head goes. Raises Refused.
    """
    current().require("households.edit")
    check_open(household)
    address_text = clean(address_text)
    if len(address_text) > 200:
        raise Refused("Địa chỉ dài quá 200 chữ.", field="address_text")
    dated.lock(household)
    rows = open_rows(household)
    going = chosen(rows, [each.person for each in joining])
    if len(going) == len(rows):
        raise Refused("Cả hộ cùng đi thì không phải tách hộ: hãy ghi cả hộ chuyển đi.", field="people")
    station_id = station_for(hamlet_id, on)
    new = Household(
        station_id=station_id,
        code=codes.take(station_id, "household")[0],
        hamlet_id=hamlet_id,
        address_text=address_text,
        sort_key=head.sort_key,
    )
    new.save(force_insert=True)
    ledger = Ledger(
        EventKind.SPLIT, on=on, household=new, from_household=household, note=note, replaces=replaces
    )
    ledger.about(*(each.person for each in joining))
    ledger.opens(new)
    send_off(ledger, rows, going, last=on - dt.timedelta(days=1), new_head=new_head)
    settle(ledger, new, joining, head=head, on=on)
    publish(HouseholdCreated(new.pk, station_id))
    return ledger.done()


@transaction.atomic
def household_merge(
    *,
    household: Household,
    into: Household,
    joining: Sequence[Joining],
    on: dt.date,
    note: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """A whole family joins another from that day; its number is closed and points to the other's.

    `joining` says what each is to the other's head. Raises Refused.
    """
    current().require("households.edit")
    if household.pk == into.pk:
        raise Refused("Không nhập một hộ vào chính nó được.", field="into")
    check_open(household)
    check_open(into)
    ledger = Ledger(
        EventKind.MERGED, on=on, household=into, from_household=household, note=note, replaces=replaces
    )
    rows = open_rows(household)
    going = chosen(rows, [each.person for each in joining])
    if len(going) != len(rows):
        raise Refused("Hãy ghi quan hệ của mọi người trong hộ với chủ hộ mới.", field="people")
    for each in joining:
        check_relation(each.relation)
    ledger.about(*(each.person for each in joining))
    send_off(ledger, rows, going, last=on - dt.timedelta(days=1), new_head=None)
    settle(ledger, into, joining, head=None, on=on)
    ledger.changes(household, closed=Closed.MERGED, closed_on=on, merged_into_id=into.pk)
    return ledger.done()
