"""The station's list of people who may stand in it twice: found at night, looked through by day.

Who is compared with whom follows from what two records share (a number, a folded name, a telephone with the
given name, a birthday, a mother with the year), so the work grows with the people and not with their square.
The same people always give the same pairs.

All unscoped at night: it runs as the system. By day pairs are taken through the scope.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.paging import Page, keyset
from apps.core.scope import Scope, current
from apps.core.words import quantity_words
from apps.patients import alike
from apps.patients.match import COMPARED, facts_of
from apps.patients.models import DuplicatePair, PairState, Person

PAGE = 25
BATCH = 500  # rows of one statement
CROWD = 60  # who share one key; more are compared with their neighbours alone, in order of birth
Pair = tuple[UUID, UUID]


@dataclass(frozen=True)
class Found:
    """Two records that may be one: how alike, and the fingerprint of what was compared."""

    alike: alike.Alike
    facts: str


# --- at night


def find(day: dt.date) -> str:
    """Of the night: renew the list of every station. A day may be done twice."""
    people = pairs = new = 0
    for station_id in Person.unscoped.order_by("station_id").values_list("station_id", flat=True).distinct():
        rows = _people_of(station_id)
        with transaction.atomic():
            added, standing = _keep(station_id, likely(rows))
        people, pairs, new = people + len(rows), pairs + standing, new + added
    return (
        f"Đã so {quantity_words(people)} hồ sơ: {quantity_words(pairs)} cặp có thể trùng cần xem, "
        f"trong đó {quantity_words(new)} cặp mới."
    )


def _people_of(station_id: UUID) -> dict[UUID, alike.Facts]:
    """What is compared of everybody of a station who stands for herself. One query."""
    rows = Person.unscoped.filter(station_id=station_id, merged_into=None).order_by("pk")
    return {row["pk"]: facts_of(row) for row in rows.values(*COMPARED, "tokens").iterator(2000)}


def likely(people: dict[UUID, alike.Facts]) -> dict[Pair, Found]:
    """The pairs worth a look, by the two ids in order."""
    shared: dict[tuple[Any, ...], list[UUID]] = defaultdict(list)
    for pk, facts in people.items():
        for key in keys_of(facts):
            shared[key].append(pk)
    found: dict[Pair, Found] = {}
    seen: set[Pair] = set()
    for group in shared.values():
        for pair in _within(group, people):
            if pair in seen:
                continue
            seen.add(pair)
            judged = alike.weigh(people[pair[0]], people[pair[1]])
            if judged is not None and judged.score >= alike.LISTED:
                found[pair] = Found(judged, fingerprint(people[pair[0]], people[pair[1]]))
    return found


def keys_of(facts: alike.Facts) -> Iterator[tuple[Any, ...]]:
    """What one of two records of a person is likely to have in common with the other."""
    yield from (("number", number) for number in sorted(facts.numbers))
    if facts.key:
        yield "name", facts.key
    if facts.phone and facts.given:
        yield "phone", facts.phone, facts.given
    if facts.exact_birth:
        yield "birth", facts.birth_date
    if facts.mother_id and facts.birth_year:
        yield "mother", facts.mother_id, facts.birth_year


def _within(group: list[UUID], people: dict[UUID, alike.Facts]) -> Iterator[Pair]:
    """All pairs of a small group; of a crowd each with those born next to her."""
    if len(group) <= CROWD:
        near = len(group)
    else:
        group = sorted(group, key=lambda pk: (people[pk].birth_date or dt.date.min, people[pk].key, pk))
        near = CROWD // 2
    for place, one in enumerate(group):
        for other in group[place + 1 : place + 1 + near]:
            yield (one, other) if one < other else (other, one)


def fingerprint(one: alike.Facts, other: alike.Facts) -> str:
    """Of names, births, sexes and numbers: 'not the same person' holds until one of them changes."""
    parts = [
        "|".join((facts.key, str(facts.birth_date), facts.birth_precision, facts.sex, *sorted(facts.numbers)))
        for facts in (one, other)
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _keep(station_id: UUID, found: dict[Pair, Found]) -> tuple[int, int]:
    """Bring the station's pairs up to what was found: how many are new, and how many stand."""
    stored = {
        (row.a_id, row.b_id): row
        for row in DuplicatePair.unscoped.filter(station_id=station_id).select_for_update().order_by("pk")
    }
    fresh = [
        DuplicatePair(a_id=a, b_id=b, station_id=station_id, **_values(each))
        for (a, b), each in sorted(found.items())
        if (a, b) not in stored
    ]
    changed, gone = [], []
    for pair, row in stored.items():
        each = found.get(pair)
        if each is None:
            if row.state == PairState.OPEN:
                gone.append(row.pk)
        elif (row.state == PairState.OPEN or row.facts != each.facts) and _renewed(row, each):
            changed.append(row)
    # A pair whose people have moved to this station since stands elsewhere still: the constraint says so.
    made = _insert(fresh)
    for some in _batches(changed):
        DuplicatePair.unscoped.bulk_update(
            some, ["score", "reasons", "facts", "state", "decided_at", "decided_by", "decided_by_name"]
        )
    for some in _batches(gone):
        DuplicatePair.unscoped.filter(pk__in=some).delete()
    return made, DuplicatePair.unscoped.filter(station_id=station_id, state=PairState.OPEN).count()


def _insert(fresh: list[DuplicatePair]) -> int:
    moved = 0
    for some in _batches(fresh):
        known = DuplicatePair.unscoped.filter(a_id__in=[row.a_id for row in some])
        there = {(row.a_id, row.b_id): row for row in known}
        for row in some:
            if other := there.get((row.a_id, row.b_id)):
                # Both have come from another station: what was decided there holds here.
                DuplicatePair.unscoped.filter(pk=other.pk).update(station_id=row.station_id)
                moved += 1
        DuplicatePair.unscoped.bulk_create([row for row in some if (row.a_id, row.b_id) not in there])
    return len(fresh) - moved


def _values(found: Found) -> dict[str, Any]:
    return {"score": found.alike.score, "reasons": list(found.alike.reasons), "facts": found.facts}


def _renewed(row: DuplicatePair, found: Found) -> bool:
    """Write what was found into an open pair, or open one again that was decided about other facts."""
    values = _values(found)
    if row.state == PairState.OPEN and all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    row.state, row.decided_at, row.decided_by, row.decided_by_name = PairState.OPEN, None, None, ""
    return True


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), BATCH):
        yield rows[first : first + BATCH]


# --- by day


def worklist(scope: Scope, cursor: str = "") -> Page[DuplicatePair]:
    """A page of the station's open pairs, likeliest first. One query, two on later pages."""
    return keyset(open_pairs(), order=("-score", "id"), cursor=cursor, size=PAGE)


def open_pairs() -> QuerySet[DuplicatePair]:
    """The open pairs of the scope whose people both still stand for themselves."""
    rows = DuplicatePair.objects.filter(
        state=PairState.OPEN, a__merged_into__isnull=True, b__merged_into__isnull=True
    )
    return rows.select_related("a__hamlet", "b__hamlet").defer(
        "a__tokens", "a__search", "b__tokens", "b__search"
    )


def how_many(scope: Scope, most: int = 100) -> int:
    """Open pairs of the scope, counted up to `most`. One query."""
    return open_pairs().order_by()[:most].count()


def pair_for(one: Person, other: Person) -> DuplicatePair:
    """The pair of two people whom somebody wants to compare, made where the night has not found it. Both were
    taken through the scope (so unscoped here).
    """
    if one.pk == other.pk:
        raise Refused("Hãy chọn một hồ sơ khác.", field="other", code="same")
    if one.station_id != other.station_id or not current().reaches(one.station_id):
        raise Refused("Chỉ so và gộp được hai hồ sơ cùng thuộc địa bàn của trạm.", field="other")
    a, b = sorted((one, other), key=lambda person: person.pk)
    facts = _both(a, b)
    judged = alike.weigh(*facts) or alike.Alike(0, ())
    pair, _ = DuplicatePair.unscoped.get_or_create(
        a=a,
        b=b,
        defaults={
            "station_id": a.station_id,
            "score": judged.score,
            "reasons": list(judged.reasons),
            "facts": fingerprint(*facts),
        },
    )
    return pair


@transaction.atomic
def not_the_same(*, pair: DuplicatePair) -> DuplicatePair:
    """Somebody has looked: two people. Remembered until a name, birth or number of theirs changes."""
    current().require("duplicates.edit")
    held = DuplicatePair.objects.select_for_update(of=("self",)).get(pk=pair.pk)
    if held.state == PairState.MERGED:
        raise Refused("Hai hồ sơ này đã được gộp.", code="merged")
    if held.state == PairState.NOT_SAME:
        return held
    _decide(held, PairState.NOT_SAME, fingerprint(*_both(held.a, held.b)))
    audit.record(
        "person.not_same",
        person_id=held.a_id,
        object_id=held.pk,
        facility_id=held.station_id,
        data={"a": held.a.code, "b": held.b.code, "other_id": held.b_id},
    )
    return held


def pair_settled(one: Person, other: Person, state: str) -> None:
    """What a merge, or its being taken back, says about the two; their people are locked by it (unscoped)."""
    a, b = sorted((one, other), key=lambda person: person.pk)
    facts = fingerprint(*_both(a, b))
    pair = DuplicatePair.unscoped.filter(a=a, b=b).first()
    if pair is None:
        pair = DuplicatePair(a=a, b=b, station_id=a.station_id, score=0, facts=facts)
        pair.save(force_insert=True)
    _decide(pair, state, facts)


def _decide(pair: DuplicatePair, state: str, facts: str) -> None:
    scope = current()
    DuplicatePair.unscoped.filter(pk=pair.pk).update(  # the caller has taken it through the scope
        state=state,
        facts=facts,
        decided_at=timezone.now(),
        decided_by=scope.user_id,
        decided_by_name=scope.shown_name,
        version=pair.version + 1,
        updated_at=timezone.now(),
    )
    pair.state, pair.facts = state, facts


def _both(a: Person, b: Person) -> tuple[alike.Facts, alike.Facts]:
    """What is compared of two people, as it is stored now. One query; taken through the scope before."""
    rows = Person.unscoped.filter(pk__in=[a.pk, b.pk]).values(*COMPARED, "tokens")
    found = {row["pk"]: facts_of(row) for row in rows}
    return found[a.pk], found[b.pk]
