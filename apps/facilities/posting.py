"""Who gets a post and who loses it: nobody grants what she neither holds nor may hand on, and above the
station nobody alone opens a way to patients. Each a transaction, checked against the scope and audited.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from apps.accounts.api_tokens import revoke_all
from apps.accounts.models import Role, User
from apps.accounts.rules import may_hand_on
from apps.accounts.services import sessions_end
from apps.core import approvals, audit, dated
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.core.versions import save_versioned
from apps.facilities.models import LEVEL_OF_KIND, Facility, Post, Practitioner
from apps.facilities.posts import held_posts, left
from apps.facilities.services import reach

POST_CHANGE = "post"  # the ChangeKind of a post that a second person gives
# The sections that tell of nobody who is cared for; at a station every other one does.
HARMLESS = frozenset(
    {"catalogues", "facilities", "users", "parameters", "operations", "backup", "numbers", "reports"}
)
# Rights by which somebody comes by others' rights, or sends records away.
OPENS_THE_WAY = frozenset({"users.enter", "users.edit", "sync.edit"})


@transaction.atomic
def post_open(
    *,
    user: User,
    role: Role,
    facility: Facility,
    practitioner: Practitioner | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> Post | PendingChange:
    """Give `user` a role at a facility. Nobody grants what she neither holds nor may hand on, nor to herself.

    Gives the change that waits for a second person where the role asks for one (`needs_second`).
    Raises Refused (level of role and facility differ, days overlap), PermissionDenied (out of reach).
    """
    post = Post(
        user=user,
        role=role,
        facility=facility,
        practitioner=practitioner,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    _may_open(post)
    if not needs_second(user, [role]):
        return _post_write(post)
    return approvals.ask(
        POST_CHANGE,
        object_id=user.pk,
        facility_id=facility.pk,
        title=f"Giao vị trí {role.name} tại {facility.name} cho {user.full_name} ({user.username})",
        lines=[
            ("Vai trò", "", role.name),
            ("Cơ sở", "", facility.name),
            ("Người hành nghề", "", practitioner.full_name if practitioner else ""),
            ("Từ ngày", "", f"{valid_from:%d/%m/%Y}" if valid_from else ""),
            ("Đến hết ngày", "", f"{valid_to:%d/%m/%Y}" if valid_to else "đến khi thu hồi"),
        ],
        args={
            "user": user.pk,
            "role": role.pk,
            "facility": facility.pk,
            "practitioner": practitioner.pk if practitioner else None,
            "valid_from": valid_from,
            "valid_to": valid_to,
        },
    )


def post_approved(change: PendingChange) -> None:
    """Open the post that another account has asked for, when the second person might give it herself."""
    args = change.args
    practitioner = Practitioner.objects.filter(pk=args["practitioner"]).first()
    post = Post(
        user=User.objects.get(pk=args["user"]),
        role=Role.objects.get(pk=args["role"]),
        facility=Facility.objects.get(pk=args["facility"]),
        practitioner=practitioner,
        valid_from=_day(args["valid_from"]),
        valid_to=_day(args["valid_to"]),
    )
    _may_open(post)
    _post_write(post)


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def needs_second(user: User, roles: Iterable[Role]) -> bool:
    """Whether these roles, given by this scope to this account, or a slip for who holds them, need a second.

    Above the station nobody alone opens a way to patients, or to a second account that would approve her own
    wishes. A station's head gives her own staff their posts alone, but not to somebody of the province.
    The installation's own account makes the first accounts, when there is no second yet.
    """
    scope = current()
    if scope.everything or scope.level == "system":
        return False
    if not any(opens_a_way(role, role.rights) for role in roles):
        return False
    if scope.level != "station":
        return True
    above = [kind for kind, level in LEVEL_OF_KIND.items() if level != "station"]
    return Post.objects.filter(lasting(), user=user, revoked_at=None, facility__kind__in=above).exists()


def opens_a_way(role: Role, rights: Iterable[str]) -> bool:
    """Whether rights lead to patients or to the rights of others. Above the station no page and no file names
    a patient, whatever the rights (the scope walk).
    """
    return any(
        right in OPENS_THE_WAY or (role.level == "station" and right.split(".")[0] not in HARMLESS)
        for right in rights
    )


def lasting() -> models.Q:
    """Posts of today and later: their rights come to whoever holds the account."""
    return models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=timezone.localdate())


def _may_open(post: Post) -> None:
    current().require("users.enter")
    role, facility, practitioner = post.role, post.facility, post.practitioner
    reach(facility)
    if not role.is_active:
        raise Refused(f"Vai trò {role.name} đang tắt.", field="role")
    if role.level != facility.level:
        raise Refused(f"Vai trò {role.name} không dùng ở {facility.get_kind_display()}.", field="role")
    if not may_grant(role):
        raise PermissionDenied("role")
    if post.user_id == current().user_id:
        raise Refused("Không ai tự giao vị trí công tác cho mình.", field="user")
    if practitioner is not None and practitioner.facility.station_id != facility.station_id:
        raise Refused("Người hành nghề này thuộc cơ sở khác.", field="practitioner")
    if practitioner is not None and practitioner.user_id not in (None, post.user_id):
        raise Refused("Người hành nghề này đã gắn với tài khoản khác.", field="practitioner")


def _post_write(post: Post) -> Post:
    user, practitioner = post.user, post.practitioner
    rows = Post.objects.filter(user=user, role=post.role, facility=post.facility, revoked_at__isnull=True)
    dated.add_row(user, rows, post)
    if practitioner is not None and practitioner.user_id is None:
        practitioner.user = user
        save_versioned(practitioner, expected=practitioner.version)
    audit.record(
        "post.opened", object_id=user.pk, facility_id=post.facility_id, data={"role": post.role.name}
    )
    return post


@transaction.atomic
def post_revoke(*, post: Post, expected_version: int) -> Post:
    """End a post this moment: it bites at the user's next request. Raises Refused, StaleVersion."""
    current().require("users.edit")
    reach(post.facility)
    if not may_grant(post.role):
        raise PermissionDenied("role")
    if post.revoked_at is not None:
        raise Refused("Vị trí công tác này đã được thu hồi.")
    if post.user_id == current().user_id:
        raise Refused("Không ai tự thu hồi vị trí công tác của mình.")
    post.revoked_at = timezone.now()
    save_versioned(post, expected=expected_version)
    if left(post.user):
        sessions_end(user=post.user)
        revoke_all(post.user)
    audit.record(
        "post.revoked", object_id=post.user_id, facility_id=post.facility_id, data={"role": post.role.name}
    )
    return post


def may_grant(role: Role) -> bool:
    """Whether the scope in force may give this role to somebody: rights it holds, or may hand on."""
    scope = current()
    if scope.everything or scope.level == "system":
        return True
    if not scope.can("users.enter") or scope.user_id is None:
        return False
    return may_hand_on(scope.rights, hands_on_of(scope.user_id), role.rights)


def hands_on_of(user_id: Any) -> set[str]:
    """The rights that the posts of the scope's user at her workplace let her hand on."""
    scope = current()
    posts = held_posts(User.objects.get(pk=user_id))
    return {right for post in posts if post.station_id == scope.workplace_id for right in post.hands_on}
