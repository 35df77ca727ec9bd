"""What the pages of an import show: the rows of one class, each in words, with what would change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from apps.catalogues import codes
from apps.core import readlog
from apps.core.paging import Page, keyset
from apps.core.words import partial_date_words
from apps.facilities.models import AdminUnit, Hamlet
from apps.households import checking, planning, sheet
from apps.households.models import ImportBatch, ImportRow, RowChoice, RowState
from apps.households.said import PARENTS, Said
from apps.patients.data import FIELDS, PersonData
from apps.patients.models import BirthPrecision, Identifier, LifeStatus, Person, Sex

PAGE = 50
SCREEN = "people.import_review"  # of the read log
CLASSES = (
    (RowState.REJECTED, "Không nhận"),
    (RowState.DOUBTFUL, "Có thể trùng"),
    (RowState.CHANGED, "Thay đổi"),
    (RowState.NEW, "Thêm mới"),
    (RowState.UNCHANGED, "Giữ nguyên"),
)
LISTS = {
    "ethnicity": "ethnic_groups",
    "nationality": "nationalities",
    "occupation": "occupations",
    "education": "education_level",
    "marital_status": "marital_status",
}
WORDS = {
    "sex": dict(Sex.choices),
    "life_status": dict(LifeStatus.choices),
    "birth_precision": dict(BirthPrecision.choices),
}


@dataclass
class Candidate:
    """Somebody stored whom a row may mean."""

    person: Person
    why: list[str]
    papers: list[str]  # telephone and numbers, by which she is told from others


@dataclass
class Shown:
    """A row as the review shows it."""

    row: ImportRow
    name: str = ""
    birth: str = ""
    sex: str = ""
    hamlet: str = ""
    household: str = ""
    person: Person | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)  # field, before, after
    more: list[str] = field(default_factory=list)  # what else would come, in words
    candidates: list[Candidate] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)


def tabs(batch: ImportBatch, chosen: str) -> list[dict[str, Any]]:
    """The classes with how many rows each has; empty ones are left out."""
    return [
        {
            "title": title,
            "url": f"?loai={state}",
            "active": state == chosen,
            "count": batch.counts[state],
            "state": state,
        }
        for state, title in CLASSES
        if batch.counts.get(state)
    ]


def chosen_class(batch: ImportBatch, wanted: str) -> str:
    """The class asked for, else the first that has rows: what needs somebody's eyes comes first."""
    having = [str(state) for state, _ in CLASSES if batch.counts.get(state)]
    return wanted if wanted in having else next(iter(having), "")


def undecided(batch: ImportBatch) -> int:
    return int(batch.rows.filter(state=RowState.DOUBTFUL, choice="").count())


def to_write(batch: ImportBatch) -> int:
    """How many rows an import would write now."""
    count = batch.counts.get
    decided = batch.rows.filter(state=RowState.DOUBTFUL, choice__in=[RowChoice.SAME, RowChoice.NEW]).count()
    return int(count(RowState.NEW, 0) + count(RowState.CHANGED, 0) + decided)


def page_of(batch: ImportBatch, state: str, cursor: str) -> tuple[Page[ImportRow], list[Shown]]:
    """A page of one class, in the order of the file. A fixed number of queries; a look at those shown."""
    page = keyset(batch.rows.filter(state=state), order=("place", "pk"), cursor=cursor, size=PAGE)
    meant = {row.person_id for row in page if row.person_id}
    meant |= {UUID(found[0]) for row in page for found in row.candidates}
    current = Identifier.objects.filter(valid_to__isnull=True, kind__in=["cccd", "cmnd"])
    stored = Person.objects.select_related("hamlet").defer("search", "tokens")
    stored = stored.prefetch_related(Prefetch("identifiers", queryset=current, to_attr="numbers"))
    people = stored.in_bulk(meant) if meant else {}
    if people:
        readlog.record(SCREEN, people)
    reader = checking.reader_of(batch)
    said = [(row, reader.read(row.place, row.cells)) for row in page]
    places = _Places(people.values(), [each for _, each in said])
    return page, [_shown(row, each, people, places) for row, each in said]


class _Places:
    """Names of hamlets and communes, a query each."""

    def __init__(self, people: Any, said: Sequence[Said]) -> None:
        fields: list[Mapping[str, Any]] = [each.fields for each in said]
        fields += [
            {name: getattr(one, name) for name in ("hamlet_id", "permanent_unit_id")} for one in people
        ]
        hamlets = {pk for each in fields if (pk := each.get("hamlet_id"))}
        units = {pk for each in fields if (pk := each.get("permanent_unit_id"))}
        self.names: dict[Any, str] = dict(Hamlet.objects.filter(pk__in=hamlets).values_list("pk", "name"))
        self.names |= dict(AdminUnit.objects.filter(pk__in=units).values_list("pk", "name"))


def _shown(row: ImportRow, said: Said, people: Mapping[UUID, Person], places: _Places) -> Shown:
    fields = said.fields
    shown = Shown(
        row,
        name=str(fields.get("full_name", "")),
        birth=_birth(fields),
        sex=str(WORDS["sex"].get(fields.get("sex", ""), "")),
        hamlet=places.names.get(fields.get("hamlet_id"), ""),
        household=said.household,
        person=people.get(row.person_id) if row.person_id else None,
        candidates=[
            Candidate(people[UUID(pk)], list(why), _papers_of(people[UUID(pk)]))
            for pk, _, why in row.candidates
            if UUID(pk) in people
        ],
        papers=_papers(str(fields.get("phone", "")), said.numbers_by_kind()),
    )
    if row.state == RowState.CHANGED and shown.person:
        now = {name: getattr(shown.person, name) for name in FIELDS}
        shown.changes = list(_changes(said, now, places))
        plain = {change[0] for change in shown.changes}
        shown.more = [word for word in row.changes if word not in plain]
        shown.more += ["vào hộ"] * row.joins + [PARENTS[role] for role in row.parents]
    return shown


def _papers_of(person: Person) -> list[str]:
    numbers = person.numbers  # type: ignore[attr-defined]
    return _papers(person.phone, [(number.kind, number.value) for number in numbers])


def _papers(phone: str, numbers: Sequence[tuple[str, str]]) -> list[str]:
    return [f"ĐT {phone}"] * bool(phone) + [f"{kind.upper()} {value}" for kind, value in numbers]


def _birth(fields: Mapping[str, Any]) -> str:
    if not (born := fields.get("birth_date")):
        return ""
    return partial_date_words(born, fields.get("birth_precision", "day"))


def _changes(said: Said, now: Mapping[str, Any], places: _Places) -> Iterator[tuple[str, str, str]]:
    data = planning.data_of(said, now)
    changed = planning.changes_of(data, now)
    names = {each.attname: str(each.verbose_name) for each in Person._meta.concrete_fields}
    was = PersonData(**now)
    for name in changed:
        yield names[name], _word(name, was, places), _word(name, data, places)


def _word(name: str, data: PersonData, places: _Places) -> str:
    value = getattr(data, name)
    if value in (None, ""):
        return ""
    if name in LISTS:
        return codes.label(LISTS[name], value)
    if name in WORDS:
        return str(WORDS[name].get(value, value))
    if name == "birth_date":
        return partial_date_words(value, data.birth_precision)
    if name.endswith("_id"):
        return places.names.get(value, "")
    return f"{value:%d/%m/%Y}" if hasattr(value, "strftime") else str(value)


def column_choices() -> list[tuple[str, str]]:
    """What a column may stand for."""
    return [("", "Không nhập cột này"), *sheet.HEADINGS.items()]


def samples(batch: ImportBatch, lines: Sequence[Sequence[str]]) -> dict[int, str]:
    """The first cell of each column that holds something, so that its meaning can be seen."""
    return {
        at: next((cells[at] for cells in lines if at < len(cells) and cells[at].strip()), "")
        for at in range(len(batch.headings))
    }
