"""The way in: name and password, then the code where there is an app, then a session."""

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.accounts import gate, second_factor, services, workstation
from apps.accounts.models import SignInKind, User
from apps.accounts.second_factor import Answer
from apps.core.errors import Refused

# In the session of somebody whose password was right and whose code is still asked for.
PENDING = "code_pending"
PENDING_FOR = dt.timedelta(minutes=5)

# In the session of an account that must enrol an app before anything else.
MUST_ENROL = "must_enrol"


@dataclass(frozen=True)
class Pending:
    """Whose code is awaited, and where she was going."""

    user: User
    back: str


def sign_in(*, request: HttpRequest, username: str, password: str, back: str) -> User | None:
    """Open a session, or None when the code of her app is asked for next. Raises Refused."""
    user = services.credentials_check(request=request, username=username, password=password)
    if second_factor.of(user) is None:
        _open(request, user, SignInKind.SUCCESS)
        return user
    request.session.flush()
    request.session[PENDING] = [
        str(user.pk),
        int(timezone.now().timestamp()),
        user.get_session_auth_hash(),
        back,
    ]
    return None


def pending(request: HttpRequest) -> Pending | None:
    """Whose code is awaited in this browser: within five minutes, with the same password, not ended since."""
    kept = request.session.get(PENDING)
    if kept is None:
        return None
    user_id, at, auth_hash, back = kept
    user = User.objects.filter(pk=user_id, is_active=True).first()
    late = timezone.now().timestamp() - at > PENDING_FOR.total_seconds()
    if user is None or late or not constant_time_compare(user.get_session_auth_hash(), auth_hash):
        request.session.flush()
        return None
    return Pending(user, back)


def code_enter(*, request: HttpRequest, waiting: Pending, code: str) -> User:
    """The second step: a session for the right code. Raises Refused with the sentence to show."""
    user = waiting.user
    answer = second_factor.check(user=user, code=code)
    if answer is Answer.BLOCKED:
        services.event_log(request, SignInKind.LOCKED, user)
        raise Refused(second_factor.blocked_words(user))
    if answer is Answer.WRONG:
        services.event_log(request, SignInKind.CODE_WRONG, user)
        raise Refused(second_factor.NO_CODE, field="code")
    if why := gate.left(user):
        services.event_log(request, SignInKind.LEFT, user)
        raise Refused(why)
    user.backend = "apps.accounts.backends.AccountBackend"
    _open(request, user, SignInKind.RECOVERY if answer is Answer.RECOVERY else SignInKind.SUCCESS)
    return user


def _open(request: HttpRequest, user: User, kind: SignInKind) -> None:
    must_enrol = gate.needs_code(user) and second_factor.of(user) is None
    services.session_open(request=request, user=user, kind=kind)
    workstation.full_sign_in(request=request, user=user)
    if must_enrol:
        request.session[MUST_ENROL] = True
