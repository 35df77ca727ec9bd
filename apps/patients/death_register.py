"""Register A6 (sổ theo dõi nguyên nhân tử vong, TT 23/2025/TT-BYT): 18 columns in their order, by date of
death or of entry, on the screen, as a workbook, on paper.

The register is a view over the deaths; nothing is typed into it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
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
from apps.facilities.models import Facility, Hamlet
from apps.patients import addresses
from apps.patients.death_forms import UNIT_WORDS
from apps.patients.models import Death, DeathCause, DeathState, Identifier, IdentifierKind

PAGE = 50
AT_ONCE = 500  # rows of a workbook read at a time
MOST_PRINTED = 1_000  # rows of one paper: about 90 pages
HIDDEN = "Thông tin hạn chế"

COLUMNS = (
    "STT",
    "Họ và tên",
    "Ngày sinh (tuổi)",
    "Giới",
    "Số định danh",
    "Địa chỉ thường trú",
    "Dân tộc",
    "Nghề nghiệp",
    "Ngày ghi sổ",
    "Ngày tử vong",
    "Nơi tử vong",
    "Nguyên nhân chính",
    "Mã ICD-10",
    "Chuỗi nguyên nhân (Ia-Id, II)",
    "Được chăm sóc y tế trước khi chết",
    "Cán bộ y tế xác nhận/được cấp giấy báo tử",
    "Tử vong mẹ (mang thai, đẻ, 42 ngày)",
    "Ghi chú",
)
# Characters of each column of a workbook.
WIDTHS = (5, 26, 20, 8, 15, 40, 10, 16, 12, 17, 24, 30, 9, 60, 12, 34, 14, 30)
MATERNAL_WORDS = {
    "pregnant": "mang thai",
    "delivery": "đẻ",
    "within42": "42 ngày",
    "late": "43 ngày–1 năm",
    "unknown": "không rõ",
}
BY = {"died": "died_on", "entered": "entered_on"}


@dataclass(frozen=True)
class Asked:
    """Which part of the book: two days, by date of death or of entry, one hamlet or all, one book or all."""

    since: dt.date
    until: dt.date
    by: str = "died"
    hamlet: UUID | None = None
    station: UUID | None = None  # the book of one of the stations that have come under this one

    @property
    def order(self) -> tuple[str, str]:
        return (BY[self.by], "id")


@dataclass(frozen=True)
class Line:
    """A row of the book: the cells of the 18 columns as they are written."""

    death_id: UUID
    person_id: UUID
    cells: tuple[str, ...]
    hidden: bool

    @property
    def named(self) -> list[tuple[str, str]]:
        return list(zip(COLUMNS, self.cells, strict=True))


def chosen(scope: Scope, asked: Asked) -> QuerySet[Death]:
    """The deaths of that part of the book, those taken back left out; ordered by the caller."""
    field = BY[asked.by]
    rows = (
        Death.visible(scope)
        .exclude(state=DeathState.ENTERED_IN_ERROR)
        .filter(**{f"{field}__gte": asked.since, f"{field}__lte": asked.until})
        .select_related(
            "person__hamlet__commune__parent__parent",
            "person__permanent_unit",
            "hamlet__commune__parent__parent",
        )
        .defer("person__tokens", "person__search")
        .prefetch_related(Prefetch("causes", queryset=DeathCause.visible(scope).order_by("line", "position")))
    )
    if not scope.everything:
        rows = rows.filter(facility_id__in=scope.facility_ids)
    if asked.station:
        rows = rows.filter(facility_id=asked.station)
    return rows.filter(hamlet_id__in=asof.with_former(asked.hamlet)) if asked.hamlet else rows


def page(scope: Scope, asked: Asked, cursor: str = "") -> tuple[Page[Death], int]:
    """One page of the book in the order of its dates, and how many rows stand before it."""
    rows = chosen(scope, asked)
    found = keyset(rows, order=asked.order, cursor=cursor, size=PAGE)
    before = 0
    if found.previous_cursor and found.items:
        first, field = found.items[0], BY[asked.by]
        day = getattr(first, field)
        plain = rows.select_related(None).prefetch_related(None)
        before = plain.filter(**{f"{field}__lt": day}).count()
        before += plain.filter(**{field: day, "id__lt": first.pk}).count()
    return found, before


def lines(scope: Scope, deaths: Sequence[Death], *, before: int = 0, screen: str) -> list[Line]:
    """The rows of the book in words. One query, and a row of the read log for whoever stands there."""
    if deaths:
        readlog.record(screen, [death.person_id for death in deaths])
    return _lines(scope, deaths, before)


def _lines(scope: Scope, deaths: Sequence[Death], before: int) -> list[Line]:
    numbers = _numbers(scope, [death.person_id for death in deaths])
    return [
        _line(death, before + place, numbers.get(death.person_id, ""))
        for place, death in enumerate(deaths, 1)
    ]


def _numbers(scope: Scope, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The present national number of each, or the old one of those who have no other."""
    kinds: list[str] = [IdentifierKind.CMND, IdentifierKind.CCCD]
    rows = Identifier.visible(scope).filter(person_id__in=person_ids, kind__in=kinds, valid_to__isnull=True)
    found = sorted(rows.values_list("kind", "person_id", "value"), key=lambda row: kinds.index(row[0]))
    return {person_id: value for _, person_id, value in found}


def _line(death: Death, number: int, citizen: str) -> Line:
    person, causes = death.person, list(death.causes.all())
    hidden = death.restricted and not causes
    main = next((cause for cause in causes if cause.underlying), None)
    age = words.age_words(person.birth_date, death.died_on, person.birth_precision)
    where = ": ".join(filter(None, [death.get_place_display(), death.place_text]))
    time = f" {death.died_time:%H:%M}" if death.died_time else ""
    cells = (
        str(number),
        person.full_name,
        f"{person.birth_words} ({age or 'không rõ tuổi'})",
        person.get_sex_display(),
        citizen,
        _address(death),
        codes.label("ethnic_groups", death.ethnicity, death.died_on),
        codes.label("occupations", death.occupation, death.died_on),
        date_words(death.entered_on),
        date_words(death.died_on) + time,
        where,
        HIDDEN if hidden else cause_words(main),
        "" if hidden or main is None else main.icd_code,
        HIDDEN if hidden else chain_words(causes),
        death.get_attended_display() if death.attended else "",
        certified_words(death),
        "" if hidden else MATERNAL_WORDS.get(death.maternal, ""),
        "" if hidden else note_words(death),
    )
    return Line(death.pk, person.pk, cells, hidden)


def _address(death: Death) -> str:
    """Where she lived for good: the permanent address, else her home, by the names of the day of death."""
    person, on = death.person, death.died_on
    if person.permanent_text or person.permanent_unit:
        unit = person.permanent_unit.full_name_on(on) if person.permanent_unit else ""
        return ", ".join(filter(None, [person.permanent_text, unit]))
    return addresses.home_on(person, death.hamlet, on)


def cause_words(cause: DeathCause | None) -> str:
    """A cause as it was written, else as the catalogue calls it."""
    return (cause.text or cause.icd_name or cause.icd_code) if cause else ""


def interval_words(cause: DeathCause) -> str:
    """'3 ngày'; empty when it is not known."""
    return "" if cause.value is None else f"{cause.value} {UNIT_WORDS.get(cause.unit, '')}".strip()


def chain_words(causes: Sequence[DeathCause]) -> str:
    """'Ia. Suy hô hấp (J96.0, 2 ngày); Ib. Viêm phổi (J18.9, 1 tuần); II. Tăng huyết áp (I10)'."""
    told = []
    for cause in causes:
        beside = ", ".join(filter(None, [cause.icd_code, interval_words(cause)]))
        told.append(f"{cause.get_line_display()}. {cause_words(cause)}{f' ({beside})' if beside else ''}")
    return "; ".join(told)


def certified_words(death: Death) -> str:
    paper_no = f"giấy báo tử số {death.certificate_no}" if death.certificate_no else ""
    if death.certificate_on:
        paper_no = f"{paper_no or 'giấy báo tử'} ngày {date_words(death.certificate_on)}"
    return "; ".join(filter(None, [death.certified_by, paper_no]))


def note_words(death: Death) -> str:
    injury = codes.label("injury_cause", death.injury_cause) if death.injury_cause else ""
    return "; ".join(filter(None, [injury, death.note]))


# --- what leaves the screen


def as_args(asked: Asked) -> dict[str, str]:
    """The part of the book as a guarded export keeps it."""
    return {
        "since": asked.since.isoformat(),
        "until": asked.until.isoformat(),
        "by": asked.by,
        "hamlet": str(asked.hamlet or ""),
        "station": str(asked.station or ""),
    }


def _from_args(args: Mapping[str, Any]) -> Asked:
    hamlet, station = (UUID(args[key]) if args.get(key) else None for key in ("hamlet", "station"))
    day = dt.date.fromisoformat
    return Asked(day(args["since"]), day(args["until"]), args["by"], hamlet, station)


def count(args: Mapping[str, Any]) -> int:
    """How many rows the chosen part has."""
    return chosen(current(), _from_args(args)).count()


def sheet(args: Mapping[str, Any]) -> ExportSheet:
    """The chosen part as a workbook, read a part at a time."""
    return ExportSheet(COLUMNS, _cells(_from_args(args)), dict(enumerate(WIDTHS)))


def _cells(asked: Asked) -> Iterator[tuple[UUID, Sequence[str]]]:
    scope = current()
    rows = chosen(scope, asked).order_by(*asked.order).iterator(chunk_size=AT_ONCE)
    before = 0
    while part := list(islice(rows, AT_ONCE)):
        for line in _lines(scope, part, before):
            yield line.person_id, line.cells
        before += len(part)


EXPORT = ExportKind(
    "deaths.register", "Sổ tử vong A6", ("deaths.export",), "death.export", "so-a6", count, sheet
)


def printed(asked: Asked, hamlet: Hamlet | None = None) -> bytes:
    """The rows on A4 across, with the statutory heading. Raises Refused when there are too many."""
    scope = current()
    scope.require("deaths.export")
    rows = list(chosen(scope, asked).order_by(*asked.order)[: MOST_PRINTED + 1])
    if len(rows) > MOST_PRINTED:
        most = words.quantity_words(MOST_PRINTED)
        raise Refused(f"Nhiều hơn {most} dòng. Hãy thu hẹp số ngày hoặc chọn một thôn.")
    found = lines(scope, rows, screen="death.paper")
    book = Facility.objects.select_related("unit").filter(pk__in=[asked.station]).first()
    audit.record("death.register_printed", data={"rows": len(found)})
    context: dict[str, Any] = {
        "title": "Sổ theo dõi nguyên nhân tử vong",
        "landscape": True,
        "national": True,
        "form_code": "Sổ A6",
        "lines": found,
        "columns": COLUMNS,
        "numbers": range(1, len(COLUMNS) + 1),
        "asked": asked,
        "hamlet": hamlet.name if hamlet else "",
        **letterhead(
            scope, min(asked.until, timezone.localdate()), facility=book, hamlet=None if book else hamlet
        ),
    }
    return paper.pdf("print/death_register.html", context)
