"""What screens, the paper and the API read of a health record. Everything comes through the scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from apps.catalogues import codes
from apps.core import registry
from apps.core.paging import Page, keyset
from apps.core.scope import RESTRICTED_RIGHT, Scope, current
from apps.core.words import phone_words
from apps.patients import addresses, kin, queries
from apps.patients.health_record import wording
from apps.patients.health_record.parts import ADMINISTRATIVE, LINES, PARTS, SINGLES, Part
from apps.patients.health_record.saving import values_of
from apps.patients.models import (
    Allergy,
    AskedNone,
    HealthRecord,
    Identifier,
    LineState,
    OwnDisease,
    Person,
    RecordVersion,
    ReproductiveHistory,
)

VERSIONS_PAGE = 20


@dataclass
class Line:
    """A line as it is shown."""

    row: Any
    title: str
    state: str

    @property
    def holds(self) -> bool:
        return bool(self.row.state == LineState.ACTIVE)


@dataclass
class Shown:
    """A section with what this scope may read of it."""

    part: Part
    row: Any = None  # of a section that stands once; None when it was never written
    fields: list[wording.Fact] = field(default_factory=list)  # all that this scope reads, the empty ones too
    lines: list[Line] = field(default_factory=list)
    none: AskedNone | None = None
    closed: bool = False  # there is something, but not for this scope
    hides: bool = False  # some of its fields are not for this scope

    @property
    def facts(self) -> list[wording.Fact]:
        """The fields that say something."""
        return [fact for fact in self.fields if fact.value]

    @property
    def empty(self) -> bool:
        return not (self.facts or self.lines or self.none or self.closed)

    @property
    def said(self) -> Any:
        """The newest of its rows: who wrote last, and when."""
        rows = [self.row] if self.row else [line.row for line in self.lines]
        rows += [self.none] if self.none else []
        told = [row for row in rows if row.said_at]
        return max(told, key=lambda row: row.said_at) if told else None

    @property
    def gist(self) -> str:
        """A few words beside the folded heading; what only few may read is read after unfolding."""
        if self.closed:
            return "Chỉ người có quyền xem dữ liệu hạn chế"
        if self.none and not any(line.holds for line in self.lines):
            return self.part.none_word
        if self.part.many:
            told = [line.title for line in self.lines if line.holds and not line.row.restricted]
            few = sum(line.holds and line.row.restricted for line in self.lines)
            return "; ".join([*told, f"{few} dòng hạn chế xem"] if few else told)
        hidden = {self.part.label(name) for name in self.part.hidden}
        open_facts = [fact for fact in self.facts if fact.label not in hidden]
        return " · ".join(f"{fact.label}: {fact.value}" for fact in open_facts[:4])


@dataclass
class Record:
    """The sections of a person that this room keeps, in the order of the form."""

    record: HealthRecord | None
    parts: list[Shown]

    def of(self, key: str) -> Shown:
        return next(shown for shown in self.parts if shown.part.key == key)


def read(scope: Scope, person: Person) -> Record:
    """A person's record (read_all)."""
    return read_all(scope, [person])[person.pk]


def read_all(scope: Scope, people: Sequence[Person]) -> dict[UUID, Record]:
    """The records of these people. Ten queries at most, however many they are and however much they hold."""
    asked = {
        (row.person_id, row.part): row
        for row in AskedNone.visible(scope).filter(person__in=people, withdrawn_on=None)
    }
    found = {person.pk: Record(None, []) for person in people}
    for part in PARTS.values():
        fitting = [person for person in people if part.fits(person)]
        if not fitting:
            continue
        shown = _lines(scope, fitting, part, asked) if part.many else _singles(scope, fitting, part)
        for person_id, section in shown.items():
            found[person_id].parts.append(section)
            if part is ADMINISTRATIVE:
                found[person_id].record = section.row
    return found


def _singles(scope: Scope, people: Sequence[Person], part: Part) -> dict[UUID, Shown]:
    hides = bool(part.hidden) and not scope.can(RESTRICTED_RIGHT)
    closed = _closed(scope, people, part)
    found = {person_id: Shown(part, closed=True) for person_id in closed}
    readable = [person for person in people if person.pk not in closed]
    rows = {row.person_id: row for row in part.model.visible(scope).filter(person__in=readable)}
    for person in readable:
        row = rows.get(person.pk)
        values = values_of(part, row) if row else {}
        found[person.pk] = Shown(part, row, wording.all_facts(part, values, part.shown(scope)), hides=hides)
    return found


def is_closed(scope: Scope, person: Person, part: Part) -> bool:
    """Whether a section that stands once was written and is not for this scope: a girl's B.7. One query."""
    return person.pk in _closed(scope, [person], part)


def _closed(scope: Scope, people: Sequence[Person], part: Part) -> set[UUID]:
    if part.model is not ReproductiveHistory or scope.can(RESTRICTED_RIGHT):
        return set()
    # unscoped: it says that it is closed instead of inviting to write it again
    rows = part.model.unscoped.filter(person__in=people, restricted=True)
    return set(rows.values_list("person_id", flat=True))


def _lines(
    scope: Scope, people: Sequence[Person], part: Part, asked: Mapping[tuple[UUID, str], AskedNone]
) -> dict[UUID, Shown]:
    found = {person.pk: Shown(part, none=asked.get((person.pk, part.key))) for person in people}
    for row in part.model.visible(scope).filter(person__in=people).order_by("state", "created_at", "pk"):
        title = wording.line_title(part, values_of(part, row))
        found[row.person_id].lines.append(Line(row, title, wording.state_word(row.state)))
    return found


def one_section(scope: Scope, person: Person, part: Part) -> Any:
    """The row of a section that stands once, or None."""
    return part.model.visible(scope).filter(person=person).first()


def one_line(scope: Scope, person: Person, part: Part, line_id: UUID) -> Any:
    """A line of this person within the scope, or None."""
    rows = part.model.visible(scope).filter(person=person, pk=line_id)
    return rows.select_related("person").first()


# --- the panel of the person's page


def panel(scope: Scope, person: Person) -> dict[str, Any] | None:
    """Her diseases and the last review. One query."""
    if not may_open(scope, person):
        return None
    diseases = OwnDisease.visible(scope).filter(person=OuterRef("person_id"), state=LineState.ACTIVE)
    told = JSONObject(code="code", icd_code="icd_code", text="text", since_year="since_year")
    found = (
        HealthRecord.visible(scope)
        .filter(person=person)
        .annotate(diseases=ArraySubquery(diseases.order_by("created_at", "pk").values(told=told)))
        .first()
    )
    titles = [wording.line_title(PARTS["benh-tat"], each) for each in found.diseases] if found else []
    return {"record": found, "diseases": titles, "person": person}


def may_open(scope: Scope, person: Person) -> bool:
    """Her own station reads her record, and who has opened her in an emergency; not who only treats her."""
    return scope.reaches(person.station_id) or person.pk in scope.opened


# --- earlier versions


@dataclass(frozen=True)
class Earlier:
    """A version that was replaced, in words."""

    version: RecordVersion
    part: Part
    facts: list[wording.Fact]
    title: str
    state: str


def versions(scope: Scope, person: Person, cursor: str = "") -> tuple[list[Earlier], Page[RecordVersion]]:
    """What the record said before, newest first, without what the scope may not read. One query."""
    rows = RecordVersion.visible(scope).filter(person=person, part__in=PARTS)
    page = keyset(rows, order=("-replaced_at", "-id"), cursor=cursor, size=VERSIONS_PAGE)
    return [_earlier(scope, row) for row in page], page


def _earlier(scope: Scope, row: RecordVersion) -> Earlier:
    part = PARTS[row.part]
    state = wording.state_word(row.data.get("state", LineState.ACTIVE)) if part.many else ""
    if part.many:
        return Earlier(row, part, [], wording.line_title(part, row.data), state)
    return Earlier(row, part, wording.facts(part, row.data, part.shown(scope)), "", state)


# --- plain data, for programs


def as_data(scope: Scope, person: Person) -> dict[str, Any]:
    """The record for the API: each section under its word, without what the scope may not read."""
    return all_as_data(scope, [person])[person.pk]


def all_as_data(scope: Scope, people: Sequence[Person]) -> dict[UUID, dict[str, Any]]:
    """The same of several people, in as many queries as of one."""
    return {
        person_id: _as_data(scope, person_id, record) for person_id, record in read_all(scope, people).items()
    }


def _as_data(scope: Scope, person_id: UUID, record: Record) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for shown in record.parts:
        part = shown.part
        if part.key in LINES:
            said[part.key] = {
                "asked_none": shown.none is not None,
                "lines": [values_of(part, line.row) | {"id": line.row.pk} for line in shown.lines],
            }
        elif part.key in SINGLES:
            values = values_of(part, shown.row) if shown.row else {}
            said[part.key] = {name: values[name] for name in part.shown(scope) if name in values}
    reviewed = record.record.reviewed_on if record.record else None
    return {"person": person_id, "reviewed_on": reviewed, "sections": said}


# --- section A, and what other rooms tell


def administrative(person: Person) -> list[wording.Fact]:
    """Section A as it stands on the form, from the person, her papers and her household; the empty ones too.
    Three queries.
    """
    # unscoped: of somebody opened in an emergency the form names her papers too; the page asked for her
    numbers = {row.kind: row for row in Identifier.unscoped.filter(person=person, valid_to=None)}
    today = timezone.localdate()
    card = queries.cards_in_force([person.pk], today).get(person.pk)
    home = queries.household_lines([person.pk]).get(person.pk)
    mother = kin.mother_of(current(), person)
    identity = numbers.get("cccd") or numbers.get("cmnd") or numbers.get("passport")
    issued = f"{identity.issued_on:%d/%m/%Y}" if identity and identity.issued_on else ""
    insurance = numbers.get("bhxh")
    relation = codes.label("relationship_to_head", person.guardian_relation)
    guardian = ", ".join(filter(None, [person.guardian_name, relation, person.guardian_number]))
    told = [
        ("Họ và tên", person.full_name),
        ("Giới tính", person.get_sex_display()),
        ("Ngày sinh", person.birth_words),
        ("Nhóm máu", person.blood_group),
        ("Dân tộc", codes.label("ethnic_groups", person.ethnicity)),
        ("Quốc tịch", codes.label("nationalities", person.nationality)),
        ("Nghề nghiệp", codes.label("occupations", person.occupation)),
        ("Số định danh cá nhân", identity.value if identity else ""),
        ("Ngày cấp", issued),
        ("Nơi cấp", identity.issuer if identity else ""),
        ("Mã số BHXH", insurance.value if insurance else ""),
        ("Thẻ BHYT", card.number if card else ""),
        ("Mã hộ gia đình", home.code if home else ""),
        ("Quan hệ với chủ hộ", codes.label("relationship_to_head", home.relation) if home else ""),
        ("Mã người", person.code),
        ("Nơi ở hiện tại", place_words(person)),
        ("Nơi thường trú", addresses.permanent(person, today)),
        ("Điện thoại di động", phone_words(person.phone)),
        ("Thư điện tử", person.email),
        ("Mẹ", mother.full_name if mother else ""),
        ("Bố", person.father.full_name if person.father else ""),
        ("Người giám hộ", guardian),
    ]
    return [wording.Fact(label, value) for label, value in told]


def allergies(person: Person) -> list[Allergy]:
    """Her allergies, those that hold first. One query."""
    return list(Allergy.objects.filter(person=person).order_by("state", "substance", "pk"))


def place_words(person: Person) -> str:
    """House, hamlet and commune."""
    hamlet = person.hamlet
    parts = [person.address_text, hamlet.name, hamlet.commune.full_name] if hamlet else [person.address_text]
    return ", ".join(part for part in parts if part)


NOT_YET = {
    "C": "Chưa có dữ liệu tiêm chủng trong hệ thống.",
    "D": "Chưa có dữ liệu khám bệnh trong hệ thống.",
}
LETTERS = {"C": "Tiêm chủng", "D": "Khám lâm sàng và cận lâm sàng"}


@dataclass
class OtherSection:
    """Section C or D: what the rooms tell, or that none does, or that it is not for this scope."""

    letter: str
    title: str
    told: list[dict[str, Any]]
    word: str = ""

    @property
    def more_sheets(self) -> range:
        """The sheets of the paper after the first."""
        return range(2, max((room["context"].get("more_sheets", 0) for room in self.told), default=0) + 1)


def other_sections(scope: Scope, person: Person, cursor: str = "", *, sheet: int = 0) -> list[OtherSection]:
    """Sections C and D, a page of each, or with `sheet` what that sheet of the paper holds."""
    found = []
    for letter, title in LETTERS.items():
        rooms = [room for room in registry.record_sections if room.letter == letter]
        told = [
            {
                "template": room.paper if sheet else room.template,
                "context": room.printed(scope, person, sheet)
                if sheet
                else room.provide(scope, person, cursor),
            }
            for room in rooms
            if scope.can(room.right)
        ]
        word = "" if told else "Bạn không có quyền xem mục này." if rooms else NOT_YET[letter]
        found.append(OtherSection(letter, title, told, word))
    return found
