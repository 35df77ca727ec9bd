"""What screens and other rooms ask about units, hamlets, facilities, practitioners and posts."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone

from apps.accounts.models import User
from apps.core.scope import Scope
from apps.core.text import search_key
from apps.facilities import asof
from apps.facilities.models import (
    AdminUnit,
    Catchment,
    Facility,
    FacilityKind,
    FacilityLink,
    Hamlet,
    LinkKind,
    Post,
    Practitioner,
    UnitLevel,
)
from apps.facilities.resolve import Resolved, Resolver, heirs, resolve_unit, same_commune_on

__all__ = ["Resolved", "Resolver", "heirs", "resolve_unit", "same_commune_on"]

# --- units and hamlets


def unit_on(level: str, code: str, date: dt.date) -> AdminUnit | None:
    """The unit of a level that carried `code` on that day."""
    return AdminUnit.objects.on(date).select_related("parent").filter(level=level, code=code).first()


def find_units(
    text: str,
    on: dt.date,
    *,
    level: str = UnitLevel.COMMUNE,
    parent: AdminUnit | None = None,
    limit: int = 20,
) -> list[AdminUnit]:
    """Units whose name holds each typed word, with or without accents, or whose code begins with the text."""
    units = AdminUnit.objects.on(on).filter(level=level).select_related("parent__parent")
    if parent is not None:
        units = units.filter(Q(parent=parent) | Q(parent__parent=parent))
    return list(units.filter(_words(text) | _code(text)).order_by("search_key", "code")[:limit])


def _words(text: str) -> Q:
    """Every typed word begins a word of the key; an empty text matches all."""
    found = Q(pk__isnull=False)
    for word in search_key(text).split():
        found &= Q(search_key__startswith=word) | Q(search_key__contains=f" {word}")
    return found


def _code(text: str) -> Q:
    digits = text.strip()
    return Q(code__startswith=digits) if digits.isdecimal() else Q(pk__in=())


def hamlets_of(facility_ids: Iterable[UUID], on: dt.date) -> QuerySet[Hamlet]:
    """The hamlets that these facilities care for on that day, in their order."""
    catchments = Catchment.objects.on(on).filter(facility__in=list(facility_ids), hamlet=OuterRef("pk"))
    return Hamlet.objects.on(on).filter(Exists(catchments)).order_by("sort_order", "name", "pk")


def hamlets_in(scope: Scope, on: dt.date) -> QuerySet[Hamlet]:
    """The hamlets of the scope's catchment on that day; of who sees some hamlets only, those."""
    found = hamlets_of(scope.facility_ids, on)
    return found if scope.hamlet_ids is None else found.filter(pk__in=scope.hamlet_ids)


# --- facilities


def station_of(hamlet_id: UUID | None, on: dt.date, *, commune: AdminUnit | None = None) -> Facility | None:
    """The station that cares for a hamlet on that day; without a catchment, the commune's main station.

    A hamlet given to a point belongs to the point's station.
    """
    if hamlet_id is not None:
        catchment = (
            Catchment.objects.on(on)
            .filter(hamlet=hamlet_id)
            .select_related("facility__part_of", "facility__unit", "hamlet__commune")
            .first()
        )
        if catchment is not None:
            facility = catchment.facility
            past = facility.part_of is not None and on < timezone.localdate()
            if past and asof.face(facility, on).kind == FacilityKind.STATION:
                return facility  # a point now, on that day still a station
            return facility.part_of or facility
        commune = AdminUnit.objects.filter(hamlets=hamlet_id).first()
    if commune is None:
        return None
    stations = Facility.objects.on(on).filter(unit=commune, kind=FacilityKind.STATION)
    return stations.order_by("sort_key", "pk").first()


def visible_facilities(scope: Scope) -> QuerySet[Facility]:
    """The facilities within the scope, closed ones too."""
    if scope.everything or scope.level == "system":
        return Facility.objects.all()
    return Facility.objects.filter(pk__in=scope.facility_ids)


def administered_facilities(scope: Scope) -> QuerySet[Facility]:
    """What an administrator may change in Django admin: the scope's facilities, and those of her own province
    that report to nobody yet, so that a new one can be put in its place.
    """
    if scope.everything or scope.level == "system":
        return Facility.objects.all()
    links = FacilityLink.objects.on(timezone.localdate()).filter(kind=LinkKind.REPORTING)
    home = Facility.objects.filter(pk__in=[scope.workplace_id]).values("unit")
    free = Facility.objects.filter(
        Q(unit__in=home) | Q(unit__parent__in=home) | Q(unit__parent__parent__in=home),
        ~Exists(links.filter(facility=OuterRef("pk"))),
        ~Exists(links.filter(facility=OuterRef("part_of"))),
    )
    return Facility.objects.filter(Q(pk__in=scope.facility_ids) | Q(pk__in=free.values("pk")))


def administered_units(scope: Scope) -> QuerySet[AdminUnit]:
    """The units of the administrator's own province, old and new; the shipped list itself is national."""
    if scope.everything or scope.level == "system":
        return AdminUnit.objects.all()
    home = list(Facility.objects.filter(pk__in=[scope.workplace_id]).values_list("unit__code", "unit__level"))
    codes = [code for code, level in home if level == UnitLevel.PROVINCE]
    province = Q(level=UnitLevel.PROVINCE, code__in=codes)
    below = [
        Q(**{f"{up}__level": UnitLevel.PROVINCE, f"{up}__code__in": codes})
        for up in ("parent", "parent__parent")
    ]
    return AdminUnit.objects.filter(province | below[0] | below[1])


def administered_hamlets(scope: Scope) -> QuerySet[Hamlet]:
    """The hamlets that an administrator may change: those of her own province."""
    return Hamlet.objects.filter(commune__in=administered_units(scope).values("pk"))


def facility_list(
    scope: Scope, *, text: str = "", kind: str = "", on: dt.date | None = None
) -> QuerySet[Facility]:
    """The list page: facilities within the scope in force on `on`, with their unit and number of points."""
    on = on or timezone.localdate()
    rows = visible_facilities(scope)
    open_rows = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    open_rows &= Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    rows = rows.filter(open_rows).select_related("unit__parent", "part_of")
    if kind:
        rows = rows.filter(kind=kind)
    elif not text and scope.level != "station":
        rows = rows.exclude(kind=FacilityKind.POINT)  # they stand under their station, or on their own tab
    if text:
        rows = rows.filter(_words(text))
    return rows.annotate(point_count=Count("points"))


def facility_page(scope: Scope, pk: UUID) -> Facility | None:
    """One facility within the scope with its links, or None."""
    return (
        visible_facilities(scope)
        .select_related("unit__parent", "part_of")
        .prefetch_related(
            Prefetch("links", queryset=_links_on(timezone.localdate()), to_attr="links_up"),
            Prefetch("points", queryset=Facility.objects.order_by("sort_key", "pk")),
        )
        .filter(pk=pk)
        .first()
    )


def _links_on(on: dt.date) -> QuerySet:
    return FacilityLink.objects.on(on).select_related("parent").order_by("kind", "parent__sort_key")


def catchment_rows(facility: Facility, on: dt.date) -> QuerySet[Catchment]:
    """Who cares for which hamlet in the station and its points on that day."""
    return (
        Catchment.objects.on(on)
        .filter(Q(facility=facility) | Q(facility__part_of=facility))
        .select_related("hamlet__commune", "facility")
        .order_by("hamlet__sort_order", "hamlet__name", "pk")
    )


# --- practitioners and posts


def practitioners_of(facility: Facility) -> QuerySet[Practitioner]:
    """Everybody who gives care at the station and its points, those who left too."""
    return (
        Practitioner.objects.filter(Q(facility=facility) | Q(facility__part_of=facility))
        .select_related("facility", "user")
        .order_by("sort_key", "pk")
    )


def posts_at(facility: Facility, on: dt.date) -> QuerySet[Post]:
    """The posts in force at the station and its points."""
    return (
        Post.objects.current(on)
        .filter(Q(facility=facility) | Q(facility__part_of=facility))
        .select_related("user", "role", "facility", "practitioner")
        .order_by("role__order", "user__sort_key", "pk")
    )


def colleagues(scope: Scope, right: str, text: str = "") -> QuerySet[User]:
    """Who else may do something at this workplace by her own posts, by words of her name or her user name."""
    posts = Post.objects.current(timezone.localdate()).filter(
        user=OuterRef("pk"), facility=scope.workplace_id, role__rights__contains=[right]
    )
    rows = User.objects.filter(~Q(pk=scope.user_id), Exists(posts), is_active=True)
    return rows.filter(_words(text)).order_by("sort_key", "pk")


def visible_users(scope: Scope) -> QuerySet[User]:
    """Accounts within the scope: a post at a facility of it, or made from here and still without a post."""
    if scope.everything or scope.level == "system":
        return User.objects.all()
    posts = Post.objects.filter(user=OuterRef("pk"))
    return User.objects.filter(
        Exists(posts.filter(facility__in=scope.facility_ids))
        | (Q(created_by_id=scope.user_id) & ~Exists(posts))
    )


def user_list(scope: Scope, *, text: str = "") -> QuerySet[User]:
    """The list of accounts with the posts in force that the scope reaches, and the last sign-in."""
    from apps.accounts.models import SignInEvent, SignInKind

    last = SignInEvent.objects.filter(user=OuterRef("pk"), kind=SignInKind.SUCCESS).order_by("-at")
    posts = Post.objects.current(timezone.localdate()).select_related("role", "facility")
    if not (scope.everything or scope.level == "system"):
        posts = posts.filter(facility__in=scope.facility_ids)
    rows = visible_users(scope).annotate(last_sign_in=Subquery(last.values("at")[:1]))
    if text:
        rows = rows.filter(_words(text))
    return rows.prefetch_related(Prefetch("posts", queryset=posts, to_attr="posts_here"))


def visible_hamlets(scope: Scope) -> QuerySet[Hamlet]:
    """Hamlets that a facility of the scope cares for or has cared for."""
    if scope.everything or scope.level == "system":
        return Hamlet.objects.all()
    return Hamlet.objects.filter(
        Exists(Catchment.objects.filter(hamlet=OuterRef("pk"), facility__in=scope.facility_ids))
    )


def visible_practitioners(scope: Scope) -> QuerySet[Practitioner]:
    """Practitioners of the scope's facilities."""
    rows = Practitioner.objects.select_related("facility__part_of")
    if scope.everything or scope.level == "system":
        return rows
    return rows.filter(facility__in=scope.facility_ids)


def visible_posts(scope: Scope) -> QuerySet[Post]:
    """Posts at the scope's facilities."""
    rows = Post.objects.select_related("facility", "role", "user")
    if scope.everything or scope.level == "system":
        return rows
    return rows.filter(facility__in=scope.facility_ids)


def points_of(station_ids: Iterable[UUID], on: dt.date) -> list[Facility]:
    """The points of these stations in force on that day, in Vietnamese order."""
    return list(Facility.objects.on(on).filter(part_of__in=list(station_ids)).order_by("sort_key", "pk"))
