"""The book of looks: who saw which people, on which screen. No names, no searched text."""

from collections.abc import Iterable
from uuid import UUID

from apps.core import registry
from apps.core.models import ReadEntry
from apps.core.scope import current


def record(screen: str, person_ids: Iterable[UUID], *, reason: str = "") -> None:
    """Write one row for one look. Raises KeyError for a screen that no room has registered."""
    if registry.readlog_screens.get(screen) is None:
        raise KeyError(f"screen {screen!r} is not registered: add a ReadScreen in the room's plugs.py")
    scope = current()
    ReadEntry.objects.create(
        screen=screen,
        user_id=scope.user_id,
        username=scope.username,
        workplace_id=scope.workplace_id,
        person_ids=list(person_ids),
        reason=reason,
    )
