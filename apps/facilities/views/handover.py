"""The page of what a leaver leaves behind."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.accounts.models import User
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.facilities import handover as passing
from apps.facilities import queries


@needs("users.edit")
@idempotent
def handover(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET lists; POST passes the ticked lines (`item` = kind:id) to the colleague `to`."""
    user = get_object_or_404(queries.visible_users(current()), pk=pk)
    if request.method == "POST":
        try:
            moved = passing.move(user=user, to=_taker(request, user), chosen=_chosen(request))
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, f"Đã bàn giao {moved} việc.")
        return redirect("accounts:handover", pk=pk)
    context = {"account": user, "piles": passing.piles(user), "colleagues": passing.colleagues(user)}
    return render(request, "accounts/handover.html", context)


def _taker(request: HttpRequest, user: User) -> User:
    asked = request.POST.get("to", "")
    found = next((each for each, _ in passing.colleagues(user) if str(each.pk) == asked), None)
    if found is None:
        raise Refused("Hãy chọn một đồng nghiệp đang làm việc tại đơn vị.", field="to")
    return found


def _chosen(request: HttpRequest) -> list[tuple[str, UUID]]:
    chosen = []
    for word in request.POST.getlist("item")[:2000]:
        kind, _, pk = word.partition(":")
        try:
            chosen.append((kind, UUID(pk)))
        except ValueError:
            continue
    return chosen
