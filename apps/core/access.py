"""Who may open a view. Every view carries exactly one of these marks; a test fails for one without."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.views.decorators.cache import never_cache

from apps.core.scope import active

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Anyone on the network may open it."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Whoever has signed in, whatever the workplace."""

    @wraps(view)
    @never_cache
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        return view(request, *args, **kwargs)

    wrapped.access = "signed_in"  # type: ignore[attr-defined]
    return wrapped


def at_work(view: View) -> View:
    """Whoever is signed in at a workplace: what is her own there, whatever her rights."""

    @wraps(view)
    @never_cache
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        if active() is None:
            return redirect("accounts:workplace")
        return view(request, *args, **kwargs)

    wrapped.access = "at_work"  # type: ignore[attr-defined]
    return wrapped


def needs(right: str) -> Callable[[View], View]:
    """Signed in, at a workplace, and holding `right` there: else sign-in, workplace choice or 403."""

    def mark(view: View) -> View:
        @wraps(view)
        @never_cache
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            scope = active()
            if scope is None:
                return redirect("accounts:workplace")
            if not scope.can(right):
                raise PermissionDenied(right)
            return view(request, *args, **kwargs)

        wrapped.access = right  # type: ignore[attr-defined]
        return wrapped

    return mark


def developers_only(view: View) -> View:
    """Shown only where nobody real works: in development, demo and tests."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (settings.DEBUG or settings.DEMO or settings.TESTING):
            raise Http404
        return view(request, *args, **kwargs)

    wrapped.access = "developers_only"  # type: ignore[attr-defined]
    return wrapped


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, or for a part of a page (htmx, API) a 401 that the page turns into a sentence."""
    if request.headers.get("HX-Request") or request.path.startswith("/api/"):
        return HttpResponse(status=401)
    # Only an address that can be opened again is worth going back to.
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect_to_login(back, resolve_url(settings.LOGIN_URL))
