"""The second factor of an account: enrolled, asked for, lost and taken off by two people."""

import datetime as dt
from enum import Enum
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts import totp
from apps.accounts.models import RecoveryCode, Totp, TotpReset, User
from apps.accounts.services import sessions_end
from apps.core import audit
from apps.core.errors import Refused
from apps.core.text import clean

TRIES = 5
BLOCKED = dt.timedelta(minutes=15)  # as long as the lockout of wrong passwords
RESET_HOURS = 24

NO_CODE = (
    "Mã không đúng hoặc đã dùng rồi. Xin chờ mã mới trên điện thoại (30 giây) và kiểm tra giờ của điện thoại."
)
BLOCKED_WORDS = "Đã nhập sai mã quá nhiều lần. Xin thử lại sau {minutes} phút."


class Answer(Enum):
    RIGHT = "right"
    RECOVERY = "recovery"
    WRONG = "wrong"
    BLOCKED = "blocked"


def of(user: User) -> Totp | None:
    """The enrolled second factor of an account."""
    return Totp.objects.filter(user=user).first()


@transaction.atomic
def enrol(*, user: User, nonce: str, code: str) -> list[str]:
    """Take the app into use once it shows the right code. Gives the recovery codes, readable this once.

    Raises Refused for a wrong code, and for an account that has an app already.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if of(user) is not None:
        raise Refused("Tài khoản này đã có ứng dụng mã xác thực.")
    step = totp.step_of(user.pk, nonce, code, timezone.now(), after=0)
    if step is None:
        raise Refused(NO_CODE, field="code")
    Totp.objects.create(user=user, nonce=nonce, last_step=step)
    audit.record("user.totp_enrolled", object_id=user.pk)
    return _recovery_codes(user)


def _recovery_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = totp.fresh_recovery_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=totp.recovery_digests(user.pk, code)[0]) for code in codes
    )
    return codes


@transaction.atomic
def check(*, user: User, code: str) -> Answer:
    """Whether `code` is the app's of now, or a recovery code not used before. Each try is counted.

    Two requests with the same code: the row is locked, so one of them is wrong.
    """
    row = Totp.objects.select_for_update().filter(user=user).first()
    now = timezone.now()
    if row is None:
        return Answer.WRONG
    if row.blocked_until is not None and row.blocked_until > now:
        return Answer.BLOCKED
    answer = Answer.WRONG
    step = totp.step_of(user.pk, row.nonce, code, now, after=row.last_step)
    if step is not None:
        row.last_step, answer = step, Answer.RIGHT
    elif _recovery_used(user, code):
        answer = Answer.RECOVERY
    row.tries = row.tries + 1 if answer is Answer.WRONG else 0
    row.blocked_until = now + BLOCKED if row.tries >= TRIES else None
    if row.blocked_until is not None:
        row.tries = 0
    row.save(update_fields=["last_step", "tries", "blocked_until", "updated_at"])
    return answer


def _recovery_used(user: User, code: str) -> bool:
    digests = totp.recovery_digests(user.pk, code)
    unused = RecoveryCode.objects.filter(user=user, digest__in=digests, used_at=None)
    if unused.update(used_at=timezone.now()) != 1:
        return False
    audit.record("user.recovery_used", object_id=user.pk)
    return True


def blocked_words(user: User) -> str:
    """When the next try is taken."""
    row = of(user)
    left = (row.blocked_until - timezone.now()) if row and row.blocked_until else dt.timedelta()
    return BLOCKED_WORDS.format(minutes=max(1, -(-int(left.total_seconds()) // 60)))


def _proved(user: User, password: str, code: str) -> None:
    """Raises Refused unless whoever asks has the password and the app or a recovery code."""
    if not user.check_password(password):
        raise Refused("Mật khẩu đang dùng không đúng.", field="password")
    answer = check(user=user, code=code)
    if answer is Answer.BLOCKED:
        raise Refused(blocked_words(user), field="code")
    if answer is Answer.WRONG:
        raise Refused(NO_CODE, field="code")


def recovery_renew(*, user: User, password: str, code: str) -> list[str]:
    """Fresh recovery codes in place of the old ones. Raises Refused."""
    _proved(user, password, code)
    with transaction.atomic():
        audit.record("user.recovery_renewed", object_id=user.pk)
        return _recovery_codes(user)


def drop(*, user: User, password: str, code: str) -> None:
    """Take the app out of use by the account's own wish; where it is required it is asked for anew.

    Raises Refused.
    """
    _proved(user, password, code)
    with transaction.atomic():
        _taken_off(user)
        audit.record("user.totp_dropped", object_id=user.pk)


def _taken_off(user: User) -> None:
    Totp.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


# --- lost: one asks, another confirms


def open_reset(user: User) -> TotpReset | None:
    """The request that waits for its second person."""
    return (
        TotpReset.objects.filter(user=user, confirmed_at=None, expires_at__gt=timezone.now())
        .select_related("asked_by", "user")
        .first()
    )


@transaction.atomic
def reset_ask(*, user: User, asked_by: User, reason: str) -> TotpReset:
    """Say that the account's app and codes are lost. Nothing changes before another person confirms.

    Raises Refused.
    """
    if user.pk == asked_by.pk:
        raise Refused("Không ai tự báo mất cho mình; xin nhờ đồng nghiệp hoặc trưởng trạm.")
    reason = clean(reason)
    if not reason:
        raise Refused("Cần ghi lý do.", field="reason")
    User.objects.select_for_update().get(pk=user.pk)
    if of(user) is None:
        raise Refused("Tài khoản này không dùng ứng dụng mã xác thực.")
    if open_reset(user) is not None:
        raise Refused("Đã có người báo mất cho tài khoản này; đang chờ người thứ hai xác nhận.")
    ends = timezone.now() + dt.timedelta(hours=RESET_HOURS)
    reset = TotpReset.objects.create(user=user, asked_by=asked_by, reason=reason, expires_at=ends)
    audit.record("user.totp_reset_asked", object_id=user.pk)
    return reset


@transaction.atomic
def reset_confirm(*, reset_id: UUID, confirmed_by: User) -> User:
    """The second person takes the app off; every session of the account ends. Raises Refused."""
    reset = TotpReset.objects.select_for_update(of=("self",)).select_related("user").get(pk=reset_id)
    if reset.confirmed_at is not None or reset.expires_at <= timezone.now():
        raise Refused("Yêu cầu này đã được xác nhận hoặc đã quá 24 giờ.")
    if confirmed_by.pk in (reset.asked_by_id, reset.user_id):
        raise Refused("Người xác nhận phải là người khác với người báo và người mất.")
    reset.confirmed_by, reset.confirmed_at = confirmed_by, timezone.now()
    reset.save()
    _taken_off(reset.user)
    sessions_end(user=reset.user)
    audit.record(
        "user.totp_reset_confirmed", object_id=reset.user_id, data={"asked_by": str(reset.asked_by_id)}
    )
    return reset.user
