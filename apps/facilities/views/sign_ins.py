"""One's own open sessions; for the head and the province, the log of sign-ins of their accounts."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts import sessions as own
from apps.accounts.devices import device_words
from apps.accounts.models import SignInEvent, SignInKind
from apps.core.access import needs, signed_in
from apps.core.idempotency import idempotent
from apps.core.paging import keyset
from apps.core.scope import current
from apps.facilities import queries
from apps.facilities.middleware import POINT_NAME, WORKPLACE
from apps.facilities.models import Facility

# What the filter of the log offers beside everything.
FILTERS = (
    ("", "Tất cả"),
    (SignInKind.SUCCESS, "Đăng nhập được"),
    (SignInKind.WRONG, "Sai mật khẩu"),
    (SignInKind.LOCKED, "Bị tạm khóa"),
)


@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """Where this account is signed in now, and its last sign-ins."""
    user: Any = request.user
    lines = own.open_sessions(request, user)
    ids = {UUID(place) for line in lines if (place := line.data.get(WORKPLACE))}
    names = dict(Facility.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    rows = [(line, _place(line.data, names)) for line in lines]
    context = {
        "rows": rows,
        "others": sum(not line.is_this for line in lines),
        "events": _said(SignInEvent.objects.filter(user=user)[:10]),
    }
    return render(request, "accounts/sessions.html", context)


def _place(data: dict[str, Any], names: dict[UUID, str]) -> str:
    if data.get(POINT_NAME):
        return str(data[POINT_NAME])
    return names.get(UUID(data[WORKPLACE]), "") if data.get(WORKPLACE) else ""


def _said(events: Any) -> list[tuple[SignInEvent, str]]:
    """Each event with the words for its browser."""
    return [(event, device_words(event.agent)) for event in events]


@signed_in
@require_POST
@idempotent
def session_end(request: HttpRequest) -> HttpResponse:
    """End one of the other sessions, or all of them."""
    user: Any = request.user
    if request.POST.get("all"):
        own.end_others(request=request, user=user)
        messages.success(request, "Đã kết thúc mọi phiên khác.")
    elif own.end_one(request=request, user=user, ref=request.POST.get("ref", "")):
        messages.success(request, "Đã kết thúc phiên ở máy kia.")
    else:
        messages.info(request, "Phiên này đã kết thúc từ trước.")
    return redirect("accounts:sessions")


@needs("users.view")
def sign_in_log(request: HttpRequest) -> HttpResponse:
    """Who signed in when and where, newest first; `kind` stands in the address, names do not."""
    kind = request.GET.get("viec", "")
    rows = SignInEvent.objects.filter(user__in=queries.visible_users(current()).values("pk"))
    if kind in SignInKind.values:
        rows = rows.filter(kind=kind)
    page = keyset(rows.select_related("user"), order=("-at", "-id"), cursor=request.GET.get("c", ""))
    context = {"page": page, "rows": _said(page.items), "kind": kind, "filters": FILTERS}
    return render(request, "accounts/sign_in_log.html", context)
