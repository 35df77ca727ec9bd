"""What changes accounts: making them, slips, passwords, signing in and out, ending sessions."""

import datetime as dt
import logging
from typing import Any

from django.contrib import auth
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import gate
from apps.accounts.api_tokens import revoke_all
from apps.accounts.limits import Clock, limits_now
from apps.accounts.models import OpenSession, SignInEvent, SignInKind, User, WorkstationUser
from apps.accounts.rules import slip_password, username_key, username_suggest
from apps.core import audit
from apps.core.errors import Refused
from apps.core.scope import active
from apps.core.text import clean
from apps.core.versions import save_versioned

log = logging.getLogger(__name__)

CLOCK = "clock"

WRONG = "Tên đăng nhập hoặc mật khẩu không đúng. Xin kiểm tra phím Caps Lock và bộ gõ tiếng Việt rồi thử lại."
SLIP_OVER = "Phiếu đăng nhập này đã quá hạn. Xin người quản lý tài khoản của đơn vị in phiếu mới cho anh/chị."
DISABLED = "Tài khoản này đã ngừng sử dụng. Xin liên hệ người quản lý tài khoản của đơn vị."


@transaction.atomic
def user_create(
    *,
    full_name: str,
    username: str = "",
    phone: str = "",
    password: str | None = None,
    max_sessions: int | None = None,
) -> User:
    """A new account without posts. Without `password` nobody can sign in until a slip is made for it.

    Raises Refused for an empty name or a sign-in name that is taken or too short.
    """
    full_name = clean(full_name)
    if not full_name:
        raise Refused("Cần nhập họ và tên.", field="full_name")
    name = username_key(username) if username else _free_username(full_name)
    if len(name) < 3:
        raise Refused(
            "Tên đăng nhập cần ít nhất 3 ký tự: chữ không dấu, chữ số, dấu chấm hoặc gạch.", field="username"
        )
    scope = active()
    user = User(
        username=name,
        full_name=full_name,
        phone=clean(phone),
        max_sessions=max_sessions,
        created_by_id=scope.user_id if scope else None,
    )
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"Tên đăng nhập {name} đã có người dùng.", field="username") from error
    audit.record("user.created", object_id=user.pk)
    return user


def _free_username(full_name: str) -> str:
    base = username_suggest(full_name, ())
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    return username_suggest(full_name, taken)


@transaction.atomic
def user_update(*, user: User, full_name: str, phone: str, expected_version: int) -> User:
    """Correct name and phone. Raises Refused, StaleVersion."""
    user.full_name, user.phone = clean(full_name), clean(phone)
    if not user.full_name:
        raise Refused("Cần nhập họ và tên.", field="full_name")
    user.set_keys()
    save_versioned(user, expected=expected_version)
    audit.record("user.changed", object_id=user.pk, data={"fields": ["full_name", "phone"]})
    return user


@transaction.atomic
def user_set_active(*, user: User, is_active: bool) -> User:
    """Disable an account (its sessions end at once) or take it into use again."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.is_active == is_active:
        return locked
    locked.is_active = is_active
    save_versioned(locked, expected=locked.version)
    if not is_active:
        sessions_end(user=locked)
        revoke_all(locked)
    audit.record("user.enabled" if is_active else "user.disabled", object_id=user.pk)
    return locked


@transaction.atomic
def slip_issue(*, user: User) -> tuple[str, dt.datetime]:
    """A fresh random password and the time it ends; the only moment at which it can be read.

    Open sessions and keys of the API end, the password before it opens nothing any more, and the first
    sign-in asks for an own password.
    """
    if not user.is_active:
        raise Refused("Tài khoản đã ngừng sử dụng; hãy cho hoạt động lại trước khi in phiếu.")
    password = slip_password()
    ends = timezone.now() + dt.timedelta(hours=limits_now().slip_hours)
    user.set_password(password)
    user.must_change_password = True
    user.slip_expires_at = ends
    save_versioned(user, expected=user.version)
    sessions_end(user=user)
    revoke_all(user)
    audit.record("user.slip_issued", object_id=user.pk)
    return password, ends


@transaction.atomic
def password_change(*, request: HttpRequest, user: User, old: str, new: str) -> User:
    """An own password in place of the old one; other sessions of the account end.

    Raises Refused with the reason, and the field it belongs to.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.check_password(old):
        raise Refused("Mật khẩu đang dùng không đúng.", field="old")
    if old == new:
        raise Refused("Mật khẩu mới phải khác mật khẩu đang dùng.", field="new")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), field="new") from error
    user.set_password(new)
    user.must_change_password = False
    user.slip_expires_at = None
    save_versioned(user, expected=user.version)
    sessions_end(user=user, but=request.session.session_key)
    OpenSession.objects.filter(session_key=request.session.session_key).delete()
    auth.update_session_auth_hash(request, user)
    _session_note(request, user)
    event_log(request, SignInKind.PASSWORD, user)
    audit.record("user.password_changed", object_id=user.pk)
    return user


def credentials_check(*, request: HttpRequest, username: str, password: str) -> User:
    """The account of a right name and password that may go on. Raises Refused with the sentence to show."""
    name = username_key(username)
    known = User.objects.filter(username=name).first()
    user = auth.authenticate(request, username=name, password=password)
    if user is None:
        if getattr(request, "axes_locked_out", False):
            event_log(request, SignInKind.LOCKED, known)
        elif known is not None and not known.is_active and known.check_password(password):
            event_log(request, SignInKind.DISABLED, known)
            raise Refused(DISABLED)
        else:
            event_log(request, SignInKind.WRONG, known)
        raise Refused(WRONG)
    if user.slip_is_over():
        event_log(request, SignInKind.SLIP_OVER, user)
        raise Refused(SLIP_OVER)
    if why := gate.left(user):
        event_log(request, SignInKind.LEFT, user)
        raise Refused(why)
    return user


@transaction.atomic
def session_open(*, request: HttpRequest, user: User, kind: SignInKind = SignInKind.SUCCESS) -> None:
    """A fresh session for an account that has shown who it is; surplus older ones end."""
    limits = limits_now()
    request.session.flush()  # nothing of an earlier user's session goes on
    auth.login(request, user)
    request.session[CLOCK] = Clock.start(timezone.now(), limits).as_list()
    request.session.save()
    User.objects.select_for_update().get(pk=user.pk)  # two sign-ins at once count each other
    allowed = max(1, user.max_sessions or limits.max_sessions)
    open_keys = list(
        OpenSession.objects.filter(user=user).order_by("started_at").values_list("session_key", flat=True)
    )
    live = set(Session.objects.filter(session_key__in=open_keys).values_list("session_key", flat=True))
    gone = [key for key in open_keys if key not in live]
    surplus = [key for key in open_keys if key in live]
    surplus = surplus[: max(0, len(surplus) - (allowed - 1))]
    Session.objects.filter(session_key__in=surplus).delete()
    OpenSession.objects.filter(session_key__in=[*gone, *surplus]).delete()
    _session_note(request, user)
    if surplus:
        event_log(request, SignInKind.REPLACED, user)
    event_log(request, kind, user)


def _session_note(request: HttpRequest, user: User) -> None:
    address, agent = machine(request)
    OpenSession.objects.create(
        session_key=request.session.session_key or "", user=user, address=address, agent=agent
    )


def machine(request: HttpRequest) -> tuple[str | None, str]:
    """The address and the browser that a request came from, as the log keeps them."""
    agent = request.headers.get("User-Agent", "")[:200].replace("\x00", "")
    return request.META.get("REMOTE_ADDR") or None, agent


def sign_out(*, request: HttpRequest, kind: SignInKind = SignInKind.SIGN_OUT) -> None:
    """End this session and say why in the log."""
    if isinstance(request.user, User):
        OpenSession.objects.filter(session_key=request.session.session_key).delete()
        event_log(request, kind, request.user)
    auth.logout(request)


def sessions_end(*, user: User, but: str | None = None, keep_pin_at: Any = None) -> None:
    """End the open sessions of an account, except the one named by `but`; nor does a PIN of hers open
    anything any more, except at the computer `keep_pin_at`.
    """
    WorkstationUser.objects.filter(user=user).exclude(workstation=keep_pin_at).update(
        pin="", aside={}, aside_at=None
    )
    rows = OpenSession.objects.filter(user=user).exclude(session_key=but or "")
    Session.objects.filter(session_key__in=list(rows.values_list("session_key", flat=True))).delete()
    rows.delete()


def sessions_cleared() -> int:
    """Forget the sessions that are over, and who had opened them. How many that were."""
    gone, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    live = Session.objects.filter(session_key=OuterRef("session_key"))
    OpenSession.objects.filter(~Exists(live)).delete()
    return gone


def event_log(request: HttpRequest, kind: SignInKind, user: User | None) -> None:
    """One line of the sign-in log. A name that is nobody's is not kept: it may be a mistyped password."""
    address, agent = machine(request)
    SignInEvent.objects.create(user=user, kind=kind, address=address, agent=agent)
    log.info("sign_in", extra={"kind": str(kind), "account": str(user.pk) if user else ""})
