"""Tokens that a receiver gives for an hour: OAuth2 client credentials (RFC 6749 section 4.4), or the sign-in
of an account with its password, as provincial warehouses of QĐ 831 have it.

The client's secret, of a station's or a doctor's own account too, is in the environment under the receiver's
own name; what was given for it is kept in this process alone and asked for anew a minute before it ends, or
when the receiver refuses it. A refused client is answered for like a refused token: the receiver pauses, so
that no account is locked by a storm of sign-ins. Where each station or doctor has an account, one of them
that is refused stops its own records alone, and is left in peace for an hour unless its password is another
one.
"""

from __future__ import annotations

import json
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from apps.sync.models import Receiver
from apps.sync.receivers import adapter_class, certificates
from apps.sync.receivers.base import Answer

EARLY = 60.0  # seconds before its end from which a token is not used any more
USUAL = 300.0  # seconds a token is kept of which nobody says how long it lives
LONGEST = 24 * 3600.0
SHUT = 3600.0  # seconds for which a refused account is not tried again with the same password
REFUSED = (
    "Nơi nhận không cho tài khoản {} đăng nhập: mã hoặc mật khẩu sai, hoặc tài khoản bị khóa. Hồ sơ của tài "
    "khoản này chưa gửi; các tài khoản khác vẫn gửi. Báo quản trị tỉnh đặt lại mật khẩu, rồi bấm Gửi lại."
)
LACKING = (
    "Chưa đặt mật khẩu cho tài khoản {} ở nơi nhận. Hồ sơ của tài khoản này chưa gửi; các tài khoản khác "
    "vẫn gửi. Báo quản trị tỉnh đặt mật khẩu, rồi bấm Gửi lại."
)
KNOWN = ("url", "client", "scope", "auth", "unit", "username", "password", "value", "lives")
AUTHS = ("basic", "body", "login")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
UNIT = "{unit}"  # in `client`: the code of the station that sends, where each has an account of its own

Post = Callable[[str, bytes, dict[str, str]], Answer]  # address, body, headers


@dataclass(frozen=True)
class Wanted:
    """How a receiver gives its tokens: the setting `token`.

    `auth`: where the secret goes: basic or body of OAuth2, or login (JSON with a name and a password).
    `username`, `password`, `unit`: the members of a login's JSON that hold the name, the password and the
    code of the unit; `unit` '' where it is not asked for. `value`, `lives`: the members of the answer that
    hold the token and its seconds.
    """

    url: str
    client: str
    scope: str = ""
    auth: str = "basic"
    unit: str = ""
    username: str = "username"
    password: str = "password"  # noqa: S105 - the name of a member
    value: str = "access_token"
    lives: str = "expires_in"


@dataclass(frozen=True)
class Account:
    """Who signs in for a record, where that is neither the receiver's one account nor named by the station's
    code alone. `name` names its token and, behind the receiver's variable, its secret; `unit` is the code of
    the unit as the receiver knows it.
    """

    name: str
    how: Wanted
    unit: str = ""


@dataclass(frozen=True)
class _Kept:
    value: str
    until: float  # of time.monotonic()
    of: Wanted


@dataclass(frozen=True)
class _Shut:
    """An account, one among many, that was refused with this secret; nobody asks again before `until`."""

    of: Wanted
    secret: str
    until: float  # of time.monotonic()


# By receiver and unit: '' where one account sends for all stations.
_kept: dict[tuple[UUID, str], _Kept] = {}
_failed: dict[tuple[UUID, str], tuple[float, Answer]] = {}  # when the last try ended in vain, and how
_shut: dict[tuple[UUID, str], _Shut] = {}
# One an account: a slow sign-in keeps only those waiting who take what comes of it. Accounts one after the
# other would take longer than an attempt may (push.ATTEMPT).
_locks: dict[tuple[UUID, str], threading.Lock] = {}


def wanted(receiver: Receiver) -> Wanted | None:
    """The setting `token`, over what receivers of this kind usually want; None where the secret itself is the
    token. Raises ValueError with a sentence.
    """
    usual, said = adapter_class(receiver.kind).login, receiver.settings.get("token")
    if said is None and not usual:
        return None
    said = {} if said is None else said
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise ValueError(f"Thiết lập token phải gồm các chữ {', '.join(KNOWN)}.")
    if unknown := sorted(set(said) - set(KNOWN)):
        raise ValueError(f"Thiết lập token không có mục {', '.join(unknown)}.")
    said = {**usual, **said}
    if not said.get("url") or not said.get("client"):
        raise ValueError("Thiết lập token cần url và client.")
    if said.get("auth", "basic") not in AUTHS:
        raise ValueError(f"Thiết lập token: auth là một trong {', '.join(AUTHS)}.")
    return Wanted(**{**said, "url": address(receiver, said["url"])})


def account(receiver: Receiver, name: str, unit: str) -> Account:
    """Who signs in at a receiver that gives tokens: the unit by the code under which the receiver knows it,
    its secret under the station's `name`, or under that code where it has none; or one account for all.
    Raises ValueError.
    """
    how = wanted(receiver)
    if how is None:
        raise ValueError("Thiết lập token cần url và client.")
    if UNIT not in how.client:
        return Account("", how, unit)
    return Account(name or unit, replace(how, client=how.client.replace(UNIT, unit)), unit)


def address(receiver: Receiver, url: str) -> str:
    """Where to sign in: a path is one of the receiver's own address."""
    return receiver.base_url + url if url.startswith("/") else url


def bearer(
    receiver: Receiver, post: Post, unit: str = "", account: Account | None = None
) -> tuple[str, Answer | None]:
    """(the token to send, what was answered instead of one). Without the setting: the secret itself.

    `unit`: the code of the station that sends, for a receiver that knows an account a station; `account`: who
    signs in instead.
    """
    how = account.how if account else wanted(receiver)
    if how is None:
        return _secret(receiver, ""), None
    if account:
        name, unit = account.name, account.unit
    elif UNIT in how.client:
        name, how = unit, replace(how, client=how.client.replace(UNIT, unit))
    else:
        name = ""
    place, secret = (receiver.pk, name), _secret(receiver, name)
    if name and receiver.token_key and not secret:
        return "", _alone(LACKING, how)
    came = time.monotonic()
    with _lock(place):  # one of several threads asks, the others take what came of it
        kept = _kept.get(place)
        if kept and kept.of == how and kept.until > time.monotonic():
            return kept.value, None
        shut = _shut.get(place)
        if shut and (shut.of, shut.secret) == (how, secret) and came < shut.until:
            return "", _alone(REFUSED, how)
        at, instead = _failed.get(place, (-1.0, None))
        if instead is not None and at > came:
            return "", instead
        answer = post(how.url, *_asked(how, secret, unit))
        value, seconds = _read(answer, how)
        if not value:
            _kept.pop(place, None)
            instead = _instead(answer)
            if name and instead.status in (401, 403):
                _shut[place] = _Shut(how, secret, time.monotonic() + SHUT)
                instead = _alone(REFUSED, how)
            _failed[place] = (time.monotonic(), instead)
            return "", instead
        _kept[place] = _Kept(value, time.monotonic() + max(seconds - EARLY, 1.0), how)
        return value, None


def forget(receiver: Receiver, unit: str = "") -> None:
    """The receiver refuses the token: the next one is asked for anew."""
    for place in {(receiver.pk, unit), (receiver.pk, "")}:
        with _lock(place):
            _kept.pop(place, None)


def _lock(place: tuple[UUID, str]) -> threading.Lock:
    return _locks.setdefault(place, threading.Lock())


def _secret(receiver: Receiver, name: str) -> str:
    """From the environment or a file; an account's own has the receiver's name with that of the account, as
    far as it fits into a variable's, behind.
    """
    if not receiver.token_key:
        return ""
    own = certificates.secret(f"{receiver.token_key}_{variable(name)}") if name else ""
    return own or certificates.secret(receiver.token_key)


def variable(name: str) -> str:
    """A code as it stands in a variable's name: bs.01 is BS_01."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _asked(how: Wanted, secret: str, unit: str) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of the request."""
    if how.auth == "login":
        said = {how.username: how.client, how.password: secret} | ({how.unit: unit} if how.unit else {})
        return json.dumps(said).encode(), {"Content-Type": JSON, "Accept": JSON}
    fields = {"grant_type": "client_credentials"} | ({"scope": how.scope} if how.scope else {})
    headers = {"Content-Type": FORM, "Accept": "application/json"}
    if how.auth == "body":
        fields |= {"client_id": how.client, "client_secret": secret}
    else:  # both encoded first: RFC 6749, 2.3.1
        pair = f"{quote_plus(how.client)}:{quote_plus(secret)}"
        headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    return urlencode(fields).encode(), headers


def _read(answer: Answer, how: Wanted) -> tuple[str, float]:
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
    value = data.get(how.value)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return "", 0.0
    seconds = data.get(how.lives, USUAL)
    fine = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0
    return value, float(min(seconds, LONGEST)) if fine else USUAL


def _alone(said: str, how: Wanted) -> Answer:
    """What is said of one account among many: its records stop, the others go on."""
    return Answer(error="account", body=said.format(how.client).encode())


def _instead(answer: Answer) -> Answer:
    """What the attempt came to. A refused client counts as a refused token; its words stay with it."""
    if answer.error:
        return answer
    if answer.status == 200:  # a proxy's page, or no token in it
        return Answer(error="connection", milliseconds=answer.milliseconds)
    if answer.status in (400, 401):
        return Answer(401, milliseconds=answer.milliseconds)
    return Answer(answer.status, answer.headers, milliseconds=answer.milliseconds)
