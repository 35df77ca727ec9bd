"""A leaver's drafts: named for the head of her station, and passed to a colleague who goes on typing."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.core import drafts as own
from apps.core import registry
from apps.core.models import Draft
from apps.core.registry import HandoverItem, Holder
from apps.core.scope import Scope
from apps.core.words import datetime_words


def _left(scope: Scope, holder: Holder) -> QuerySet[Draft]:
    # unscoped: the head of the station may see that a colleague has left something, not what it says
    rows = Draft.unscoped.filter(user_id=holder.user_id, kind__in=[kind.key for kind in registry.drafts])
    return rows if scope.everything else rows.filter(facility_id__in=scope.facility_ids)


def drafts(scope: Scope, holder: Holder, limit: int) -> list[HandoverItem]:
    """What she typed and never saved; where the record is out of the reader's sight only its kind is told."""
    rows = _left(scope, holder).order_by("saved_at", "pk")[:limit]
    return [
        HandoverItem(
            id=line.draft.pk,
            title=line.title,
            note=f"bản nháp lúc {datetime_words(timezone.localtime(line.draft.saved_at))}",
            url=line.subject.url if line.subject else "",
            person_id=line.subject.person_id if line.subject else None,
        )
        for line in own.lines(scope, rows)
    ]


def move_drafts(scope: Scope, holder: Holder, taker: Holder, ids: Collection[UUID]) -> int:
    """The colleague finds the draft in the form. A draft of her own stays: nothing typed is lost."""
    lines = own.lines(scope, _left(scope, holder).filter(pk__in=list(ids)).select_for_update())
    moved = 0
    for line in lines:
        hers = Draft.unscoped.filter(  # unscoped: whether the colleague has one of the same form
            user_id=taker.user_id, kind=line.draft.kind, object_id=line.draft.object_id
        )
        if line.subject is not None and not hers.exists():
            moved += Draft.unscoped.filter(pk=line.draft.pk).update(user_id=taker.user_id)  # the leaver's
    return moved
