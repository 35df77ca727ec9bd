"""Pages of the arrangement of stations: the list, a new plan, the plan with its checklist."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import approvals
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.paging import keyset
from apps.facilities.forms.reform import PlanForm, ReformNewForm
from apps.facilities.models import Reform, ReformState
from apps.facilities.reforming import checklist, checks, plan, running
from apps.facilities.views.saving import WAITS, kept, refuse

CHIPS = {
    ReformState.DRAFT: "off",
    ReformState.ASKED: "warning",
    ReformState.SCHEDULED: "info",
    ReformState.RUNNING: "info",
    ReformState.DONE: "done",
    ReformState.UNDOING: "info",
    ReformState.UNDONE: "off",
    ReformState.DROPPED: "off",
}


@require_safe
@needs("facilities.edit")
def reforms(request: HttpRequest) -> HttpResponse:
    """What was arranged and what is being planned, newest first."""
    scope = plan.planner()
    page = keyset(plan.visible(scope), order=("-created_at", "-id"), cursor=request.GET.get("c", ""))
    rows = [(reform, CHIPS[ReformState(reform.state)]) for reform in page.items]
    return render(request, "facilities/reforms.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@needs("facilities.edit")
@idempotent
def reform_new(request: HttpRequest) -> HttpResponse:
    scope = plan.planner()
    form = ReformNewForm(request.POST or None, scope=scope, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        try:
            reform = plan.reform_create(
                on=form.cleaned_data["on"],
                legal_ref=form.cleaned_data["legal_ref"],
                former=list(form.cleaned_data["former"]),
                successors=form.successors,
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, "Đã lập phương án. Hãy xem lại từng trạm, từng thôn rồi gửi duyệt.")
            return redirect("facilities:reform", pk=reform.pk)
    context = {"form": form, "back": resolve_url("facilities:reforms")}
    return render(request, "facilities/reform_new.html", context, status=422 if form.is_bound else 200)


def _reform(pk: UUID) -> Reform:
    """The plan if this province made it, else the 404 of one that does not exist."""
    return get_object_or_404(plan.visible(plan.planner()), pk=pk)


@require_http_methods(["GET", "POST"])
@needs("facilities.edit")
@conflict_page(["on", "legal_ref"])
@idempotent
def reform(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The plan: while it is being made a form, afterwards what was decided; always with its checklist."""
    found = _reform(pk)
    form = None
    if found.state == ReformState.DRAFT:
        form = PlanForm(request.POST or None, reform=found)

        def save(said: dict[str, Any]) -> None:
            assert form is not None  # noqa: S101 - bound above
            plan.reform_update(
                reform=found, decisions=form.decisions(), expected_version=said["version"] or 0
            )

        if kept(request, form, save, "Đã lưu phương án."):
            return redirect("facilities:reform", pk=pk)
    elif request.method == "POST":
        messages.error(request, "Phương án đã gửi duyệt nên không sửa được nữa.")
        return redirect("facilities:reform", pk=pk)
    context: dict[str, Any] = {
        "reform": found,
        "chip": CHIPS[ReformState(found.state)],
        "form": form,
        "rows": form.rows() if form else None,
        "problems": checks.problems(found) if form else [],
        "steps": checklist.lines(found),
        "plan": None if form else checklist.decided(found),
        "waiting": approvals.waiting_on(plan.CHANGE, found.pk),
        "moves": found.state in (ReformState.RUNNING, ReformState.UNDOING),
        "due": found.on <= timezone.localdate(),
        "today": timezone.localdate(),
    }
    return render(request, "facilities/reform.html", context, status=422 if form and form.errors else 200)


def _ask(found: Reform) -> str:
    plan.reform_ask(reform=found)
    return WAITS


def _reopen(found: Reform) -> str:
    plan.reform_reopen(reform=found)
    return "Phương án đã mở lại để sửa."


def _drop(found: Reform) -> str:
    plan.reform_drop(reform=found)
    return "Đã bỏ phương án."


def _go_on(found: Reform) -> str:
    running.go_on(reform=found)
    return "Đang chuyển tiếp; trang này cho biết đến bước nào."


def _undo(found: Reform) -> str:
    plan.undo_ask(reform=found)
    return WAITS


ACTS: dict[str, Callable[[Reform], str]] = {
    "ask": _ask,
    "reopen": _reopen,
    "drop": _drop,
    "go_on": _go_on,
    "undo": _undo,
}


@require_POST
@needs("facilities.edit")
@idempotent
def reform_act(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put it before a second person, take it back to the table, give it up, go on, undo."""
    found = _reform(pk)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    try:
        messages.success(request, act(found))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("facilities:reform", pk=pk)
