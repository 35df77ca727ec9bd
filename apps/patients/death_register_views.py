"""Register A6 as a page, a workbook and a paper."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import fields, guarded, readlog
from apps.core.access import needs
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.facilities.letterheads import former_stations
from apps.facilities.models import Facility
from apps.facilities.queries import hamlets_in
from apps.patients import death_register, unrecorded

LONGEST = 5 * 366  # days of one part of the register


@require_safe
@needs("deaths.view")
def register(request: HttpRequest) -> HttpResponse:
    """The book, a page of it."""
    scope = current()
    asked = _asked(request)
    page, before = death_register.page(scope, asked, request.GET.get("c", ""))
    return render(
        request,
        "patients/death_register.html",
        {
            "page": page,
            "lines": death_register.lines(scope, page.items, before=before, screen="death.register"),
            "columns": death_register.COLUMNS,
            "asked": asked,
            "hamlets": hamlets_in(scope, timezone.localdate()),
            "books": _books(scope),
            "unrecorded": unrecorded.count(scope),
            "most": unrecorded.MOST,
            "may_export": scope.can("deaths.export"),
            "may_enter": scope.can("deaths.enter"),
        },
    )


@require_safe
@needs("deaths.view")
def unrecorded_list(request: HttpRequest) -> HttpResponse:
    """Whose record says that she has died, and who stands in no book."""
    scope = current()
    page = unrecorded.page(scope, request.GET.get("c", ""))
    readlog.record("death.unrecorded", [person.pk for person in page.items])
    context = {"page": page, "may_enter": scope.can("deaths.enter")}
    return render(request, "patients/death_unrecorded.html", context)


class ExportForm(FormKeyMixin):
    reason = fields.CleanCharField(label="Lý do xuất", max_length=300)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("deaths.export")
@idempotent
def register_export(request: HttpRequest) -> HttpResponse:
    """The chosen part of the book as a guarded file, against a reason."""
    asked = _asked(request)
    form = ExportForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            guarded.export(
                death_register.EXPORT.key,
                reason=form.cleaned_data["reason"],
                args=death_register.as_args(asked),
                title=f"Sổ tử vong A6, {_period(asked)}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    return render(
        request,
        "patients/death_export.html",
        {"form": form, "asked": asked, "period": _period(asked)},
        status=422 if form.errors else 200,
    )


def _period(asked: death_register.Asked) -> str:
    what = "ghi sổ" if asked.by == "entered" else "tử vong"
    return f"{what} từ {asked.since:%d/%m/%Y} đến {asked.until:%d/%m/%Y}"


@require_safe
@needs("deaths.export")
def register_paper(request: HttpRequest) -> HttpResponse:
    """The chosen part of the book on A4 across."""
    asked = _asked(request)
    hamlets = hamlets_in(current(), timezone.localdate())
    hamlet = next((hamlet for hamlet in hamlets if hamlet.pk == asked.hamlet), None)
    try:
        content = death_register.printed(asked, hamlet)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("patients:deaths")
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="so-a6.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _asked(request: HttpRequest) -> death_register.Asked:
    """The filters of the address; what cannot be read is the usual: this year, by date of death."""
    today = timezone.localdate()
    until = _day(request.GET.get("den", "")) or today
    since = _day(request.GET.get("tu", "")) or dt.date(until.year, 1, 1)
    if not dt.timedelta(0) <= until - since <= dt.timedelta(days=LONGEST):
        since = dt.date(until.year, 1, 1)
    by = request.GET.get("theo", "")
    by = by if by in death_register.BY else "died"
    hamlet, station = _id(request.GET.get("thon", "")), _id(request.GET.get("so", ""))
    return death_register.Asked(since, until, by, hamlet, station)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _books(scope: Scope) -> list[tuple[UUID, str]]:
    """The books that stand in this register, where stations have come under this one. One query, else two."""
    former = former_stations(scope)
    if not former or scope.workplace_id is None:
        return []
    own = Facility.objects.filter(pk=scope.workplace_id).values_list("pk", "name")
    return [*own, *former]


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None
