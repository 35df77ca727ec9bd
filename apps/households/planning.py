"""What an import would do, line by line, before anything is done: new, changed, unchanged or rejected.

All that is stored of the station is read once, a query a table; the lines are then judged in memory.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from rapidfuzz import fuzz

from apps.core.text import search_key, sort_key
from apps.households import sheet
from apps.households.models import HEAD, Household, Membership
from apps.patients import plausibility
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.identifiers import check, normalise
from apps.patients.models import Identifier, InsuranceCard, Person

State = Literal["new", "changed", "unchanged", "rejected"]
PARENTS = {"mother": "mẹ", "father": "bố"}
SAME_ENOUGH = 60  # 0..100: below, a code of the file stands for somebody else here


@dataclass
class Planned:
    """One line: what it says, whom it means, what would become of it."""

    place: int
    name: str = ""
    code: str = ""
    state: State = "new"
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    data: PersonData | None = None
    numbers: list[NumberData] = field(default_factory=list)
    card: CardData | None = None
    person_id: UUID | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    household: str = ""
    relation: str = ""
    poverty: str = ""
    joins: bool = False  # comes into the household of its line
    parents: dict[str, str] = field(default_factory=dict)  # mother, father: the codes of the file

    @property
    def change_words(self) -> list[str]:
        """What would change, by the names of the fields."""
        fields: dict[str, Any] = {each.attname: each for each in Person._meta.concrete_fields}
        words = [str(fields[name].verbose_name) for name in self.changes]
        words += ["giấy tờ"] * bool(self.numbers) + ["thẻ BHYT"] * bool(self.card) + ["hộ"] * self.joins
        words += [PARENTS[role] for role in self.parents]
        return words

    def reject(self, *reasons: str) -> None:
        self.state = "rejected"
        self.reasons += [reason for reason in reasons if reason not in self.reasons]


@dataclass
class Plan:
    """All lines, and the stored household that each key of the file means (None: a new one)."""

    lines: list[Planned]
    households: dict[str, UUID | None]

    def count(self, state: State) -> int:
        return sum(line.state == state for line in self.lines)

    @property
    def counts(self) -> dict[str, int]:
        return {state: self.count(state) for state in ("new", "changed", "unchanged", "rejected")}


class Stored:
    """The people and households of a station, as far as lines are held against them."""

    def __init__(self, station_id: UUID) -> None:
        people = Person.objects.filter(station_id=station_id, merged_into=None).defer("tokens", "search")
        self.people: dict[UUID, Person] = {person.pk: person for person in people}
        self.by_code = {person.code: person.pk for person in self.people.values()}
        self.by_name: dict[tuple[str, dt.date | None, str], list[UUID]] = defaultdict(list)
        for person in self.people.values():
            self.by_name[(person.sort_key, person.birth_date, person.sex)].append(person.pk)
        numbers = Identifier.objects.filter(person__station_id=station_id, valid_to__isnull=True)
        self.numbers: dict[tuple[str, str], UUID] = {}
        self.numbers_of: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
        for kind, value, person_id in numbers.values_list("kind", "value", "person_id"):
            self.numbers[(kind, value)] = person_id
            self.numbers_of[person_id].add((kind, value))
        self.cards: dict[str, UUID] = {}
        self.card_rows: set[tuple[UUID, str, dt.date | None, dt.date | None]] = set()
        cards = InsuranceCard.objects.filter(person__station_id=station_id)
        for person_id, number, since, until in cards.values_list(
            "person_id", "number", "valid_from", "valid_to"
        ):
            self.cards[number] = person_id
            self.card_rows.add((person_id, number, since, until))
        rows = Membership.objects.filter(household__station_id=station_id, valid_to__isnull=True)
        self.member_of = {row.person_id: row for row in rows}
        self.household_codes = dict(Household.objects.filter(station_id=station_id).values_list("code", "pk"))


def make_plan(
    lines: Sequence[Mapping[str, str]],
    columns: Mapping[str, str],
    words: sheet.Words,
    stored: Stored,
    today: dt.date,
) -> Plan:
    """Judges all lines of a file against what is stored."""
    planned = [_read(place, line, columns, words, today) for place, line in enumerate(lines, start=2)]
    _refuse_twins(planned)
    for line in planned:
        if line.state != "rejected":
            _recognise(line, stored, today)
    _refuse_two_for_one(planned)
    households = _households(planned, stored)
    _parents(planned, stored)
    for line in planned:
        if line.state in ("unchanged", "changed") and (line.joins or line.parents):
            line.state = "changed"
    return Plan(planned, households)


def _read(
    place: int, line: Mapping[str, str], columns: Mapping[str, str], words: sheet.Words, today: dt.date
) -> Planned:
    read = sheet.read_line(place, line, columns, words)
    planned = Planned(place)
    said = read.values
    planned.name = str(said.get("full_name", ""))
    planned.code = str(said.get("code", "")).upper()
    planned.parents = {role: str(said[role]).upper() for role in PARENTS if role in said}
    planned.household = str(said.get("household", ""))
    planned.relation = str(said.get("relation", ""))
    planned.poverty = str(said.get("poverty", ""))
    if read.wrong:
        planned.reject(*read.wrong)
        return planned
    planned.changes = {name: said[name] for name in FIELDS if name in said}
    planned.numbers = [
        NumberData(kind, str(said[kind]), source="import") for kind in ("cccd", "cmnd") if kind in said
    ]
    if "bhyt" in said:
        planned.card = CardData(
            number=normalise("bhyt", str(said["bhyt"])),
            valid_from=said.get("bhyt_from"),  # type: ignore[arg-type]
            valid_to=said.get("bhyt_to"),  # type: ignore[arg-type]
            registered_facility_code=str(said.get("bhyt_place", "")),
            source="import",
        )
        judged = check("bhyt_lookup_key", planned.card.number)
        if judged.result == "invalid":
            planned.reject(f"Số thẻ BHYT: {judged.sentence}")
    for number in planned.numbers:
        if refusal := plausibility.number_block(number):
            planned.reject(refusal.message)
    return planned


def _refuse_twins(planned: Iterable[Planned]) -> None:
    """The same number or code twice in one file: neither line can be trusted."""
    seen: dict[tuple[str, str], Planned] = {}
    for line in planned:
        keys = [(number.kind, check(number.kind, number.value).value) for number in line.numbers]
        if line.card:
            keys.append(("bhyt", line.card.number))
        if line.code:
            keys.append(("code", line.code))
        for key in keys:
            if first := seen.get(key):
                line.reject(f"Trùng số hoặc mã với dòng {first.place}.")
            else:
                seen[key] = line


def _recognise(line: Planned, stored: Stored, today: dt.date) -> None:
    """Whom the line means: by numbers, by the code, by name with birth and sex."""
    said = dict(line.changes)
    found = {stored.numbers.get((n.kind, check(n.kind, n.value).value)) for n in line.numbers}
    if line.card:
        found.add(stored.cards.get(line.card.number))
    found.discard(None)
    name = str(said["full_name"])
    if not found and (by_code := stored.by_code.get(line.code)):
        if fuzz.ratio(search_key(stored.people[by_code].full_name), search_key(name)) < SAME_ENOUGH:
            line.reject(f"Mã người {line.code} ở đây là của người khác.")
            return
        found = {by_code}
    if not found:
        same = stored.by_name.get((sort_key(name), said.get("birth_date"), str(said["sex"])), [])
        found = set(same)
    if len(found) > 1:
        line.reject("Khớp với hơn một người đã có hồ sơ.")
        return
    person_id = next(iter(found), None)
    person = stored.people[person_id] if person_id else None
    base = {field: getattr(person, field) for field in FIELDS} if person else {}
    line.data = PersonData(**{"full_name": name, "sex": said["sex"], **base, **said}).cleaned()
    if refusals := plausibility.blocks(line.data, today):
        line.reject(*(refusal.message for refusal in refusals))
        return
    line.notes += [warning.sentence for warning in plausibility.doubts(line.data, line.numbers, today)]
    line.changes = {}
    if person is None:
        if line.data.hamlet_id is None:
            line.reject("Thiếu thôn, tổ.")
        return
    line.person_id = person.pk
    line.changes = {
        field: getattr(line.data, field) for field in FIELDS if getattr(line.data, field) != base[field]
    }
    line.numbers = [
        n for n in line.numbers if (n.kind, check(n.kind, n.value).value) not in stored.numbers_of[person.pk]
    ]
    card = line.card
    if card and (person.pk, card.number, card.valid_from, card.valid_to) in stored.card_rows:
        line.card = None
    line.state = "changed" if line.changes or line.numbers or line.card else "unchanged"


def _refuse_two_for_one(planned: Iterable[Planned]) -> None:
    """Two lines that mean one stored person, or two new lines of one name, birth and sex."""
    seen: dict[Any, Planned] = {}
    for line in planned:
        if line.state == "rejected" or line.data is None:
            continue
        data = line.data
        key: Any = line.person_id or (sort_key(data.full_name), data.birth_date, data.sex)
        if first := seen.get(key):
            told_apart = line.person_id is None and bool(line.numbers and first.numbers)
            if not told_apart:
                line.reject(f"Trùng người với dòng {first.place}.")
        else:
            seen[key] = line


def _parents(planned: Iterable[Planned], stored: Stored) -> None:
    """Keeps of each line's parents those that would be new: found by a code of the file, else by one
    stored.
    """
    by_code = {line.code: line for line in planned if line.code and line.state != "rejected"}
    for line in planned:
        for role, code in list(line.parents.items()):
            other = by_code.get(code)
            parent_id = other.person_id if other else stored.by_code.get(code)
            if other is None and parent_id and not _may_be(role, stored.people[parent_id], line):
                parent_id = None  # a code from elsewhere that is somebody else's here
            if other is line or (other is None and parent_id is None):
                line.notes.append(f"Không thấy người mang mã {code} để ghi là {PARENTS[role]}.")
                del line.parents[role]
            elif line.person_id and parent_id == getattr(stored.people[line.person_id], f"{role}_id"):
                del line.parents[role]


def _may_be(role: str, parent: Person, line: Planned) -> bool:
    """Whether a stored person may be the mother or father of whom the line means: sex and years allow it."""
    wanted = "female" if role == "mother" else "male"
    born, child = parent.birth_year, line.data.birth_year if line.data else None
    return parent.sex == wanted and (
        born is None or child is None or child - born >= plausibility.YOUNGEST_MOTHER
    )


def _households(planned: Iterable[Planned], stored: Stored) -> dict[str, UUID | None]:
    """The stored household of each key: by its code, else by a member who lives there already."""
    groups: dict[str, list[Planned]] = defaultdict(list)
    for line in planned:
        if line.household and line.state != "rejected":
            groups[line.household].append(line)
    found: dict[str, UUID | None] = {}
    for key, lines in groups.items():
        homes = {
            stored.member_of[line.person_id].household_id
            for line in lines
            if line.person_id in stored.member_of
        }
        household_id = stored.household_codes.get(key.upper())
        if homes and household_id not in homes:
            household_id = next(iter(homes)) if len(homes) == 1 else None
            if len(homes) > 1:
                for line in lines:
                    line.reject(f"Hộ {key}: các thành viên đang ở nhiều hộ khác nhau.")
                continue
        if household_id is not None and not homes and any(line.relation == HEAD for line in lines):
            # A file from elsewhere: its code is another family's here. A list of newcomers names no head.
            household_id = None
        found[key] = household_id
        for line in lines:
            row = stored.member_of.get(line.person_id) if line.person_id else None
            line.joins = row is None or row.household_id != household_id
        if household_id is None:
            heads = [line for line in lines if line.relation == HEAD]
            if len(heads) != 1:
                sentence = "thiếu chủ hộ" if not heads else "có hơn một chủ hộ"
                for line in lines:
                    line.reject(f"Hộ {key}: {sentence}.")
                del found[key]
    return found
