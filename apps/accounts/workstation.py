"""One computer and several nurses: locking the screen, and changing over by a PIN.

A computer is known by a random cookie. Who has signed in there in full (name, password and the code where
there is one) may set a PIN for that computer; the PIN opens nothing elsewhere, nothing after five wrong
tries, nothing once her last full sign-in there is too long ago, and nothing when nobody has signed in there
in full for a shift. Locking ends the session: what belongs to it (her workplace, the page she was on) is
put aside for her here, and no one else's session ever holds it.
"""

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.accounts import gate, second_factor, services
from apps.accounts.limits import Limits, limits_now
from apps.accounts.models import SignInKind, User, Workstation, WorkstationUser
from apps.core import audit
from apps.core.errors import Refused

COOKIE = "tramyte_may"
COOKIE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep one
TRIES = 5

# Kept in the session itself, not put aside: they belong to one sign-in.
_NOT_ASIDE = ("_auth_", services.CLOCK, "code_pending", "totp_nonce", "_messages")

PLAIN_PIN = "Mã PIN này quá dễ đoán. Xin chọn 6 số khác."
WRONG_PIN = "Mã PIN không đúng. Còn {left} lần thử."
SIGN_IN_FULLY = "Mã PIN không dùng được nữa. Xin đăng nhập đầy đủ bằng mật khẩu."


class Answer(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    FULL_SIGN_IN = "full"


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in at this computer, as the lock page shows her."""

    id: UUID
    name: str
    has_pin: bool
    waiting: bool


def of(request: HttpRequest) -> Workstation | None:
    """The computer that the request comes from, if somebody has signed in there before."""
    token = request.COOKIES.get(COOKIE, "")
    return Workstation.objects.filter(digest=_digest(token)).first() if token else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def is_open(station: Workstation | None) -> bool:
    """Whether somebody has signed in there in full within a shift, and nobody has closed it since."""
    return station is not None and station.open_until is not None and station.open_until > timezone.now()


@transaction.atomic
def full_sign_in(*, request: HttpRequest, user: User) -> None:
    """Note that `user` has just signed in here in full, and give her back what was put aside for her."""
    limits, now = limits_now(), timezone.now()
    station = of(request)
    if station is None:
        token = secrets.token_urlsafe(32)
        station = Workstation(digest=_digest(token))
        request.new_workstation = token  # type: ignore[attr-defined]  # given to the browser by set_cookie
    station.open_until = now + dt.timedelta(hours=limits.session_hours)
    station.save()
    row, _ = WorkstationUser.objects.select_for_update().get_or_create(workstation=station, user=user)
    row.signed_in_at, row.tries = now, 0
    _give_back(request, row)


def set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Make the browser remember which computer it is."""
    token = getattr(request, "new_workstation", None)
    if token is not None:
        response.set_cookie(
            COOKIE,
            token,
            max_age=COOKIE_SECONDS,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )


# --- locking


def lock(*, request: HttpRequest, back: str, kind: SignInKind = SignInKind.SCREEN_LOCKED) -> bool:
    """End this session, its things put aside; False where the computer is not known and nothing is kept."""
    station, user = of(request), request.user
    if station is not None and isinstance(user, User):
        aside = {key: value for key, value in request.session.items() if not key.startswith(_NOT_ASIDE)} | {
            "back": back
        }
        WorkstationUser.objects.filter(workstation=station, user=user).update(
            aside=aside, aside_at=timezone.now()
        )
    services.sign_out(request=request, kind=kind)
    return station is not None


def _give_back(request: HttpRequest, row: WorkstationUser) -> None:
    """What was put aside goes into the new session, once; the page she was on stands under 'back'."""
    for key, value in row.aside.items():
        if key != "back":
            request.session.setdefault(key, value)
    request.back = row.aside.get("back", "")  # type: ignore[attr-defined]  # read by the view that opens
    row.aside, row.aside_at = {}, None
    row.save()


def close(station: Workstation) -> None:
    """The end of the shift: nothing opens here before a full sign-in."""
    Workstation.objects.filter(pk=station.pk).update(open_until=None)
    WorkstationUser.objects.filter(workstation=station).update(aside={}, aside_at=None)


@transaction.atomic
def forget_unused(now: dt.datetime) -> tuple[int, int]:
    """Forget who has not signed in at a computer for long, and computers with nobody left; their numbers.

    A browser without its cookie is a new computer each time: without this the rows only grow.
    """
    limits = limits_now()
    before = now - dt.timedelta(days=max(limits.workstation_days, limits.pin_days))
    people, _ = WorkstationUser.objects.filter(signed_in_at__lt=before).delete()
    # locked: a computer at which somebody signs in just now stays
    somebody = WorkstationUser.objects.filter(workstation=OuterRef("pk"))
    empty = Workstation.objects.select_for_update(skip_locked=True).filter(
        ~Exists(somebody), updated_at__lt=before
    )
    stations, _ = Workstation.objects.filter(pk__in=[station.pk for station in empty]).delete()
    return people, stations


# --- the PIN


def people(station: Workstation) -> Sequence[Person]:
    """Who may change over here, whoever was last first."""
    limits = limits_now()
    rows = WorkstationUser.objects.filter(
        workstation=station, user__is_active=True, signed_in_at__gt=_since(limits)
    )
    return [
        Person(row.user_id, row.user.full_name, bool(row.pin) and row.tries < TRIES, row.aside_at is not None)
        for row in rows.select_related("user").order_by(
            F("aside_at").desc(nulls_last=True), "user__sort_key"
        )[:12]
    ]


def _since(limits: Limits) -> dt.datetime:
    return timezone.now() - dt.timedelta(days=limits.pin_days)


def own_row(request: HttpRequest, user: User) -> WorkstationUser | None:
    """What this computer knows of `user`."""
    station = of(request)
    return WorkstationUser.objects.filter(workstation=station, user=user).first() if station else None


@transaction.atomic
def pin_set(*, request: HttpRequest, user: User, password: str, pin: str) -> None:
    """A PIN for this computer. Raises Refused: wrong password, a plain PIN, not signed in here in full."""
    row = own_row(request, user)
    if row is None or row.signed_in_at <= _since(limits_now()):
        raise Refused("Máy này chưa nhận ra anh/chị. Xin đăng xuất rồi đăng nhập bằng mật khẩu trên máy này.")
    if not user.check_password(password):
        raise Refused("Mật khẩu đang dùng không đúng.", field="password")
    if is_plain(pin):
        raise Refused(PLAIN_PIN, field="pin")
    row.pin, row.tries = make_password(_peppered(row, pin)), 0
    row.save()
    audit.record("user.pin_set", object_id=user.pk)


def is_plain(pin: str) -> bool:
    """Whether a PIN is none, or one of the first that anybody would try."""
    if not re.fullmatch(r"[0-9]{6}", pin) or len(set(pin)) < 3:
        return True
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return len(steps) == 1 or pin[:3] == pin[3:] or pin[:2] * 3 == pin


def _peppered(row: WorkstationUser, pin: str) -> str:
    """A million PINs are soon tried: without the installation's key a stolen table is of no use."""
    text = f"{row.workstation_id}:{row.user_id}:{pin}"
    return salted_hmac("accounts.pin", text, algorithm="sha256").hexdigest()


@transaction.atomic
def _pin_check(station: Workstation, user_id: UUID, pin: str) -> tuple[Answer, WorkstationUser | None]:
    """Whether the PIN is right; each try is counted on the locked row, so ten at once are ten."""
    rows = WorkstationUser.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(workstation=station, user_id=user_id).first()
    limits = limits_now()
    if row is None or not row.pin or row.tries >= TRIES or row.signed_in_at <= _since(limits):
        return Answer.FULL_SIGN_IN, row
    shift = timezone.now() - dt.timedelta(hours=limits.session_hours)
    if gate.needs_code(row.user) and (row.signed_in_at <= shift or second_factor.of(row.user) is None):
        # Above the station a PIN lasts as long as the shift it was opened in, and stands in for no code app.
        return Answer.FULL_SIGN_IN, row
    if check_password(_peppered(row, pin), row.pin):
        row.tries = 0
        row.save(update_fields=["tries"])
        return Answer.RIGHT, row
    row.tries += 1
    row.save(update_fields=["tries"])
    return (Answer.FULL_SIGN_IN if row.tries >= TRIES else Answer.WRONG), row


def pin_enter(*, request: HttpRequest, user_id: UUID, pin: str) -> User:
    """Change over: a session for whoever's PIN it is, with what was put aside for her. Raises Refused."""
    station = of(request)
    if station is None or not is_open(station):
        raise Refused(SIGN_IN_FULLY)
    answer, row = _pin_check(station, user_id, pin)
    if row is None:
        raise Refused(SIGN_IN_FULLY)
    user = row.user
    if answer is not Answer.RIGHT:
        services.event_log(request, SignInKind.PIN_WRONG, user)
        left = TRIES - row.tries
        raise Refused(WRONG_PIN.format(left=left) if answer is Answer.WRONG else SIGN_IN_FULLY, field="pin")
    if not user.is_active or user.must_change_password or gate.left(user):
        services.event_log(request, SignInKind.DISABLED, user)
        raise Refused(SIGN_IN_FULLY)
    user.backend = "apps.accounts.backends.AccountBackend"
    services.session_open(request=request, user=user, kind=SignInKind.PIN)
    _give_back(request, row)
    return user


def pin_of(request: HttpRequest, user: User) -> bool:
    """Whether `user` has a PIN that may be tried at this computer now."""
    station = of(request)
    if not is_open(station):
        return False
    rows = WorkstationUser.objects.filter(workstation=station, user=user, tries__lt=TRIES)
    return rows.exclude(pin="").exists()


def pin_confirm(*, request: HttpRequest, user: User, pin: str) -> None:
    """Whether somebody beside whoever is signed in here knows her PIN; no session is opened. Raises Refused.

    A wrong one counts like at the lock page.
    """
    station = of(request)
    if station is None or not is_open(station):
        raise Refused(SIGN_IN_FULLY)
    answer, row = _pin_check(station, user.pk, pin)
    if row is None or answer is Answer.FULL_SIGN_IN:
        services.event_log(request, SignInKind.PIN_WRONG, user)
        raise Refused(SIGN_IN_FULLY)
    if answer is Answer.WRONG:
        services.event_log(request, SignInKind.PIN_WRONG, user)
        raise Refused(WRONG_PIN.format(left=TRIES - row.tries))


def here(request: HttpRequest) -> bool:
    """For the door: whether a PIN may be tried at this computer."""
    station = of(request)
    if not is_open(station):
        return False
    return WorkstationUser.objects.filter(workstation=station, user__is_active=True).exclude(pin="").exists()
