"""What has happened to a family, to be read back: each event in words, with what may be done about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse

from apps.core.paging import Page, keyset
from apps.core.words import date_words
from apps.households.models import (
    EventKind,
    EventState,
    Household,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.patients.models import Person

PAGE = 30
# Where the right one is entered in place of a mistaken one: page, and whether it stands at the family left.
AGAIN = {
    EventKind.SPLIT: ("split", True),
    EventKind.MERGED: ("merge", True),
    EventKind.RELOCATED: ("relocate", False),
    EventKind.DEPARTED: ("depart", False),
    EventKind.ABSENT: ("absence", False),
    EventKind.ARRIVED: ("member_add", False),
    EventKind.JOINED: ("member_add", False),
    EventKind.MOVED: ("member_add", False),
}


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
    return page, [_line(row, household) for row in page.items]


def of_event(event: ResidenceEvent, household: Household) -> Line:
    return _line(_rows().get(pk=event.pk), household)


def _rows() -> QuerySet[ResidenceEvent]:
    # unscoped people: whoever was in an event of a family of ours, also one seen off to another hamlet.
    known = Person.unscoped.only("full_name", "birth_date", "birth_precision", "sex", "died_on")
    back = ResidenceEventPerson.objects.filter(
        event__follows=OuterRef("event"), person=OuterRef("person"), event__state=EventState.FINAL
    )
    parts = ResidenceEventPerson.objects.annotate(is_back=Exists(back)).order_by("pk")
    parts = parts.prefetch_related(Prefetch("person", known))
    return ResidenceEvent.objects.select_related(
        "household", "from_household", "unit__parent", "hamlet", "part_of", "follows"
    ).prefetch_related(Prefetch("people", parts, to_attr="parts_of_it"))


def people_of(lines: Iterable[Line]) -> list[UUID]:
    return list({person.pk for line in lines for person in line.people})


def _line(event: ResidenceEvent, household: Household) -> Line:
    people = [part.person for part in event.parts_of_it]  # type: ignore[attr-defined]
    return Line(event, people, _words(event, household), _again(event), _back(event), _all_back(event))


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
    return " · ".join(said)


def _again(event: ResidenceEvent) -> str:
    if event.state == EventState.FINAL or event.replaced_by_id or event.kind not in AGAIN:
        return ""
    name, out = AGAIN[EventKind(event.kind)]
    home = event.from_household if out else event.household
    if home is None or home.closed:
        return ""
    return f"{reverse(f'households:{name}', args=[home.pk])}?thay={event.pk}"


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
