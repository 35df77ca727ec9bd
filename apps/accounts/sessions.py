"""An account's own open sessions: where they are, and ending one or all the others."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.accounts import workstation
from apps.accounts.devices import device_words
from apps.accounts.limits import Clock
from apps.accounts.models import OpenSession, SignInKind, User
from apps.accounts.services import CLOCK, event_log, sessions_end
from apps.core import audit


@dataclass(frozen=True)
class Line:
    """One open session as its owner sees it. `ref` names it in a form: the key never leaves the server."""

    ref: str
    device: str
    address: str
    started_at: dt.datetime
    last_used_at: dt.datetime
    is_this: bool
    data: dict[str, Any]


def open_sessions(request: HttpRequest, user: User) -> list[Line]:
    """The sessions that are really open, this one first, then by last use."""
    rows = {row.session_key: row for row in OpenSession.objects.filter(user=user)}
    now = timezone.now()
    lines = []
    for session in Session.objects.filter(session_key__in=rows, expire_date__gt=now):
        row, data = rows[session.session_key], session.get_decoded()
        clock = Clock(*data[CLOCK]) if CLOCK in data else None
        if clock is not None and clock.over(now):
            continue
        seen = dt.datetime.fromtimestamp(clock.seen, tz=dt.UTC) if clock else row.started_at
        lines.append(
            Line(
                ref=_ref(row.session_key),
                device=device_words(row.agent),
                address=row.address or "",
                started_at=row.started_at,
                last_used_at=seen,
                is_this=row.session_key == request.session.session_key,
                data=data,
            )
        )
    lines.sort(key=lambda line: line.last_used_at, reverse=True)
    return sorted(lines, key=lambda line: not line.is_this)


def end_one(*, request: HttpRequest, user: User, ref: str) -> bool:
    """End the session that `ref` names; False when she has none of that name. Not the one in use."""
    for key in OpenSession.objects.filter(user=user).values_list("session_key", flat=True):
        if _ref(key) == ref and key != request.session.session_key:
            Session.objects.filter(session_key=key).delete()
            OpenSession.objects.filter(session_key=key).delete()
            _noted(request, user)
            return True
    return False


def end_others(*, request: HttpRequest, user: User) -> None:
    """End every session of the account but the one in use, and its PINs at other computers."""
    sessions_end(user=user, but=request.session.session_key, keep_pin_at=workstation.of(request))
    _noted(request, user)


def _noted(request: HttpRequest, user: User) -> None:
    event_log(request, SignInKind.ENDED, user)
    audit.record("user.session_ended", object_id=user.pk)


def _ref(session_key: str) -> str:
    return salted_hmac("accounts.session", session_key, algorithm="sha256").hexdigest()[:32]
