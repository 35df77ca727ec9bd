"""The sheet of a procedure and the sittings of a course, as they are posted from an order's page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.core import drafts
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.encounters.forms import ReasonForm
from apps.encounters.models import Order, SheetRow, TreatmentSession
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import orders, procedures, traditional
from apps.encounters.ordering.forms import RowForm, SessionForm, SheetForm
from apps.encounters.views.orders import order_or_404
from apps.encounters.views.results import COMPARED, order_page
from apps.encounters.writing import Problems


@require_POST
@needs("results.enter")
@idempotent
@keeps_draft(orders.DRAFT, of="pk")
@conflict_page(COMPARED, screen="order.page")
def sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Save the sheet of a procedure, or end it."""
    found = order_or_404(pk)
    definition = order_catalogue.form(found.form, found.visit.on)
    form = SheetForm(request.POST, form=definition, on=found.visit.on)
    end = request.POST.get("action") == "end"

    def save() -> Any:
        procedures.sheet_save(
            order_id=found.pk,
            expected_version=form.cleaned_data["version"] or 0,
            data=form.sheet_input(),
            end=end,
            override=form.cleaned_data["override"],
        )
        drafts.drop(orders.DRAFT, found.pk)

    return _tried(request, found, form, save, "Đã kết thúc thủ thuật." if end else "Đã lưu.", "sheet_form")


@require_POST
@needs("results.enter")
@idempotent
def row(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One look during a procedure."""
    found = order_or_404(pk)
    form = RowForm(request.POST)
    return _tried(
        request,
        found,
        form,
        lambda: procedures.row_add(order_id=found.pk, data=form.row_input()),
        "Đã ghi dòng theo dõi.",
        "row_form",
    )


@require_POST
@needs("results.enter")
@idempotent
def row_in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A row that was written by mistake."""
    found = SheetRow.objects.filter(pk=pk).select_related("sheet").first()
    if found is None:
        raise Http404
    try:
        procedures.row_in_error(row_id=found.pk)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("encounters:order", found.sheet.order_id)


@require_POST
@needs("results.approve")
@idempotent
@conflict_page(COMPARED, screen="order.page")
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open an ended sheet again, with the reason."""
    return _with_reason(request, pk, procedures.sheet_reopen, "Đã mở lại phiếu. Bản trước được giữ.")


@require_POST
@needs("results.enter")
@idempotent
def sitting(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One sitting of a course of treatment."""
    found = order_or_404(pk)
    form = SessionForm(request.POST)
    return _tried(
        request,
        found,
        form,
        lambda: traditional.session_add(
            order_id=found.pk, data=form.session_input(), override=form.cleaned_data["override"]
        ),
        "Đã ghi buổi điều trị.",
        "session_form",
    )


@require_POST
@needs("results.edit")
@idempotent
def sitting_in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A sitting that was written by mistake, with the reason."""
    found = TreatmentSession.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    try:
        traditional.session_in_error(session_id=found.pk, reason=request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("encounters:order", found.order_id)


@require_POST
@needs("results.enter")
@idempotent
@conflict_page(COMPARED, screen="order.page")
def course_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a course before its last sitting."""
    return _with_reason(request, pk, traditional.course_end, "Đã kết thúc liệu trình.")


def _with_reason(request: HttpRequest, pk: UUID, service: Callable[..., Any], said: str) -> HttpResponse:
    found = order_or_404(pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Ghi lý do.")
        return redirect("encounters:order", pk)
    try:
        service(
            order_id=found.pk,
            expected_version=form.cleaned_data["version"] or 0,
            reason=form.cleaned_data["reason"],
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, said)
    return redirect("encounters:order", pk)


def _tried(
    request: HttpRequest, found: Order, form: Any, act: Callable[[], Any], said: str, name: str
) -> HttpResponse:
    """Run `act` for a valid form, then the order's page; the form goes back with what was refused."""
    asked: list[Warning] = []
    if not current().reaches(found.facility_id):
        raise PermissionDenied(name)
    if form.is_valid():
        try:
            act()
        except Problems as problems:
            form.add_problems(problems)
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needs_reason:
            asked = needs_reason.warnings
        else:
            messages.success(request, said)
            return redirect("encounters:order", found.pk)
    return order_page(request, current(), found, asked=asked, **{name: form})
