"""The lists of a programme on a day: due this week, not come, away, not at target.

Appointments are care's: a list names the next one and leads to care's own page of calls.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, DateField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, JSONObject
from django.utils import timezone

from apps.care.models import Appointment, AppointmentState, Enrolment
from apps.core import words
from apps.core.paging import Page, keyset
from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import Scope, current
from apps.ncd import coming, limits
from apps.ncd.judging import in_force
from apps.ncd.models import FollowUp, FollowUpState, Programme, Reached

PAGE = 50
EVERYBODY = 1_000_000  # more than any scope has
PRINTED = 500
AT_ONCE = 500
SCREEN = "ncd.list"
EXPECTED_KINDS = ("follow_up", "programme")
LISTS = {
    "tuan-nay": "Hẹn tuần này",
    "qua-hen": "Quá hẹn chưa đến",
    "bo-tri": "Bỏ theo dõi",
    "chua-dat": "Chưa đạt mục tiêu",
    "tat-ca": "Tất cả",
}
LEADS = {
    "tuan-nay": "Người có hẹn từ thứ hai đến chủ nhật tuần này",
    "qua-hen": "Người đã qua ngày hẹn mà chưa đến: gọi nhắc rồi ghi kết quả",
    "bo-tri": "Người không khám theo chương trình từ {window} tháng; từ {lost} tháng là mất dấu",
    "chua-dat": "Người mà lần khám gần nhất trong {window} tháng qua chưa đạt mục tiêu",
    "tat-ca": "Người đang được quản lý",
}
BY_NAME = ("person__sort_key", "id")


@dataclass(frozen=True)
class Asked:
    """What is looked at: a programme, one of LISTS, a day, a hamlet."""

    programme: str
    key: str
    on: dt.date
    hamlet_id: UUID | None = None

    @property
    def args(self) -> dict[str, Any]:
        """As a guarded file keeps it."""
        return {
            "programme": self.programme,
            "key": self.key,
            "on": str(self.on),
            "hamlet": str(self.hamlet_id or ""),
        }

    @classmethod
    def of_args(cls, args: Mapping[str, Any]) -> "Asked":
        hamlet = args.get("hamlet") or None
        on = dt.date.fromisoformat(str(args["on"]))
        return cls(str(args["programme"]), str(args["key"]), on, UUID(str(hamlet)) if hamlet else None)


@dataclass(frozen=True)
class Line:
    """A person of a list in words."""

    row: Enrolment
    last_on: dt.date | None
    figure: str
    chip: tuple[str, str] | None
    until: dt.date | None
    expected_on: dt.date | None
    appointment_id: UUID | None
    away: str  # '', missed, lost
    out: bool  # of medicines

    @property
    def away_chip(self) -> tuple[str, str] | None:
        """How long she has been away, where it is long."""
        return {"missed": ("warning", "Bỏ theo dõi"), "lost": ("danger", "Mất dấu")}.get(self.away)


def _rows(
    scope: Scope, programmes: Sequence[str], on: dt.date, hamlet_id: UUID | None = None
) -> QuerySet[Any]:
    """Everybody of these programmes on the day, with the last form up to it and the next appointment."""
    # Scoped as well: of a restricted visit not even the day is told to who may not read it.
    forms = (
        FollowUp.visible(scope)
        .filter(enrolment=OuterRef("pk"), state=FollowUpState.CURRENT, on__lte=on)
        .order_by("-on", "-occurred_at")
    )
    last = forms.values(
        whole=JSONObject(
            on="on", systolic="systolic", diastolic="diastolic", glucose="glucose", hba1c="hba1c",
            target="target", until="medicines_until",
        )
    )  # fmt: skip
    waits = (
        Appointment.visible(scope)
        .filter(
            person=OuterRef("person_id"),
            facility=OuterRef("facility_id"),
            kind__in=EXPECTED_KINDS,
            state__in=(AppointmentState.PLANNED, AppointmentState.MISSED),
            on__gt=OuterRef("seen_on"),
        )
        .order_by("on", "pk")
    )
    rows = Enrolment.visible(scope).filter(
        in_force(on), facility_id__in=scope.facility_ids, programme__in=programmes
    )
    if hamlet_id:
        rows = rows.filter(person__hamlet_id=hamlet_id)
    return (
        rows.annotate(last=Subquery(last[:1]))
        .annotate(last_on=Cast(KeyTextTransform("on", "last"), DateField()))
        .annotate(last_target=KeyTextTransform("target", "last"), seen_on=Coalesce("last_on", "since"))
        .annotate(waits=Subquery(waits.values(whole=JSONObject(id="id", on="on"))[:1]))
        .annotate(expected_on=Cast(KeyTextTransform("on", "waits"), DateField()))
    )


def conditions(on: dt.date, known: limits.Limits) -> dict[str, Q]:
    """Who stands in each list."""
    monday, sunday = _week(on)
    gone = Q(seen_on__lt=coming.edge(on, int(known.control["window_months"])))
    return {
        "tuan-nay": Q(expected_on__gte=monday, expected_on__lte=sunday),
        "qua-hen": Q(expected_on__lt=on),
        "bo-tri": gone,
        "chua-dat": Q(last_target=str(int(Reached.NOT_REACHED))) & ~gone,
        "tat-ca": Q(),
    }


def _week(on: dt.date) -> tuple[dt.date, dt.date]:
    monday = on - dt.timedelta(days=on.weekday())
    return monday, monday + dt.timedelta(days=6)


def _chosen(scope: Scope, asked: Asked, known: limits.Limits) -> QuerySet[Any]:
    rows = _rows(scope, [asked.programme], asked.on, asked.hamlet_id)
    rows = rows.filter(conditions(asked.on, known)[asked.key])
    return rows.select_related("person__hamlet").defer("person__tokens", "person__search")


def counts(scope: Scope, on: dt.date, known: limits.Limits) -> dict[str, dict[str, int]]:
    """How many stand in each list of each programme; 'dat' those at target in the window. One query."""
    recent = Q(seen_on__gte=coming.edge(on, int(known.control["window_months"])))
    each = conditions(on, known) | {"dat": Q(last_target=str(int(Reached.REACHED))) & recent}
    asked = {
        f"{programme}_{key.replace('-', '_')}": Count("pk", filter=q & Q(programme=programme))
        for programme in Programme.values
        for key, q in each.items()
    }
    # A limit keeps PostgreSQL from looking the last form up anew for each of the twelve figures.
    found = _rows(scope, Programme.values, on)[:EVERYBODY].aggregate(**asked)
    return {
        programme: {key: found[f"{programme}_{key.replace('-', '_')}"] for key in each}
        for programme in Programme.values
    }


def page(scope: Scope, asked: Asked, known: limits.Limits, cursor: str = "") -> Page[Any]:
    """A page of a list by name. One query."""
    return keyset(_chosen(scope, asked, known), order=BY_NAME, cursor=cursor, size=PAGE)


def printed(scope: Scope, asked: Asked, known: limits.Limits) -> list[Any]:
    """The list for the paper, by hamlet and name: who goes there takes her own page. One query."""
    rows = _chosen(scope, asked, known)
    return list(rows.order_by("person__hamlet__sort_order", "person__hamlet__name", *BY_NAME)[:PRINTED])


def lines(rows: Sequence[Any], asked: Asked, known: limits.Limits) -> list[Line]:
    """Rows in words. No query."""
    return [_line(row, asked, known) for row in rows]


def _line(row: Any, asked: Asked, known: limits.Limits) -> Line:
    last, waits = row.last or {}, row.waits or {}
    until = dt.date.fromisoformat(last["until"]) if last.get("until") else None
    away = coming.gone(row.seen_on, asked.on, known.control)
    chip = FollowUp(target=last["target"]).chip if last else None
    return Line(
        row,
        row.last_on,
        _figure(last, asked.programme),
        chip,
        until,
        row.expected_on,
        UUID(waits["id"]) if waits else None,
        away,
        bool(until and until < asked.on),
    )


def _figure(last: Mapping[str, Any], programme: str) -> str:
    def text(key: str, whole: bool = False) -> str:
        value = last.get(key)
        if value is None:
            return ""
        return f"{float(value):.0f}" if whole else f"{float(value):g}".replace(".", ",")

    if programme == Programme.HYPERTENSION:
        return "/".join(filter(None, (text("systolic", True), text("diastolic", True))))
    if text("hba1c"):
        return f"HbA1c {text('hba1c')} %"
    return f"{text('glucose')} mmol/L" if text("glucose") else ""


# --- the home page


def home(scope: Scope) -> dict[str, Any] | None:
    """How many of both programmes are expected this week, have not come; nobody is named. One query.

    By the day they are expected: a third of what all figures of the lists cost.
    """
    today = timezone.localdate()
    monday, sunday = _week(today)
    days = _rows(scope, Programme.values, today).order_by().values("programme", "expected_on")
    found = {programme: Counter[str]() for programme in Programme.values}
    for programme, on, many in days.annotate(many=Count("pk")).values_list(
        "programme", "expected_on", "many"
    ):
        found[programme]["all"] += many
        found[programme]["week"] += many if on and monday <= on <= sunday else 0
        found[programme]["late"] += many if on and on < today else 0
    rows = [
        {"programme": programme, "title": programme.label, "many": found[programme]}
        for programme in Programme
        if found[programme]["all"]
    ]
    return {"rows": rows} if rows else None


# --- the guarded file

HEADINGS = (
    *("Mã người", "Họ và tên", "Ngày sinh", "Giới tính", "Thôn, tổ", "Điện thoại", "Số trong sổ"),
    *("Quản lý từ ngày", "Khám gần nhất", "Kết quả", "Đạt mục tiêu", "Còn thuốc đến", "Ngày hẹn", "Ghi chú"),
)


def _count(args: Mapping[str, Any]) -> int:
    asked = Asked.of_args(args)
    return int(_chosen(current(), asked, limits.on(asked.on)).count())


def _sheet(args: Mapping[str, Any]) -> ExportSheet:
    return ExportSheet(HEADINGS, _cells(Asked.of_args(args)), {1: 12, 2: 28, 5: 18, 6: 14, 10: 14, 14: 20})


def _cells(asked: Asked) -> Iterator[tuple[UUID, Sequence[str]]]:
    known = limits.on(asked.on)
    rows = _chosen(current(), asked, known).order_by(*BY_NAME).iterator(chunk_size=AT_ONCE)
    for row in rows:
        line, person = _line(row, asked, known), row.person
        said = [chip[1] for chip in (line.away_chip,) if chip] + ["hết thuốc"] * line.out
        yield (
            person.pk,
            (
                person.code,
                person.full_name,
                person.birth_words,
                person.get_sex_display(),
                person.hamlet.name if person.hamlet else "",
                words.phone_words(person.phone),
                row.number,
                _day(row.since),
                _day(line.last_on),
                line.figure,
                line.chip[1] if line.chip else "",
                _day(line.until),
                _day(line.expected_on),
                "; ".join(said),
            ),
        )


def _day(day: dt.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


EXPORT = ExportKind(
    "ncd.list",
    "Danh sách theo dõi tăng huyết áp, đái tháo đường",
    ("ncd.export", "people.export"),
    "ncd.export",
    "danh-sach-theo-doi",
    _count,
    _sheet,
)
