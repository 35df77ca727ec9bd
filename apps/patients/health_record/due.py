"""Whose record is due for the yearly review: the list, and the due items that the night writes."""

import calendar
import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.patients import projections
from apps.patients.models import DueItem, DueState, HealthRecord, LifeStatus, Person

DUE_KIND = "record-review"
PAGE = 50
PRINTED = 400  # rows of one paper, more than any hamlet reviews in a month
FILTERS = {"": "Tất cả", "chua": "Chưa rà soát lần nào", "qua": "Đã quá hạn"}


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, or the last one of a shorter month. Pure."""
    years, month = divmod(day.month - 1 - months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def last_good(on: dt.date) -> dt.date:
    """A record reviewed on or before this day is due on `on`."""
    return months_before(on, int(parameters.value("record.review_months", on=on)))


def due_people(scope: Scope, *, hamlet_id: UUID | None = None, only: str = "") -> QuerySet[Person]:
    """The living of the catchment whose record is due today, with when it was reviewed last."""
    # unscoped: who of the catchment was reviewed when; the people come through the scope
    reviews = HealthRecord.unscoped.filter(person=OuterRef("pk"))
    people = Person.visible(scope).filter(life_status=LifeStatus.ALIVE, merged_into__isnull=True)
    if not scope.everything:
        people = people.filter(station_id__in=scope.facility_ids)
    if hamlet_id:
        people = people.filter(hamlet_id=hamlet_id)
    people = people.annotate(
        reviewed_on=Subquery(reviews.values("reviewed_on")[:1]),
        reviewed_by=Subquery(reviews.values("reviewed_by_name")[:1]),
    )
    never = Q(reviewed_on__isnull=True)
    overdue = Q(reviewed_on__lte=last_good(timezone.localdate()))
    wanted = {"chua": never, "qua": overdue}.get(only, never | overdue)
    return people.filter(wanted).select_related("hamlet").defer("tokens", "search")


def page(
    scope: Scope, *, hamlet_id: UUID | None = None, only: str = "", cursor: str = "", size: int = PAGE
) -> Page[Any]:
    """A page of them in the order of names. Two queries with the parameter."""
    rows = due_people(scope, hamlet_id=hamlet_id, only=only)
    return keyset(rows, order=("sort_key", "id"), cursor=cursor, size=size)


# --- the night


def due_tonight(on: dt.date) -> str:
    """Puts a due item for every record whose review comes up; says how many."""
    ahead = int(parameters.value("record.review_ahead_days", on=on))
    months = int(parameters.value("record.review_months", on=on))
    # unscoped: the night's work is the system's own
    open_items = DueItem.unscoped.filter(kind=DUE_KIND, state=DueState.OPEN).values("object_id")
    # unscoped: the same
    records = HealthRecord.unscoped.filter(
        reviewed_on__lte=months_before(on + dt.timedelta(days=ahead), months),
        person__life_status=LifeStatus.ALIVE,
        person__merged_into__isnull=True,
    ).exclude(pk__in=open_items)
    count = 0
    for pk, person_id, reviewed_on in records.values_list("pk", "person_id", F("reviewed_on")).iterator():
        due_on = months_before(reviewed_on, -months)
        projections.put_due(
            person_id=person_id,
            kind=DUE_KIND,
            object_id=pk,
            title="Rà soát hồ sơ sức khỏe hằng năm",
            due_on=due_on,
            overdue_on=due_on + dt.timedelta(days=1),
        )
        count += 1
    return f"{count} hồ sơ sức khỏe đến hạn rà soát"
