"""A program at the API: `Authorization: Bearer <key>` in place of a session."""

from dataclasses import replace

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from apps.accounts import api_tokens
from apps.accounts.models import ApiToken, User
from apps.core.scope import Scope
from apps.facilities.posts import scope_for

WRONG = "Mã truy cập không đúng, đã hết hạn hoặc đã thu hồi."
TOO_MANY = "Quá nhiều mã truy cập sai từ máy này. Xin thử lại sau ít phút."
# Wrong keys from one address: a program with an old key is told, a guesser is slowed.
WRONG_TRIES = 20
WRONG_SECONDS = 300


def bearer(request: HttpRequest) -> str | None:
    """The key that the request carries; only the API knows keys."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" and request.path.startswith("/api/") else None


def scope_of_token(text: str, address: str | None) -> tuple[ApiToken, Scope] | None:
    """The key and what it may do now: its own rights as far as its owner still holds them there."""
    token = api_tokens.find(text)
    if token is None or not token.owner.is_active or token.owner.must_change_password:
        return None
    # what was lent to a person, for her reason and some hours, is no program's
    found = scope_for(token.owner, token.facility_id, lent=False)
    if found is None:
        return None  # the post there has ended
    api_tokens.used(token, address)
    name = f"{found.username} (mã {token.prefix})"
    rights = found.rights & frozenset(token.rights)
    return token, replace(found, username=name, rights=rights, program=True)


def refused(request: HttpRequest) -> JsonResponse:
    """The answer to a key that opens nothing."""
    key = f"api.wrong.{request.META.get('REMOTE_ADDR')}"
    cache.add(key, 0, WRONG_SECONDS)
    try:
        tries = cache.incr(key)
    except ValueError:  # forgotten between the two calls
        tries = 1
    if tries > WRONG_TRIES:
        return JsonResponse({"detail": TOO_MANY}, status=429, headers={"Retry-After": str(WRONG_SECONDS)})
    return JsonResponse({"detail": WRONG}, status=401, headers={"WWW-Authenticate": "Bearer"})


class KeyAuthentication(BaseAuthentication):
    """The owner of the key that the middleware has found."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        token = getattr(request._request, "api_token", None)
        return (token.owner, token) if token is not None else None


class KeyThrottle(SimpleRateThrottle):
    """So many requests a minute for one key; people at the screen are not counted."""

    scope = "api_key"

    def get_cache_key(self, request: Request, view: object) -> str | None:
        token = request.auth
        return f"throttle.{token.pk}" if isinstance(token, ApiToken) else None
