"""Single rights for some hours: asked for with a reason, granted by another, ended by the clock.

For what nobody needs every day: the payload of a record on its way out, the audit. Whoever grants holds the
right at her workplace, or may hand it on.
"""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core import approvals, audit, parameters
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.facilities.models import Facility, GrantedRight
from apps.facilities.posting import hands_on_of

CHANGE = "hours"  # the ChangeKind
MOST = "rights.most_hours"
RIGHTS = {
    "sync.export": "Xem gói tin gửi lên tuyến trên",
    "audit.view": "Đọc nhật ký của cơ sở",
    "duplicates.approve": "Gộp hai hồ sơ có hai số định danh khác nhau",
}


def most_hours() -> int:
    """The longest time a single right may be granted for."""
    return int(parameters.value(MOST, on=timezone.localdate()))


def ask(*, right: str, hours: int, reason: str) -> PendingChange:
    """Ask for one right at the workplace. Raises Refused for one that is held, unknown, or too long."""
    scope = current()
    reason = clean(reason)
    if scope.workplace_id is None or scope.level != "station":
        raise Refused("Quyền theo giờ chỉ xin được khi làm việc tại một trạm y tế.")
    if right not in RIGHTS:
        raise Refused("Không có quyền này.", field="right")
    if scope.can(right):
        raise Refused("Bạn đang có quyền này.", field="right")
    if not 1 <= hours <= most_hours():
        raise Refused(f"Số giờ từ 1 đến {most_hours()}.", field="hours")
    if not reason:
        raise Refused("Ghi lý do xin quyền.", field="reason")
    place = Facility.objects.get(pk=scope.workplace_id)
    assert scope.user_id is not None  # noqa: S101 - `approvals.ask` refuses the system
    return approvals.ask(
        CHANGE,
        object_id=scope.user_id,
        facility_id=place.pk,
        title=f"{RIGHTS[right]} trong {hours} giờ tại {place.name}",
        lines=[("Quyền", "", RIGHTS[right]), ("Số giờ từ lúc duyệt", "", str(hours))],
        args={"right": right, "hours": hours},
        reason=reason,
    )


def may_grant(scope: Scope, change: PendingChange) -> bool:
    """Nobody grants a right that she neither holds nor may hand on. Asked again when it is granted."""
    return scope.user_id != change.object_id


def granted(change: PendingChange) -> None:
    """Give the right from now on for its hours."""
    scope, right = current(), str(change.args["right"])
    if (
        scope.user_id is None
        or change.facility_id is None
        or not (scope.can(right) or right in hands_on_of(scope.user_id))
    ):
        raise PermissionDenied("right")
    until = timezone.now() + dt.timedelta(hours=int(change.args["hours"]))
    GrantedRight.objects.create(
        user_id=change.object_id,
        facility_id=change.facility_id,
        right=right,
        reason=change.reason,
        until=until,
        granted_by=scope.user_id,
    )
    audit.record(
        "right.granted",
        object_id=change.object_id,
        facility_id=change.facility_id,
        data={"right": RIGHTS[right], "hours": change.args["hours"]},
    )
