"""Accounts of the staff: opened with a first post, given a slip, ended - each only by those who may.

Whoever makes a slip for somebody could sign in as her; so an account is managed only by one who could
have given it every post that it holds.
"""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Role, User
from apps.core.scope import current
from apps.facilities.models import Facility, Post, Practitioner
from apps.facilities.services import hands_on_of, post_open


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
    lasting = Q(valid_to__isnull=True) | Q(valid_to__gte=timezone.localdate())
    posts = list(Post.objects.filter(lasting, user=user, revoked_at=None).select_related("role"))
    if not posts:
        return user.created_by_id == scope.user_id or _only_here(user)
    allowed = scope.rights | (hands_on_of(scope.user_id) if scope.user_id else set())
    return all(scope.reaches(post.facility_id) and set(post.role.rights) <= allowed for post in posts)


def _only_here(user: User) -> bool:
    """All posts that the account ever held were at facilities of the scope."""
    facilities = set(Post.objects.filter(user=user).values_list("facility_id", flat=True))
    return bool(facilities) and facilities <= current().facility_ids


def slip_issue(*, user: User) -> tuple[str, dt.datetime]:
    """A fresh one-time password for an account that the scope manages. Raises PermissionDenied, Refused."""
    if not may_manage(user):
        raise PermissionDenied("account")
    return accounts.slip_issue(user=user)


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
