"""A station's go-live list: items of every room, counted where they can be, else ticked by name and date."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from apps.core import audit, registry
from apps.core.errors import Refused
from apps.core.models import GoLiveTick
from apps.core.registry import GoLiveItem, Progress
from apps.core.scope import Scope, current
from apps.core.text import clean


@dataclass(frozen=True)
class Line:
    """An item with how far this station is."""

    item: GoLiveItem
    progress: Progress | None
    tick: GoLiveTick | None
    url: str

    @property
    def complete(self) -> bool:
        return self.tick is not None or (self.progress is not None and self.progress.complete)


def lines(scope: Scope) -> list[Line]:
    """The whole list of the scope's workplace, in order: one query for the ticks, one an item that counts."""
    ticks = {tick.key: tick for tick in GoLiveTick.objects.filter(facility_id__in=[scope.workplace_id])}
    return [
        Line(
            item,
            item.count(scope) if item.count else None,
            ticks.get(item.key),
            item.link(scope) if item.link else "",
        )
        for item in registry.golive
    ]


@transaction.atomic
def tick(*, key: str, on: date, note: str = "") -> GoLiveTick:
    """Say that an item is done. A second tick leaves the first one's name and date."""
    facility_id = _here(key)
    scope = current()
    made, new = GoLiveTick.objects.get_or_create(
        facility_id=facility_id,
        key=key,
        defaults={"done_on": on, "note": clean(note)[:200], "by": scope.user_id, "by_name": scope.shown_name},
    )
    if new:
        audit.record("golive.ticked", object_id=made.pk, facility_id=facility_id, data={"key": key})
    return made


@transaction.atomic
def untick(*, key: str) -> None:
    """Take a tick back."""
    facility_id = _here(key)
    for found in GoLiveTick.objects.select_for_update().filter(facility_id=facility_id, key=key):
        audit.record("golive.unticked", object_id=found.pk, facility_id=facility_id, data={"key": key})
        found.delete()


def _here(key: str) -> UUID:
    scope = current()
    scope.require("operations.edit")
    item = registry.golive.get(key)
    if item is None or scope.workplace_id is None:
        raise Refused("Không có mục này.")
    if item.count is not None:
        raise Refused("Mục này phần mềm tự đếm, không đánh dấu tay.")
    return scope.workplace_id
