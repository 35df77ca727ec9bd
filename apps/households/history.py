"""What has happened to a family, to be read back: each event in words, with what may be done about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.core.paging import Page, keyset
from apps.core.words import date_words
from apps.households.models import (
    Closed,
    EventKind,
    EventState,
    Household,
    Membership,
    ResidenceEvent,
    ResidenceEventPerson,
    TransferState,
)
from apps.patients.models import Person

Open = dict[tuple[UUID, UUID], UUID]
PAGE = 30
# Where the right one is entered in place of a mistaken one: at the family left, or at the one it is about;
# at the member whom it is about; at the event that it ended. A death is entered anew at its person.
AT_THE_FAMILY_LEFT = {EventKind.SPLIT: "split", EventKind.MERGED: "merge", EventKind.MOVED: "move"}
AT_THE_FAMILY = {
    EventKind.RELOCATED: "relocate",
    EventKind.DEPARTED: "depart",
    EventKind.ABSENT: "absence",
    EventKind.ARRIVED: "member_add",
    EventKind.JOINED: "member_add",
    EventKind.HEAD: "head",
}
AT_THE_MEMBER = {
    EventKind.MARRIED: "marry",
    EventKind.DIVORCED: "divorce",
    EventKind.LEFT: "member_leave",
}
AT_WHAT_IT_ENDED = {EventKind.RETURNED: "return", EventKind.BACK: "back"}


@dataclass(frozen=True)
class Line:
    """One event as the history shows it."""

    event: ResidenceEvent
    people: list[Person]
    words: str
    again_url: str
    back_url: str
    all_back: bool

    @property
    def is_error(self) -> bool:
        return self.event.state == EventState.ENTERED_IN_ERROR


def history(household: Household, cursor: str) -> tuple[Page[ResidenceEvent], list[Line]]:
    """The events of a family, newest first. The same number of queries whatever their number."""
    rows = _rows().filter(Q(household=household) | Q(from_household=household))
    page = keyset(rows, order=("-on", "-id"), cursor=cursor, size=PAGE)
    open_rows = _open_rows(page.items)
    return page, [_line(row, household, open_rows) for row in page.items]


def of_event(event: ResidenceEvent, household: Household) -> Line:
    row = _rows().get(pk=event.pk)
    return _line(row, household, _open_rows([row]))


def _open_rows(events: Iterable[ResidenceEvent]) -> Open:
    """(family, person) -> her membership there now, of whom mistaken events are about. One query."""
    wrong = [event for event in events if event.state != EventState.FINAL]
    people = {part.person_id for event in wrong for part in event.parts_of_it}  # type: ignore[attr-defined]
    rows = Membership.objects.filter(person__in=people, valid_to__isnull=True) if people else ()
    return {(row.household_id, row.person_id): row.pk for row in rows}


def _rows() -> QuerySet[ResidenceEvent]:
    # unscoped people: whoever was in an event of a family of ours, also one seen off to another hamlet.
    known = Person.unscoped.only("full_name", "birth_date", "birth_precision", "sex", "died_on")
    back = ResidenceEventPerson.objects.filter(
        event__follows=OuterRef("event"), person=OuterRef("person"), event__state=EventState.FINAL
    )
    parts = ResidenceEventPerson.objects.annotate(is_back=Exists(back)).order_by("pk")
    parts = parts.select_related("transfer__station").prefetch_related(Prefetch("person", known))
    return ResidenceEvent.objects.select_related(
        "household", "from_household", "unit__parent", "hamlet", "part_of", "follows"
    ).prefetch_related(Prefetch("people", parts, to_attr="parts_of_it"))


def people_of(lines: Iterable[Line]) -> list[UUID]:
    return list({person.pk for line in lines for person in line.people})


def _line(event: ResidenceEvent, household: Household, open_rows: Open) -> Line:
    people = [part.person for part in event.parts_of_it]  # type: ignore[attr-defined]
    again = _again(event, people, open_rows)
    return Line(event, people, _words(event, household), again, _back(event), _all_back(event))


def _words(event: ResidenceEvent, household: Household) -> str:
    """Where from, where to, until when, why."""
    said = []
    other = event.from_household if event.household_id == household.pk else event.household
    if other is not None and other.pk != household.pk:
        said.append(f"{'từ' if event.household_id == household.pk else 'sang'} hộ {other.code}")
    where = [event.place_text, event.unit.full_name_on(event.on) if event.unit else ""]
    if event.unit and event.unit.parent:
        where.append(event.unit.parent.full_name)
    if any(where):
        direction = "từ" if event.kind in (EventKind.ARRIVED, EventKind.RETURNED) else "đến"
        said.append(f"{direction} {', '.join(part for part in where if part)}")
    if event.reach and event.kind not in (EventKind.MOVED, EventKind.RELOCATED):
        said.append(event.get_reach_display().lower())
    if event.kind == EventKind.RELOCATED and event.hamlet:
        said.append(f"đến {event.hamlet.name}")
    if event.spouse_text:
        said.append(f"với {event.spouse_text}")
    if event.until:
        said.append(f"dự kiến về {date_words(event.until)}")
    if event.part_of:
        said.append(f"ghi cùng {event.part_of.get_kind_display().lower()}")
    if event.note:
        said.append(event.note)
    said += _answers(event)
    return " · ".join(said)


def _answers(event: ResidenceEvent) -> list[str]:
    """What the station of the destination has said, once for all who left together where it said the same."""
    rows = [part.transfer for part in event.parts_of_it if hasattr(part, "transfer")]  # type: ignore[attr-defined]
    told: dict[str, None] = {}
    for row in rows:
        words = f"{row.station.name}: {row.get_state_display().lower()}"
        if row.state == TransferState.RECEIVED and row.decided_at:
            words += f" {date_words(timezone.localdate(row.decided_at))}"
        if row.state == TransferState.DECLINED:
            words += f" ({row.reason})"
        told[words] = None
    return list(told)


def _again(event: ResidenceEvent, people: list[Person], open_rows: Open) -> str:
    """Where the right one is entered; '' where it cannot be: the family is no more, or she has gone."""
    if event.state == EventState.FINAL or event.replaced_by_id:
        return ""
    found = _page_of(event, people, open_rows)
    return f"{found}?thay={event.pk}" if found else ""


def _page_of(event: ResidenceEvent, people: list[Person], open_rows: Open) -> str:
    kind, home, left = EventKind(event.kind), event.household, event.from_household
    if kind == EventKind.DIED:
        return reverse("patients:death_record", args=[people[0].pk]) if people else ""
    if kind == EventKind.ARRIVED and event.follows_id:  # from another station of the house
        return reverse("households:newcomer", args=[event.follows_id])
    made_by_it = home is not None and home.closed == Closed.ERROR and kind not in AT_THE_FAMILY_LEFT
    if kind == EventKind.CREATED or made_by_it:
        return reverse("households:create")
    if kind in AT_THE_FAMILY_LEFT and left is not None and not left.closed:
        return reverse(f"households:{AT_THE_FAMILY_LEFT[kind]}", args=[left.pk])
    if home is None:
        return ""
    if kind in AT_WHAT_IT_ENDED and event.follows_id and home.closed in (Closed.OPEN, Closed.DEPARTED):
        return reverse(f"households:{AT_WHAT_IT_ENDED[kind]}", args=[home.pk, event.follows_id])
    if home.closed:
        return ""
    if kind in AT_THE_FAMILY:
        return reverse(f"households:{AT_THE_FAMILY[kind]}", args=[home.pk])
    member = next((row for each in people if (row := open_rows.get((home.pk, each.pk)))), None)
    return reverse(f"households:{AT_THE_MEMBER[kind]}", args=[home.pk, member]) if member else ""


def _back(event: ResidenceEvent) -> str:
    """Where the return of those who left, or are away, is entered."""
    if event.state != EventState.FINAL or event.household is None:
        return ""
    if event.kind == EventKind.DEPARTED:
        return reverse("households:return", args=[event.household_id, event.pk])
    if event.kind == EventKind.ABSENT:
        return reverse("households:back", args=[event.household_id, event.pk])
    return ""


def _all_back(event: ResidenceEvent) -> bool:
    return all(part.is_back for part in event.parts_of_it)  # type: ignore[attr-defined]
