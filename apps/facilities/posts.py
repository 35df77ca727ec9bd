"""The posts of whoever asks, fetched together with the account, and the scope made of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Expression, F, OuterRef, Q, When
from django.db.models.functions import Coalesce, JSONObject, Now
from django.utils import timezone

from apps.accounts.models import User
from apps.core.scope import Scope
from apps.facilities.models import (
    LEVEL_OF_KIND,
    Facility,
    FacilityKind,
    FacilityLink,
    GrantedRight,
    LinkKind,
    Post,
    PostHamlet,
)

# A region, the CDC and the department see the facilities that report to them.
SCOPE_LINK = LinkKind.REPORTING

# What an account made by `createsuperuser` may do: set the installation up. Nothing clinical.
SYSTEM_RIGHTS = frozenset(
    f"{section}.{action}"
    for section in ("facilities", "users", "catalogues", "parameters", "sync", "audit", "backup")
    for action in ("view", "enter", "edit", "export")
)


LEFT = (
    "Vị trí công tác của anh/chị đã hết nên tài khoản không mở được nữa. "
    "Xin liên hệ trưởng trạm hoặc người quản trị của tỉnh."
)


def posts_in_force() -> Expression:
    """For User: the posts in force today as a list of objects, each with the facilities it reaches."""
    today = timezone.localdate()
    own = Coalesce(OuterRef("facility__part_of_id"), OuterRef("facility_id"))
    # A closed point has nobody at work, but what was written there stays the station's to read.
    open_today = Q(pk__in=Facility.objects.on(today).values("pk"))
    station = Facility.objects.filter(open_today & Q(pk=own) | Q(part_of=own)).values("pk")
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
                by_hamlet=F("role__by_hamlet"),
                hamlets=ArraySubquery(
                    PostHamlet.objects.on(today).filter(post=OuterRef("pk")).values("hamlet_id")
                ),
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


def rights_for_hours() -> Expression:
    """For User: the single rights that were granted to her and have not ended, with their places."""
    rows = GrantedRight.objects.filter(user=OuterRef("pk"), until__gt=Now())
    return ArraySubquery(  # type: ignore[return-value]  # as above
        rows.values(data=JSONObject(facility=F("facility_id"), right=F("right")))
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
    hamlets: frozenset[UUID] | None = None  # of a role by_hamlet, those given with the post; else None

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
            hamlets=frozenset(UUID(each) for each in row["hamlets"]) if row["by_hamlet"] else None,
        )


def held_posts(user: User) -> list[HeldPost]:
    """The posts in force of an account; no query when it was found by the sign-in backend."""
    rows = getattr(user, "posts_in_force", None)
    if rows is None:
        rows = User.objects.annotate(found=posts_in_force()).values_list("found", flat=True).get(pk=user.pk)
    return [HeldPost.read(row) for row in rows or []]


def left(user: User) -> str:
    """The sentence for an account whose posts have all ended: it opens nothing any more. Else ''.

    One query, and only for an account without a post in force; who never had one (a new account, a post
    that begins later) has not left.
    """
    if held_posts(user) or user.is_superuser:
        return ""
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=timezone.localdate())
    return LEFT if Post.objects.filter(begun, user=user).exists() else ""


def needs_code(user: User) -> bool:
    """Above the station a password alone is not enough; nor is it for the installation's own account."""
    return user.is_superuser or any(LEVEL_OF_KIND[post.kind] != "station" for post in held_posts(user))


def held_for_hours(user: User) -> dict[UUID, set[str]]:
    """Facility -> the rights granted there for some hours; no query when the sign-in backend found her."""
    rows = getattr(user, "rights_for_hours", None)
    if rows is None:
        rows = User.objects.annotate(found=rights_for_hours()).values_list("found", flat=True).get(pk=user.pk)
    held: dict[UUID, set[str]] = {}
    for row in rows or []:
        held.setdefault(UUID(row["facility"]), set()).add(row["right"])
    return held


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
    lent: bool = True,
) -> Scope | None:
    """The scope of `user` at `workplace`, a facility where she holds a post; None when she holds none there.

    `point` is where she works today when it is one of the station's points. Without `lent` only what her
    posts give: no right for hours, no record opened in an emergency.
    """
    places = workplaces(held_posts(user))
    if not places and user.is_superuser:
        return Scope(
            user.pk,
            user.username,
            "Quản trị hệ thống",
            rights=SYSTEM_RIGHTS,
            level="system",
            full_name=user.full_name,
        )
    if workplace not in places:
        return None
    posts = places[workplace]
    hours = held_for_hours(user) if lent else {}
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
        rights=frozenset(hours.get(here.station_id, ())).union(*(post.rights for post in posts)),
        level=LEVEL_OF_KIND[here.kind],
        opened=_opened(user, here.station_id) if lent else frozenset(),
        full_name=user.full_name,
        hamlet_ids=_hamlets(posts),
    )


def _hamlets(posts: Iterable[HeldPost]) -> frozenset[UUID] | None:
    """The hamlets that posts confined to some give together; None where one post sees the whole station."""
    found: set[UUID] = set()
    for post in posts:
        if post.hamlets is None:
            return None
        found |= post.hamlets
    return frozenset(found)


def _opened(user: User, station: UUID) -> frozenset[UUID]:
    """Whom the account has opened in an emergency from there, as a higher room has annotated it."""
    rows = getattr(user, "people_opened", None) or []
    return frozenset(UUID(row["person"]) for row in rows if UUID(row["facility"]) == station)


class Again:
    """ports.ScopeAgain: for work that goes on after the click that began it."""

    def of(self, scope: Scope) -> Scope | None:
        user = User.objects.filter(pk=scope.user_id, is_active=True).first() if scope.user_id else None
        if user is None:
            return None
        # A post at a point alone has the point for its workplace, and the station for the scope's.
        places = [None] if scope.level == "system" else [scope.workplace_id, scope.point_id]
        found = (scope_for(user, place) for place in places)
        return next((each for each in found if each is not None), None)
