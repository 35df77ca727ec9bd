"""The cash book's pages of a day: what came and went, its end, its paper."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.core import paper, readlog
from apps.core.access import needs
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.core.versions import StaleVersion
from apps.encounters.models import CashDay, CashMove
from apps.encounters.money import cash, printing, queries
from apps.encounters.money.forms import (
    CloseForm,
    ConfirmForm,
    MoveForm,
    WhyForm,
)
from apps.facilities.models import Facility

CHANGED = "Vừa có người khác làm việc với sổ quỹ này. Hãy xem lại rồi làm lần nữa."
LISTS = (
    ("encounters:cash", "Sổ quỹ"),
    ("encounters:unpaid", "Chưa thu"),
    ("encounters:waiting_receipts", "Chờ thu"),
    ("encounters:refunds", "Cần hoàn tiền"),
    ("encounters:cash_days", "Các ngày đã khóa"),
    ("encounters:bank_account", "Tài khoản ngân hàng"),
)


def tabs(here: str) -> list[dict[str, Any]]:
    """The pages about money, one of which is open."""
    return [{"title": title, "url": reverse(name), "active": name == here} for name, title in LISTS]


def workplace(scope: Scope) -> UUID:
    """The station whose money it is; who sees some hamlets only has none."""
    if scope.workplace_id is None or scope.hamlet_ids is not None:
        raise Http404
    return scope.workplace_id


def _facility(scope: Scope, text: str) -> Facility:
    """The station whose book is read: the workplace, or a former station that is its point now. Who sees some
    hamlets only reads no book.
    """
    if scope.hamlet_ids is not None:
        raise Http404
    try:
        wanted = UUID(text) if text else workplace(scope)
    except ValueError:
        wanted = workplace(scope)
    if not scope.reaches(wanted):
        raise Http404
    found = Facility.objects.select_related("unit").filter(pk=wanted).first()
    if found is None:
        raise Http404
    return found


def _day(text: str) -> dt.date:
    try:
        return parse_date(text) if text else timezone.localdate()
    except ValueError:
        return timezone.localdate()


def address(facility: Facility, on: dt.date, scope: Scope) -> str:
    """Where a day of a station's book stands."""
    here = "" if facility.pk == scope.workplace_id else f"&co-so={facility.pk}"
    return f"{reverse('encounters:cash')}?ngay={on:%d/%m/%Y}{here}"


@require_safe
@needs("money.view")
def day(request: HttpRequest) -> HttpResponse:
    """A day of the book: opening, in, out, closing; its receipts, refunds, other cash, who took what."""
    scope = current()
    facility = _facility(scope, request.GET.get("co-so", ""))
    return _day_page(request, facility, _day(request.GET.get("ngay", "")))


def _day_page(request: HttpRequest, facility: Facility, on: dt.date, **forms: Any) -> HttpResponse:
    scope, today = current(), timezone.localdate()
    page = queries.day_page(facility.pk, on, cursor=request.GET.get("c", ""))
    rows = queries.rows(scope, page.items)
    refunds = queries.day_refunds(facility.pk, on)
    people = {row.receipt.visit.person_id for row in refunds if queries.may_know(scope, row.receipt.visit)}
    readlog.record("money.cash", [*queries.known_people(rows), *people])
    box, closed = queries.box_of(facility.pk), queries.closed_day(facility.pk, on)
    totals = cash.totals(facility.pk, on)
    still_open = box is None or cash.is_open(box, on)
    context = {
        "tabs": tabs("encounters:cash"),
        "facility": facility,
        "elsewhere": facility.pk != scope.workplace_id,
        "on": on,
        "today": today,
        "earlier": address(facility, on - dt.timedelta(days=1), scope),
        "later": address(facility, on + dt.timedelta(days=1), scope),
        "here": address(facility, on, scope),
        "page": page,
        "rows": rows,
        "refunds": [(row, queries.name_of(scope, row.receipt.visit)) for row in refunds],
        "moves": queries.day_moves(facility.pk, on),
        "cashiers": cash.by_cashier(facility.pk, on),
        "totals": totals,
        "day": closed,
        "still_open": still_open,
        "book_day": cash.book_day(box, today) if box else today,
        "may_close": still_open and on <= today and scope.can("money.enter"),
        "may_move": scope.can("money.enter") and on == (cash.book_day(box, today) if box else today),
        "may_confirm": closed is not None
        and closed.state == "closed"
        and scope.can("money.enter")
        and closed.closed_by != scope.user_id,
        "may_reopen": closed is not None
        and closed.state == "closed"
        and scope.can("money.edit")
        and box is not None
        and box.closed_until == on,
        "may_export": scope.can("money.export"),
        "move_form": forms.get("move") or MoveForm(),
        "close_form": forms.get("close") or CloseForm(),
        "confirm_form": forms.get("confirm")
        or ConfirmForm(initial={"version": closed.version if closed else None}),
        "reopen_form": forms.get("reopen")
        or WhyForm(initial={"version": closed.version if closed else None}),
        "drop_form": WhyForm(),
        "open_form": next(iter(forms), ""),
    }
    return render(request, "encounters/money/day.html", context, status=422 if forms else 200)


@require_POST
@needs("money.enter")
@idempotent
def move(request: HttpRequest) -> HttpResponse:
    """Other cash in or out."""
    scope, form = current(), MoveForm(request.POST)
    facility = _facility(scope, request.POST.get("co-so", ""))
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = cash.move_add(
                facility_id=facility.pk, move=cash.Move(data["kind"], data["amount"], data["reason"])
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã ghi vào sổ quỹ.")
            return redirect(address(facility, made.book_on, scope))
    box = queries.box_of(facility.pk)
    today = timezone.localdate()
    return _day_page(request, facility, cash.book_day(box, today) if box else today, move=form)


@require_POST
@needs("money.enter")
@idempotent
def move_drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Other cash was written by mistake."""
    scope = current()
    found = CashMove.objects.select_related("facility").filter(pk=pk).first()
    if found is None:
        raise Http404
    try:
        cash.move_in_error(move_id=pk, reason=request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã bỏ khoản này khỏi sổ.")
    return redirect(address(found.facility, found.book_on, scope))


@require_POST
@needs("money.enter")
@idempotent
def close(request: HttpRequest) -> HttpResponse:
    """Close a day with what was counted."""
    scope, form = current(), CloseForm(request.POST)
    facility, on = _facility(scope, request.POST.get("co-so", "")), _day(request.POST.get("ngay", ""))
    if form.is_valid():
        try:
            cash.day_close(
                facility_id=facility.pk,
                on=on,
                counted=form.cleaned_data["counted"],
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã khóa sổ quỹ ngày {on:%d/%m/%Y}. Chờ người nhận quỹ xác nhận.")
            return redirect(address(facility, on, scope))
    return _day_page(request, facility, on, close=form)


def _closed(pk: UUID) -> CashDay:
    found = CashDay.objects.select_related("facility__unit").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_POST
@needs("money.enter")
@idempotent
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The next one takes the cash over."""
    found, form = _closed(pk), ConfirmForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            cash.day_confirm(
                day_id=pk,
                expected_version=data["version"] or 0,
                counted=data["counted"],
                note=data["note"],
            )
        except StaleVersion:
            messages.error(request, CHANGED)
            return redirect(address(found.facility, found.on, current()))
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã xác nhận nhận quỹ.")
            return redirect(address(found.facility, found.on, current()))
    return _day_page(request, found.facility, found.on, confirm=form)


@require_POST
@needs("money.edit")
@idempotent
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undo the last closing, with the reason."""
    found, form = _closed(pk), WhyForm(request.POST)
    if form.is_valid():
        try:
            cash.day_reopen(
                day_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except StaleVersion:
            messages.error(request, CHANGED)
            return redirect(address(found.facility, found.on, current()))
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã mở lại sổ quỹ ngày {found.on:%d/%m/%Y}.")
            return redirect(address(found.facility, found.on, current()))
    return _day_page(request, found.facility, found.on, reopen=form)


@require_safe
@needs("money.view")
def day_pdf(request: HttpRequest) -> HttpResponse:
    """The day's book on A4."""
    scope = current()
    facility, on = _facility(scope, request.GET.get("co-so", "")), _day(request.GET.get("ngay", ""))
    context = printing.cash_book(scope, facility, on)
    readlog.record("money.cash_paper", queries.known_people(context["rows"]))
    return paper.pdf_response("print/cash_book.html", context, filename=f"so-quy-{on:%Y%m%d}.pdf")
