"""What a facility was called on a day, and where its day's acts belong: papers bear the name of their day."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.core.scope import Scope
from apps.facilities.models import AdminUnit, Facility, FacilityKind, FacilityPast, Hamlet


@dataclass(frozen=True)
class Face:
    """A facility as it was on a day."""

    facility_id: UUID
    name: str
    kind: str
    unit: AdminUnit
    part_of_id: UUID | None
    kcb_code: str
    address: str
    phone: str
    unit_name: str  # 'Xã Ba Tơ', as it was called on that day
    place: str  # 'Ba Tơ', for 'Ba Tơ, ngày ...'


def face(facility: Facility, on: dt.date) -> Face:
    """The facility on that day: as its past row says, else as it is now. One query."""
    return faces([facility], on)[facility.pk]


def faces(facilities: Iterable[Facility], on: dt.date) -> dict[UUID, Face]:
    """The same for a batch. One query; the facilities come with their unit."""
    known = {facility.pk: facility for facility in facilities}
    rows = FacilityPast.objects.filter(facility__in=known, valid_to__gte=on).order_by("-valid_to")
    past = {row.facility_id: row for row in rows.select_related("unit")}  # the one that ended first stays
    found = {}
    for pk, facility in known.items():
        row = past.get(pk, facility)
        full = row.unit.full_name_on(on)
        found[pk] = Face(
            facility_id=pk,
            name=row.name,
            kind=row.kind,
            unit=row.unit,
            part_of_id=row.part_of_id,
            kcb_code=row.kcb_code,
            address=row.address,
            phone=row.phone,
            unit_name=full,
            place=row.unit.name_on(on),
        )
    return found


def names(facilities: Iterable[Facility]) -> Callable[[UUID, dt.date], str]:
    """The names of some facilities on any day, for a book whose rows are of many days. One query."""
    known = {facility.pk: facility.name for facility in facilities}
    past: dict[UUID, list[FacilityPast]] = {}
    for row in FacilityPast.objects.filter(facility__in=known).order_by("valid_to"):
        past.setdefault(row.facility_id, []).append(row)

    def name(facility_id: UUID, on: dt.date) -> str:
        then = (row.name for row in past.get(facility_id, ()) if row.valid_to and row.valid_to >= on)
        return next(then, known[facility_id])

    return name


def working_place(scope: Scope, on: dt.date, today: dt.date) -> tuple[UUID | None, UUID | None]:
    """(facility, point) that an act of that day belongs to, for whoever works in `scope`.

    What is entered late for a day when the point was still a station of its own stays that station's. No
    query for today's acts, nor where nobody works at a point.
    """
    if scope.point_id is None or on >= today:
        return scope.workplace_id, scope.point_id
    then = FacilityPast.objects.filter(facility=scope.point_id, valid_to__gte=on).order_by("valid_to").first()
    if then is not None and then.kind == FacilityKind.STATION:
        return scope.point_id, None
    return scope.workplace_id, scope.point_id


def hamlet_on(hamlet: Hamlet, on: dt.date) -> Hamlet:
    """The row that the hamlet had on that day, under its commune of then. No query while it is its own."""
    while hamlet.came_from_id is not None and hamlet.valid_from is not None and on < hamlet.valid_from:
        hamlet = Hamlet.objects.select_related("commune__parent__parent").get(pk=hamlet.came_from_id)
    return hamlet


def with_former(hamlet_id: UUID) -> list[UUID]:
    """The hamlet and its rows under former communes: what happened there stands under all of them."""
    found = [hamlet_id]
    while before := Hamlet.objects.filter(pk=found[-1]).values_list("came_from", flat=True).first():
        found.append(before)
    return found


def hamlet_words(hamlet: Hamlet, on: dt.date) -> list[str]:
    """'Thôn Làng Teng', 'xã Ba Thành', 'huyện Ba Tơ', 'tỉnh Quảng Ngãi': the names of that day, lowest first.

    The hamlet comes with its commune and what is above it.
    """
    found, unit = [hamlet.name], hamlet.commune
    while unit is not None:
        name = unit.full_name_on(on)
        found.append(f"{name[:1].lower()}{name[1:]}")
        unit = unit.parent  # type: ignore[assignment]
    return found
