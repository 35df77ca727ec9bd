"""What is left now, what was handed over before."""

from uuid import UUID

from apps.core import registry
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.shifts import rules
from apps.shifts.models import HandoverState, ShiftHandover
from apps.shifts.rules import Line

PAGE = 30
ORDER = ("-given_at", "-id")


def lines(scope: Scope) -> list[Line]:
    """What the rooms say is left at this workplace: as many queries whatever they find."""
    found = []
    for offer in registry.day_end:
        if offer.right is not None and not scope.can(offer.right):
            continue
        figure = offer.provide(scope)
        if figure is None:
            continue
        found.append(
            Line(
                key=offer.key,
                title=offer.title,
                group=offer.group,
                right=offer.right or "",
                count=figure.count,
                state=figure.state if figure.count else rules.DONE,
                words=figure.words,
                url=figure.url,
                asks=figure.asks,
            )
        )
    return found


def kept(scope: Scope, handover: ShiftHandover) -> list[Line]:
    """What was left when it was handed over, as far as the reader may know it. No query."""
    read = [rules.read(each) for each in handover.lines]
    return [line for line in read if not line.right or scope.can(line.right)]


def waiting(scope: Scope) -> list[ShiftHandover]:
    """What of this workplace nobody has taken yet, oldest first. One query."""
    rows = ShiftHandover.visible(scope).filter(
        facility_id__in=[scope.workplace_id], state=HandoverState.WAITING
    )
    return list(rows.select_related("point").order_by("given_at")[:PAGE])


def page(scope: Scope, cursor: str) -> Page[ShiftHandover]:
    """The workplace's hand-overs, newest first. One query."""
    rows = ShiftHandover.visible(scope).filter(facility_id__in=[scope.workplace_id])
    return keyset(rows.select_related("point"), order=ORDER, cursor=cursor, size=PAGE)


def last(scope: Scope) -> ShiftHandover | None:
    """The newest hand-over of the workplace that somebody has taken or still may. One query."""
    rows = ShiftHandover.visible(scope).filter(facility_id__in=[scope.workplace_id])
    found: ShiftHandover | None = (
        rows.exclude(state=HandoverState.WITHDRAWN).select_related("point").order_by(*ORDER).first()
    )
    return found


def handover(scope: Scope, pk: UUID) -> ShiftHandover | None:
    rows = ShiftHandover.visible(scope).filter(pk=pk, facility_id__in=[scope.workplace_id])
    found: ShiftHandover | None = rows.select_related("facility", "point").first()
    return found
