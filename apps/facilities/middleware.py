"""Builds the scope of each request from the posts that are in force at that very moment."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from apps.accounts.middleware import ask_again, whole_page
from apps.accounts.models import SignInKind, User
from apps.accounts.services import sessions_end, sign_out
from apps.core import scope
from apps.core.scope import Scope
from apps.facilities.api_access import bearer, refused, scope_of_token
from apps.facilities.posts import held_posts, left, scope_for, workplaces

# In the session: where she works now.
WORKPLACE = "workplace_id"
POINT = "point_id"
POINT_NAME = "point_name"
OUTREACH = "outreach"


class ScopeMiddleware:
    """Enters the scope of whoever asks. Without a chosen workplace no scope is entered: scoped queries raise.

    Session, account and posts cost two queries; nothing is kept between requests, so a revoked post
    bites at the next click. With the last post every session of the account ends.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (key := bearer(request)) is not None:
            return self._by_key(request, key)
        user: Any = request.user
        found = scope_of(request) if user.is_authenticated else None
        if found is None:
            if user.is_authenticated and (why := left(user)):
                sessions_end(user=user, but=request.session.session_key)
                sign_out(request=request, kind=SignInKind.LEFT)
                if whole_page(request):
                    return ask_again(request, why)
            request.user.is_staff = False
            return self.get_response(request)
        # The admin opens for those who administer a province or the installation, from that workplace only.
        user.is_staff = found.level in ("province", "system") and found.can("catalogues.edit")
        with scope.enter(found):
            return self.get_response(request)

    def _by_key(self, request: HttpRequest, key: str) -> HttpResponse:
        """A program: no session counts beside its key."""
        found = scope_of_token(key, request.META.get("REMOTE_ADDR") or None)
        if found is None:
            return refused(request)
        token, its_scope = found
        request.user = AnonymousUser()
        request.api_token = token  # type: ignore[attr-defined]  # read by api_access.KeyAuthentication
        with scope.enter(its_scope):
            return self.get_response(request)


def scope_of(request: HttpRequest) -> Scope | None:
    """The scope of the session's workplace; the only workplace there is needs no choosing."""
    user, session = cast(User, request.user), request.session
    chosen = _uuid(session.get(WORKPLACE))
    if chosen is None:
        places = list(workplaces(held_posts(user)))
        if len(places) == 1:
            chosen = places[0]
            session[WORKPLACE] = str(chosen)
    found = scope_for(
        user,
        chosen,
        point=_uuid(session.get(POINT)),
        point_name=session.get(POINT_NAME, ""),
        outreach=bool(session.get(OUTREACH)),
    )
    if found is None and WORKPLACE in session:
        # The post there has ended or was revoked: the choice is asked again.
        for key in (WORKPLACE, POINT, POINT_NAME, OUTREACH):
            session.pop(key, None)
    return found


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except (TypeError, ValueError):
        return None
