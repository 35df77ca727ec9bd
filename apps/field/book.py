"""The population book A0/CTV (TT 01/2022/TT-BYT): the household sheet (I), the changes (III), the monthly
slip P0 made of them. Views over what is stored; nothing is typed into them.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from apps.catalogues import codes
from apps.core import audit, paper, readlog, words
from apps.core.errors import Refused
from apps.core.paging import Page, keyset
from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import Scope, current
from apps.core.words import date_words
from apps.facilities import asof
from apps.facilities.letterheads import letterhead
from apps.facilities.models import Hamlet
from apps.field import contraception
from apps.field.models import Proposal, ProposalState
from apps.field.months import last_of
from apps.field.said import Birth, Pregnancy
from apps.households.absences import open_absences
from apps.households.models import (
    EventKind,
    EventState,
    Household,
    Membership,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.patients.models import Death, DeathState, InsuranceCard, Person
from apps.patients.queries import cards_in_force

PAGE = 20
MOST_PRINTED = 600  # families of one paper
SHEET = (
    "Số TT",
    "Mã đối tượng (số thẻ BHYT)",
    "Họ và tên",
    "Quan hệ với chủ hộ",
    "Giới tính",
    "Ngày sinh",
    "Dân tộc",
    "Trình độ học vấn",
    "Tình trạng hôn nhân",
    "Tình trạng cư trú",
)
CHANGES = (
    "Trẻ mới sinh: họ tên",
    "Trẻ mới sinh: ngày sinh",
    "Trẻ mới sinh: nơi đẻ",
    "Trẻ mới sinh: con thứ",
    "Ngày sàng lọc sơ sinh",
    "Mang thai, sàng lọc trước sinh",
    "Người chết: họ tên, ngày",
    "Kết hôn, ly hôn: họ tên, ngày",
    "Chuyển đến: họ tên, ngày, từ đâu",
    "Chuyển đi: họ tên, ngày",
    "Thay đổi khác: ngày, nội dung, tên",
)
WIDTHS = (6, 18, 28, 18, 9, 12, 12, 20, 20, 16)


# --- part I: the household sheet


@dataclass(frozen=True)
class SheetLine:
    person_id: UUID
    cells: tuple[str, ...]

    @property
    def named(self) -> list[tuple[str, str]]:
        return list(zip(SHEET, self.cells, strict=True))


@dataclass(frozen=True)
class Sheet:
    """One family: its heading and a line a member."""

    household: Household
    lines: list[SheetLine]


def _families(scope: Scope, hamlet_id: UUID | None) -> QuerySet[Household]:
    members = (
        Membership.visible(scope)
        .filter(valid_to__isnull=True, person__merged_into=None)
        .select_related("person")
        .defer("person__tokens", "person__search")
        .order_by("-is_head", "relation", "person__birth_date", "pk")
    )
    rows = Household.visible(scope).filter(closed="").select_related("hamlet")
    rows = rows.prefetch_related(Prefetch("memberships", queryset=members, to_attr="now"))
    return rows.filter(hamlet_id=hamlet_id) if hamlet_id else rows


def sheets(scope: Scope, *, hamlet_id: UUID | None, cursor: str) -> tuple[Page[Household], list[Sheet]]:
    """A page of families in the order of their heads' names."""
    page = keyset(_families(scope, hamlet_id), order=("sort_key", "id"), cursor=cursor, size=PAGE)
    return page, _sheets(scope, page.items)


def _sheets(scope: Scope, families: Sequence[Any]) -> list[Sheet]:
    """Families with their lines: two queries beside their own."""
    today = timezone.localdate()
    ids = [row.person_id for family in families for row in family.now]
    cards = cards_in_force(ids, today)
    away = set(open_absences(ids).values_list("person_id", flat=True))
    return [
        Sheet(
            family,
            [
                SheetLine(row.person_id, _cells(number, row, cards.get(row.person_id), row.person_id in away))
                for number, row in enumerate(family.now, 1)
            ],
        )
        for family in families
    ]


def _cells(number: int, row: Membership, card: InsuranceCard | None, away: bool) -> tuple[str, ...]:
    person = row.person
    return (
        str(number),
        card.number if card else "",
        person.full_name,
        "Chủ hộ" if row.is_head else codes.label("relationship_to_head", row.relation),
        words.sex_word(person.sex),
        person.birth_words,
        codes.label("ethnic_groups", person.ethnicity),
        codes.label("education_level", person.education),
        codes.label("marital_status", person.marital_status),
        residence_words(person, away),
    )


def residence_words(person: Person, away: bool) -> str:
    """Who has another permanent home stays for a time; who is away is away."""
    if person.life_status != "alive":
        return person.get_life_status_display()
    if away:
        return "Tạm vắng"
    return "Tạm trú" if person.permanent_text or person.permanent_unit_id else "Thường trú"


# --- part III: what changed in a month


@dataclass
class Changes:
    """The columns of part III for one month, each a list of cells of its own; people for the read log."""

    births: list[tuple[str, ...]] = field(default_factory=list)
    pregnancies: list[str] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    marital: list[str] = field(default_factory=list)
    moved_in: list[str] = field(default_factory=list)
    moved_out: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    people: set[UUID] = field(default_factory=set)

    def rows(self) -> list[tuple[str, ...]]:
        """As the paper has them: side by side, each column filled from the top."""
        none = ("", "", "", "", "")
        columns = (self.pregnancies, self.deaths, self.marital, self.moved_in, self.moved_out, self.other)
        longest = max(len(self.births), *(len(column) for column in columns))
        births = [*self.births, *[none] * (longest - len(self.births))]
        rest = zip_longest(*columns, fillvalue="")
        cells = [*rest, *[("",) * len(columns)] * longest]
        return [(*birth, *others) for birth, others in zip(births, cells, strict=False)]

    def counts(self) -> list[tuple[str, int]]:
        return [
            ("Trẻ mới sinh", len(self.births)),
            ("Phụ nữ mới có thai", len(self.pregnancies)),
            ("Người chết", len(self.deaths)),
            ("Kết hôn, ly hôn", len(self.marital)),
            ("Chuyển đến", len(self.moved_in)),
            ("Chuyển đi", len(self.moved_out)),
            ("Thay đổi khác", len(self.other)),
        ]


def changes(scope: Scope, *, hamlet_id: UUID | None, month: dt.date) -> Changes:
    """What happened in a hamlet in a month, under its former communes too. Eight queries."""
    found = Changes()
    since, until = month, last_of(month)
    _births(scope, found, hamlet_id, since, until)
    _pregnancies(scope, found, hamlet_id, since, until)
    _deaths(scope, found, hamlet_id, since, until)
    _events(scope, found, hamlet_id, since, until)
    return found


def _births(scope: Scope, found: Changes, hamlet_id: UUID | None, since: dt.date, until: dt.date) -> None:
    born = Person.visible(scope).filter(
        birth_date__range=(since, until), birth_precision="day", merged_into=None
    )
    if hamlet_id:
        born = born.filter(hamlet_id=hamlet_id)
    children = list(born.only("id", "full_name", "birth_date").order_by("birth_date", "sort_key"))
    # unscoped: what was told of a child that the scope sees, by whichever worker
    news = Proposal.unscoped.filter(
        kind="birth", state=ProposalState.ACCEPTED, result_id__in=[child.pk for child in children]
    )
    told = {row.result_id: row.said for row in news}
    for child in children:
        said = told.get(child.pk)
        place, order = ("", "")
        if isinstance(said, Birth):
            place = dict(said.lines()).get("Nơi đẻ", "")
            order = str(said.order or "")
        found.births.append((child.full_name, date_words(child.birth_date), place, order, ""))
        found.people.add(child.pk)


def _pregnancies(
    scope: Scope, found: Changes, hamlet_id: UUID | None, since: dt.date, until: dt.date
) -> None:
    rows = Proposal.visible(scope).filter(
        kind="pregnancy",
        state=ProposalState.ACCEPTED,
        created_at__date__range=(since, until),
        person__in=Person.visible(scope),
    )
    if hamlet_id:
        rows = rows.filter(hamlet_id=hamlet_id)
    for row in rows.select_related("person").order_by("id"):
        if row.person is None:
            continue
        said = row.said
        due = (
            f", dự kiến sinh {date_words(said.due_on)}" if isinstance(said, Pregnancy) and said.due_on else ""
        )
        found.pregnancies.append(f"{row.person.full_name}{due}")
        found.people.add(row.person.pk)


def _deaths(scope: Scope, found: Changes, hamlet_id: UUID | None, since: dt.date, until: dt.date) -> None:
    rows = Death.visible(scope).exclude(state=DeathState.ENTERED_IN_ERROR)
    rows = rows.filter(died_on__range=(since, until))
    if not scope.everything:
        rows = rows.filter(facility_id__in=scope.facility_ids)
    if hamlet_id:
        rows = rows.filter(hamlet_id__in=asof.with_former(hamlet_id))
    for row in rows.select_related("person").order_by("died_on", "id"):
        found.deaths.append(f"{row.person.full_name}, {date_words(row.died_on)}")
        found.people.add(row.person_id)


def _events(scope: Scope, found: Changes, hamlet_id: UUID | None, since: dt.date, until: dt.date) -> None:
    about = ResidenceEventPerson.visible(scope).select_related("person").order_by("person__sort_key")
    rows = ResidenceEvent.visible(scope).filter(on__range=(since, until), state=EventState.FINAL)
    if hamlet_id:
        rows = rows.filter(hamlet_id__in=asof.with_former(hamlet_id))
    rows = rows.exclude(kind__in=(EventKind.CREATED, EventKind.JOINED)).select_related("unit")
    for event in rows.prefetch_related(Prefetch("people", queryset=about, to_attr="named")).order_by(
        "on", "id"
    ):
        people = [row.person for row in event.named]
        if not people:
            continue
        found.people.update(person.pk for person in people)
        names, day = ", ".join(person.full_name for person in people), date_words(event.on)
        place = ", ".join(filter(None, [event.place_text, event.unit.full_name if event.unit else ""]))
        if event.kind in (EventKind.MARRIED, EventKind.DIVORCED):
            spouse = f" và {event.spouse_text}" if event.spouse_text else ""
            found.marital.append(f"{event.get_kind_display()}: {names}{spouse}, {day}")
        elif event.kind in (EventKind.ARRIVED, EventKind.RETURNED):
            found.moved_in += [
                f"{name.full_name}, {day}{f', từ {place}' if place else ''}" for name in people
            ]
        elif event.kind == EventKind.DEPARTED:
            found.moved_out += [f"{name.full_name}, {day}" for name in people]
        else:
            found.other.append(f"{day}: {event.get_kind_display()}, {names}")


# --- papers and files


def _hamlet_name(scope: Scope, hamlet: Hamlet | None) -> str:
    return hamlet.name if hamlet else "Cả địa bàn"


def slip(hamlet: Hamlet | None, month: dt.date) -> bytes:
    """The slip P0 of a month: what changed, how many couples use what; to be read through and signed."""
    scope = current()
    scope.require("field.view")
    found = changes(scope, hamlet_id=hamlet.pk if hamlet else None, month=month)
    if found.people:
        readlog.record("field.slip", sorted(found.people))
    used = contraception.tally(scope, hamlet_id=hamlet.pk if hamlet else None, month=month)
    audit.record("field.slip_printed", data={"month": f"{month:%m/%Y}"})
    return paper.pdf(
        "print/field_slip.html",
        {
            "title": f"Phiếu thu tin về dân số tháng {month:%m/%Y}",
            "landscape": True,
            "national": True,
            "form_code": "P0/CTV",
            "hamlet": _hamlet_name(scope, hamlet),
            "columns": CHANGES,
            "rows": found.rows(),
            "counts": found.counts(),
            "methods": [(name, used[code]) for code, name in contraception.methods(month) if used[code]],
            "worker": scope.shown_name,
            **letterhead(scope, min(last_of(month), timezone.localdate()), hamlet=hamlet),
        },
    )


def printed(hamlet: Hamlet | None) -> bytes:
    """The household sheets of a hamlet on A4 across. Raises Refused when there are too many."""
    scope = current()
    scope.require("field.export")
    rows = _families(scope, hamlet.pk if hamlet else None).order_by("sort_key", "id")[: MOST_PRINTED + 1]
    families = list(rows)
    if len(families) > MOST_PRINTED:
        raise Refused(f"Nhiều hơn {MOST_PRINTED} hộ. Hãy in từng thôn.")
    found = _sheets(scope, families)
    people = [line.person_id for sheet in found for line in sheet.lines]
    if people:
        readlog.record("field.book_paper", people)
    audit.record("field.book_printed", data={"rows": len(people)})
    return paper.pdf(
        "print/field_book.html",
        {
            "title": "Sổ ghi chép ban đầu về dân số",
            "landscape": True,
            "national": True,
            "form_code": "Sổ A0/CTV, phần I",
            "hamlet": _hamlet_name(scope, hamlet),
            "columns": SHEET,
            "sheets": found,
            **letterhead(scope, timezone.localdate(), hamlet=hamlet),
        },
    )


def _asked_hamlet(args: Mapping[str, Any]) -> UUID | None:
    return UUID(str(args["hamlet"])) if args.get("hamlet") else None


def count(args: Mapping[str, Any]) -> int:
    """How many people the sheets have."""
    scope = current()
    families = Household.visible(scope).filter(closed="")
    if hamlet := _asked_hamlet(args):
        families = families.filter(hamlet_id=hamlet)
    rows = Membership.visible(scope).filter(valid_to__isnull=True, person__merged_into=None)
    return rows.filter(household__in=families).count()


def sheet(args: Mapping[str, Any]) -> ExportSheet:
    """The household sheets as a workbook, read a part at a time."""
    return ExportSheet(("Mã hộ", "Thôn, tổ", *SHEET), _file_rows(args), dict(enumerate((12, 18, *WIDTHS))))


def _file_rows(args: Mapping[str, Any]) -> Iterator[tuple[UUID | None, Sequence[str]]]:
    scope = current()
    families = _families(scope, _asked_hamlet(args)).order_by("sort_key", "id")
    for part in _parts(families.iterator(chunk_size=200), 200):
        for each in _sheets(scope, part):
            for line in each.lines:
                yield line.person_id, (each.household.code, each.household.hamlet.name, *line.cells)


def _parts(rows: Iterable[Any], many: int) -> Iterator[list[Any]]:
    part: list[Any] = []
    for row in rows:
        part.append(row)
        if len(part) == many:
            yield part
            part = []
    if part:
        yield part


EXPORT = ExportKind("field.book", "Sổ A0, phần I", ("field.export",), "field.export", "so-a0", count, sheet)
