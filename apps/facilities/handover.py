"""What a leaver leaves behind, and passing it to a colleague: each room says what it has."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, readlog, registry
from apps.core.errors import Refused
from apps.core.registry import Handover, HandoverItem, Holder
from apps.core.scope import current
from apps.facilities.models import Post, Practitioner


@dataclass(frozen=True)
class Pile:
    """What is left of one kind."""

    kind: Handover
    items: list[HandoverItem]
    more: bool


SHOWN = 200  # of a kind on one page; moved, the rest comes up


def holder_of(user: User) -> Holder:
    """The account with every practitioner it has been."""
    found = Practitioner.objects.filter(user=user).values_list("pk", flat=True)
    return Holder(user.pk, frozenset(found), user.full_name)


def piles(user: User) -> list[Pile]:
    """What is left of each kind that the scope may change; the people in it are noted in the read log."""
    scope, holder = current(), holder_of(user)
    found = []
    for kind in registry.handovers:
        if scope.can(kind.right):
            items = list(kind.list(scope, holder, SHOWN + 1))
            found.append(Pile(kind, items[:SHOWN], len(items) > SHOWN))
    people = {item.person_id for pile in found for item in pile.items if item.person_id}
    if people:
        readlog.record("account.handover", sorted(people))
    return found


def colleagues(user: User) -> list[tuple[User, str]]:
    """Who may take over: the accounts with a post in force within the scope, and what they are there."""
    rows = (
        Post.objects.current(timezone.localdate())
        .filter(facility__in=current().facility_ids, user__is_active=True)
        .exclude(user=user)
        .select_related("user", "role")
        .order_by("user__sort_key", "role__order")
    )
    found: dict[UUID, tuple[User, str]] = {}
    for post in rows:
        found.setdefault(post.user_id, (post.user, post.role.name))
    return list(found.values())


@transaction.atomic
def move(*, user: User, to: User, chosen: Iterable[tuple[str, UUID]]) -> int:
    """Pass what was chosen (kind, id) to a colleague; how many went over. Raises Refused, PermissionDenied.

    What somebody else has taken in the meantime is left where it is.
    """
    scope = current()
    if to.pk not in {each.pk for each, _ in colleagues(user)}:
        raise Refused("Hãy chọn một đồng nghiệp đang làm việc tại đơn vị.", field="to")
    wanted: dict[str, set[UUID]] = {}
    for key, pk in chosen:
        wanted.setdefault(key, set()).add(pk)
    if not wanted:
        raise Refused("Hãy chọn ít nhất một việc để bàn giao.")
    holder, taker, moved = holder_of(user), holder_of(to), 0
    for key, ids in wanted.items():
        kind = registry.handovers.get(key)
        if kind is None or kind.move is None or not scope.can(kind.right):
            raise PermissionDenied("handover")
        moved += kind.move(scope, holder, taker, ids)
    audit.record(
        "user.handed_over",
        object_id=user.pk,
        data={"to": str(to.pk), "count": moved, "kinds": sorted(wanted)},
    )
    return moved
