"""People come under the station that succeeds theirs; what happened to them stays where it happened.

A code ('P0000123') is a station's own: where the successor has it already, the person gets the successor's
next one, and the former stays with her as a number of her own ('Mã người ở trạm cũ'), found in the search box
and printed on nothing. Whoever has an old booklet in her hand is found under what stands in it.

Unscoped throughout: a reform is the province's, approved by a second person; its stations were checked there.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from apps.core.events import publish
from apps.core.journal import Journal
from apps.core.registry import Succession
from apps.patients import codes
from apps.patients.events import PersonChanged
from apps.patients.models import DuplicatePair, Identifier, IdentifierKind, InsuranceCard, Person

BATCH = 500
PERSON = "patients.Person"
FIELDS = ("station_id", "hamlet_id")


def waiting(step: Succession, *, station: str = "station", hamlet: str = "hamlet") -> Q:
    """Rows of a former station, or of a hamlet that has another row or another station now."""
    found = Q(**{f"{station}__in": step.stations})
    moved = [old for old, heir in step.hamlets.items() if heir.hamlet_id != old]
    found |= Q(**{f"{hamlet}__in": moved})
    by_station: dict[UUID, list[UUID]] = {}
    for old, heir in step.hamlets.items():
        if heir.hamlet_id == old:
            by_station.setdefault(heir.station_id, []).append(old)
    for station_id, hamlets in by_station.items():
        found |= Q(**{f"{hamlet}__in": hamlets}) & ~Q(**{station: station_id})
    return found


def _people(step: Succession) -> QuerySet[Person]:
    return Person.unscoped.filter(waiting(step))


def people(step: Succession) -> int:
    return _people(step).count()


def move_people(step: Succession, journal: Journal) -> int:
    """A batch of people: station, hamlet, and a code where theirs is taken."""
    rows = list(_people(step).select_for_update().defer("search").order_by("pk")[:BATCH])
    target = {row.pk: step.station_for(row.station_id, row.hamlet_id) for row in rows}
    changing = [row for row in rows if target[row.pk] != row.station_id]
    for station_id in dict.fromkeys(target[row.pk] for row in changing):
        arriving = [row for row in changing if target[row.pk] == station_id]
        _arrive(step, journal, station_id, arriving)
    for old in dict.fromkeys(row.hamlet_id for row in rows if row.hamlet_id):
        heir = step.hamlets.get(old)
        if heir is not None and heir.hamlet_id != old:
            ids = [row.pk for row in rows if row.hamlet_id == old]
            journal.repoint(PERSON, "hamlet", old, heir.hamlet_id, ids)
    for row in rows:
        publish(PersonChanged(row.pk, FIELDS))
    return len(rows)


def _arrive(step: Succession, journal: Journal, station_id: UUID, arriving: Sequence[Person]) -> None:
    """People of former stations at their successor; each with a code that nobody has there."""
    taken = taken_codes(Person, station_id, [row.code for row in arriving])
    keeping: list[Person] = []
    seen: set[str] = set()
    anew: list[Person] = []
    for row in arriving:
        (anew if row.code in taken or row.code in seen else keeping).append(row)
        seen.add(row.code)
    reserve(station_id, "person", [row.code for row in keeping])
    for former in dict.fromkeys(row.station_id for row in keeping):
        ids = [row.pk for row in keeping if row.station_id == former]
        journal.repoint(PERSON, "station", former, station_id, ids)
    if not anew:
        return
    numbers = _numbers([row.pk for row in anew])
    fresh = codes.take(station_id, "person", len(anew))
    Identifier.unscoped.bulk_create(
        Identifier(
            person=row,
            kind=IdentifierKind.FORMER,
            value=row.code,
            issuer=step.names.get(row.station_id, "")[:150],
            source="reform",
            valid_to=step.on - dt.timedelta(days=1),
        )
        for row in anew
    )
    for row, code in zip(anew, fresh, strict=True):
        former_code, row.code = row.code, code
        row.set_keys([*numbers.get(row.pk, []), former_code])
        tokens, row.code = row.tokens, former_code
        row.tokens = ""  # so that the journal's 'was' is small; they are made again when it is taken back
        journal.change(row, code=code, station_id=station_id)
        Person.unscoped.filter(pk=row.pk).update(tokens=tokens)


def taken_codes(model: type, station_id: UUID, wanted: Collection[str]) -> set[str]:
    """Which of these codes somebody of that station has. One query."""
    rows = model.unscoped.filter(station_id=station_id, code__in=wanted)  # type: ignore[attr-defined]
    return set(rows.values_list("code", flat=True))


def reserve(station_id: UUID, kind: str, kept: Collection[str]) -> None:
    """The station's counter goes on after the codes that have come with people or households."""
    highest = max((int(code[1:]) for code in kept if code[1:].isdecimal()), default=0)
    if not highest:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_codecounter (station_id, kind, last) VALUES (%s, %s, %s)"
            " ON CONFLICT (station_id, kind)"
            " DO UPDATE SET last = GREATEST(patients_codecounter.last, excluded.last)",
            [station_id, kind, highest],
        )


def _numbers(ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """What else each of them is found by, records merged into hers too (patients/keys.py). Three queries."""
    found: dict[UUID, list[str]] = {}
    hers = Q(person__in=ids) | Q(person__merged_into__in=ids)
    columns = ("person_id", "person__merged_into_id")
    for own, kept, value in Identifier.unscoped.filter(hers).values_list(*columns, "value"):
        found.setdefault(kept or own, []).append(value)
    for own, kept, number in InsuranceCard.unscoped.filter(hers).values_list(*columns, "number"):
        found.setdefault(kept or own, []).extend([number, number[-10:]] if len(number) == 15 else [number])
    merged = Person.unscoped.filter(merged_into__in=ids).values_list("merged_into_id", "code")
    for kept, code in merged:
        found.setdefault(kept, []).append(code)
    return found


def since(step: Succession, at: dt.datetime) -> int:
    """People entered at the successors since then."""
    return Person.unscoped.filter(station__in=step.successors, created_at__gt=at).count()


def back(step: Succession, touched: Mapping[str, Collection[str]]) -> None:
    """Before people are put back: the former codes are theirs again, and everybody is told."""
    ids = [UUID(pk) for pk in touched.get(PERSON, ())]
    former = Identifier.unscoped.filter(person__in=ids, kind=IdentifierKind.FORMER, source="reform")
    of_whom = former.filter(valid_to=step.on - dt.timedelta(days=1))
    recoded = dict(of_whom.values_list("person_id", "value"))
    of_whom.delete()
    numbers = _numbers(recoded)
    for row in Person.unscoped.filter(pk__in=recoded).defer("search"):
        code, row.code = row.code, recoded[row.pk]
        row.set_keys(numbers.get(row.pk, []))
        Person.unscoped.filter(pk=row.pk).update(tokens=row.tokens)
        row.code = code
    for person_id in ids:
        publish(PersonChanged(person_id, FIELDS))


def _pairs(step: Succession) -> QuerySet[DuplicatePair]:
    return DuplicatePair.unscoped.filter(station__in=step.stations)


def pairs(step: Succession) -> int:
    return _pairs(step).count()


def move_pairs(step: Succession, journal: Journal) -> int:
    """Who may be one person is looked through at the station where the first of the two is now."""
    rows = list(_pairs(step).select_related("a").select_for_update(of=("self",)).order_by("pk")[:BATCH])
    for row in rows:
        former = row.station_id
        now = row.a.station_id if row.a.station_id not in step.stations else step.stations[former]
        journal.change(row, station_id=now if now != former else step.stations[former])
    return len(rows)
