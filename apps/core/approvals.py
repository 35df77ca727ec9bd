"""What one account asks for and another approves: none alone opens a way to patients, or sends records away.

| state | how it comes | what may follow |
|---|---|---|
| waiting | `ask` | approved, refused, withdrawn; after `expires_at` nothing |
| approved | `approve`: the change is done in the same transaction, as the second | used |
| used | `use`: for a change that only allows its asker one act | - |
| refused, withdrawn | `refuse`, `withdraw` | - |
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.core import audit, parameters, registry
from apps.core.errors import Refused
from apps.core.models import AuditEntry, ChangeState, PendingChange
from apps.core.registry import ChangeKind
from apps.core.scope import Scope, current

USE_WITHIN = dt.timedelta(hours=24)  # of an approval that only allows one act
SHOWN = 50  # rows of the page: what waits is little, and ends by itself

APART_DAYS = "approvals.apart_days"
OPENS_AN_ACCOUNT = ("user.created", "post.opened", "user.slip_issued")  # acts of the audit, on the account
NOT_APART = (
    "Tài khoản của một trong hai người vừa được người kia lập, giao vị trí hoặc in phiếu đăng nhập; "
    "mấy ngày đầu hai người chưa duyệt cho nhau được. Xin một người khác duyệt."
)

Line = tuple[str, str, str]  # label, before, after


@transaction.atomic
def ask(
    kind: str,
    *,
    object_id: UUID,
    title: str,
    lines: Sequence[Line] = (),
    args: dict[str, Any] | None = None,
    facility_id: UUID | None = None,
    reason: str = "",
) -> PendingChange:
    """Put a change before a second person. The same wish asked again replaces the one that waits."""
    scope, known = current(), _kind(kind)
    if scope.user_id is None:
        raise Refused("Việc này cần hai người; hệ thống không tự xin được.")
    waiting = PendingChange.objects.filter(
        kind=kind, object_id=object_id, asked_by=scope.user_id, state=ChangeState.WAITING
    )
    waiting.update(state=ChangeState.WITHDRAWN, decided_at=timezone.now())
    change = PendingChange.objects.create(
        kind=kind,
        object_id=object_id,
        facility_id=facility_id,
        title=title[:300],
        lines=[list(line) for line in lines],
        args=args or {},
        reason=reason[:300],
        asked_by=scope.user_id,
        asked_by_name=scope.shown_name,
        expires_at=timezone.now() + dt.timedelta(days=known.days),
    )
    _audit("change.asked", change)
    return change


def may_decide(scope: Scope, change: PendingChange) -> bool:
    """Whether `scope` may be the second person of a change that waits. No query of its own."""
    kind = registry.changes.get(change.kind)
    return (
        kind is not None
        and scope.user_id is not None
        and scope.user_id != change.asked_by
        and scope.can(kind.right)
        and scope.level in kind.levels
        and (change.facility_id is None or scope.level == "system" or scope.reaches(change.facility_id))
        and kind.may(scope, change)
    )


def apart(one: UUID, other: UUID) -> bool:
    """Whether neither of two accounts has lately opened the way into the other: made it, given it a post or
    printed its slip. Who could be signed in as both is no second person (docs/decisions/0018).
    """
    days = int(parameters.value(APART_DAYS, on=timezone.localdate()))
    pair = [one, other]
    opened = AuditEntry.objects.filter(
        user_id__in=pair,
        object_id__in=pair,
        action__in=OPENS_AN_ACCOUNT,
        at__gt=timezone.now() - dt.timedelta(days=days),
    )
    return not opened.exclude(user_id=F("object_id")).exists()


def waiting_for(scope: Scope) -> list[PendingChange]:
    """What waits for this scope as the second person, oldest first."""
    kinds = [kind.key for kind in registry.changes if scope.can(kind.right) and scope.level in kind.levels]
    rows = _open().filter(kind__in=kinds).exclude(asked_by__in=[scope.user_id])
    if scope.level != "system":
        rows = rows.filter(Q(facility_id__isnull=True) | Q(facility_id__in=scope.facility_ids))
    return [change for change in rows.order_by("created_at")[:SHOWN] if may_decide(scope, change)]


def asked_by(scope: Scope) -> list[PendingChange]:
    """What this account has asked for lately, newest first."""
    return list(PendingChange.objects.filter(asked_by__in=[scope.user_id]).order_by("-created_at")[:SHOWN])


def waiting_on(kind: str, object_id: UUID) -> list[PendingChange]:
    """What of that kind waits about one thing, oldest first: for its own page."""
    return list(_open().filter(kind=kind, object_id=object_id).order_by("created_at"))


def waiting(kind: str) -> list[PendingChange]:
    """All of one kind that waits, oldest first: for a page that lists such things."""
    return list(_open().filter(kind=kind).order_by("created_at")[:SHOWN])


def granted(kind: str, object_id: UUID) -> list[PendingChange]:
    """What this scope has asked for about one thing and a second person has approved, oldest first."""
    rows = PendingChange.objects.filter(
        kind=kind,
        object_id=object_id,
        asked_by__in=[current().user_id],
        state=ChangeState.APPROVED,
    )
    return list(rows.order_by("created_at"))


def is_over(change: PendingChange) -> bool:
    """Whether nobody decided in time."""
    return change.expires_at <= timezone.now()


def find(scope: Scope, pk: UUID) -> PendingChange | None:
    """A change that this scope asked for or may decide; None for a stranger."""
    change = PendingChange.objects.filter(pk=pk).first()
    if change is None or not (change.asked_by == scope.user_id or may_decide(scope, change)):
        return None
    return change


@transaction.atomic
def approve(*, change_id: UUID) -> PendingChange:
    """Say yes and do it. Raises Refused when it no longer waits, or when it can no longer be done."""
    scope, change = current(), _locked(change_id)
    if not may_decide(scope, change):
        raise Refused("Việc này phải do một người khác có quyền duyệt.")
    if scope.user_id and _kind(change.kind).apart and not apart(scope.user_id, change.asked_by):
        raise Refused(NOT_APART)
    _kind(change.kind).apply(change)
    return _decide(change, ChangeState.APPROVED, "change.approved")


@transaction.atomic
def refuse(*, change_id: UUID) -> PendingChange:
    """Say no."""
    change = _locked(change_id)
    if not may_decide(current(), change):
        raise Refused("Việc này phải do một người khác có quyền duyệt.")
    _kind(change.kind).dropped(change)
    return _decide(change, ChangeState.REFUSED, "change.refused")


@transaction.atomic
def withdraw(*, change_id: UUID) -> PendingChange:
    """Take back what oneself has asked for."""
    change = _locked(change_id)
    if change.asked_by != current().user_id:
        raise Refused("Chỉ người xin mới rút được yêu cầu.")
    _kind(change.kind).dropped(change)
    return _decide(change, ChangeState.WITHDRAWN, "change.withdrawn")


def drop(kind: str, object_id: UUID) -> None:
    """Nobody is asked any more: the thing itself was dropped. Two statements where something waits. The
    caller holds nothing yet that whoever decides would wait for.
    """
    waiting = PendingChange.objects.select_for_update().filter(
        kind=kind, object_id=object_id, state=ChangeState.WAITING
    )
    for change in waiting.order_by("pk"):
        _decide(change, ChangeState.WITHDRAWN, "change.withdrawn")


def use(kind: str, object_id: UUID) -> bool:
    """Whether a second person has lately allowed the asker this one act; the allowance is then spent."""
    rows = PendingChange.objects.filter(
        kind=kind,
        object_id=object_id,
        asked_by__in=[current().user_id],
        state=ChangeState.APPROVED,
        decided_at__gte=timezone.now() - USE_WITHIN,
    )
    first = rows.order_by("decided_at").values_list("pk", flat=True).first()
    if first is None:
        return False
    return rows.filter(pk=first).update(state=ChangeState.USED, updated_at=timezone.now()) == 1


def _kind(key: str) -> ChangeKind:
    kind = registry.changes.get(key)
    if kind is None:
        raise KeyError(f"change kind {key!r} is not registered")
    return kind


def _open() -> Any:
    return PendingChange.objects.filter(state=ChangeState.WAITING, expires_at__gt=timezone.now())


def _locked(pk: UUID) -> PendingChange:
    change = PendingChange.objects.select_for_update().filter(pk=pk).first()
    if change is None or change.state != ChangeState.WAITING:
        raise Refused("Yêu cầu này đã được giải quyết.")
    if is_over(change):
        raise Refused("Yêu cầu này đã quá hạn. Người xin cần gửi lại.")
    return change


def _decide(change: PendingChange, state: ChangeState, action: str) -> PendingChange:
    scope = current()
    change.state = state
    change.decided_by, change.decided_by_name = scope.user_id, scope.shown_name
    change.decided_at = timezone.now()
    change.version += 1
    change.save()
    _audit(action, change)
    return change


def _audit(action: str, change: PendingChange) -> None:
    audit.record(
        action,
        object_id=change.object_id,
        facility_id=change.facility_id,
        data={"what": _kind(change.kind).title, "change": change.pk, "asked_by": change.asked_by},
    )
