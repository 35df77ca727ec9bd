"""The page of what waits for a second person, and its three buttons."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core import approvals, registry
from apps.core.access import signed_in
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.models import ChangeState, PendingChange
from apps.core.scope import active

ACTS = {
    "approve": (approvals.approve, "Đã duyệt; việc này có hiệu lực ngay."),
    "refuse": (approvals.refuse, "Đã ghi là không duyệt."),
    "withdraw": (approvals.withdraw, "Đã rút yêu cầu."),
}
CHIPS = {
    ChangeState.WAITING: "warning",
    ChangeState.APPROVED: "done",
    ChangeState.USED: "done",
    ChangeState.REFUSED: "danger",
    ChangeState.WITHDRAWN: "off",
}


@require_safe
@signed_in
def changes(request: HttpRequest) -> HttpResponse:
    """What waits for her decision, and what became of what she has asked for herself."""
    scope = active()
    if scope is None:
        return redirect("accounts:workplace")
    own = approvals.asked_by(scope)
    context = {
        # A form key each: two that are decided one after the other are two posts.
        "waiting": [(change, _title(change)) for change in approvals.waiting_for(scope)],
        "own": [(change, *_state(change), _here(change)) for change in own],
    }
    return render(request, "core/changes.html", context)


def _title(change: PendingChange) -> str:
    kind = registry.changes.get(change.kind)
    return kind.title if kind else ""


def _here(change: PendingChange) -> bool:
    """Whether the second person may agree at this very computer."""
    kind = registry.changes.get(change.kind)
    return kind is not None and kind.here and not approvals.is_over(change)


def _state(change: PendingChange) -> tuple[str, str]:
    """(chip, word)."""
    if change.state == ChangeState.WAITING and approvals.is_over(change):
        return "off", "Quá hạn"
    return CHIPS[ChangeState(change.state)], change.get_state_display()


@require_POST
@signed_in
@idempotent
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approve or refuse as the second person, or take one's own wish back."""
    scope = active()
    act = ACTS.get(request.POST.get("act", ""))
    if scope is None or act is None or approvals.find(scope, pk) is None:
        raise Http404
    try:
        act[0](change_id=pk)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, act[1])
    return redirect("core:changes")
