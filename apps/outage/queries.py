"""What is read about packs, slips and back-entries."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.core import ports, readlog
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.facilities.models import Facility, FacilityKind, Post, Practitioner
from apps.outage.kinds import Told, kinds
from apps.outage.models import BackEntry, Pack, Slip

PACKS = 14  # shown: two weeks of nights
PAGE = 50
ORDER = ("-occurred_at", "-id")


def packs(scope: Scope) -> list[Pack]:
    """The workplace's packs, newest first, with how many slips each has, were entered, were voided."""
    rows = Pack.visible(scope).filter(facility_id__in=[scope.workplace_id])
    counted = rows.annotate(
        slip_count=Count("slips"),
        used_count=Count("slips", filter=Q(slips__entry__isnull=False)),
        voided_count=Count("slips", filter=Q(slips__voided_at__isnull=False)),
    )
    return list(counted.order_by("-made_at", "-id")[:PACKS])


def pack(scope: Scope, pk: UUID) -> Pack | None:
    found = Pack.visible(scope).filter(pk=pk, facility_id__in=[scope.workplace_id])
    return found.select_related("facility").first()


def slips_left(scope: Scope) -> int:
    """How many printed slips nobody has entered or voided yet."""
    printed = Slip.visible(scope).filter(
        pack__facility_id__in=[scope.workplace_id], pack__printed_at__isnull=False
    )
    return printed.filter(entry__isnull=True, voided_at__isnull=True).count()


@dataclass(frozen=True)
class SlipLine:
    """A slip of a pack: not used yet, voided, or entered as what `told` says (None: out of sight)."""

    slip: Slip
    entry: BackEntry | None
    told: Told | None


def slips(scope: Scope, pack: Pack) -> list[SlipLine]:
    """All slips of a pack, as many as a pack may have, by number. A query, and one a kind."""
    rows = list(Slip.visible(scope).filter(pack=pack).select_related("entry").order_by("number"))
    entries = {row.pk: entry for row in rows if (entry := getattr(row, "entry", None))}
    told = _told(scope, entries.values())
    return [
        SlipLine(row, entry := entries.get(row.pk), told.get(entry.object_id) if entry else None)
        for row in rows
    ]


def at_station(scope: Scope) -> bool:
    """Whether the workplace is a station: paper is made where people are seen."""
    return Facility.objects.filter(pk__in=[scope.workplace_id], kind=FacilityKind.STATION).exists()


def staff(scope: Scope) -> list[tuple[str, str]]:
    """Who works or lately worked at the workplace, for the choice of who did it."""
    since = timezone.localdate() - dt.timedelta(days=366)
    here = Q(facility_id__in=[scope.workplace_id]) | Q(facility__part_of__in=[scope.workplace_id])
    rows = Practitioner.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=since), here)
    return [(str(row.pk), f"{row.full_name} ({row.get_grade_display()})") for row in rows]


def held_a_post(practitioner: Practitioner, on: dt.date) -> bool:
    """Whether she held a post at her station on that day; one revoked since counts until it was."""
    posts = Post.objects.on(on).filter(
        Q(practitioner=practitioner) | Q(user_id=practitioner.user_id, user_id__isnull=False),
        Q(revoked_at__isnull=True) | Q(revoked_at__date__gt=on),
        Q(facility=practitioner.facility_id) | Q(facility__part_of=practitioner.facility_id),
    )
    return posts.exists()


@dataclass(frozen=True)
class Asked:
    """The filters of the list."""

    since: dt.date
    until: dt.date
    station: UUID | None = None


@dataclass(frozen=True)
class Line:
    """A back-entry in words. Without `told` the record is out of the reader's sight."""

    entry: BackEntry
    kind_title: str
    told: Told | None
    person: ports.PersonWords | None


def chosen(scope: Scope, asked: Asked) -> QuerySet[BackEntry]:
    """The back-entries of events between two days, of one station or all in reach."""
    start = timezone.make_aware(dt.datetime.combine(asked.since, dt.time.min))
    end = timezone.make_aware(dt.datetime.combine(asked.until + dt.timedelta(days=1), dt.time.min))
    rows = BackEntry.visible(scope).filter(occurred_at__gte=start, occurred_at__lt=end)
    if asked.station:
        rows = rows.filter(facility_id=asked.station)
    return rows.select_related("performer", "slip", "facility")


def page(scope: Scope, asked: Asked, cursor: str) -> Page[BackEntry]:
    """A page of them, the latest event first."""
    return keyset(chosen(scope, asked), order=ORDER, cursor=cursor, size=PAGE)


def lines(scope: Scope, entries: Iterable[BackEntry], *, screen: str) -> list[Line]:
    """Back-entries in words: a query a kind, one for the people; who is shown stands in the read log, unless
    `screen` is '' and the caller logs them.
    """
    rows: Sequence[BackEntry] = list(entries)
    told = _told(scope, rows)
    known = {about.person_id for about in told.values() if about.person_id}
    port = ports.get(ports.PeopleInWords)
    people = port.of(scope, sorted(known)) if port and known else {}
    if people and screen:
        readlog.record(screen, sorted(people))
    titles = {kind.key: kind.title for kind in kinds}
    return [
        Line(
            entry=row,
            kind_title=titles.get(row.kind, row.kind),
            told=(about := told.get(row.object_id)),
            person=people.get(about.person_id) if about and about.person_id else None,
        )
        for row in rows
    ]


def _told(scope: Scope, rows: Collection[BackEntry]) -> dict[UUID, Told]:
    """What the reader may know of the records that rows have become. A query a kind."""
    told: dict[UUID, Told] = {}
    for kind in kinds:
        ids = {row.object_id for row in rows if row.kind == kind.key}
        if ids and scope.can(f"{kind.right.partition('.')[0]}.view"):
            told |= kind.about(scope, ids)
    return told


def of_object(scope: Scope, object_id: UUID) -> BackEntry | None:
    """The row that a record came from. One query."""
    rows = BackEntry.visible(scope).filter(object_id=object_id)
    found: BackEntry | None = rows.select_related("slip", "performer").first()
    return found


def stations(scope: Scope) -> list[tuple[str, str]]:
    """The stations in reach, for the list's filter."""
    rows = Facility.objects.filter(pk__in=scope.facility_ids, kind=FacilityKind.STATION)
    return [(str(pk), name) for pk, name in rows.order_by("sort_key", "pk").values_list("pk", "name")]
