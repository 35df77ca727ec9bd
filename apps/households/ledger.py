"""One event of a family, step by step: each step is done and noted with what stood before, so that the
event can be read back and taken back.

All unscoped: the services that open a ledger took their households and people through the scope.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.core.words import date_words
from apps.households import places
from apps.households.events import MembershipChanged, ResidenceRecorded
from apps.households.locking import lock_households
from apps.households.models import (
    HEAD,
    EventState,
    Household,
    Membership,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.households.places import Elsewhere
from apps.patients import residence, transfer
from apps.patients.models import LifeStatus, Person
from apps.patients.services import person_relocate

EARLIEST = dt.date(1900, 1, 1)
MEMBERSHIP = ("valid_from", "valid_to", "relation", "is_head")
HOME = ("hamlet_id", "address_text")


def check_day(on: dt.date, *, field: str = "on") -> None:
    """A day that somebody may have lived through. Raises Refused."""
    if on > timezone.localdate():
        raise Refused(f"Ngày {date_words(on)} còn ở tương lai.", field=field)
    if on < EARLIEST:
        raise Refused(f"Ngày {date_words(on)} quá xa, hãy xem lại năm.", field=field)


def check_lived(person: Person, on: dt.date) -> None:
    """Nobody moves or marries before her birth or after her death."""
    if person.birth_date and on < person.birth_date:
        raise Refused(f"Ngày {date_words(on)} trước ngày sinh của {person.full_name}.", field="on")
    if person.life_status == LifeStatus.DEAD and (person.died_on is None or on > person.died_on):
        raise Refused(f"{person.full_name} đã mất, không ghi được vào ngày {date_words(on)}.", field="on")


class Ledger:
    """What one event changes. Open it, take the steps, `done()`. Its families are locked when it is opened,
    its people by `about`: in this order everywhere (docs/floor.md). `also` is a family that a part changes.
    """

    def __init__(
        self,
        kind: str,
        *,
        on: dt.date,
        household: Household | None = None,
        from_household: Household | None = None,
        place: Elsewhere | None = None,
        replaces: ResidenceEvent | None = None,
        also: Household | None = None,
        **said: Any,
    ) -> None:
        scope = current()
        home = household or from_household
        if home is None:
            raise ValueError("an event stands at a household")
        check_day(on)
        self.on = on
        self.people: dict[UUID, ResidenceEventPerson] = {}
        self.replaces = replaces
        self.event = ResidenceEvent(
            kind=kind,
            on=on,
            station_id=home.station_id,
            household=household,
            from_household=from_household,
            hamlet_id=home.hamlet_id,
            recorded_by=scope.user_id,
            recorded_by_name=scope.shown_name[:150],
            **{name: clean(value) if isinstance(value, str) else value for name, value in said.items()},
        )
        if len(self.event.note) > 500:
            raise Refused("Ghi chú dài quá 500 chữ.", field="note")
        if place is not None:
            unit, text = places.check(place, on)
            places.check_reach(unit, home.hamlet.commune, place.reach)
            self.event.reach, self.event.unit, self.event.place_text = place.reach, unit, text
        lock_households({each.pk for each in (household, from_household, also) if each})

    # --- steps

    def about(self, *people: Person) -> None:
        """The people whom the event is about, as they now are, and theirs alone until it is written."""
        for person in sorted(people, key=lambda each: each.pk):
            person.refresh_from_db(from_queryset=Person.unscoped.select_for_update())
            check_lived(person, self.on)
            self.people.setdefault(person.pk, ResidenceEventPerson(event=self.event, person=person))

    def opens(self, household: Household) -> None:
        """A household that the event brings into being; the caller has saved it."""
        self._note("household.opened", household.pk, {}, {})

    def begins(
        self,
        household: Household,
        person: Person,
        relation: str,
        *,
        is_head: bool = False,
        since: dt.date | None = None,
    ) -> Membership:
        """The person belongs to the household from `since` (None: has always), at home there."""
        membership = Membership(
            household=household,
            person=person,
            relation=HEAD if is_head else relation,
            is_head=is_head,
            valid_from=since,
        )
        membership.save(force_insert=True)
        self._note("membership.opened", membership.pk, {}, _values(membership, MEMBERSHIP))
        if is_head:
            self.orders(household, person)
        self.at_home(person, household)
        publish(MembershipChanged(person.pk, household.pk, since or timezone.localdate()))
        return membership

    def ends(self, row: Membership, last: dt.date) -> None:
        """The person belongs to that household no longer than that day."""
        if row.valid_from and last < row.valid_from:
            raise Refused(
                f"{row.person.full_name} vào hộ ngày {date_words(row.valid_from)}; "
                "ngày rời hộ phải sau ngày đó.",
                field="on",
            )
        self._change("membership.changed", row, valid_to=last)

    def relates(self, row: Membership, relation: str, *, is_head: bool = False) -> None:
        """What a member is to the head from now on."""
        values = {"relation": HEAD if is_head else relation, "is_head": is_head}
        if any(getattr(row, name) != value for name, value in values.items()):
            self._change("membership.changed", row, **values)

    def changes(self, household: Household, **values: Any) -> None:
        self._change("household.changed", household, **values)

    def orders(self, household: Household, head: Person) -> None:
        """The place of the household in the order of names. It follows from the head, so is not noted."""
        household.sort_key = head.sort_key
        Household.unscoped.filter(pk=household.pk).update(sort_key=head.sort_key)

    def at_home(self, person: Person, household: Household) -> None:
        """She lives where the household stands."""
        before = _values(person, HOME)
        address = household.address_text or person.address_text
        person_relocate(person=person, hamlet_id=household.hamlet_id, address_text=address, on=self.on)
        after = _values(person, HOME)
        if before != after:
            self._note("person.home", person.pk, before, after)

    def departs(self, person: Person) -> None:
        """She lives outside the commune from the event's day."""
        if person.life_status == LifeStatus.MOVED:
            raise Refused(f"{person.full_name} đã được ghi chuyển đi.", field="people")
        self._life(person, LifeStatus.MOVED, self.people[person.pk].pk)
        residence.person_depart(person=person, event_id=self.people[person.pk].pk, on=self.on)

    def comes_back(self, person: Person, departure: ResidenceEventPerson | None) -> None:
        """She lives here again; what her departure had ended holds again."""
        self._life(person, LifeStatus.ALIVE, departure.pk if departure else None)
        residence.person_come_back(person=person, event_id=departure.pk if departure else None, on=self.on)

    def receives(self, person: Person, departure: ResidenceEventPerson, household: Household) -> None:
        """She was another station's and has left it: she is that of the household now, and lives there."""
        before, after = transfer.person_receive(
            person=person,
            departure_id=departure.pk,
            hamlet_id=household.hamlet_id,
            address_text=household.address_text,
            on=self.on,
        )
        self._note("person.received", person.pk, {**before, "cause": str(departure.pk)}, after)

    def marital(self, person: Person, status: str) -> None:
        self._note("person.marital", person.pk, {"code": person.marital_status}, {"code": status})
        residence.marital_status_put(person=person, status=status)

    # --- the end

    def done(self) -> ResidenceEvent:
        self.event.save(force_insert=True)
        ResidenceEventPerson.unscoped.bulk_create(self.people.values())
        if self.replaces is not None:
            wrong = ResidenceEvent.unscoped.filter(pk=self.replaces.pk, state=EventState.ENTERED_IN_ERROR)
            wrong.filter(station=self.event.station_id, replaced_by=None).update(replaced_by=self.event)
        home = self.event.household or self.event.from_household
        audit.record(
            f"household.event.{self.event.kind}",
            person_id=next(iter(self.people)) if len(self.people) == 1 else None,
            object_id=home.pk if home else None,
            facility_id=self.event.station_id,
            data={"code": home.code if home else "", "event": str(self.event.pk)},
        )
        publish(ResidenceRecorded(self.event.pk, self.event.station_id, self.event.kind, self.event.on))
        return self.event

    def _life(self, person: Person, status: str, cause: UUID | None) -> None:
        before, after = {"status": person.life_status}, {"status": status}
        self._note("person.life", person.pk, before, {**after, "cause": str(cause) if cause else None})

    def _change(self, what: str, row: Any, **values: Any) -> None:
        before = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        save_versioned(row, expected=row.version)
        self._note(what, row.pk, before, values)

    def _note(self, what: str, pk: UUID, before: dict[str, Any], after: dict[str, Any]) -> None:
        self.event.changes.append({"what": what, "id": pk, "before": before, "after": after})


def _values(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
