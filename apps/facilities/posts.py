"""The posts of whoever asks, fetched together with the account, and the scope made of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Expression, F, OuterRef, Q, When
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone

from apps.accounts.models import User
from apps.core.scope import Scope
from apps.facilities.models import LEVEL_OF_KIND, Facility, FacilityKind, FacilityLink, LinkKind, Post

# A region, the CDC and the department see the facilities that report to them.
SCOPE_LINK = LinkKind.REPORTING

# What an account made by `createsuperuser` may do: set the installation up. Nothing clinical.
SYSTEM_RIGHTS = frozenset(
    f"{section}.{action}"
    for section in ("facilities", "users", "catalogues", "parameters", "sync", "audit")
    for action in ("view", "enter", "edit", "export")
)


def posts_in_force() -> Expression:
    """For User: the posts in force today as a list of objects, each with the facilities it reaches."""
    today = timezone.localdate()
    own = Coalesce(OuterRef("facility__part_of_id"), OuterRef("facility_id"))
    station = Facility.objects.on(today).filter(Q(pk=own) | Q(part_of=own)).values("pk")
    in_force = Q(facility__valid_from__isnull=True) | Q(facility__valid_from__lte=today)
    in_force &= Q(facility__valid_to__isnull=True) | Q(facility__valid_to__gte=today)
    posts = Post.objects.current(today).filter(in_force, user=OuterRef("pk"))
    return ArraySubquery(  # type: ignore[return-value]  # the stubs forget that it is one
        posts.order_by("facility__sort_key", "role__order").values(
            data=JSONObject(
                facility=F("facility_id"),
                name=F("facility__name"),
                kind=F("facility__kind"),
                station=Coalesce(F("facility__part_of_id"), F("facility_id")),
                practitioner=F("practitioner_id"),
                role=F("role__code"),
                role_name=F("role__name"),
                rights=F("role__rights"),
                hands_on=F("role__hands_on"),
                reach=Case(
                    When(
                        facility__kind__in=[FacilityKind.STATION, FacilityKind.POINT],
                        then=ArraySubquery(station),
                    ),
                    default=ArraySubquery(_below(today)),
                ),
            )
        )
    )


def _below(today: dt.date) -> Any:
    """The facility of the post, what reports to it (department, centre, station: two steps), their points."""
    links = FacilityLink.objects.on(today).filter(kind=SCOPE_LINK)
    # Each nesting of a subquery needs one more OuterRef to reach the post.
    first = links.filter(parent=OuterRef(OuterRef("facility_id"))).values("facility_id")
    second_parents = links.filter(parent=OuterRef(OuterRef(OuterRef("facility_id")))).values("facility_id")
    second = links.filter(parent__in=second_parents).values("facility_id")
    return (
        Facility.objects.on(today)
        .filter(
            Q(pk=OuterRef("facility_id"))
            | Q(pk__in=first)
            | Q(part_of__in=first)
            | Q(pk__in=second)
            | Q(part_of__in=second)
        )
        .values("pk")
    )


@dataclass(frozen=True)
class HeldPost:
    """One post in force, as it came with the account."""

    facility_id: UUID
    facility_name: str
    kind: str
    station_id: UUID
    practitioner_id: UUID | None
    role: str
    role_name: str
    rights: frozenset[str]
    hands_on: frozenset[str]
    reach: frozenset[UUID]

    @classmethod
    def read(cls, row: dict[str, Any]) -> Self:
        return cls(
            facility_id=UUID(row["facility"]),
            facility_name=row["name"],
            kind=row["kind"],
            station_id=UUID(row["station"]),
            practitioner_id=UUID(row["practitioner"]) if row["practitioner"] else None,
            role=row["role"],
            role_name=row["role_name"],
            rights=frozenset(row["rights"]),
            hands_on=frozenset(row["hands_on"]),
            reach=frozenset(UUID(each) for each in row["reach"]),
        )


def held_posts(user: User) -> list[HeldPost]:
    """The posts in force of an account; no query when it was found by the sign-in backend."""
    rows = getattr(user, "posts_in_force", None)
    if rows is None:
        rows = User.objects.annotate(found=posts_in_force()).values_list("found", flat=True).get(pk=user.pk)
    return [HeldPost.read(row) for row in rows or []]


def workplaces(posts: Iterable[HeldPost]) -> dict[UUID, list[HeldPost]]:
    """Facility -> the posts that count there: those at it, and for a point those at its station too."""
    posts = list(posts)
    return {
        place: [
            post for post in posts if post.facility_id == place or post.facility_id == _station(posts, place)
        ]
        for place in dict.fromkeys(post.facility_id for post in posts)
    }


def _station(posts: list[HeldPost], place: UUID) -> UUID:
    return next(post.station_id for post in posts if post.facility_id == place)


def scope_for(
    user: User,
    workplace: UUID | None,
    *,
    point: UUID | None = None,
    point_name: str = "",
    outreach: bool = False,
) -> Scope | None:
    """The scope of `user` at `workplace`, a facility where she holds a post; None when she holds none there.

    `point` is where she works today when it is one of the station's points.
    """
    places = workplaces(held_posts(user))
    if not places and user.is_superuser:
        return Scope(user.pk, user.username, "Quản trị hệ thống", rights=SYSTEM_RIGHTS, level="system")
    if workplace not in places:
        return None
    posts = places[workplace]
    here = next(post for post in posts if post.facility_id == workplace)
    reach = frozenset().union(*(post.reach for post in posts))
    if point is not None and point not in here.reach:
        point = None
    if here.kind == FacilityKind.POINT:
        point, point_name = workplace, here.facility_name
    label = point_name if point and point_name else here.facility_name
    return Scope(
        user_id=user.pk,
        username=user.username,
        label=f"{label} – lưu động" if outreach else label,
        facility_ids=reach,
        workplace_id=here.station_id,
        point_id=point,
        practitioner_id=next((post.practitioner_id for post in posts if post.practitioner_id), None),
        rights=frozenset().union(*(post.rights for post in posts)),
        level=LEVEL_OF_KIND[here.kind],
    )
