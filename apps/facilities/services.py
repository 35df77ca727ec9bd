"""What changes facilities, hamlets, catchments, practitioners and posts.

Every function is one transaction, checked against the scope in force and audited. The system scope
(commands, loaders) may do everything.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from apps.accounts.api_tokens import revoke_all
from apps.accounts.models import Role, User
from apps.accounts.rules import may_hand_on
from apps.accounts.services import sessions_end
from apps.core import approvals, audit, dated
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.facilities.models import (
    LEVEL_OF_KIND,
    AdminUnit,
    Catchment,
    Facility,
    FacilityKind,
    Hamlet,
    Post,
    Practitioner,
    UnitLevel,
)
from apps.facilities.posts import held_posts, left

POST_CHANGE = "post"  # the ChangeKind of a post that a second person gives
CLINICAL = frozenset({"people", "households", "visits", "prescriptions", "restricted", "field"})
# Rights by which somebody comes by others' rights, or sends records away.
OPENS_THE_WAY = frozenset({"users.enter", "users.edit", "sync.edit"})


def _reach(facility: Facility) -> None:
    """Nothing is written for a facility outside the scope."""
    scope = current()
    if not (scope.level == "system" or scope.reaches(facility.pk) or scope.reaches(facility.station_id)):
        raise PermissionDenied("facility")


def _checked(row: models.Model) -> None:
    """The model's own rules as one Vietnamese sentence with its field."""
    try:
        row.full_clean()
    except ValidationError as error:
        field, found = next(iter(error.message_dict.items()))
        raise Refused(" ".join(found), field=None if field == "__all__" else field) from error


def _insert(row: models.Model) -> None:
    """Save a new row; somebody else's equal row, saved a moment ago, is a sentence and not a crash."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("Dữ liệu này vừa được người khác lưu; xin mở lại trang.") from error


@transaction.atomic
def facility_create(
    *,
    name: str,
    kind: str,
    unit: AdminUnit,
    part_of: Facility | None = None,
    valid_from: dt.date | None = None,
    **fields: Any,
) -> Facility:
    """A new facility or point. `fields`: kcb_code, code13, address, phone, is_demo. Raises Refused."""
    current().require("facilities.enter")
    if part_of is not None:
        _reach(part_of)
    elif current().level == "station":
        raise PermissionDenied("facility")
    facility = Facility(
        name=clean(name), kind=kind, unit=unit, part_of=part_of, valid_from=valid_from, **fields
    )
    if part_of is not None and part_of.kind != FacilityKind.STATION:
        raise Refused("Điểm trạm phải thuộc một trạm y tế.", field="part_of")
    _checked(facility)
    _insert(facility)
    audit.record("facility.created", object_id=facility.pk, facility_id=facility.station_id)
    return facility


@transaction.atomic
def facility_update(*, facility: Facility, expected_version: int, fields: list[str]) -> Facility:
    """Save the named fields that the caller changed on `facility`. Raises Refused, StaleVersion."""
    current().require("facilities.edit")
    _reach(facility)
    facility.name = clean(facility.name)
    facility.set_keys()
    _checked(facility)
    save_versioned(facility, expected=expected_version)
    audit.record("facility.changed", object_id=facility.pk, facility_id=facility.pk, data={"fields": fields})
    return facility


@transaction.atomic
def hamlet_create(
    *,
    commune: AdminUnit,
    name: str,
    code: str = "",
    kind: str = "thôn",
    sort_order: int = 100,
    valid_from: dt.date | None = None,
    facility: Facility | None = None,
) -> Hamlet:
    """A new hamlet; with `facility` its catchment opens there from the same day.

    Without `code` the next free number of the commune is taken. Raises Refused.
    """
    current().require("facilities.enter")
    if facility is not None:
        _reach(facility)
    if commune.level != UnitLevel.COMMUNE:
        raise Refused("Thôn, tổ phải thuộc một xã, phường hoặc đặc khu.", field="commune")
    if current().level == "station" and (facility is None or facility.unit_id != commune.pk):
        raise PermissionDenied("commune")
    hamlet = Hamlet(
        commune=commune,
        code=clean(code) or _next_code(commune),
        name=clean(name),
        kind=kind,
        sort_order=sort_order,
        valid_from=valid_from,
    )
    _checked(hamlet)
    _insert(hamlet)
    audit.record("hamlet.created", object_id=hamlet.pk, facility_id=facility.pk if facility else None)
    if facility is not None:
        catchment_open(facility=facility, hamlet=hamlet, valid_from=valid_from)
    return hamlet


def _next_code(commune: AdminUnit) -> str:
    dated.lock(commune)
    codes = Hamlet.objects.filter(commune=commune).values_list("code", flat=True)
    return f"{max((int(code) for code in codes if code.isdecimal()), default=0) + 1:03d}"


@transaction.atomic
def hamlet_update(*, hamlet: Hamlet, expected_version: int, fields: list[str]) -> Hamlet:
    """Save the named fields that the caller changed on `hamlet`. Raises Refused, StaleVersion."""
    current().require("facilities.edit")
    stations = set(hamlet.catchments.values_list("facility_id", flat=True))
    if current().level == "station" and not stations & current().facility_ids:
        raise PermissionDenied("hamlet")
    hamlet.name = clean(hamlet.name)
    hamlet.set_keys()
    _checked(hamlet)
    save_versioned(hamlet, expected=expected_version)
    audit.record("hamlet.changed", object_id=hamlet.pk, data={"fields": fields})
    return hamlet


@transaction.atomic
def catchment_open(*, facility: Facility, hamlet: Hamlet, valid_from: dt.date | None = None) -> Catchment:
    """Give a hamlet to a station or point from a day on; the station before it ends the day before.

    With `valid_from` None it is the hamlet's first catchment and counts from always.
    """
    current().require("facilities.enter")
    _reach(facility)
    if facility.kind not in (FacilityKind.STATION, FacilityKind.POINT):
        raise Refused("Chỉ trạm y tế hoặc điểm trạm có địa bàn phụ trách.", field="facility")
    rows = Catchment.objects.filter(hamlet=hamlet)
    for row in rows.select_related("facility"):
        if row.valid_to is None:
            _reach(row.facility)  # nobody takes a hamlet away from a station outside her scope
    catchment = Catchment(facility=facility, hamlet=hamlet, valid_from=valid_from)
    if valid_from is None:
        dated.add_row(hamlet, rows, catchment)
    else:
        dated.replace_open(hamlet, rows, catchment)
    audit.record("catchment.opened", object_id=hamlet.pk, facility_id=facility.pk)
    return catchment


@transaction.atomic
def practitioner_create(
    *,
    full_name: str,
    facility: Facility,
    grade: str,
    user: User | None = None,
    valid_from: dt.date | None = None,
    **fields: Any,
) -> Practitioner:
    """Somebody who gives care at a station or point, with or without an account. Raises Refused.

    `fields`: licence_no, licence_scope, prescriber_code, can_sign, signature_title, valid_to.
    """
    current().require("facilities.enter")
    _reach(facility)
    practitioner = Practitioner(
        full_name=clean(full_name), facility=facility, grade=grade, user=user, valid_from=valid_from, **fields
    )
    _checked(practitioner)
    _insert(practitioner)
    audit.record("practitioner.created", object_id=practitioner.pk, facility_id=facility.pk)
    return practitioner


# What decides which acts a practitioner may do (facilities/practice.py).
PRACTICE = ("grade", "licence_no", "licence_scope", "prescriber_code", "can_sign")
OWN_PRACTICE = "Chức danh, giấy phép và quyền ký của chính mình phải do người khác sửa."


@transaction.atomic
def practitioner_update(
    *, practitioner: Practitioner, expected_version: int, fields: list[str]
) -> Practitioner:
    """Save the named fields that the caller changed. Nobody widens her own practice.

    Raises Refused, StaleVersion.
    """
    scope = current()
    scope.require("facilities.edit")
    _reach(practitioner.facility)
    own = scope.user_id is not None and practitioner.user_id == scope.user_id
    if own and (bound := [name for name in PRACTICE if name in fields]):
        raise Refused(OWN_PRACTICE, field=bound[0], code="own-practice")
    practitioner.full_name = clean(practitioner.full_name)
    practitioner.set_keys()
    _checked(practitioner)
    save_versioned(practitioner, expected=expected_version)
    audit.record(
        "practitioner.changed",
        object_id=practitioner.pk,
        facility_id=practitioner.facility_id,
        data={"fields": fields},
    )
    return practitioner


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
    if not any(
        right in OPENS_THE_WAY or right.split(".")[0] in CLINICAL for r in roles for right in r.rights
    ):
        return False
    if scope.level != "station":
        return True
    above = [kind for kind, level in LEVEL_OF_KIND.items() if level != "station"]
    return Post.objects.filter(lasting(), user=user, revoked_at=None, facility__kind__in=above).exists()


def lasting() -> models.Q:
    """Posts of today and later: their rights come to whoever holds the account."""
    return models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=timezone.localdate())


def _may_open(post: Post) -> None:
    current().require("users.enter")
    role, facility, practitioner = post.role, post.facility, post.practitioner
    _reach(facility)
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
    _reach(post.facility)
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
