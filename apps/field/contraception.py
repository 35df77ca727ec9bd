"""Book A0, part II: what the couples of a hamlet use, month by month. Marks are replaced, never overwritten.

Whoever was under age in a month has no mark there for those without restricted.view: neither read, nor
written, nor told by a refusal.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.catalogues import codes
from apps.core import audit, parameters
from apps.core.errors import Refused
from apps.core.paging import Page, keyset
from apps.core.scope import RESTRICTED_RIGHT, Scope, current
from apps.facilities import asof
from apps.field.models import ContraceptionMark, MarkState
from apps.field.months import add_months, first_of, is_minor, last_of, years_before
from apps.patients.models import LifeStatus, Person, Sex

LIST = "a0_contraception"
MARRIED = "2"  # code of the list marital_status
AGES, ADULT, KEPT = "field.couple_ages", "field.adult_age", "field.contraception_months"
PAGE = 25
NOT_USING = frozenset({"", "0", "T"})


def couples(scope: Scope, *, hamlet_id: UUID | None, since: dt.date, until: dt.date) -> QuerySet[Person]:
    """Married women of the ages of the book on some day of that time; the under-age only by right."""
    ages = parameters.value(AGES, on=until)
    women = Person.visible(scope).filter(
        sex=Sex.FEMALE,
        marital_status=MARRIED,
        life_status=LifeStatus.ALIVE,
        merged_into=None,
        birth_date__lte=years_before(until, int(ages["from"])),
        birth_date__gt=years_before(since, int(ages["to"]) + 1),
    )
    if not scope.can(RESTRICTED_RIGHT):
        women = women.filter(birth_date__lte=years_before(timezone.localdate(), _adult(until)))
    return women.filter(hamlet_id=hamlet_id) if hamlet_id else women


def _adult(on: dt.date) -> int:
    return int(parameters.value(ADULT, on=on))


@dataclass(frozen=True)
class Cell:
    """One month of one woman. `closed`: not to be written (still to come, too old, under age)."""

    month: dt.date
    code: str
    closed: bool


@dataclass(frozen=True)
class Row:
    person: Person
    cells: list[Cell]
    since: dt.date | None  # the month in which the present method began


def rows(
    scope: Scope, *, hamlet_id: UUID | None, months: Sequence[dt.date], cursor: str
) -> tuple[Page[Person], list[Row]]:
    """A page of the grid: the women and their marks. A fixed number of queries."""
    women = couples(scope, hamlet_id=hamlet_id, since=months[0], until=last_of(months[-1]))
    women = women.defer("tokens", "search")
    found = keyset(women, order=("sort_key", "id"), cursor=cursor, size=PAGE)
    marks = marks_of(scope, [person.pk for person in found.items])
    today = timezone.localdate()
    open_from, adult = _oldest(today), _adult(today)
    may_minor = scope.can(RESTRICTED_RIGHT)
    return found, [
        Row(
            person,
            [
                Cell(
                    month,
                    marks.get(person.pk, {}).get(month, ""),
                    not open_from <= month <= first_of(today)
                    or (not may_minor and is_minor(person.birth_date, month, adult)),
                )
                for month in months
            ],
            began(marks.get(person.pk, {})),
        )
        for person in found.items
    ]


def _oldest(today: dt.date) -> dt.date:
    return add_months(first_of(today), -int(parameters.value(KEPT, on=today)))


def marks_of(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, dict[dt.date, str]]:
    """What stands in the book for each of these. One query."""
    found: dict[UUID, dict[dt.date, str]] = {}
    marks = ContraceptionMark.visible(scope).filter(person_id__in=list(person_ids), state=MarkState.FINAL)
    for person_id, month, code in marks.values_list("person_id", "month", "code"):
        found.setdefault(person_id, {})[month] = code
    return found


def began(marks: Mapping[dt.date, str]) -> dt.date | None:
    """The month in which the latest method was begun; None when none is used. Pure."""
    if not marks:
        return None
    month = max(marks)
    code = marks[month]
    if code in NOT_USING:
        return None
    while marks.get(add_months(month, -1)) == code:
        month = add_months(month, -1)
    return month


def methods(on: dt.date) -> list[tuple[str, str]]:
    return list(codes.choices(LIST, on))


def tally(scope: Scope, *, hamlet_id: UUID | None, month: dt.date) -> Counter[str]:
    """How many couples used what in that month. The under-age count nowhere without the right."""
    marks = ContraceptionMark.visible(scope).filter(month=month, state=MarkState.FINAL)
    if hamlet_id:
        marks = marks.filter(hamlet_id__in=asof.with_former(hamlet_id))
    return Counter(marks.values_list("code", flat=True))


def history(scope: Scope, person_id: UUID) -> list[ContraceptionMark]:
    """Every mark of one woman, also those that were replaced, newest first."""
    marks = ContraceptionMark.visible(scope).filter(person_id=person_id)
    return list(marks.order_by("-month", "-id")[:240])


# --- writing


@dataclass(frozen=True)
class Entry:
    """One cell that was typed: `was` is what stood there when the page was opened."""

    person_id: UUID
    month: dt.date
    code: str
    was: str


@dataclass
class Saved:
    """How many cells changed, and those that somebody else had changed meanwhile: cell -> what stands now."""

    changed: int = 0
    clashes: dict[tuple[UUID, dt.date], str] = field(default_factory=dict)


@transaction.atomic
def marks_put(*, entries: Sequence[Entry]) -> Saved:
    """Writes the cells that differ from what stood there. Raises Refused for what is no cell of hers."""
    scope = current()
    scope.require("field.enter")
    entries = [entry for entry in entries if entry.code != entry.was]
    saved = Saved()
    if not entries:
        return saved
    today = timezone.localdate()
    known = {code for code, _ in methods(today)} | {""}
    ids = sorted({entry.person_id for entry in entries})
    months = [entry.month for entry in entries]
    women = couples(scope, hamlet_id=None, since=min(months), until=last_of(max(months)))
    # One writer at a time for each woman, always in the same order.
    women = women.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    found = {person.pk: person for person in women.select_related("hamlet").defer("tokens", "search")}
    adult, oldest = _adult(today), _oldest(today)
    stored = {
        (mark.person_id, mark.month): mark
        for mark in ContraceptionMark.visible(scope).filter(person_id__in=ids, state=MarkState.FINAL)
    }
    for entry in entries:
        person = found.get(entry.person_id)
        minor = person is not None and is_minor(person.birth_date, entry.month, adult)
        if person is None or not person.hamlet_id or (minor and not scope.can(RESTRICTED_RIGHT)):
            raise Refused("Có dòng không ghi được ở đây. Hãy tải lại trang.", code="not-hers")
        if not oldest <= entry.month <= first_of(today):
            raise Refused(f"Tháng {entry.month:%m/%Y} chưa đến hoặc đã quá xa, không ghi được.", code="month")
        if entry.code not in known:
            raise Refused(f"Không có biện pháp mang mã “{entry.code[:5]}”.", code="code")
        mark = stored.get((entry.person_id, entry.month))
        now = mark.code if mark else ""
        if now == entry.code:
            continue
        if now != entry.was:
            saved.clashes[(entry.person_id, entry.month)] = now
            continue
        _replace(scope, mark, person, entry, restricted=minor)
        saved.changed += 1
    if saved.changed:
        audit.record("contraception.marked", facility_id=scope.workplace_id, data={"cells": saved.changed})
    return saved


def _replace(
    scope: Scope, mark: ContraceptionMark | None, person: Person, entry: Entry, *, restricted: bool
) -> None:
    if mark is not None:
        mark.state = MarkState.REPLACED
        mark.version += 1
        mark.save(update_fields=["state", "version", "updated_at"])
    if entry.code and person.hamlet is not None:
        ContraceptionMark.unscoped.create(  # of a woman who was taken through the scope
            person=person,
            month=entry.month,
            code=entry.code,
            hamlet=person.hamlet,
            restricted=restricted,
            recorded_by=scope.user_id,
            recorded_by_name=scope.shown_name,
        )
