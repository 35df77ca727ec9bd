"""The book of acts: who did what, from where. One append-only row in the act's own transaction."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.core import registry
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.core.scope import Scope, active


def record(
    action: str,
    *,
    person_id: UUID | None = None,
    object_id: UUID | None = None,
    facility_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one row. `data` holds ids, codes and names of changed fields: no names, no clinical text.

    Raises KeyError for an action that no room has given a sentence for.
    """
    entry = _entry(active(), action, Act(person_id, object_id, facility_id, data))
    entry.save(force_insert=True)
    return entry


@dataclass(frozen=True)
class Act:
    """What one row says of its record."""

    person_id: UUID | None = None
    object_id: UUID | None = None
    facility_id: UUID | None = None
    data: Mapping[str, Any] | None = None


def record_many(action: str, acts: Iterable[Act]) -> None:
    """A row each, in their order, for a use case that does the same to hundreds."""
    scope = active()
    AuditEntry.objects.bulk_create([_entry(scope, action, act) for act in acts], batch_size=500)


def _entry(scope: Scope | None, action: str, act: Act) -> AuditEntry:
    if registry.audit_sentences.get(action) is None:
        raise KeyError(f"audit action {action!r} has no sentence: register one in the room's plugs.py")
    return AuditEntry(
        action=action,
        user_id=scope.user_id if scope else None,
        username=scope.username if scope else "",
        workplace_id=scope.workplace_id if scope else None,
        facility_id=act.facility_id or (scope.workplace_id if scope else None),
        person_id=act.person_id,
        object_id=act.object_id,
        data=dict(act.data or {}),
    )


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def told(action: str, data: Mapping[str, Any]) -> str:
    """What was done, in Vietnamese, without the doer; '…' stands where the data say nothing."""
    known = registry.audit_sentences.get(action)
    return known.sentence.format_map(_Blank(data)) if known else action


def sentence(entry: AuditEntry) -> str:
    """The row in Vietnamese: '<user> <what>'."""
    return f"{entry.username} {told(entry.action, entry.data)}"


def home_figures(scope: Scope) -> dict[str, Any]:
    """The auditor's panel: how many looks, acts and prints there were today and in 7 days. Two queries."""
    now = timezone.now()
    week = now - dt.timedelta(days=7)
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    first = uuid7(int(week.timestamp() * 1000), bytes(10))  # the primary key begins with the time
    since = Q(id__gte=first, at__gte=week)
    if not scope.everything:
        since &= Q(workplace_id__in=scope.facility_ids)

    def counted(rows: QuerySet[Any], **kinds: Q) -> dict[str, int]:
        wanted = {f"{name}_week": Count("pk", filter=kind) for name, kind in kinds.items()}
        wanted |= {
            f"{name}_today": Count("pk", filter=kind & Q(at__gte=today)) for name, kind in kinds.items()
        }
        return rows.filter(since).aggregate(**wanted)

    found = counted(ReadEntry.objects.all(), looks=Q(pk__isnull=False), exports=Q(screen__endswith=".export"))
    printed = Q(action="paper.printed")
    found |= counted(AuditEntry.objects.all(), acts=~printed, prints=printed)
    words = (
        ("looks", "Lượt xem thông tin người dân"),
        ("exports", "Trong đó: xuất danh sách ra tệp"),
        ("prints", "Bản giấy đã in"),
        ("acts", "Việc ghi, sửa khác"),
    )
    return {"lines": [(word, found[f"{name}_today"], found[f"{name}_week"]) for name, word in words]}
