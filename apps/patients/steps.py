"""What several services of a person check and look up on their way."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.facilities.queries import station_of
from apps.patients import keys, plausibility
from apps.patients.data import FIELDS, PersonData
from apps.patients.models import Person


def refuse_elsewhere(person: Person) -> None:
    """A station that treats somebody from elsewhere sees her; who and where she is, her own station says. And
    what was merged into another record is changed there.
    """
    if not current().reaches(person.station_id):
        raise Refused("Người này thuộc địa bàn trạm khác; chỉ trạm đó sửa được hồ sơ.", field="person")
    keys.refuse_pointer(person)


def refuse_other_hamlets(hamlet_id: UUID | None) -> None:
    """Who sees some hamlets only enters nobody elsewhere, and moves nobody out of her own sight."""
    hamlets = current().hamlet_ids
    if hamlets is not None and hamlet_id not in hamlets:
        raise Refused("Chỉ ghi được người ở thôn mà anh/chị phụ trách.", field="hamlet")


def check_fields(person: Person, *, known: tuple[str, ...] = ()) -> None:
    """What the columns themselves refuse (length, form of an e-mail), said beside its field. `known` are
    relations that the caller has looked up.
    """
    try:
        person.full_clean(
            exclude=["station", "hamlet", *known], validate_unique=False, validate_constraints=False
        )
    except ValidationError as wrong:
        field, messages = next(iter(wrong.message_dict.items()))
        raise Refused(messages[0].rstrip(".") + ".", field=field) from wrong


def station_for(hamlet_id: UUID | None, today: dt.date) -> UUID:
    """The station that cares for the hamlet, else the one she is entered at. Only within one's reach."""
    scope = current()
    station = station_of(hamlet_id, today) if hamlet_id else None
    if hamlet_id and station is None:
        raise Refused("Thôn này chưa có trạm nào phụ trách.", field="hamlet")
    station_id = station.pk if station else scope.workplace_id
    if station_id is None or not scope.reaches(station_id):
        raise Refused("Thôn này không thuộc địa bàn của trạm.", field="hamlet")
    return station_id


def data_of(person: Person) -> PersonData:
    return PersonData(**{name: getattr(person, name) for name in FIELDS})


def overridden(odd: Sequence[plausibility.Warning], reason: str) -> dict[str, Any]:
    return {"warnings": [warning.code for warning in odd], "reason": clean(reason)[:300]} if odd else {}
