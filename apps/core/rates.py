"""How often one account or one machine may do what can be tried again and again: sign in, search, look up.

Counted in windows of fixed length, in Redis where a province has one, else in one unlogged table: a statement
that waits for no disk. The numbers are far above what a busy nurse types; they stop a program.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.exceptions import APIException

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Limit:
    """At most `most` times in `seconds`."""

    most: int
    seconds: int


# (what, of whom) -> limit. A station behind one address has ten machines, a hospital's proxy more: what an
# address may do is a multiple of what one account may.
LIMITS: dict[tuple[str, str], Limit] = {
    # A wrong password is locked out by django-axes after five; this bounds the hashing, and one name that is
    # tried from many machines.
    ("sign_in", "address"): Limit(200, 300),
    ("sign_in", "name"): Limit(30, 300),
    # At a screen left open: the own password, asked for again before a change.
    ("password", "user"): Limit(10, 300),
    # The box asks 150 ms after the last key: 150 a minute is typing without a pause.
    ("search", "user"): Limit(150, 60),
    ("search", "address"): Limit(1500, 60),
    # A visit's form has several pickers.
    ("look_up", "user"): Limit(300, 60),
    ("look_up", "address"): Limit(3000, 60),
    ("api", "user"): Limit(600, 60),
}


def over(what: str, whom: Mapping[str, str], *, now: float | None = None) -> int:
    """Count one try of `what` for each of `whom` ('user', 'address', 'name' -> which one). 0 when it is
    allowed, else the seconds to wait."""
    now = time.time() if now is None else now
    asked = {
        f"{what}:{kind}:{which}": LIMITS[what, kind] for kind, which in whom.items() if (what, kind) in LIMITS
    }
    counts = _counted({key: int(now) // limit.seconds for key, limit in asked.items()}, asked)
    waits = [
        limit.seconds - int(now) % limit.seconds
        for key, limit in asked.items()
        if counts[key] > limit.most * settings.RATE_FACTOR
    ]
    return max(waits, default=0)


def limited(what: str, method: str = "POST") -> Callable[[View], View]:
    """Mark of a view, under its access mark: a POST beyond the limit gets the page of 429 instead."""

    def mark(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == method and (wait := over(what, _who(request))):
                return too_often(request, wait)
            return view(request, *args, **kwargs)

        return wrapped

    return mark


class TooOften(APIException):
    """The API's 429; its framework writes `wait` into Retry-After."""

    status_code = 429

    def __init__(self, wait: int) -> None:
        super().__init__(f"Quá nhiều yêu cầu trong một lúc. Hãy chờ {wait} giây rồi gửi lại.")
        self.wait = wait


class Often:
    """The same for the API, as its framework asks for it: DEFAULT_THROTTLE_CLASSES."""

    def allow_request(self, request: Any, view: Any) -> bool:
        if seconds := over("api", {"user": str(request.user.pk)}):
            raise TooOften(seconds)
        return True

    def wait(self) -> None:
        return None


def too_often(request: HttpRequest, wait: int) -> HttpResponse:
    """429: how long to wait, in Vietnamese; a part of a page gets the sentence from the page's own script."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=429)
    else:
        response = render(request, "429.html", {"wait": wait}, status=429)
    response["Retry-After"] = str(wait)
    return response


def _who(request: HttpRequest) -> dict[str, str]:
    found = {"address": request.META.get("REMOTE_ADDR", "")}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        found["user"] = str(user.pk)
    if name := request.POST.get("username", "").strip().lower():
        # It may be a mistyped password: only its hash is kept, for some minutes.
        found["name"] = hashlib.blake2b(name.encode(), key=settings.SECRET_KEY[:64].encode()).hexdigest()[:24]
    return found


def _counted(windows: Mapping[str, int], limits: Mapping[str, Limit]) -> dict[str, int]:
    """Each key's count in its window, this try included."""
    if settings.REDIS_URL:
        return {key: _in_redis(f"rate:{key}:{window}", limits[key]) for key, window in windows.items()}
    return _in_table(sorted(windows.items()))


def _in_redis(key: str, limit: Limit) -> int:
    cache.add(key, 0, timeout=limit.seconds + 1)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        return 1


def _in_table(windows: Iterable[tuple[str, int]]) -> dict[str, int]:
    # In the order of keys: two tries at once never wait for each other crosswise.
    rows = [value for key, window in windows for value in (key, window)]
    if not rows:
        return {}
    places = ", ".join(["(%s, %s, 1)"] * (len(rows) // 2))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO core_ratecount AS old (key, span, count) VALUES {places}"  # noqa: S608 - only places  # nosec B608
            " ON CONFLICT (key) DO UPDATE SET span = EXCLUDED.span,"
            " count = CASE WHEN old.span = EXCLUDED.span THEN old.count + 1 ELSE 1 END"
            " RETURNING key, count",
            rows,
        )
        return dict(cursor.fetchall())
