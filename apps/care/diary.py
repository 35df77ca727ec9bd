"""Who is expected when, who did not come, and who was called: for the diary, the recall list, its paper."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.care.models import Appointment, AppointmentCall, AppointmentState
from apps.core import parameters, registry
from apps.core.models import Holiday, HolidayKind
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.patients import hush
from apps.patients.hush import Hush

PAGE = 50
NAMED = 5  # people named under each day of a week
PRINTED = 500  # a list of more is no list to call by
MANY = "appointments.many_a_day"
WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
BY_NAME = ("person__sort_key", "id")
PERIODS = {"hom-qua": "Hôm qua", "tuan-nay": "Tuần này", "7-ngay": "7 ngày qua", "30-ngay": "30 ngày qua"}


@dataclass(frozen=True)
class Filters:
    """What of the diary is looked at."""

    kind: str = ""
    hamlet_id: UUID | None = None
    point_id: UUID | None = None

    def q(self) -> Q:
        """The condition on appointments."""
        chosen = Q()
        if self.kind:
            chosen &= Q(kind=self.kind)
        if self.hamlet_id:
            chosen &= Q(person__hamlet_id=self.hamlet_id)
        if self.point_id:
            chosen &= Q(point_id=self.point_id)
        return chosen


@dataclass(frozen=True)
class Line:
    """An appointment as a row: what the reader may know of it, and how it stands today."""

    row: Appointment
    kind: str
    reason: str
    state: str
    word: str
    calls: list[AppointmentCall]
    call_note: str = ""
    why_moved: str = ""

    @property
    def last_call(self) -> AppointmentCall | None:
        """The call that was made last."""
        return self.calls[0] if self.calls else None


@dataclass(frozen=True)
class Day:
    """A day of the week's page."""

    on: dt.date
    weekday: str
    off: str
    counts: dict[str, int]
    lines: list[Line]
    full: bool

    @property
    def expected(self) -> int:
        """All who were or are expected."""
        return sum(self.counts.values()) - self.counts.get(AppointmentState.CANCELLED, 0)

    @property
    def more(self) -> int:
        """How many are not named here."""
        return self.expected - len(self.lines)


def _rows(scope: Scope, filters: Filters) -> QuerySet[Appointment]:
    return Appointment.visible(scope).filter(filters.q(), facility_id__in=scope.facility_ids)


def _shown(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    calls = AppointmentCall.unscoped.order_by("-at", "-id")  # unscoped: of appointments that are seen
    return rows.select_related("person__hamlet").prefetch_related(
        Prefetch("calls", queryset=calls, to_attr="all_calls")
    )


def day(scope: Scope, on: dt.date, filters: Filters, cursor: str = "") -> Page[Appointment]:
    """Everyone of a day by name. Two queries."""
    rows = _shown(_rows(scope, filters).filter(on=on))
    return keyset(rows, order=BY_NAME, cursor=cursor, size=PAGE)


def day_counts(scope: Scope, on: dt.date, filters: Filters) -> dict[str, int]:
    """How many of a day stand in each state. One query."""
    rows = _rows(scope, filters).filter(on=on).order_by().values("state").annotate(many=Count("pk"))
    return {row["state"]: row["many"] for row in rows}


def week(scope: Scope, monday: dt.date, filters: Filters, today: dt.date) -> list[Day]:
    """The seven days from `monday`, with counts and the first names. Five queries."""
    days = [monday + dt.timedelta(days=n) for n in range(7)]
    rows = _rows(scope, filters).filter(on__gte=days[0], on__lte=days[-1])
    counts: dict[dt.date, dict[str, int]] = {}
    for row in rows.order_by().values("on", "state").annotate(many=Count("pk")):
        counts.setdefault(row["on"], {})[row["state"]] = row["many"]
    named: dict[dt.date, list[Appointment]] = {}
    first = (
        rows.exclude(state=AppointmentState.CANCELLED)
        .select_related("person__hamlet")
        .annotate(
            place=Window(
                RowNumber(), partition_by=[F("on")], order_by=[F("person__sort_key").asc(), F("id").asc()]
            )
        )
        .filter(place__lte=NAMED)
        .order_by("on", *BY_NAME)
    )
    for appointment in first:
        named.setdefault(appointment.on, []).append(appointment)
    offs = days_off(days[0], days[-1])
    many = int(parameters.value(MANY, on=monday))
    hushed = hush.of(scope, [row.person_id for each in named.values() for row in each])
    return [
        Day(
            on,
            WEEKDAYS[on.weekday()],
            offs.get(on, ""),
            counts.get(on, {}),
            lines(scope, named.get(on, []), today, hushed),
            counts.get(on, {}).get(AppointmentState.PLANNED, 0) >= many,
        )
        for on in days
    ]


def days_off(since: dt.date, until: dt.date) -> dict[dt.date, str]:
    """The holidays of some days by name. One query."""
    rows = Holiday.objects.filter(on__gte=since, on__lte=until, kind=HolidayKind.HOLIDAY)
    return dict(rows.values_list("on", "name"))


def period(key: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and last day of a period that has gone by; today's are still expected."""
    yesterday = today - dt.timedelta(days=1)
    if key == "hom-qua":
        return yesterday, yesterday
    if key == "tuan-nay":
        return today - dt.timedelta(days=today.weekday()), yesterday
    return today - dt.timedelta(days=30 if key == "30-ngay" else 7), yesterday


def _not_come(scope: Scope, key: str, filters: Filters, today: dt.date) -> QuerySet[Appointment]:
    since, until = period(key, today)
    return _rows(scope, filters).filter(
        on__gte=since, on__lte=until, state__in=(AppointmentState.PLANNED, AppointmentState.MISSED)
    )


def not_come(scope: Scope, key: str, filters: Filters, today: dt.date, cursor: str = "") -> Page[Appointment]:
    """Who did not come in a period, the latest day first. Two queries."""
    rows = _shown(_not_come(scope, key, filters, today))
    return keyset(rows, order=("-on", "person__sort_key", "id"), cursor=cursor, size=PAGE)


def not_come_printed(scope: Scope, key: str, filters: Filters, today: dt.date) -> list[Appointment]:
    """The same for the paper, by hamlet: who goes there takes her own page. Two queries."""
    rows = _shown(_not_come(scope, key, filters, today))
    return list(rows.order_by("person__hamlet__sort_order", "person__hamlet__name", *BY_NAME)[:PRINTED])


def not_come_count(scope: Scope, key: str, today: dt.date) -> int:
    """How many did not come. One query."""
    return _not_come(scope, key, Filters(), today).count()


def of_person(scope: Scope, person_id: UUID, today: dt.date) -> list[Appointment]:
    """What a person is expected for from today on, soonest first. One query."""
    rows = Appointment.visible(scope).filter(
        person_id=person_id, on__gte=today, state=AppointmentState.PLANNED
    )
    return list(rows.select_related("person").order_by("on", "id"))


def lines(
    scope: Scope, rows: Sequence[Appointment], today: dt.date, hushed: Hush | None = None
) -> list[Line]:
    """Rows in words; of a kind whose right the reader lacks only the kind's own word. What was typed is shown
    as patients/hush.py allows it: `hushed`, or asked for here in one query.
    """
    found = []
    hushed = hushed or hush.of(scope, [row.person_id for row in rows])
    for row in rows:
        kind = registry.appointment_kinds.get(row.kind)
        told = kind is not None and (kind.right is None or scope.can(kind.right))
        state, word = _state(row, today)
        calls: list[Any] = getattr(row, "all_calls", [])
        typed = (row.reason if told else "", calls[0].note if calls else "", row.hand_reason)
        reason, note, moved = (hushed.text(row.person_id, each) for each in typed)
        title = kind.title if kind else "Lịch hẹn"
        found.append(Line(row, title, reason, state, word, calls, note, moved))
    return found


def _state(row: Appointment, today: dt.date) -> tuple[str, str]:
    """The chip of an appointment: its colour and its word."""
    if row.state == AppointmentState.PLANNED:
        return ("info", "Đã hẹn") if row.on >= today else ("warning", "Chưa đến")
    return {
        AppointmentState.CAME: ("done", "Đã đến"),
        AppointmentState.MISSED: ("danger", "Không đến"),
    }.get(AppointmentState(row.state), ("off", "Đã hủy"))
