"""Tokens that a receiver gives for an hour: OAuth2 client credentials (RFC 6749 section 4.4), or the sign-in
of an account with its password, as provincial warehouses of QĐ 831 have it.

The client's secret is in the environment under the receiver's own name; what was given for it is kept in this
process alone and asked for anew a minute before it ends, or when the receiver refuses it. A refused client is
answered for like a refused token: the receiver pauses, so that no account is locked by a storm of sign-ins.
"""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from apps.sync.models import Receiver
from apps.sync.receivers import certificates
from apps.sync.receivers.base import Answer

EARLY = 60.0  # seconds before its end from which a token is not used any more
USUAL = 300.0  # seconds a token is kept of which nobody says how long it lives
LONGEST = 24 * 3600.0
KNOWN = frozenset({"url", "client", "scope", "auth", "unit"})
AUTHS = ("basic", "body", "login")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
UNIT = "{unit}"  # in `client`: the code of the station that sends, where each has an account of its own

Post = Callable[[str, bytes, dict[str, str]], Answer]  # address, body, headers


@dataclass(frozen=True)
class Wanted:
    """How a receiver gives its tokens: the setting `token`.

    `auth`: where the secret goes: basic or body of OAuth2, or login (JSON with username and password).
    `unit`: the member of a login's JSON that holds the code of the unit; '' where it is not asked for.
    """

    url: str
    client: str
    scope: str = ""
    auth: str = "basic"
    unit: str = ""


@dataclass(frozen=True)
class _Kept:
    value: str
    until: float  # of time.monotonic()
    of: Wanted


# By receiver and unit: '' where one account sends for all stations.
_kept: dict[tuple[UUID, str], _Kept] = {}
_failed: dict[tuple[UUID, str], tuple[float, Answer]] = {}  # when the last try ended in vain, and how
_lock = threading.Lock()


def wanted(settings: dict[str, Any]) -> Wanted | None:
    """The setting `token`; None where the secret itself is the token. Raises ValueError with a sentence."""
    said = settings.get("token")
    if said is None:
        return None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise ValueError("Thiết lập token phải gồm các chữ url, client, scope, auth, unit.")
    if unknown := sorted(set(said) - KNOWN):
        raise ValueError(f"Thiết lập token không có mục {', '.join(unknown)}.")
    if not said.get("url") or not said.get("client"):
        raise ValueError("Thiết lập token cần url và client.")
    if said.get("auth", "basic") not in AUTHS:
        raise ValueError(f"Thiết lập token: auth là một trong {', '.join(AUTHS)}.")
    return Wanted(**said)


def bearer(receiver: Receiver, post: Post, unit: str = "") -> tuple[str, Answer | None]:
    """(the token to send, what was answered instead of one). Without the setting: the secret itself.

    `unit`: the code of the station that sends, for a receiver that knows an account a station.
    """
    how = wanted(receiver.settings)
    if how is None:
        return _secret(receiver, ""), None
    if UNIT not in how.client:
        place, secret = (receiver.pk, ""), _secret(receiver, "")
    else:
        place, secret = (receiver.pk, unit), _secret(receiver, unit)
        how = replace(how, client=how.client.replace(UNIT, unit))
    came = time.monotonic()
    with _lock:  # one of several threads asks, the others take what came of it
        kept = _kept.get(place)
        if kept and kept.of == how and kept.until > time.monotonic():
            return kept.value, None
        at, instead = _failed.get(place, (-1.0, None))
        if instead is not None and at > came:
            return "", instead
        answer = post(how.url, *_asked(how, secret, unit))
        value, seconds = _read(answer)
        if not value:
            _kept.pop(place, None)
            _failed[place] = (time.monotonic(), _instead(answer))
            return "", _instead(answer)
        _kept[place] = _Kept(value, time.monotonic() + max(seconds - EARLY, 1.0), how)
        return value, None


def forget(receiver: Receiver, unit: str = "") -> None:
    """The receiver refuses the token: the next one is asked for anew."""
    with _lock:
        _kept.pop((receiver.pk, unit), None)
        _kept.pop((receiver.pk, ""), None)


def _secret(receiver: Receiver, unit: str) -> str:
    """From the environment or a file; a station's own has the receiver's name with its code behind."""
    if not receiver.token_key:
        return ""
    own = certificates.secret(f"{receiver.token_key}_{unit}") if unit else ""
    return own or certificates.secret(receiver.token_key)


def _asked(how: Wanted, secret: str, unit: str) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of the request."""
    if how.auth == "login":
        said = {"username": how.client, "password": secret} | ({how.unit: unit} if how.unit else {})
        return json.dumps(said).encode(), {"Content-Type": JSON, "Accept": JSON}
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
    data = data if isinstance(data, dict) else {}
    if isinstance(data.get("data"), dict):  # a sign-in wraps it
        data = {**data, **data["data"]}
    value = data.get("access_token")
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
