"""A person of one station becomes another's: what moves with her, and what stays where it happened.

Called by households, whose record of her leaving and arriving has been checked. Clinical facts stay as they
are: the station where they happened reads them on, her new one reads all of hers.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from apps.core import audit, parameters
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.versions import save_versioned
from apps.facilities.models import Facility
from apps.facilities.queries import station_of
from apps.patients import closing, codes, keys, life
from apps.patients.events import PersonChanged, PersonMoved
from apps.patients.models import Identifier, IdentifierKind, LifeStatus, Person
from apps.patients.treating import treating_access_put

SOURCE = "moved"  # of the former code
KEPT_DAYS = "patients.sender_days"
HOME = ("station_id", "hamlet_id", "address_text", "code")


def person_receive(
    *, person: Person, departure_id: UUID, hamlet_id: UUID, address_text: str, on: dt.date
) -> tuple[dict[str, Any], dict[str, Any]]:
    """She lives in a hamlet of ours from that day: ours to care for, under a code of ours; her former one
    stays with her and is found. What she was due for is due here. Her former station reads her page for
    `patients.sender_days` more. Gives what stood before, and what stands now. Raises Refused.
    """
    scope = current()
    scope.require("people.edit")
    keys.refuse_pointer(person)
    if person.life_status != LifeStatus.MOVED:
        raise Refused(f"{person.full_name} không còn được ghi là đã chuyển đi.", field="people")
    station = station_of(hamlet_id, on)
    if station is None or not scope.reaches(station.pk):
        raise Refused("Thôn này không thuộc địa bàn của trạm.", field="hamlet")
    before = {name: getattr(person, name) for name in HOME}
    former = Facility.objects.get(pk=person.station_id)
    _keep_code(person, former, on)
    person.station_id, person.hamlet_id, person.address_text = station.pk, hamlet_id, address_text
    person.code = codes.take(station.pk, "person")[0]
    _moved(person, before["hamlet_id"], on, "person.received")
    life.status_put(person=person, status=LifeStatus.ALIVE)
    until = on + dt.timedelta(days=int(parameters.value(KEPT_DAYS, on=on)))
    treating_access_put(person_id=person.pk, facility_id=former.pk, until=until)
    closing.hand_on(person_id=person.pk, event_id=departure_id, facility_id=station.pk)
    return before, {name: getattr(person, name) for name in HOME}


def person_give_back(*, person: Person, before: dict[str, Any], departure_id: UUID, on: dt.date) -> None:
    """The arrival was a mistake: she is her former station's again, as one who has left it."""
    left = person.hamlet_id
    for name, value in before.items():
        column: Any = Person._meta.get_field(name)
        setattr(person, name, column.to_python(value))
    # unscoped: the person was taken through the scope
    former = Identifier.unscoped.filter(person=person, kind=IdentifierKind.FORMER, source=SOURCE)
    former.filter(value=person.code, issuer=_name(Facility.objects.get(pk=person.station_id))).delete()
    _moved(person, left, on, "person.given_back")
    life.status_put(person=person, status=LifeStatus.MOVED)
    closing.hand_back(person_id=person.pk, event_id=departure_id, on=on)


def _keep_code(person: Person, former: Facility, on: dt.date) -> None:
    # unscoped: the person was taken through the scope
    Identifier.unscoped.create(
        person=person,
        kind=IdentifierKind.FORMER,
        value=person.code,
        issuer=_name(former),
        source=SOURCE,
        valid_to=on - dt.timedelta(days=1),
    )


def _name(station: Facility) -> str:
    return station.name[:150]


def _moved(person: Person, left: UUID | None, on: dt.date, action: str) -> None:
    person.set_keys(keys.codes_of(person))
    save_versioned(person, expected=person.version)
    audit.record(action, person_id=person.pk, object_id=person.pk, facility_id=person.station_id, data={})
    publish(PersonChanged(person.pk, ("station_id", "hamlet_id", "address_text")))
    if person.hamlet_id is not None:
        publish(PersonMoved(person.pk, left, person.hamlet_id, on))
