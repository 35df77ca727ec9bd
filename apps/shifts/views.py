"""Cuối ngày: what is left, each with its link; handing over and taking; the book of hand-overs; the paper."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import paper, papers, registry, scope
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.rates import limited
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.facilities.letterheads import letterhead
from apps.facilities.second_name import second_scope
from apps.shifts import queries, rules, services
from apps.shifts.forms import TAKE, GiveForm, NoteForm, TakeForm, TakeHereForm, WithdrawForm
from apps.shifts.models import HandoverState, ShiftHandover, TakenBy

METHODS = ["GET", "HEAD", "POST"]
PAPER = "shift_handover"
CHANGED = "Lần bàn giao này vừa được người khác sửa. Xem lại rồi làm lần nữa."


def handover_or_404(pk: UUID) -> ShiftHandover:
    found = queries.handover(current(), pk)
    if found is None:
        raise Http404
    return found


@require_http_methods(METHODS)
@needs("shifts.view")
@idempotent
def day(request: HttpRequest) -> HttpResponse:
    """What is left now at this workplace, and the hand-over to the next shift."""
    here = current()
    if here.workplace_id is None or here.hamlet_ids is not None:
        raise Http404
    form = GiveForm(request.POST or None)
    asked: list[Warning] = []
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = services.handover_give(shift=said["shift"], note=said["note"], override=said["override"])
        except NeedsReason as needs_reason:
            asked = needs_reason.warnings
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(
                request, "Đã ghi bàn giao. Người nhận xác nhận ở dưới, hoặc tự đăng nhập để nhận."
            )
            return redirect("shifts:handover", pk=made.pk)
    lines = queries.lines(here)
    context = {
        "groups": rules.grouped(lines, registry.DAY_END_GROUPS),
        "left": rules.left(lines),
        "at": timezone.now(),
        "form": form,
        "asked": asked,
        "waiting": queries.waiting(here),
        "place": here.label,
        "may_enter": here.can("shifts.enter"),
    }
    return render(request, "shifts/day.html", context, status=422 if form.errors or asked else 200)


@require_GET
@needs("shifts.view")
def day_paper(request: HttpRequest) -> HttpResponse:
    """What is left now, on A4, with room for the two signatures."""
    here = current()
    if here.workplace_id is None or here.hamlet_ids is not None:
        raise Http404
    now = timezone.localtime()
    context = {
        "title": "Biên bản cuối ngày, bàn giao ca",
        **letterhead(here, now.date()),
        "groups": rules.grouped(queries.lines(here), registry.DAY_END_GROUPS),
        "at": now,
        "place": here.label,
    }
    return paper.pdf_response("print/shift_handover.html", context, filename="cuoi-ngay.pdf")


@require_GET
@needs("shifts.view")
def book(request: HttpRequest) -> HttpResponse:
    """The hand-overs of this workplace, newest first."""
    page = queries.page(current(), request.GET.get("c", ""))
    return render(request, "shifts/book.html", {"page": page})


@require_GET
@needs("shifts.view")
def handover(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One hand-over: what was left then, the note, who gave, who took."""
    return _page(request, handover_or_404(pk))


def _page(request: HttpRequest, found: ShiftHandover, status: int = 200, **forms: Any) -> HttpResponse:
    here = current()
    waits = found.state == HandoverState.WAITING
    hers = found.given_by == here.user_id
    enters = here.can("shifts.enter")
    initial = {"version": found.version}
    context = {
        "handover": found,
        "groups": rules.grouped(queries.kept(here, found), registry.DAY_END_GROUPS),
        "take": forms.get("take") or (TakeForm(initial=initial) if waits and enters and not hers else None),
        "here": forms.get("here") or (TakeHereForm(initial=initial) if waits and enters and hers else None),
        "note": forms.get("note")
        or (NoteForm(initial=initial | {"note": found.note}) if waits and enters and hers else None),
        "withdraw": forms.get("withdraw") or (WithdrawForm(initial=initial) if waits and hers else None),
    }
    return render(request, "shifts/handover.html", context, status=status)


@require_POST
@needs("shifts.enter")
@idempotent
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Whoever is signed in takes the shift."""
    found, form = handover_or_404(pk), TakeForm(request.POST)
    if form.is_valid():
        try:
            services.handover_take(
                handover_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                remark=form.cleaned_data["remark"],
            )
        except StaleVersion:
            form.add_error(None, CHANGED)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã nhận bàn giao.")
            return redirect("shifts:handover", pk=pk)
    return _page(request, found, 422, take=form)


@sensitive_post_parameters("second_secret")
@require_POST
@needs("shifts.enter")
@limited("password")
@idempotent
def take_here(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another takes the shift at the giver's computer, by her password or PIN."""
    found, form = handover_or_404(pk), TakeHereForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            hers = second_scope(
                request=request,
                username=said["second_name"],
                secret=said["second_secret"],
                right=TAKE,
            )
            with scope.enter(hers):
                services.handover_take(
                    handover_id=pk,
                    expected_version=said["version"] or 0,
                    remark=said["remark"],
                    how=TakenBy.HERE,
                )
        except StaleVersion:
            form.add_error(None, CHANGED)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"{hers.shown_name} đã nhận bàn giao.")
            return redirect("shifts:handover", pk=pk)
    return _page(request, found, 422, here=form)


@require_POST
@needs("shifts.enter")
@idempotent
@conflict_page(("note",))
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The giver puts her note right."""
    found, form = handover_or_404(pk), NoteForm(request.POST)
    if form.is_valid():
        try:
            services.handover_change(
                handover_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                note=form.cleaned_data["note"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã lưu ghi chú.")
            return redirect("shifts:handover", pk=pk)
    return _page(request, found, 422, note=form)


@require_POST
@needs("shifts.enter")
@idempotent
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The giver takes the hand-over back."""
    found, form = handover_or_404(pk), WithdrawForm(request.POST)
    if form.is_valid():
        try:
            services.handover_withdraw(
                handover_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except StaleVersion:
            form.add_error(None, CHANGED)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã rút lại lần bàn giao.")
            return redirect("shifts:day")
    return _page(request, found, 422, withdraw=form)


@require_GET
@needs("shifts.view")
def handover_paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A hand-over as paper: what was left then, both names."""
    here, found = current(), handover_or_404(pk)
    code = papers.code_for(PAPER, found.pk)
    address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
    context = {
        "title": "Biên bản bàn giao ca",
        **letterhead(here, found.on, facility=found.facility),
        "groups": rules.grouped(queries.kept(here, found), registry.DAY_END_GROUPS),
        "handover": found,
        "at": timezone.localtime(found.given_at),
        "place": found.point.name if found.point else found.facility.name,
        "copy": papers.count_copy(code, person_id=None, facility_id=found.facility_id),
        "qr": paper.qr_svg(address),
    }
    return paper.pdf_response("print/shift_handover.html", context, filename="ban-giao-ca.pdf")
