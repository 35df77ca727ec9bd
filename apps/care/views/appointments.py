"""The diary: a day, a week, who did not come; an appointment made, moved, cancelled; a call."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.care import booking, diary
from apps.care.forms.appointments import CallForm, CancelForm, Chosen, MakeForm, MoveForm
from apps.care.models import Appointment, AppointmentState
from apps.care.views.measurements import banner, person_or_404
from apps.core import paper, readlog, registry
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.facilities.letterheads import letterhead
from apps.facilities.queries import hamlets_of, points_of
from apps.patients import hush
from apps.patients.hush import Hush

SCREEN = "appointment.list"
WHOLE = Hush(all_told=True)  # her own appointment is a page of her record, and no list that travels


def _chosen(request: HttpRequest, scope: Scope, today: dt.date) -> Chosen:
    hamlets = hamlets_of(scope.facility_ids, today)
    if scope.hamlet_ids is not None:
        hamlets = hamlets.filter(pk__in=scope.hamlet_ids)
    points = points_of(scope.facility_ids, today)
    return Chosen(request.GET, hamlets=hamlets, points=points, today=today)


def _address(name: str, chosen: Chosen, **more: str) -> str:
    return f"{reverse(name)}?{urlencode(chosen.query | more)}"


def _day_address(chosen: Chosen, on: dt.date, view: str) -> str:
    return _address("care:diary", chosen, ngay=f"{on:%d/%m/%Y}", xem=view)


def _may(scope: Scope) -> dict[str, Any]:
    """What the rows of a list offer."""
    begin = registry.person_actions.get("visit")
    return {
        "receive": begin.link if begin and scope.can(begin.right) else None,
        "edit": scope.can("appointments.edit"),
        "call": scope.can("appointments.enter"),
    }


def _with_links(lines: list[diary.Line], may: dict[str, Any]) -> list[dict[str, Any]]:
    """Each line with the address that receives her, where the reader may."""
    waiting = (AppointmentState.PLANNED, AppointmentState.MISSED)
    return [
        {
            "line": line,
            "open": line.row.state in waiting,
            "receive": may["receive"](line.row.person_id)
            if may["receive"] and line.row.state in waiting
            else "",
        }
        for line in lines
    ]


@require_safe
@needs("appointments.view")
def show(request: HttpRequest) -> HttpResponse:
    """A day by name, or a week with its counts."""
    scope, today = current(), timezone.localdate()
    chosen = _chosen(request, scope, today)
    by_week = request.GET.get("xem") == "tuan"
    step = 7 if by_week else 1
    view = "tuan" if by_week else "ngay"
    context: dict[str, Any] = {
        "chosen": chosen,
        "today": today,
        "by_week": by_week,
        "before": _day_address(chosen, chosen.on - dt.timedelta(days=step), view),
        "after": _day_address(chosen, chosen.on + dt.timedelta(days=step), view),
        "tabs": [
            {"title": "Ngày", "url": _day_address(chosen, chosen.on, "ngay"), "active": not by_week},
            {"title": "Tuần", "url": _day_address(chosen, chosen.on, "tuan"), "active": by_week},
            {"title": "Chưa đến", "url": _address("care:not_come", chosen), "active": False},
        ],
    }
    if by_week:
        return _week(request, scope, chosen, today, context)
    page = diary.day(scope, chosen.on, chosen.filters, request.GET.get("c", ""))
    may = _may(scope)
    readlog.record(SCREEN, [row.person_id for row in page.items])
    counts = diary.day_counts(scope, chosen.on, chosen.filters)
    context |= {
        "page": page,
        "lines": _with_links(diary.lines(scope, page.items, today), may),
        "may": may,
        "tallies": [
            ("Hẹn trong ngày", sum(counts.values()) - counts.get(AppointmentState.CANCELLED, 0)),
            ("Đã đến", counts.get(AppointmentState.CAME, 0)),
            (
                "Chưa đến" if chosen.on <= today else "Đang chờ",
                counts.get(AppointmentState.PLANNED, 0) + counts.get(AppointmentState.MISSED, 0),
            ),
        ],
        "off": diary.days_off(chosen.on, chosen.on).get(chosen.on, ""),
        "weekday": diary.WEEKDAYS[chosen.on.weekday()],
    }
    return render(request, "care/diary_day.html", context)


def _week(
    request: HttpRequest, scope: Scope, chosen: Chosen, today: dt.date, context: dict[str, Any]
) -> HttpResponse:
    monday = chosen.on - dt.timedelta(days=chosen.on.weekday())
    days = diary.week(scope, monday, chosen.filters, today)
    readlog.record(SCREEN, [line.row.person_id for day in days for line in day.lines])
    context |= {
        "days": [
            {"day": day, "url": _day_address(chosen, day.on, "ngay"), "is_today": day.on == today}
            for day in days
        ],
        "monday": monday,
        "sunday": monday + dt.timedelta(days=6),
    }
    return render(request, "care/diary_week.html", context)


@require_safe
@needs("appointments.view")
def not_come(request: HttpRequest) -> HttpResponse:
    """Who did not come, with telephone and the last call."""
    scope, today = current(), timezone.localdate()
    chosen = _chosen(request, scope, today)
    key = request.GET.get("ky", "")
    key = key if key in diary.PERIODS else "7-ngay"
    page = diary.not_come(scope, key, chosen.filters, today, request.GET.get("c", ""))
    readlog.record(SCREEN, [row.person_id for row in page.items])
    may = _may(scope)
    context = {
        "chosen": chosen,
        "key": key,
        "periods": diary.PERIODS,
        "page": page,
        "lines": _with_links(diary.lines(scope, page.items, today), may),
        "may": may,
        "print_url": _address("care:not_come_paper", chosen, ky=key),
        "tabs": [
            {"title": "Ngày", "url": _day_address(chosen, today, "ngay"), "active": False},
            {"title": "Tuần", "url": _day_address(chosen, today, "tuan"), "active": False},
            {"title": "Chưa đến", "url": _address("care:not_come", chosen), "active": True},
        ],
    }
    return render(request, "care/not_come.html", context)


@require_safe
@needs("appointments.view")
def not_come_paper(request: HttpRequest) -> HttpResponse:
    """The recall list on A4, by hamlet."""
    scope, today = current(), timezone.localdate()
    chosen = _chosen(request, scope, today)
    key = request.GET.get("ky", "")
    key = key if key in diary.PERIODS else "7-ngay"
    rows = diary.not_come_printed(scope, key, chosen.filters, today)
    readlog.record(SCREEN, [row.person_id for row in rows])
    since, until = diary.period(key, today)
    context = {
        "title": "Danh sách hẹn chưa đến",
        "landscape": True,
        **letterhead(scope, today),
        "since": since,
        "until": until,
        "at": timezone.now(),
        "lines": diary.lines(scope, rows, today, hush.of(None, [row.person_id for row in rows])),
        "most": diary.PRINTED,
        "chosen": chosen,
    }
    return paper.pdf_response("print/not_come.html", context, filename="hen-chua-den.pdf")


# --- one appointment


def _appointment(pk: UUID) -> Appointment:
    found = Appointment.objects.select_related("person__hamlet").filter(pk=pk).first()
    if found is None or not current().reaches(found.facility_id):
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@needs("appointments.enter")
@idempotent
def make(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Expect a person on a day."""
    person, scope, today = person_or_404(pk), current(), timezone.localdate()
    form = MakeForm(request.POST or None)
    ask_reason = False
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            made = booking.appointment_make(
                person=person,
                on=data["on"],
                kind=data["kind"],
                reason=data["reason"],
                override=data["override"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            ask_reason = True
        else:
            messages.success(request, f"Đã hẹn ngày {made.on:%d/%m/%Y}.")
            return redirect("patients:person", pk)
    readlog.record("appointment.page", [pk])
    context = {
        **banner(person),
        "form": form,
        "ask_reason": ask_reason,
        "lines": diary.lines(scope, diary.of_person(scope, pk, today), today, WHOLE),
        "may_edit": scope.can("appointments.edit"),
    }
    return render(request, "care/appointment_make.html", context, status=422 if form.errors else 200)


def _changed(
    request: HttpRequest, found: Appointment, form: Any, save: Any, done: str, **context: Any
) -> HttpResponse:
    """A form that changes one appointment, and what its save says."""
    ask_reason = False
    if form.is_bound and form.is_valid():
        try:
            save(form.cleaned_data)
        except Refused as refused:
            if refused.code in ("ended", "gone"):
                messages.warning(request, refused.message)
                return redirect("care:diary")
            add_refusal(form, refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            ask_reason = True
        else:
            messages.success(request, done)
            return redirect(context["back"])
    readlog.record("appointment.page", [found.person_id])
    (line,) = diary.lines(current(), [found], timezone.localdate(), WHOLE)
    context |= {**banner(found.person), "form": form, "row": found, "line": line, "ask_reason": ask_reason}
    return render(request, "care/appointment_change.html", context, status=422 if form.errors else 200)


def _back(found: Appointment) -> str:
    return f"{reverse('care:diary')}?{urlencode({'ngay': f'{found.on:%d/%m/%Y}'})}"


@require_http_methods(["GET", "HEAD", "POST"])
@needs("appointments.edit")
@conflict_page(("on", "state"), screen="appointment.page")
@idempotent
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another day."""
    found = _appointment(pk)
    form = MoveForm(request.POST or None, initial={"version": found.version})

    def save(data: dict[str, Any]) -> None:
        booking.appointment_move(
            appointment_id=pk,
            expected_version=data["version"] or 0,
            on=data["on"],
            why=data["why"],
            override=data["override"],
        )

    return _changed(
        request,
        found,
        form,
        save,
        "Đã dời lịch hẹn.",
        title="Dời lịch hẹn",
        yes="Lưu ngày mới",
        back=_back(found),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("appointments.edit")
@conflict_page(("on", "state"), screen="appointment.page")
@idempotent
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Nobody waits for her any more."""
    found = _appointment(pk)
    form = CancelForm(request.POST or None, initial={"version": found.version})

    def save(data: dict[str, Any]) -> None:
        booking.appointment_cancel(appointment_id=pk, expected_version=data["version"] or 0, why=data["why"])

    return _changed(
        request,
        found,
        form,
        save,
        "Đã hủy lịch hẹn.",
        title="Hủy lịch hẹn",
        yes="Hủy lịch hẹn",
        danger=True,
        back=_back(found),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("appointments.enter")
@idempotent
def call(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What came of a call to who did not come."""
    found = _appointment(pk)
    form = CallForm(request.POST or None)

    def save(data: dict[str, Any]) -> None:
        booking.call_record(
            appointment_id=pk, outcome=data["outcome"], come_on=data["come_on"], note=data["note"]
        )

    calls = list(found.calls(manager="unscoped").order_by("-at", "-id"))  # unscoped: of the row above
    return _changed(
        request,
        found,
        form,
        save,
        "Đã ghi lần gọi.",
        title="Ghi lần gọi nhắc",
        yes="Lưu lần gọi",
        calls=calls,
        back=reverse("care:not_come"),
    )
