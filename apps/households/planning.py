"""What an import would do, line by line, before anything is done: new, changed, unchanged, perhaps somebody
who is stored already, or rejected.

Lines are judged one after the other against the small tables of `stored`; what is kept of each until the file
has ended (`Line`) is what other lines are held against: numbers, households, parents.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz

from apps.core.text import search_key, sort_key
from apps.households import placing
from apps.households.judged import CHANGED, DOUBTFUL, NEW, REJECTED, UNCHANGED, Line, Settled
from apps.households.models import HEAD
from apps.households.said import Reader, Said
from apps.households.stored import Stored
from apps.patients import alike, plausibility
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.models import Person

SAME_ENOUGH = 60  # 0..100: below, a code or a number of the file stands for somebody else here
SHOWN = 3  # of those whom a line may mean
AT_ONCE = 500  # lines whose people are read together


def judge(
    lines: Iterable[tuple[int, Sequence[str]]],
    reader: Reader,
    stored: Stored,
    settled: Mapping[int, Settled] | None = None,
) -> list[Line]:
    """Judges all lines of a file against what is stored. Two queries for AT_ONCE lines that mean somebody."""
    found: list[Line] = []
    twins = _Twins()
    waiting: list[tuple[Line, Said]] = []
    for place, cells in lines:
        said = reader.read(place, cells)
        line = _line(said)
        found.append(line)
        if line.state != REJECTED:
            twins.look(line, said)
        if line.state != REJECTED:
            _recognise(line, said, stored, (settled or {}).get(place))
        if line.state != REJECTED:
            twins.look_for_person(line, said)
        if line.state != REJECTED:
            waiting.append((line, said))
        if len(waiting) >= AT_ONCE:
            _compare(waiting, stored, reader.today)
            waiting = []
    _compare(waiting, stored, reader.today)
    placing.put_in_households(found, stored)
    placing.give_bhxh_codes(found, stored)
    placing.give_parents(found, stored)
    for line in found:
        if line.state == UNCHANGED and (line.joins or line.parents):
            line.state = CHANGED
    return found


def data_of(said: Said, base: Mapping[str, Any] | None = None) -> PersonData:
    """The line over what is stored. Another writing of the same name is no news."""
    said_name = str(said.fields.get("full_name", ""))
    if base and sort_key(base["full_name"]) == sort_key(said_name):
        return PersonData(**{**base, **said.fields, "full_name": base["full_name"]}).cleaned()
    return PersonData(**{"full_name": "", "sex": "", **(base or {}), **said.fields}).cleaned()


def _line(said: Said) -> Line:
    line = Line(
        said.place,
        notes=tuple(said.notes),
        code=said.code,
        household=said.household,
        bhxh_code=said.bhxh_code,
        is_head=said.relation == HEAD,
        sex=str(said.fields.get("sex", "")),
        born=said.fields.get("birth_date"),
        parents=dict(said.parents) or None,
    )
    if said.wrong:
        line.reject(*said.wrong)
    return line


class _Twins:
    """Lines of one file that say two things of one number, code or person."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], int] = {}
        self._people: dict[Any, tuple[int, bool]] = {}

    def look(self, line: Line, said: Said) -> None:
        keys = said.numbers_by_kind()
        if said.card:
            keys.append(("bhyt", said.card.number))
        if said.code:
            keys.append(("code", said.code))
        for key in keys:
            if first := self._keys.get(key):
                line.reject(f"Trùng số hoặc mã với dòng {first}.")
        for key in keys:
            self._keys.setdefault(key, line.place)

    def look_for_person(self, line: Line, said: Said) -> None:
        exact = said.fields.get("birth_precision") == "day"
        key: Any = line.person_id or (
            sort_key(str(said.fields["full_name"])), line.born, line.sex,
            None if exact else (said.fields.get("hamlet_id"), said.household),
        )  # fmt: skip
        has_numbers = bool(said.numbers)
        first = self._people.setdefault(key, (line.place, has_numbers))
        told_apart = line.person_id is None and has_numbers and first[1]
        if first[0] != line.place and not told_apart:
            line.reject(f"Trùng người với dòng {first[0]}.")


def _recognise(line: Line, said: Said, stored: Stored, settled: Settled | None) -> None:
    """Whom the line means: by numbers, by the code, by name with birth and sex; else who it might mean."""
    if settled is not None:
        if settled.left_out:
            line.reject(settled.left_out)
            return
        line.person_id = settled.person_id if settled.person_id in stored.people else None
        line.state = CHANGED if line.person_id else NEW
        return
    numbers = said.numbers_by_kind()
    found = {stored.numbers[key] for key in numbers if key in stored.numbers}
    if said.card and said.card.number in stored.cards:
        found.add(stored.cards[said.card.number])
    name = str(said.fields["full_name"])
    if len(found) > 1:
        line.reject("Các số giấy tờ trên dòng này là của hơn một người đã có hồ sơ.")
        return
    if found:
        _by_number(line, next(iter(found)), name, stored)
        return
    if by_code := stored.by_code.get(said.code):
        if _name_alike(stored.people[by_code].name, name) < SAME_ENOUGH:
            line.reject(f"Mã người {said.code} ở đây là của người khác.")
            return
        line.person_id = by_code
        return
    same = _by_name(said, numbers, stored)
    if len(same) == 1:
        line.person_id = same[0]
        return
    _doubt(line, said, stored, same)


def _by_number(line: Line, person_id: UUID, name: str, stored: Stored) -> None:
    line.person_id = person_id
    if _name_alike(stored.people[person_id].name, name) < SAME_ENOUGH:
        line.state = DOUBTFUL
        line.reasons = ("Số giấy tờ này ở đây là của người có tên khác.",)
        line.candidates = ((person_id, alike.CERTAIN, ("trùng số giấy tờ hoặc số thẻ",)),)


def _by_name(said: Said, numbers: Sequence[tuple[str, str]], stored: Stored) -> list[UUID]:
    """Those of exactly this name, birth and sex whom nothing speaks against. A birth that is not exact to the
    day needs the same hamlet as well: of one year and one name there are several.
    """
    fields = said.fields
    key = (sort_key(str(fields["full_name"])), fields.get("birth_date"), str(fields["sex"]))
    precision = str(fields.get("birth_precision", "day"))
    same = []
    for person_id in stored.by_name.get(key, ()):
        row = stored.people[person_id]
        other_number = any(
            kind == stored_kind and value != stored_value
            for kind, value in numbers
            for stored_kind, stored_value in stored.numbers_of.get(person_id, ())
        )
        vague = precision != "day" or row.born is None
        elsewhere = vague and fields.get("hamlet_id") not in (None, row.hamlet)
        if row.precision == precision and not other_number and not elsewhere:
            same.append(person_id)
    if len(same) > 1 and (home := stored.household_codes.get(said.household.upper())):
        same = [pk for pk in same if stored.home_of.get(pk) == home] or same
    return same


def _doubt(line: Line, said: Said, stored: Stored, same: Sequence[UUID]) -> None:
    fields = said.fields
    asked = alike.Facts(
        full_name=str(fields["full_name"]),
        sex=str(fields["sex"]),
        birth_date=fields.get("birth_date"),
        birth_precision=str(fields.get("birth_precision", "day")),
        phone=str(fields.get("phone", "")),
        hamlet_id=fields.get("hamlet_id"),
        numbers=alike.number_keys([value for _, value in said.numbers_by_kind()]),
    )
    liked = {pk: (found.score, tuple(alike.words(found.reasons))) for pk, found in stored.like(asked)}
    for pk in same:
        liked.setdefault(pk, (alike.CERTAIN - 1, ("trùng họ tên, năm sinh",)))
    if liked:
        best = sorted(liked.items(), key=lambda pair: (-pair[1][0], pair[0]))[:SHOWN]
        line.state = DOUBTFUL
        line.candidates = tuple((pk, score, why) for pk, (score, why) in best)


def _name_alike(one: str, other: str) -> float:
    return fuzz.ratio(search_key(one), search_key(other))


def _compare(lines: Sequence[tuple[Line, Said]], stored: Stored, today: dt.date) -> None:
    """What would change of those who are stored, and whether what comes out of it can be."""
    ids = {line.person_id for line, _ in lines if line.person_id}
    rows = Person.objects.filter(pk__in=ids).values("pk", *FIELDS) if ids else []
    bases = {row.pop("pk"): row for row in rows}
    for line, said in lines:
        base = bases.get(line.person_id) if line.person_id else None
        if base and said.former_unit and base["permanent_unit_id"] == said.former_unit:
            said.fields["permanent_unit_id"] = said.former_unit  # known already, by the name it then had
        data = data_of(said, base)
        if refusals := plausibility.blocks(data, today):
            line.reject(*(refusal.message for refusal in refusals))
            continue
        line.notes += tuple(doubt.sentence for doubt in plausibility.doubts(data, said.numbers, today))
        if base is None:
            if data.hamlet_id is None:
                line.reject("Thiếu thôn, tổ.")
            continue
        changed = changes_of(data, base)
        words = [str(_verbose(name)) for name in changed]
        words += ["giấy tờ"] * bool(new_numbers(said, line.person_id, stored))
        words += ["thẻ BHYT"] * bool(said.card and not has_card(said.card, line.person_id, stored))
        line.changes = tuple(words)
        if line.state != DOUBTFUL:
            line.state = CHANGED if words else UNCHANGED


def changes_of(data: PersonData, base: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that would be others."""
    return {name: getattr(data, name) for name in FIELDS if getattr(data, name) != base[name]}


def new_numbers(said: Said, person_id: UUID | None, stored: Stored) -> list[NumberData]:
    """The numbers of the line that the person does not carry yet."""
    known = stored.numbers_of.get(person_id, ()) if person_id else ()
    return [n for n, key in zip(said.numbers, said.numbers_by_kind(), strict=True) if key not in known]


def has_card(card: CardData, person_id: UUID | None, stored: Stored) -> bool:
    return (person_id, card.number, card.valid_from, card.valid_to) in stored.card_rows


def _verbose(name: str) -> object:
    return {each.attname: each for each in Person._meta.concrete_fields}[name].verbose_name
