"""The book of acts: who did what, from where. One append-only row in the act's own transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.core import registry
from apps.core.models import AuditEntry
from apps.core.scope import active


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
    if registry.audit_sentences.get(action) is None:
        raise KeyError(f"audit action {action!r} has no sentence: register one in the room's plugs.py")
    scope = active()
    return AuditEntry.objects.create(
        action=action,
        user_id=scope.user_id if scope else None,
        username=scope.username if scope else "",
        workplace_id=scope.workplace_id if scope else None,
        facility_id=facility_id or (scope.workplace_id if scope else None),
        person_id=person_id,
        object_id=object_id,
        data=dict(data or {}),
    )


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def sentence(entry: AuditEntry) -> str:
    """The row in Vietnamese: '<user> <what>'."""
    known = registry.audit_sentences.get(entry.action)
    words = known.sentence.format_map(_Blank(entry.data)) if known else entry.action
    return f"{entry.username} {words}"
