"""What has happened in a commune's families as rows of households and patients: as their services would have
written it, without the acts in the audit.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from apps.catalogues import icd
from apps.households.models import EventKind, Reach, ResidenceEvent, ResidenceEventPerson
from apps.patients.death_rules import underlying
from apps.patients.deaths import TIMELINE
from apps.patients.models import Closing, ClosingKind, Death, DeathCause, DeathPlace, TimelineEntry
from apps.population.bulk import Sheet, cells
from apps.population.chance import day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.ground import Ground
from apps.population.happenings import (
    ABSENT,
    CAUSES,
    DEPARTED,
    DIED,
    MARRIED,
    WED,
    Happening,
    last_day,
)
from apps.population.people import Person
from apps.population.write_conditions import BY
from apps.population.write_people import card_days
from apps.population.write_visits import FACT

NOON = 12 * 60
AWAY = timedelta(days=400)  # how long who works elsewhere is expected to stay
STAMPS = ("created_at", "updated_at")


def write(commune: Commune, ground: Ground) -> Iterator[Sheet]:
    """The sheets; the caller cuts each before the next."""
    yield from _events(commune, ground)
    yield from _deaths(commune, ground)
    yield _closings(commune)


def _events(commune: Commune, ground: Ground) -> Iterator[Sheet]:
    events = Sheet(
        ResidenceEvent,
        ["id", "station_id", "kind", "on", "household_id", "hamlet_id", "reach", "place_text", "spouse_text",
         "note", "until", "changes", "recorded_at", "recorded_by_name", *STAMPS],
    )  # fmt: skip
    parts = Sheet(ResidenceEventPerson, ["id", "event_id", "person_id"])
    for made in commune.happenings:
        home, at = commune.households[made.person.household], moment(made.on, NOON)
        reach = str(Reach.COUNTRY) if made.town else ""
        until = made.on + AWAY if made.kind == ABSENT else None
        events.add(
            made.event, ground.station_id, str(EventKind(made.kind)), made.on, home.id,
            commune.hamlets[home.hamlet].id, reach, made.town, made.spouse,
            "Đi làm" if made.kind == ABSENT else "", until, json.dumps(_steps(made)), at, BY, at, at,
        )  # fmt: skip
        parts.add(made.part, made.event, made.person.id)
    yield events
    yield parts


def _steps(made: Happening) -> list[dict[str, Any]]:
    """What the event changed, as the ledger would have noted it: by this it is taken back."""
    person = made.person.id
    left = {"valid_to": None}, {"valid_to": str(last_day(made))}
    if made.kind == MARRIED:
        return [_step("person.marital", person, {"code": made.person.marital}, {"code": WED})]
    if made.kind == DIED:
        return [_step("membership.changed", made.membership, *left)]
    if made.kind == DEPARTED:
        moved = {"status": "moved", "cause": made.part}
        return [
            _step("membership.changed", made.membership, *left),
            _step("person.life", person, {"status": "alive"}, moved),
        ]
    return []


def _step(what: str, row: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {"what": what, "id": row, "before": before, "after": after}


def _deaths(commune: Commune, ground: Ground) -> Iterator[Sheet]:
    deaths = Sheet(Death, ["id", *FACT, "died_on", "entered_on", "place", "informant"])
    causes = Sheet(
        DeathCause,
        ["id", "death_id", "line", "position", "icd_edition", "icd_code", "icd_name", "text", "value", "unit",
         "underlying"],
    )  # fmt: skip
    timeline = Sheet(TimelineEntry, ["id", "person_id", "at", "kind", "title", "object_id", "facility_id"])
    rng = source(commune.plan.seed, commune.plan.slot, "rows of deaths")
    heads = {person.household: person.full_name for person in commune.people if person.relation == "00"}
    named = {edition: icd.names(_codes(), on=day) for edition, day in _editions(commune).items()}
    for made in commune.happenings:
        if made.kind != DIED:
            continue
        person, at = made.person, moment(made.on, NOON)
        entered = min(made.on + timedelta(days=2), commune.plan.on)
        place = DeathPlace.HOME if made.at_home else DeathPlace.FACILITY
        home = commune.households[person.household]
        lives = (commune.hamlets[home.hamlet].id, ground.commune_id)
        stamp = moment(entered, NOON)
        fact = cells(
            person.id, ground.station_id, None, "", at, stamp, *lives, person.ethnicity, person.occupation,
            home.poverty, _payer(commune, person, made.on), (made.on - person.birth).days, stamp, stamp,
        )  # fmt: skip
        deaths.add(made.death, fact, made.on, entered, str(place), heads[person.household])
        edition = icd.edition_on(made.on)
        first = underlying(made.causes)
        for cause in made.causes:
            name = named[edition].get(cause.code, "")
            causes.add(
                made_id(rng, day_ms(made.on, NOON)), made.death, cause.line, 0, edition if name else "",
                cause.code if name else "", name, cause.text, cause.value, cause.unit, cause is first,
            )  # fmt: skip
        title = f"Tử vong: {place.label.lower()}"
        timeline.add(
            made_id(rng, day_ms(made.on, NOON)), person.id, at, TIMELINE, title, made.death, ground.station_id
        )
    yield deaths
    yield causes
    yield timeline


def _codes() -> list[str]:
    return sorted({cause.code for chain in CAUSES for cause in chain if cause.code})


def _editions(commune: Commune) -> dict[str, date]:
    """A day of each edition in which somebody may have died."""
    return {icd.edition_on(made.on): made.on for made in commune.happenings}


def _payer(commune: Commune, person: Person, on: date) -> str:
    if not person.bhyt:
        return ""
    first, last = card_days(person, commune.start, commune.plan.on)
    return "bhyt" if first <= on <= last else ""


def _closings(commune: Commune) -> Sheet:
    """Nothing is due of who died or left."""
    sheet = Sheet(Closing, ["id", "person_id", "kind", "on", "made_at"])
    for made in commune.happenings:
        if made.kind in (DIED, DEPARTED):
            row_id = made.death if made.kind == DIED else made.part
            kind = ClosingKind.DEATH if made.kind == DIED else ClosingKind.DEPARTURE
            sheet.add(row_id, made.person.id, str(kind), made.on, moment(made.on, NOON))
    return sheet
