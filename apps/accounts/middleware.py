"""Ends sessions that have lived long enough, and holds a new account at the change of its password."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.limits import Clock
from apps.accounts.models import SignInKind
from apps.accounts.services import CLOCK, sign_out

# A session's row is written at most once in this many seconds, however busy the morning.
SEEN_EVERY = 60

SENTENCES = {
    "idle": "Phiên làm việc đã hết vì lâu không thao tác. Xin đăng nhập lại để làm tiếp.",
    "too_long": "Phiên làm việc đã hết thời gian cho phép. Xin đăng nhập lại để làm tiếp.",
}

# What an account with an unchanged slip password may still open.
FREE_BEFORE_CHANGE = {"accounts:password", "accounts:sign_out", "accounts:sign_in"}


class SessionLimits:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and (why := self._over(request)):
            sign_out(request=request, kind=SignInKind(why))
            if not (request.headers.get("HX-Request") or request.path.startswith("/api/")):
                return self._ask_again(request, why)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return None
        match = request.resolver_match
        if (match and match.view_name in FREE_BEFORE_CHANGE) or getattr(view, "access", "") == "public":
            return None
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("accounts:password")})
        return redirect("accounts:password")

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
        if at - clock.seen >= SEEN_EVERY:
            request.session[CLOCK] = [clock.signed_in, at, clock.idle_seconds, clock.longest_seconds]
        return None

    def _ask_again(self, request: HttpRequest, why: str) -> HttpResponse:
        messages.warning(request, SENTENCES[why])
        back = request.get_full_path() if request.method == "GET" else "/"
        return redirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': back})}")
