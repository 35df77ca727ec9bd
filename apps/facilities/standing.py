"""How the stations of a region or province stand: figures of the rooms above, and what is to be set up."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import SignInEvent, SignInKind
from apps.core import registry
from apps.core.ids import uuid7
from apps.core.paging import Page, keyset
from apps.core.registry import StationFigure
from apps.core.scope import Scope
from apps.facilities.models import Facility, FacilityKind, Post
from apps.facilities.queries import visible_facilities, visible_users

HOME_ROWS = 16  # a region's stations, as they fit on a page
PAGE_ROWS = 50


@dataclass(frozen=True)
class Cell:
    """A station's figure in one column."""

    figure: StationFigure
    value: Any


@dataclass(frozen=True)
class Row:
    station: Facility
    cells: list[Cell]


def stations(scope: Scope) -> QuerySet[Facility]:
    """The stations of the scope that work today."""
    today = timezone.localdate()
    open_today = (Q(valid_from__isnull=True) | Q(valid_from__lte=today)) & (
        Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    )
    return visible_facilities(scope).filter(open_today, kind=FacilityKind.STATION)


def station_page(
    scope: Scope, *, cursor: str = "", size: int = PAGE_ROWS
) -> tuple[Page[Facility], list[Row]]:
    """Stations by name with the figures of all rooms: a query, and one for each column."""
    page = keyset(stations(scope), order=("sort_key", "pk"), cursor=cursor, size=size)
    return page, figures(page.items)


def figures(shown: Sequence[Facility]) -> list[Row]:
    ids = [station.pk for station in shown]
    columns = [(figure, figure.provide(ids) if ids else {}) for figure in registry.station_figures]
    return [
        Row(station, [Cell(figure, found.get(station.pk)) for figure, found in columns]) for station in shown
    ]


def home_stations(scope: Scope) -> dict[str, Any] | None:
    """The home page's panel: the first stations of the scope."""
    page, rows = station_page(scope, size=HOME_ROWS)
    if not rows:
        return None
    return {"rows": rows, "figures": registry.station_figures.all(), "more": bool(page.next_cursor)}


def without_accounts(scope: Scope) -> QuerySet[Facility]:
    """Stations where nobody holds a post today: nobody can sign in there."""
    posts = Post.objects.current(timezone.localdate())
    here = posts.filter(Q(facility=OuterRef("pk")) | Q(facility__part_of=OuterRef("pk")))
    return stations(scope).filter(~Exists(here))


def home_without_accounts(scope: Scope) -> dict[str, Any] | None:
    """The home page's panel: how many stations have nobody, and the first of them."""
    found = list(without_accounts(scope).order_by("sort_key", "pk"))
    return {"stations": found[:6], "count": len(found), "rest": len(found) - 6} if found else None


FAILED = (SignInKind.WRONG, SignInKind.LOCKED, SignInKind.DISABLED, SignInKind.SLIP_OVER)


def home_sign_ins(scope: Scope) -> dict[str, Any]:
    """The auditor's panel: sign-ins of the scope's accounts, and which failed most. Two queries."""
    now = timezone.now()
    week = now - dt.timedelta(days=7)
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    # the primary key begins with the time: its index bounds the search
    events = SignInEvent.objects.filter(id__gte=uuid7(int(week.timestamp() * 1000), bytes(10)), at__gte=week)
    events = events.filter(user__in=visible_users(scope).values("pk"))
    counted = {
        row["kind"]: (row["today"], row["week"])
        for row in events.values("kind")
        .order_by()
        .annotate(today=Count("pk", filter=Q(at__gte=today)), week=Count("pk"))
    }
    worst = (
        events.filter(kind__in=FAILED)
        .values("user", "user__username", "user__full_name")
        .annotate(failed=Count("pk"))
        .order_by("-failed", "user__username")[:5]
    )
    kinds = (SignInKind.SUCCESS, SignInKind.WRONG, SignInKind.LOCKED)
    return {"lines": [(kind.label, *counted.get(kind, (0, 0))) for kind in kinds], "worst": list(worst)}
