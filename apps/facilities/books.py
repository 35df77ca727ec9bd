"""Whose number books a point writes into: its station's, or its own, whose numbers carry its mark.

Which of both is chosen station by station in the plan of a reform, and kept with the point; what is proposed
there says the parameter `facilities.point_books` of the day.
"""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from apps.core import parameters
from apps.core.text import fold
from apps.facilities.models import Facility, ReformStation

OWN = "own"
COMMON = frozenset({"diem", "tram", "y", "te", "xa", "phuong"})  # words that tell no point from another
RULE = "facilities.point_books"  # "own" or "successor"


class Book(NamedTuple):
    """The facility whose books a number comes from, and the mark before it."""

    facility_id: UUID
    mark: str


def book_at(facility_id: UUID, point_id: UUID | None) -> Book:
    """Where an act at a point takes its numbers. No query without a point, one with it."""
    if point_id is not None:
        mark = Facility.objects.filter(pk=point_id).values_list("book_mark", flat=True).first()
        if mark:
            return Book(point_id, mark)
    return Book(facility_id, "")


def book_of(number: str, facility_id: UUID, point_id: UUID | None) -> UUID:
    """The facility whose book gave a number: where it carries a mark, the point of the station that writes
    it, also for a record that is at another point now. No query without a mark, one with it.
    """
    mark, marked, _ = number.rpartition(".")
    if not marked:
        return facility_id
    writers = Facility.objects.filter(Q(pk=point_id) | Q(part_of=facility_id), book_mark=mark)
    return writers.values_list("pk", flat=True).first() or point_id or facility_id


def kept_by_points(on: dt.date) -> bool:
    """Whether a station that becomes a point on that day is proposed to keep its books."""
    return bool(parameters.value(RULE, on=on) == OWN)


def free_mark(row: ReformStation, beside: Iterable[ReformStation]) -> str:
    """'Điểm trạm Ba Thành' -> 'BT'; with a figure where a point of the successor has that mark already."""
    words = [word for word in fold(row.name).split() if word not in COMMON]
    mark = "".join(word[0] for word in words)[:3].upper() or "D"
    taken = {each.book_mark for each in beside if each is not row and each.pk != row.pk}
    taken |= set(Facility.objects.filter(part_of=row.successor_id).values_list("book_mark", flat=True))
    marks = (mark, *(f"{mark}{figure}" for figure in range(2, 10)), *(f"D{each}" for each in range(10, 999)))
    return next(each for each in marks if each not in taken)
