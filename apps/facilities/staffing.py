"""Accounts of the staff: opened with a first post, given a slip, ended - each only by those who may.

Whoever makes a slip for somebody could sign in as her; so an account is managed only by one who could
have given it every post that it holds.
"""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.accounts import second_factor
from apps.accounts import services as accounts
from apps.accounts.models import Role, User
from apps.core import approvals
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import Scope, current
from apps.facilities.models import Facility, Post, Practitioner
from apps.facilities.posting import POST_CHANGE, hands_on_of, lasting, needs_second, post_open

SLIP_CHANGE = "slip"  # the ChangeKind of a slip that a second person allows


@transaction.atomic
def account_open(
    *,
    full_name: str,
    username: str,
    phone: str,
    role: Role,
    facility: Facility,
    practitioner: Practitioner | None = None,
) -> User:
    """A new account with its first post. A slip is made afterwards. Raises Refused, PermissionDenied."""
    current().require("users.enter")
    user = accounts.user_create(full_name=full_name, username=username, phone=phone)
    post_open(
        user=user,
        role=role,
        facility=facility,
        practitioner=practitioner,
        valid_from=timezone.localdate(),
    )
    return user


def may_manage(user: User) -> bool:
    """Whether the scope in force may make slips for this account, or end it."""
    scope = current()
    if scope.everything or scope.level == "system":
        return True
    if not scope.can("users.edit") or user.pk == scope.user_id or user.is_superuser:
        return False
    # A post that begins later counts as well: its rights would come to whoever holds the slip.
    posts = _lasting_posts(user)
    if not posts:
        return user.created_by_id == scope.user_id or _only_here(user)
    allowed = scope.rights | (hands_on_of(scope.user_id) if scope.user_id else set())
    return all(scope.reaches(post.facility_id) and set(post.role.rights) <= allowed for post in posts)


def _only_here(user: User) -> bool:
    """All posts that the account ever held were at facilities of the scope."""
    facilities = set(Post.objects.filter(user=user).values_list("facility_id", flat=True))
    return bool(facilities) and facilities <= current().facility_ids


@transaction.atomic
def slip_issue(*, user: User) -> tuple[str, dt.datetime] | PendingChange:
    """A fresh one-time password for an account that the scope manages. Raises PermissionDenied, Refused.

    Whoever holds the slip could sign in as her; so above the station a second person allows it, or has
    allowed who asks every post of an account that nobody has opened yet. Gives the change that waits.
    """
    if not may_manage(user):
        raise PermissionDenied("account")
    if approvals.waiting_on(POST_CHANGE, user.pk):
        raise Refused(
            "Vị trí công tác của tài khoản này còn chờ người thứ hai duyệt; duyệt xong mới in phiếu."
        )
    posts = _lasting_posts(user)
    unseen = [post for post in posts if not _given_by_two(user, post)]
    if needs_second(user, [post.role for post in unseen]) and not approvals.use(SLIP_CHANGE, user.pk):
        return approvals.ask(
            SLIP_CHANGE,
            object_id=user.pk,
            facility_id=posts[0].facility_id,
            title=f"In phiếu đăng nhập mới cho {user.full_name} ({user.username})",
            lines=[("Vị trí", "", f"{post.role.name} – {post.facility.name}") for post in posts],
        )
    return accounts.slip_issue(user=user)


def _given_by_two(user: User, post: Post) -> bool:
    """Whether a second person has agreed that who asks opens the account with this post: once, while nobody
    has opened it. A post that a station's head or a list gave was seen by no second.
    """
    return not user.has_usable_password() and any(
        change.args["role"] == str(post.role_id) and change.args["facility"] == str(post.facility_id)
        for change in approvals.granted(POST_CHANGE, user.pk)
    )


def slip_allowed(change: PendingChange) -> None:
    """The second person only allows: the slip is printed by who asked, who sits beside its owner."""
    if not may_manage(User.objects.get(pk=change.object_id)):
        raise Refused("Tài khoản này nằm ngoài quyền quản lý của bạn.")


def nobody_gains(scope: Scope, change: PendingChange) -> bool:
    """The second person is not the one whose account is opened."""
    return scope.user_id != change.object_id


def _lasting_posts(user: User) -> list[Post]:
    rows = Post.objects.filter(lasting(), user=user, revoked_at=None).select_related("role", "facility")
    return list(rows.order_by("pk"))


def account_set_active(*, user: User, is_active: bool) -> User:
    """End an account or take it into use again. Raises PermissionDenied."""
    if not may_manage(user):
        raise PermissionDenied("account")
    return accounts.user_set_active(user=user, is_active=is_active)


def account_update(*, user: User, full_name: str, phone: str, expected_version: int) -> User:
    """Correct an account's name and phone. Raises PermissionDenied, Refused, StaleVersion."""
    if not may_manage(user):
        raise PermissionDenied("account")
    return accounts.user_update(
        user=user, full_name=full_name, phone=phone, expected_version=expected_version
    )


def totp_reset_confirm(*, user: User) -> User:
    """Take off the code app of an account that the scope manages, once somebody else has said it is lost.

    Raises PermissionDenied, Refused (nobody asked, too late, the same person).
    """
    scope = current()
    if not may_manage(user) or scope.user_id is None:
        raise PermissionDenied("account")
    reset = second_factor.open_reset(user)
    if reset is None:
        raise Refused("Không có yêu cầu nào đang chờ xác nhận cho tài khoản này.")
    by = User.objects.get(pk=scope.user_id)
    return second_factor.reset_confirm(reset_id=reset.pk, confirmed_by=by)
