"""Somebody is away for a time and still belongs to the family."""

import datetime as dt
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.words import date_words
from apps.households.families import check_open, chosen, open_rows
from apps.households.ledger import Ledger
from apps.households.models import EventKind, EventState, Household, ResidenceEvent, ResidenceEventPerson
from apps.households.places import Elsewhere
from apps.patients.models import Person


@transaction.atomic
def absence_open(
    *,
    household: Household,
    people: Sequence[Person],
    place: Elsewhere,
    on: dt.date,
    until: dt.date | None = None,
    note: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """These members are away from that day, expected back by `until`. Raises Refused."""
    current().require("households.edit")
    check_open(household)
    if until and until < on:
        raise Refused("Ngày dự kiến về phải từ ngày đi trở đi.", field="until")
    ledger = Ledger(
        EventKind.ABSENT,
        on=on,
        household=household,
        place=place,
        until=until,
        note=note,
        replaces=replaces,
    )
    chosen(open_rows(household), people)
    away = {row.person_id: row for row in open_absences([person.pk for person in people])}
    for person in people:
        if row := away.get(person.pk):
            raise Refused(
                f"{person.full_name} đang tạm vắng từ {date_words(row.event.on)}; hãy ghi hết trước.",
                field="people",
            )
    ledger.about(*people)
    return ledger.done()


@transaction.atomic
def absence_close(
    *,
    absence: ResidenceEvent,
    people: Sequence[Person],
    on: dt.date,
    note: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """These are back from that day. Raises Refused."""
    current().require("households.edit")
    if absence.kind != EventKind.ABSENT or absence.household is None:
        raise Refused("Không có lần tạm vắng nào để kết thúc.", field="people")
    if on < absence.on:
        raise Refused(f"Ngày về phải từ ngày đi {date_words(absence.on)} trở đi.", field="on")
    if not people:
        raise Refused("Hãy chọn ít nhất một người.", field="people")
    ledger = Ledger(
        EventKind.BACK, on=on, household=absence.household, follows=absence, note=note, replaces=replaces
    )
    away = {row.person_id for row in open_absences([person.pk for person in people]) if row.event == absence}
    for person in people:
        if person.pk not in away:
            raise Refused(f"{person.full_name} không còn ghi là tạm vắng.", field="people")
    ledger.about(*people)
    return ledger.done()


def open_absences(person_ids: Iterable[UUID]) -> QuerySet[ResidenceEventPerson]:
    """Who of these is away, with the event that says since when. One query."""
    back = ResidenceEventPerson.objects.filter(
        event__follows=OuterRef("event"), person=OuterRef("person"), event__state=EventState.FINAL
    )
    return (
        ResidenceEventPerson.objects.filter(
            ~Exists(back),
            person_id__in=list(person_ids),
            event__kind=EventKind.ABSENT,
            event__state=EventState.FINAL,
        )
        .select_related("event")
        .order_by("pk")
    )
