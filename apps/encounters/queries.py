"""Everything that is read about visits: the day's list, one visit, a person's.

A visit is found within its scope; its parts are then read unscoped, since whoever sees the visit sees them.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.urls import reverse
from django.utils import timezone

from apps.care import queries as care
from apps.core import parameters
from apps.core.models import ReadEntry
from apps.core.paging import Page, keyset
from apps.core.registry import DraftSubject
from apps.core.scope import Scope
from apps.encounters import rules, states
from apps.encounters.models import (
    Diagnosis,
    DiagnosisRole,
    Prescription,
    PrescriptionLine,
    Visit,
    VisitRevision,
)
from apps.facilities.models import Facility
from apps.patients import hush
from apps.patients.models import Person

ROW = ("person", "performer")
# Of who waits the emergencies first, as in the queue.
GOES_FIRST = Case(When(state=states.WAITING, then=F("rank")), default=0, output_field=IntegerField())
LEFT_TO_DO = Case(
    When(state__in=(states.WAITING, states.IN_PROGRESS), then=0),
    When(state=states.AWAITING_SIGNATURE, then=1),
    default=2,
    output_field=IntegerField(),
)


def day(
    scope: Scope, *, on: dt.date, state: str = "", point_id: UUID | None = None, cursor: str = ""
) -> Page[Visit]:
    """A station's visits of a day, one query, with their people: who waits or is being seen, what waits for
    its signature, then the others, each in the order of the queue; of who waits whoever has priority first.
    """
    rows = Visit.visible(scope).filter(facility_id__in=scope.facility_ids, on=on).select_related(*ROW)
    if state:
        rows = rows.filter(state=state)
    if point_id:
        rows = rows.filter(point_id=point_id)
    return keyset(
        rows,
        order=("left_to_do", "goes_first", "queue_no", "id"),
        cursor=cursor,
        size=page_size(on),
        computed={"left_to_do": LEFT_TO_DO, "goes_first": GOES_FIRST},
    )


def page_size(on: dt.date) -> int:
    """How many rows a list shows at once."""
    return int(parameters.value("visits.page_size", on=on))


def counts(scope: Scope, on: dt.date) -> dict[str, int]:
    """How many visits of the day stand in each state, and 'unsigned': all that wait for a signature."""
    rows = Visit.visible(scope).filter(facility_id__in=scope.facility_ids)
    found = rows.filter(on=on).aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in states.TABLE}
    )
    found["unsigned"] = rows.filter(state=states.AWAITING_SIGNATURE).count()
    return found


def waiting(scope: Scope, on: dt.date, limit: int) -> list[Visit]:
    """Who waits or is being examined today, whoever goes first at the top: for the home page."""
    return list(
        Visit.visible(scope)
        .filter(facility_id__in=scope.facility_ids, on=on, state__in=(states.WAITING, states.IN_PROGRESS))
        .select_related("person")
        .defer("person__tokens", "person__search")
        .order_by("rank", "queue_no")[:limit]
    )


def hushed(scope: Scope, visits: list[Visit]) -> list[Visit]:
    """These visits for a list of the queue: why they came as patients/hush.py allows it. One query at most.
    The rows are changed in memory, to be shown and never saved.
    """
    told = hush.of(scope, [visit.person_id for visit in visits])
    for visit in visits:
        visit.reason = told.text(visit.person_id, visit.reason)
    return visits


def unsigned(scope: Scope, *, cursor: str = "", on: dt.date) -> Page[Visit]:
    """What waits for a signature at the scope's stations, oldest first."""
    rows = (
        Visit.visible(scope)
        .filter(facility_id__in=scope.facility_ids, state=states.AWAITING_SIGNATURE)
        .select_related(*ROW)
    )
    return keyset(rows, order=("occurred_at", "id"), cursor=cursor, size=page_size(on))


def unsigned_first(scope: Scope, limit: int) -> list[Visit]:
    """The visits that have waited longest for a signature: for the home page of who signs."""
    # a station's points too: what a former station has left unsigned is signed at its successor
    here = scope.facility_ids if scope.level == "station" else scope.facility_ids & {scope.workplace_id}
    rows = Visit.visible(scope).filter(facility_id__in=here, state=states.AWAITING_SIGNATURE)
    rows = rows.select_related("person").defer("person__tokens", "person__search")
    return list(rows.order_by("occurred_at", "id")[:limit])


def opened_by(user_id: UUID | None, visits: Sequence[Visit]) -> set[UUID]:
    """Which of these visits this user has opened since they were last changed, by the read log. One query."""
    if not visits or user_id is None:
        return set()
    looks = ReadEntry.objects.filter(
        user_id=user_id,
        screen="visit.page",
        at__gte=min(visit.updated_at for visit in visits),
        person_ids__overlap=[visit.person_id for visit in visits],
    ).values_list("at", "person_ids")
    last: dict[UUID, dt.datetime] = {}
    for at, people in looks:
        for person_id in people:
            last[person_id] = max(at, last.get(person_id, at))
    return {
        visit.pk for visit in visits if visit.person_id in last and last[visit.person_id] >= visit.updated_at
    }


def visit_page(visit_id: UUID) -> Visit | None:
    """One visit that the scope in force sees, with person, place and people, and whether her height was ever
    taken (`has_height`); None otherwise. One query.
    """
    return (
        Visit.objects.select_related(
            "person__hamlet__commune__parent",
            "facility__unit",
            "hamlet__commune__parent__parent",
            "point",
            "performer",
            "doctor",
            "card",
        )
        .defer("person__tokens", "person__search")
        .annotate(has_height=care.ever_taken("height"))
        .filter(pk=visit_id)
        .first()
    )


def of_person(scope: Scope, person_id: UUID, *, before: Visit | None = None, limit: int) -> list[Visit]:
    """A person's visits, newest first; with `before` only those earlier than that one."""
    rows = Visit.visible(scope).filter(person_id=person_id).select_related("facility", "performer")
    if before is not None:
        rows = rows.filter(occurred_at__lt=before.occurred_at)
    return list(rows.order_by("-occurred_at")[:limit])


def unfinished(scope: Scope, person_id: UUID) -> list[Visit]:
    """A person's visits at the scope's stations that are not finished, newest first. One query."""
    return list(
        Visit.visible(scope)
        .filter(person_id=person_id, facility_id__in=scope.facility_ids, state__in=states.OPEN_STATES)
        .order_by("-occurred_at")
    )


def sheets(visit: Visit) -> list[Prescription]:
    """The prescriptions of a visit with their lines, in the order they are printed. Two queries."""
    return sheets_of([visit])


def sheets_of(visits: Collection[Visit]) -> list[Prescription]:
    """Those of many visits, in the same order. Two queries."""
    return list(
        Prescription.unscoped.filter(visit__in=visits)
        .order_by("kind")
        .prefetch_related(
            Prefetch("lines", queryset=PrescriptionLine.unscoped.select_related("drug").order_by("position"))
        )
    )


def visit_of_sheet(prescription_id: UUID) -> UUID | None:
    """The visit that a prescription belongs to; its page decides who may see it."""
    return Prescription.unscoped.filter(pk=prescription_id).values_list("visit_id", flat=True).first()


def revisions(visit: Visit) -> list[VisitRevision]:
    """The earlier versions of a visit, newest first."""
    return list(VisitRevision.unscoped.filter(visit=visit).order_by("-at"))


def draft_subjects(scope: Scope, visit_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
    """The visits that drafts were begun for, as far as the scope sees them. One query."""
    visits = Visit.visible(scope).filter(pk__in=list(visit_ids)).select_related("person")
    return {
        visit.pk: DraftSubject(
            title=f"Khám bệnh {visit.number} – {visit.person.full_name}",
            url=reverse(
                "encounters:amend" if visit.state == states.FINALISED else "encounters:visit", args=[visit.pk]
            ),
            facility_id=visit.facility_id,
            version=visit.version,
            person_id=visit.person_id,
        )
        for visit in visits
    }


def reception_subjects(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
    """The people whom somebody was about to receive. One query."""
    if scope.workplace_id is None:
        return {}
    return {
        person.pk: DraftSubject(
            title=f"Tiếp nhận khám – {person.full_name}",
            url=reverse("encounters:open", args=[person.pk]),
            facility_id=scope.workplace_id,
            person_id=person.pk,
        )
        for person in Person.visible(scope).filter(pk__in=list(person_ids)).only("full_name")
    }


CHILD_DAYS = int(rules.CHILD_MONTHS * Decimal("30.4375"))


class UsualCodes:
    """What a facility used most in the last year: comes first in the pickers (catalogues.frequency)."""

    def top(self, kind: str, facility_id: UUID, limit: int, *, child: bool | None = None) -> Sequence[str]:
        """ICD-10 or drug codes, most used first; one query, none for other kinds."""
        since = timezone.localdate() - dt.timedelta(days=365)
        if kind == "icd10":
            rows: QuerySet[Any] = Diagnosis.unscoped.filter(
                visit__facility_id=facility_id, visit__on__gte=since
            ).exclude(role=DiagnosisRole.TRADITIONAL)
            if child is not None:
                rows = rows.filter(visit__age_days__isnull=False)
                below = Q(visit__age_days__lt=CHILD_DAYS)
                rows = rows.filter(below if child else ~below)
            name = "icd_code"
        elif kind == "drug":
            rows = PrescriptionLine.unscoped.filter(
                prescription__visit__facility_id=facility_id, prescription__visit__on__gte=since
            )
            name = "drug__code"
        else:
            return []
        counted = rows.values(name).annotate(times=Count("pk")).order_by("-times", name)
        return [row[name] for row in counted[:limit]]


def highest_number(facility_id: UUID, period: str) -> int:
    """The highest number that a visit of the facility carries in a year, however it came."""
    rows = Visit.unscoped.filter(facility_id=facility_id, number__startswith=f"{period}-")
    found = rows.aggregate(last=Max("number"))["last"]  # of one width: the greatest text is the highest
    return int(found.rpartition("-")[2]) if found else 0


def highest_in_queue(facility_id: UUID, period: str) -> int:
    """The highest number in a facility's queue of a day."""
    here = Q(point_id=facility_id) | Q(facility_id=facility_id, point__isnull=True)  # a point counts alone
    rows = Visit.unscoped.filter(here, on=dt.date.fromisoformat(period))
    return rows.aggregate(last=Max("queue_no"))["last"] or 0


def visits_this_month(station_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many visits each station has had since the first of the month; nobody seen is none."""
    # a reviewer sees figures of stations whose visits she may not see
    rows = Visit.unscoped.filter(facility__in=station_ids, on__gte=timezone.localdate().replace(day=1))
    rows = rows.exclude(state__in=states.NOT_COUNTED).order_by()
    return dict(rows.values("facility").annotate(many=Count("pk")).values_list("facility", "many"))


def last_visit_days(station_ids: Sequence[UUID]) -> dict[UUID, dt.date | None]:
    """The day of each station's last visit: one step into the index of days a station."""
    # a reviewer sees figures of stations whose visits she may not see
    last = Visit.unscoped.filter(facility=OuterRef("pk")).order_by("-on").values("on")[:1]
    stations = Facility.objects.filter(pk__in=station_ids).order_by()
    return dict(stations.annotate(last=Subquery(last)).values_list("pk", "last"))
