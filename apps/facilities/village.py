"""The hamlets of a village worker's post: given by whoever could give the post, in force at once.

A role `by_hamlet` sees the people of these hamlets and nobody else; without one it sees nobody.
"""

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.core import audit, dated
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.versions import save_versioned
from apps.facilities.models import Facility, FacilityKind, Hamlet, Post, PostHamlet
from apps.facilities.posting import may_grant
from apps.facilities.queries import hamlets_of


def offered(post: Post, on: dt.date) -> list[Hamlet]:
    """The hamlets that may be given with this post: those that its station and points care for."""
    station = post.facility.station_id
    points = Facility.objects.filter(part_of=station, kind=FacilityKind.POINT).values_list("pk", flat=True)
    return list(hamlets_of([station, *points], on))


def given(posts: Collection[Post], on: dt.date) -> dict[Post, list[Hamlet]]:
    """The hamlets of each post that is confined to some. One query."""
    confined = {post.pk: post for post in posts if post.role.by_hamlet}
    found: dict[Post, list[Hamlet]] = {post: [] for post in confined.values()}
    if confined:
        rows = PostHamlet.objects.on(on).filter(post__in=confined).select_related("hamlet")
        for row in rows.order_by("hamlet__sort_order", "hamlet__name", "pk"):
            found[confined[row.post_id]].append(row.hamlet)
    return found


def may_give(post: Post) -> bool:
    """Whether the scope in force may say which hamlets go with this post."""
    scope = current()
    within = scope.everything or scope.level == "system" or scope.reaches(post.facility_id)
    return within and scope.can("users.edit") and may_grant(post.role) and post.user_id != scope.user_id


@transaction.atomic
def hamlets_set(*, post: Post, hamlets: Collection[Hamlet], expected_version: int) -> Post:
    """These hamlets and no others from today on. Raises Refused, PermissionDenied, StaleVersion."""
    today = timezone.localdate()
    if not may_give(post):
        raise PermissionDenied("post")
    if not post.role.by_hamlet:
        raise Refused(f"Vai trò {post.role.name} xem cả địa bàn của trạm, không giao theo thôn.")
    if post.revoked_at is not None:
        raise Refused("Vị trí công tác này đã được thu hồi.")
    wanted = {hamlet.pk for hamlet in hamlets}
    if not wanted <= {hamlet.pk for hamlet in offered(post, today)}:
        raise Refused("Có thôn không thuộc địa bàn của trạm.", field="hamlets")
    dated.lock(post)
    rows = {row.hamlet_id: row for row in PostHamlet.objects.on(today).filter(post=post)}
    save_versioned(post, expected=expected_version)
    ended = [row for hamlet, row in rows.items() if hamlet not in wanted]
    for row in ended:
        if row.valid_from is not None and row.valid_from >= today:
            row.delete()  # given by mistake today: it never was in force for a whole day
        else:
            row.valid_to = today - dt.timedelta(days=1)
            row.version += 1
            row.save(update_fields=["valid_to", "version", "updated_at"])
    added = wanted - rows.keys()
    PostHamlet.objects.bulk_create(
        [PostHamlet(post=post, hamlet_id=hamlet, valid_from=today) for hamlet in sorted(added)]
    )
    audit.record(
        "post.hamlets",
        object_id=post.user_id,
        facility_id=post.facility_id,
        data={"role": post.role.name, "added": len(added), "removed": len(ended)},
    )
    return post
