"""Running numbers without gap and without two alike.

A number is taken inside the transaction of the record that carries it: the book's row is locked until that
transaction ends, so a record that is rolled back gives its number back, and two clients wait for each other.
Take it late, just before saving: whoever takes from the same book meanwhile waits.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from apps.core import audit, registry
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import GivenNumber, NumberBook, NumberState, PaperCode
from apps.core.paging import Page, keyset
from apps.core.registry import NumberKind
from apps.core.scope import Scope, current
from apps.core.text import clean

LARGEST = 99_999_999
PAGE = 50

NEXT = """
UPDATE core_numberbook SET last = last + 1, updated_at = now()
WHERE facility_id = %s AND kind = %s AND period = %s AND (closed_from IS NULL OR closed_from > %s)
RETURNING id, last
"""
# The book's first number; who comes second in the same moment gets the one after it.
BEGIN = """
INSERT INTO core_numberbook
    (id, created_at, updated_at, version, facility_id, kind, period, first, last, mark, skipped)
VALUES (%s, now(), now(), 1, %s, %s, %s, %s, %s, %s, '[]')
ON CONFLICT (facility_id, kind, period) DO UPDATE SET last = core_numberbook.last + 1, updated_at = now()
RETURNING id, last
"""


def take(kind_key: str, *, facility_id: UUID, on: dt.date, object_id: UUID, mark: str = "") -> str:
    """The next number of the facility's book of that day, as it is written. One statement, two when kept.

    With `mark` it is the own book of a point (facilities/books.py): its number is never that of the station.

    A book that is begun while numbers stand in the records already (an import) goes on after them.
    Raises outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a number is taken inside the transaction of its record")
    kind = _kind(kind_key)
    period = kind.period(on)
    key: tuple[UUID, str, str] = (facility_id, kind.key, period)
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [*key, on])
        row = cursor.fetchone()
        if row is None:
            _refuse_closed(kind, key)
            first = kind.highest(facility_id, period) + 1
            cursor.execute(BEGIN, [uuid7(), *key, first, first, mark])
            row = cursor.fetchone()
    book_id, number = row
    if kind.kept:
        GivenNumber.unscoped.create(  # unscoped: the record's service has checked the facility
            book_id=book_id, number=number, object_id=object_id, state=NumberState.GIVEN, **_who()
        )
    return marked(mark, kind.written(number, on))


def marked(mark: str, number: str) -> str:
    """A number of a book with that mark, as it is written."""
    return f"{mark}.{number}" if mark else number


def _refuse_closed(kind: NumberKind, key: tuple[UUID, str, str]) -> None:
    facility_id, kind_key, period = key
    # unscoped: the record's service has checked the facility
    books = NumberBook.unscoped.filter(facility_id=facility_id, kind=kind_key, period=period)
    if closed := books.filter(closed_from__isnull=False).values_list("closed_from", flat=True).first():
        raise Refused(
            f"Sổ {kind.title.lower()} của trạm cũ đã khóa từ ngày {closed:%d/%m/%Y}. "
            "Hãy ghi vào sổ của trạm mới.",
            code="closed-book",
        )


def void(kind_key: str, *, facility_id: UUID, on: dt.date, number: int, object_id: UUID, reason: str) -> None:
    """Say that a number that was given is not to be used; it stays taken, with the reason."""
    kind = _kind(kind_key)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do hủy số.", field="reason", code="no-reason")
    # unscoped: the record's service has checked the facility
    with transaction.atomic():
        book = NumberBook.unscoped.filter(
            facility_id=facility_id, kind=kind.key, period=kind.period(on), last__gte=number
        ).first()
        if book is None:
            return  # given before this system kept the book
        found, made = GivenNumber.unscoped.get_or_create(
            book=book,
            number=number,
            defaults={"object_id": object_id, "state": NumberState.VOID, "void_reason": reason, **_who()},
        )
        if not made:
            if found.state == NumberState.VOID:
                raise Refused(f"Số {kind.written(number, on)} đã hủy trước đó.", code="void")
            # unscoped: of the book above
            GivenNumber.unscoped.filter(pk=found.pk).update(
                state=NumberState.VOID, void_reason=reason, updated_at=timezone.now(), **_who()
            )
        audit.record(
            "number.voided",
            object_id=object_id,
            facility_id=facility_id,
            data={"kind": kind.title, "number": number},
        )


@transaction.atomic
def start_at(kind_key: str, *, facility_id: UUID, on: dt.date, number: int, reason: str = "") -> NumberBook:
    """Let a facility's book go on from `number`, as the paper book did before.

    Before the first number was given nothing needs explaining; afterwards the numbers left out are kept with
    the reason. Never goes back: a number is not given twice.
    """
    scope = current()
    scope.require("numbers.edit")
    if not scope.reaches(facility_id):
        raise Refused("Sổ này không thuộc nơi làm việc đang chọn.", code="facility")
    kind = _kind(kind_key)
    if not 1 <= number <= LARGEST:
        raise Refused(f"Số bắt đầu từ 1 đến {LARGEST}.", field="number", code="range")
    period = kind.period(on)
    highest = kind.highest(facility_id, period)
    book, _ = NumberBook.objects.select_for_update().get_or_create(
        facility_id=facility_id,
        kind=kind.key,
        period=period,
        defaults={"first": highest + 1, "last": highest},
    )
    if book.closed_from:
        raise Refused(f"Sổ này đã khóa từ ngày {book.closed_from:%d/%m/%Y}.", field="number", code="closed")
    if number <= book.last:
        sentence = f"Sổ này đã cấp đến số {book.last}. Số tiếp theo phải từ {book.last + 1}."
        raise Refused(sentence, field="number", code="given")
    reason = clean(reason)[:300]
    if book.last >= book.first:
        if not reason:
            sentence = f"Sổ đã cấp số {book.first} đến {book.last}. Ghi lý do bỏ qua số."
            raise Refused(sentence, field="reason", code="no-reason")
        if number > book.last + 1:
            left_out = {"from": book.last + 1, "to": number - 1, "reason": reason, "by": scope.shown_name}
            book.skipped = [*book.skipped, left_out | {"at": timezone.now()}]
    else:
        book.first = number
    book.last = number - 1
    book.version += 1
    book.save()
    audit.record(
        "number.started",
        object_id=book.pk,
        facility_id=facility_id,
        data={"kind": kind.title, "period": period, "number": number},
    )
    return book


# ---- what the head of the station reads


@dataclass(frozen=True)
class BookLine:
    """A book as its page lists it; `book` is None for a kind of which nothing was given yet."""

    kind: NumberKind
    book: NumberBook | None
    last: str
    following: str
    voided: int


def listed() -> list[NumberKind]:
    """The kinds of number that the head of a station looks after."""
    return [kind for kind in registry.numbers if kind.listed]


def books(scope: Scope) -> list[BookLine]:
    """The books of the scope's workplace by kind, newest period first, those that its points keep of their
    own, and the closed ones of former stations that are its points now. One query.
    """
    if scope.workplace_id is None:
        return []
    of_points = Q(closed_from__isnull=False) | ~Q(mark="")
    here = Q(facility_id=scope.workplace_id) | of_points & Q(facility_id__in=scope.facility_ids)
    rows = (
        NumberBook.visible(scope)
        .filter(here, kind__in=[kind.key for kind in listed()])
        .annotate(voided=Count("numbers", filter=Q(numbers__state=NumberState.VOID)))
        .order_by(F("closed_from").asc(nulls_first=True), "mark", "station_name", "-period")
    )
    found: dict[str, list[NumberBook]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row)
    today = timezone.localdate()
    lines = []
    for kind in listed():
        book: Any
        if kind.period(today) not in {
            book.period
            for book in found.get(kind.key, [])
            if book.closed_from is None and book.facility_id == scope.workplace_id
        }:
            lines.append(BookLine(kind, None, "", "", 0))
        for book in found.get(kind.key, []):
            on = _day_of(book.period, today)
            last = _written(kind, book, book.last, on) if book.last >= book.first else ""
            following = "" if book.closed_from else _written(kind, book, book.last + 1, on)
            lines.append(BookLine(kind, book, last, following, book.voided))
    return lines


def _written(kind: NumberKind, book: NumberBook, number: int, on: dt.date) -> str:
    return marked(book.mark_of(number), kind.written(number, on))


def _day_of(period: str, today: dt.date) -> dt.date:
    """A day of the book's period, to write its numbers with."""
    if len(period) == 4:
        return dt.date(int(period), 1, 1)
    return dt.date.fromisoformat(period) if period else today


@dataclass(frozen=True)
class NumberLine:
    """A number as its book's page shows it; `copies` counts how often its paper was printed."""

    given: GivenNumber
    written: str
    copies: int


def numbers_of(book: NumberBook, *, cursor: str = "") -> tuple[Page[GivenNumber], list[NumberLine]]:
    """The numbers of a book that have rows, newest first. Two queries."""
    page = keyset(GivenNumber.objects.filter(book=book), order=("-number", "id"), cursor=cursor, size=PAGE)
    kind, on = registry.numbers.get(book.kind), _day_of(book.period, timezone.localdate())
    copies = _copies([row.object_id for row in page.items])
    return page, [
        NumberLine(
            row,
            _written(kind, book, row.number, on) if kind else str(row.number),
            copies.get(row.object_id, 0),
        )
        for row in page.items
    ]


def _copies(object_ids: Sequence[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for object_id, count in PaperCode.objects.filter(object_id__in=object_ids).values_list(
        "object_id", "copies"
    ):
        found[object_id] = found.get(object_id, 0) + count
    return found


def _kind(key: str) -> NumberKind:
    kind = registry.numbers.get(key)
    if kind is None:
        raise KeyError(f"number kind {key!r} is not registered")
    return kind


def _who() -> dict[str, object]:
    scope = current()
    return {"by": scope.user_id, "by_name": scope.shown_name}
