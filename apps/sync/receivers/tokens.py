"""Tokens that a receiver gives for an hour (OAuth2 client credentials, RFC 6749 section 4.4).

The client's secret is in the environment under the receiver's own name; what was given for it is kept in this
process alone and asked for anew a minute before it ends, or when the receiver refuses it. A refused client is
answered for like a refused token: the receiver pauses, so that no account is locked by a storm of sign-ins.
"""

from __future__ import annotations

import json
import os
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from apps.sync.models import Receiver
from apps.sync.receivers.base import Answer

EARLY = 60.0  # seconds before its end from which a token is not used any more
USUAL = 300.0  # seconds a token is kept of which nobody says how long it lives
LONGEST = 24 * 3600.0
KNOWN = frozenset({"url", "client", "scope", "auth"})
FORM = "application/x-www-form-urlencoded"

Post = Callable[[str, bytes, dict[str, str]], Answer]  # address, body, headers


@dataclass(frozen=True)
class Wanted:
    """How a receiver gives its tokens: the setting `token`. `auth`: where the secret goes, basic or body."""

    url: str
    client: str
    scope: str = ""
    auth: str = "basic"


@dataclass(frozen=True)
class _Kept:
    value: str
    until: float  # of time.monotonic()
    of: Wanted


_kept: dict[UUID, _Kept] = {}
_failed: dict[UUID, tuple[float, Answer]] = {}  # when the last try ended in vain, and how
_lock = threading.Lock()


def wanted(settings: dict[str, Any]) -> Wanted | None:
    """The setting `token`; None where the secret itself is the token. Raises ValueError with a sentence."""
    said = settings.get("token")
    if said is None:
        return None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise ValueError("Thiết lập token phải gồm các chữ url, client, scope, auth.")
    if unknown := sorted(set(said) - KNOWN):
        raise ValueError(f"Thiết lập token không có mục {', '.join(unknown)}.")
    if not said.get("url") or not said.get("client"):
        raise ValueError("Thiết lập token cần url và client.")
    if said.get("auth", "basic") not in ("basic", "body"):
        raise ValueError("Thiết lập token: auth là basic hoặc body.")
    return Wanted(**said)


def bearer(receiver: Receiver, post: Post) -> tuple[str, Answer | None]:
    """(the token to send, what was answered instead of one). Without the setting: the secret itself."""
    secret = os.environ.get(receiver.token_key, "") if receiver.token_key else ""
    how = wanted(receiver.settings)
    if how is None:
        return secret, None
    came = time.monotonic()
    with _lock:  # one of several threads asks, the others take what came of it
        kept = _kept.get(receiver.pk)
        if kept and kept.of == how and kept.until > time.monotonic():
            return kept.value, None
        at, instead = _failed.get(receiver.pk, (-1.0, None))
        if instead is not None and at > came:
            return "", instead
        answer = post(how.url, *_asked(how, secret))
        value, seconds = _read(answer)
        if not value:
            _kept.pop(receiver.pk, None)
            _failed[receiver.pk] = (time.monotonic(), _instead(answer))
            return "", _instead(answer)
        _kept[receiver.pk] = _Kept(value, time.monotonic() + max(seconds - EARLY, 1.0), how)
        return value, None


def forget(receiver: Receiver) -> None:
    """The receiver refuses the token: the next one is asked for anew."""
    with _lock:
        _kept.pop(receiver.pk, None)


def _asked(how: Wanted, secret: str) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of the request."""
    fields = {"grant_type": "client_credentials"} | ({"scope": how.scope} if how.scope else {})
    headers = {"Content-Type": FORM, "Accept": "application/json"}
    if how.auth == "body":
        fields |= {"client_id": how.client, "client_secret": secret}
    else:  # both encoded first: RFC 6749, 2.3.1
        pair = f"{quote_plus(how.client)}:{quote_plus(secret)}"
        headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    return urlencode(fields).encode(), headers


def _read(answer: Answer) -> tuple[str, float]:
    """(token, seconds it lives); '' where the answer holds none that can stand in a header."""
    if answer.status != 200:
        return "", 0.0
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "", 0.0
    value = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return "", 0.0
    seconds = data.get("expires_in", USUAL)
    fine = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST
    return value, float(seconds) if fine else USUAL


def _instead(answer: Answer) -> Answer:
    """What the attempt came to. A refused client counts as a refused token; its words stay with it."""
    if answer.error:
        return answer
    if answer.status == 200:  # a proxy's page, or no token in it
        return Answer(error="connection", milliseconds=answer.milliseconds)
    if answer.status in (400, 401):
        return Answer(401, milliseconds=answer.milliseconds)
    return Answer(answer.status, answer.headers, milliseconds=answer.milliseconds)
