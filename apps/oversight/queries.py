"""What the auditor and the station head read of the two logs: scoped, paged by key, in as many queries for
any number of rows.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, registry
from apps.core.models import AuditEntry, LogSeal, ReadEntry
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.facilities.models import Facility
from apps.facilities.queries import visible_facilities
from apps.patients.models import Person

PAGE = 50
ORDER = ("-at", "-id")


@dataclass(frozen=True)
class Filters:
    """What is asked of a log; ids and dates only, so that it may stand in an address."""

    since: dt.date
    until: dt.date
    person: UUID | None = None
    user: UUID | None = None
    facility: UUID | None = None
    kind: str = ""  # of an act: its action; of a look: its screen
    record: UUID | None = None  # the record that was acted upon

    def times(self) -> Q:
        zone = timezone.get_current_timezone()
        begin = dt.datetime.combine(self.since, dt.time.min, zone)
        end = dt.datetime.combine(self.until, dt.time.min, zone) + dt.timedelta(days=1)
        return Q(at__gte=begin, at__lt=end)


@dataclass(frozen=True)
class Line:
    """One row of a log with the names of what it points at."""

    id: UUID
    seq: int
    at: dt.datetime
    who: str
    username: str
    said: str
    place: str
    people: list["Shown"]
    more_people: int
    reason: str = ""
    record: UUID | None = None


@dataclass(frozen=True)
class Shown:
    """A person as the auditor sees her: the station's own number, no name."""

    id: UUID
    code: str


SHOWN_PEOPLE = 5


# --- acts


def acts(scope: Scope, asked: Filters) -> QuerySet[AuditEntry]:
    """The acts within reach that fit; those of no facility are the installation's own."""
    rows = AuditEntry.objects.filter(_reach(scope, "facility_id"), asked.times())
    if asked.person:
        rows = rows.filter(person_id=asked.person)
    if asked.record:
        rows = rows.filter(object_id=asked.record)
    if asked.facility:
        rows = rows.filter(facility_id=asked.facility)
    return _narrowed(rows, asked, "action")


def looks(scope: Scope, asked: Filters) -> QuerySet[ReadEntry]:
    """The looks within reach that fit."""
    rows = ReadEntry.objects.filter(_reach(scope, "workplace_id"), asked.times())
    if asked.person:
        rows = rows.filter(person_ids__contains=[asked.person])
    if asked.facility:
        rows = rows.filter(workplace_id=asked.facility)
    return _narrowed(rows, asked, "screen")


def looks_at(person: Person) -> QuerySet[ReadEntry]:
    """Everybody who saw this person, from wherever she looked: the person's own question."""
    return ReadEntry.objects.filter(person_ids__contains=[person.pk])


def one_act(scope: Scope, pk: UUID) -> AuditEntry | None:
    return AuditEntry.objects.filter(_reach(scope, "facility_id"), pk=pk).first()


def one_look(scope: Scope, pk: UUID) -> ReadEntry | None:
    return ReadEntry.objects.filter(_reach(scope, "workplace_id"), pk=pk).first()


def page_of(rows: QuerySet[Any], cursor: str) -> Page[Any]:
    return keyset(rows, order=ORDER, cursor=cursor, size=PAGE)


def act_lines(scope: Scope, entries: Iterable[AuditEntry]) -> list[Line]:
    """Acts as lines: three queries for any number."""
    entries = list(entries)
    names = Names.of(
        scope,
        people=[entry.person_id for entry in entries if entry.person_id],
        users=[entry.user_id for entry in entries],
        places=[entry.facility_id for entry in entries],
    )
    return [
        Line(
            id=entry.pk,
            seq=entry.seq,
            at=entry.at,
            who=names.who(entry.user_id, entry.username),
            username=login(entry),
            said=said(entry),
            place=names.places.get(entry.facility_id, ""),
            people=names.shown([entry.person_id] if entry.person_id else []),
            more_people=0,
            record=entry.object_id,
        )
        for entry in entries
    ]


def look_lines(scope: Scope, entries: Iterable[ReadEntry], *, people: int = SHOWN_PEOPLE) -> list[Line]:
    """Looks as lines with the first `people` of those seen: three queries for any number."""
    entries = list(entries)
    names = Names.of(
        scope,
        people=[each for entry in entries for each in entry.person_ids[:people]],
        users=[entry.user_id for entry in entries],
        places=[entry.workplace_id for entry in entries],
    )
    return [
        Line(
            id=entry.pk,
            seq=entry.seq,
            at=entry.at,
            who=names.who(entry.user_id, entry.username),
            username=login(entry),
            said=screen_title(entry.screen),
            place=names.places.get(entry.workplace_id, ""),
            people=names.shown(entry.person_ids[:people]),
            more_people=max(0, len(entry.person_ids) - people),
            reason=entry.reason,
        )
        for entry in entries
    ]


# --- people, accounts, facilities by their ids


@dataclass(frozen=True)
class Names:
    people: Mapping[UUID, str]
    users: Mapping[UUID, str]
    places: Mapping[UUID | None, str]

    @classmethod
    def of(cls, scope: Scope, *, people: list[UUID], users: list[Any], places: list[Any]) -> "Names":
        found = Person.objects.filter(pk__in=set(people)).values_list("pk", "code")
        return cls(
            people=dict(found),
            users=dict(User.objects.filter(pk__in=set(users)).values_list("pk", "full_name")),
            places=dict(Facility.objects.filter(pk__in=set(places)).values_list("pk", "name")),
        )

    def who(self, user_id: UUID | None, username: str) -> str:
        if user_id is None:
            return "Hệ thống" if username in ("", "system") else username
        return self.users.get(user_id) or username

    def shown(self, ids: list[UUID]) -> list[Shown]:
        return [Shown(each, self.people.get(each, "ngoài phạm vi")) for each in ids]


def person_by_code(scope: Scope, code: str, facility: UUID | None) -> list[Person]:
    """The people within reach who carry this number; each station numbers its own."""
    found = Person.objects.filter(code__iexact=code).only("id", "code", "station_id")
    if facility:
        found = found.filter(station_id=facility)
    elif not scope.everything and scope.level != "system":
        found = found.filter(station_id__in=scope.facility_ids)
    return list(found[:2])


def person_within(pk: UUID) -> Person | None:
    return Person.objects.filter(pk=pk).select_related("station").defer("tokens", "search").first()


def facility_choices(scope: Scope) -> list[tuple[str, str]]:
    rows = visible_facilities(scope).order_by("sort_key", "pk").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


# --- words


def login(entry: AuditEntry | ReadEntry) -> str:
    """The login as typed; nothing for the house's own work."""
    return "" if entry.user_id is None and entry.username == "system" else entry.username


def said(entry: AuditEntry) -> str:
    """What was done, with fields by their names on the forms."""
    return audit.told(entry.action, {key: _plain(value) for key, value in entry.data.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(field_words(str(each)) for each in value) or "không mục nào"
    return field_words(value) if isinstance(value, str) else value


def field_words(name: str) -> str:
    """The Vietnamese name of a field, where some model of the house gives one; else the word as it is."""
    return _field_words().get(name, name)


@cache
def _field_words() -> dict[str, str]:
    found: dict[str, str] = {}
    for model in apps.get_models():
        if model.__module__.startswith("apps."):
            for field in model._meta.concrete_fields:
                words = str(field.verbose_name)
                if words != field.name.replace("_", " "):
                    found.setdefault(field.name, words)
    return found


def action_title(action: str) -> str:
    """An action for the list of choices: its sentence with the places of its data left open."""
    words = audit.told(action, {})
    return words[:1].upper() + words[1:]


def screen_title(screen: str) -> str:
    known = registry.readlog_screens.get(screen)
    return known.title if known else screen


# --- seals


def seals(log: str, cursor: str) -> Page[LogSeal]:
    """The seals of one log, newest first."""
    rows = LogSeal.objects.filter(log=log).defer("marks")
    return keyset(rows, order=("-number", "-id"), cursor=cursor, size=31)


def seal_of(log: str, seq: int) -> LogSeal | None:
    """The seal that covers a row; None before its first night."""
    covering = LogSeal.objects.filter(log=log, kind="sealed", from_seq__lte=seq, to_seq__gte=seq)
    return covering.defer("marks").first()


# --- parts


def _reach(scope: Scope, column: str) -> Q:
    """Her facilities; above the station also what belongs to none: accounts, catalogues, receivers."""
    if scope.everything or scope.level == "system":
        return Q()
    if scope.hamlet_ids is not None:
        return Q(pk__in=())
    if scope.level == "station":  # a head who may read for some hours reads of her own station
        return Q(**{f"{column}__in": scope.facility_ids})
    return Q(**{f"{column}__in": scope.facility_ids}) | Q(**{f"{column}__isnull": True})


def _narrowed(rows: Any, asked: Filters, kind: str) -> Any:
    if asked.user:
        rows = rows.filter(user_id=asked.user)
    return rows.filter(**{kind: asked.kind}) if asked.kind else rows
