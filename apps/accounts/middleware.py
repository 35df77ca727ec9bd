"""Ends sessions that have lived long enough, and holds a new account at what must come first."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts import workstation
from apps.accounts.doors import MUST_ENROL
from apps.accounts.limits import SEEN_EVERY, Clock
from apps.accounts.models import SignInKind
from apps.accounts.services import CLOCK, sign_out

SENTENCES = {
    "idle": "Màn hình đã khóa vì lâu không thao tác. Xin đăng nhập lại để làm tiếp.",
    "too_long": "Phiên làm việc đã hết thời gian cho phép. Xin đăng nhập lại để làm tiếp.",
}

# What may be opened while a slip's password is unchanged, or while a required code app is missing.
_DOORS = {"accounts:sign_out", "accounts:sign_in"}
FREE_BEFORE = {
    "accounts:password": _DOORS | {"accounts:password"},
    "accounts:totp": _DOORS | {"accounts:totp", "accounts:password"},
}


class SessionLimits:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._ended(request) or self.get_response(request)
        workstation.set_cookie(request, response)
        return response

    def _ended(self, request: HttpRequest) -> HttpResponse | None:
        """The answer to a page asked for by a session that has lived long enough; None goes on."""
        why = self._over(request) if request.user.is_authenticated else None
        if why is None:
            return None
        known = False
        if why == "idle":
            back = request.get_full_path() if request.method == "GET" and whole_page(request) else ""
            known = workstation.lock(request=request, back=back, kind=SignInKind.IDLE)
        else:
            sign_out(request=request, kind=SignInKind(why))
        if not whole_page(request):
            return None
        return redirect("accounts:lock") if known else ask_again(request, SENTENCES[why])

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        first = self._first(request)
        if first is None:
            return None
        match = request.resolver_match
        if (match and match.view_name in FREE_BEFORE[first]) or getattr(view, "access", "") == "public":
            return None
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse(first)})
        return redirect(first)

    def _first(self, request: HttpRequest) -> str | None:
        """The page that comes before any other: the change of a slip's password, then the code app."""
        if not request.user.is_authenticated:
            return None
        if request.user.must_change_password:
            return "accounts:password"
        return "accounts:totp" if request.session.get(MUST_ENROL) else None

    def _over(self, request: HttpRequest) -> str | None:
        """Why the session has ended, or None; notes now and then that it is in use."""
        now = timezone.now()
        stored = request.session.get(CLOCK)
        if stored is None:  # opened by other means (a test, a shell): its life begins now
            from apps.accounts.limits import limits_now

            request.session[CLOCK] = Clock.start(now, limits_now()).as_list()
            return None
        clock = Clock(*stored)
        if why := clock.over(now):
            return why
        at = int(now.timestamp())
        # A page that asks again by itself is nobody's work: it must not keep the screen unlocked.
        if at - clock.seen >= SEEN_EVERY and "Asks-Again" not in request.headers:
            request.session[CLOCK] = [clock.signed_in, at, clock.idle_seconds, clock.longest_seconds]
        return None


def whole_page(request: HttpRequest) -> bool:
    """Whether a browser asks for a page, and not a script for a part of one or a program for data."""
    return not (request.headers.get("HX-Request") or request.path.startswith("/api/"))


def ask_again(request: HttpRequest, sentence: str) -> HttpResponse:
    """To the door with a reason; afterwards back to where she was."""
    messages.warning(request, sentence)
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': back})}")
