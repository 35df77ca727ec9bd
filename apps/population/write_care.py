"""A commune's programmes and weighings as rows of care, with the timeline that a programme brings."""

from collections.abc import Iterator
from datetime import date

from apps.care.enrolling import OUTCOMES, PROGRAMMES, TIMELINE
from apps.care.models import Enrolment, EnrolmentState, Measurement, Source
from apps.care.vitals import BY_KEY
from apps.catalogues import codes
from apps.patients.models import TimelineEntry
from apps.population.bulk import Cells, Sheet, cells
from apps.population.chance import day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.following import MORNING, Followed, Weighing, followed, weighings
from apps.population.ground import Ground
from apps.population.people import Person
from apps.population.write_visits import FACT

TRANSFERRED_TO = "Trung tâm y tế khu vực"


def write(commune: Commune, ground: Ground) -> Iterator[Sheet]:
    """The sheets of one commune, filled; the caller cuts each before the next."""
    weighed = weighings(commune)
    yield _measurements(commune, ground, weighed)
    yield from _enrolments(commune, ground, followed(commune, weighed))


def _measurements(commune: Commune, ground: Ground, weighed: list[Weighing]) -> Sheet:
    sheet = Sheet(Measurement, ["id", *FACT, "code", "value", "unit", "source_kind", "source_id"])
    rng = source(commune.plan.seed, commune.plan.slot, "rows of weighings")
    for weighing in weighed:
        fact = _fact(commune, ground, weighing.person, weighing.on)
        for key, value in weighing.signs.items():
            vital = BY_KEY[key]
            row_id = made_id(rng, day_ms(weighing.on, MORNING))
            sheet.add(row_id, fact, vital.code, value, vital.unit, str(Source.HAMLET), weighing.id)
    return sheet


def _enrolments(commune: Commune, ground: Ground, rows: list[Followed]) -> Iterator[Sheet]:
    sheet = Sheet(
        Enrolment,
        ["id", *FACT, "programme", "since", "until", "outcome", "place_text", "number", "state"],
    )
    timeline = Sheet(TimelineEntry, ["id", "person_id", "at", "kind", "title", "object_id", "facility_id"])
    rng = source(commune.plan.seed, commune.plan.slot, "rows of programmes")
    names = dict(codes.choices(PROGRAMMES, commune.plan.on))
    outcomes = dict(codes.choices(OUTCOMES, commune.plan.on))
    for row in rows:
        state = EnrolmentState.ENDED if row.until else EnrolmentState.ACTIVE
        place = TRANSFERRED_TO if row.outcome == "transferred" else ""
        sheet.add(
            row.id,
            _fact(commune, ground, row.person, row.since),
            row.programme, row.since, row.until, row.outcome, place, row.number, str(state),
        )  # fmt: skip
        title = f"Quản lý {names.get(row.programme, row.programme)}, số {row.number}"
        if row.until:
            title += f"; kết thúc {row.until:%d/%m/%Y}: {outcomes.get(row.outcome, row.outcome).lower()}"
        timeline.add(
            made_id(rng, day_ms(row.since, MORNING)),
            row.person.id,
            moment(row.since, MORNING),
            TIMELINE,
            title,
            row.id,
            ground.station_id,
        )
    yield sheet
    yield timeline


def _fact(commune: Commune, ground: Ground, person: Person, on: date) -> Cells:
    """What every clinical fact keeps as of its day, in the order of FACT."""
    at = moment(on, MORNING)
    who = ground.staff[-1]
    lives = (commune.hamlets[person.hamlet].id, ground.commune_id)
    poverty = commune.households[person.household].poverty
    is_as = (person.ethnicity, person.occupation, poverty, "", (on - person.birth).days)
    stamps = cells(at, at)
    return cells(person.id, ground.station_id, who.id, who.full_name, at, at, *lives, *is_as, stamps)
