"""The follow-up forms of a commune: one for each visit of who is followed for hypertension or diabetes."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from apps.care.models import Measurement
from apps.care.vitals import BY_KEY
from apps.encounters import states
from apps.encounters.writing import SOURCE
from apps.ncd import coming, limits, services, target
from apps.ncd.models import FollowUp
from apps.patients.models import TimelineEntry
from apps.population.bulk import Cells, Sheet, cells
from apps.population.chance import day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.following import PROGRAMME, Followed, followed, weighings
from apps.population.ground import Ground
from apps.population.history import Visit as MadeVisit
from apps.population.write_visits import FACT, payer_of

FORMS = (target.HYPERTENSION, target.DIABETES)
FORGETS = 0.15  # of the visits: some doses were left out


def write(commune: Commune, ground: Ground) -> Iterator[Sheet]:
    """The sheets of one commune, filled; the caller cuts each before the next."""
    sheet = Sheet(
        FollowUp,
        [
            "id", *FACT, "visit_id", "enrolment_id", "programme", "on", "systolic", "diastolic", "glucose",
            "glucose_kind", "adherence", "medicine_days", "medicines_until", "next_on", "computed",
            "computed_why", "target",
        ],
    )  # fmt: skip
    measured = Sheet(Measurement, ["id", *FACT, "code", "value", "unit", "source_kind", "source_id"])
    timeline = Sheet(TimelineEntry, ["id", "person_id", "at", "kind", "title", "object_id", "facility_id"])
    rng = source(commune.plan.seed, commune.plan.slot, "follow-up forms")
    enrolled = {
        (row.person.id, row.programme): row
        for row in followed(commune, weighings(commune))
        if row.programme in FORMS
    }
    sweet = BY_KEY["glucose_fasting"]
    for visit in commune.visits:
        programme = PROGRAMME.get(visit.illness.key, "")
        row = enrolled.get((visit.person.id, programme))
        if row is None or visit.state != states.FINALISED or not _in_force(row, visit.on):
            continue
        figures = _figures(programme, visit, rng.gauss(7.4, 1.5))
        both = (visit.person.id, target.DIABETES) in enrolled
        judged = _judged(programme, visit, figures, both=both)
        days = max((drug.days for drug in visit.drugs), default=0) or None
        fact = _fact(commune, ground, visit)
        form_id = made_id(rng, day_ms(visit.on, visit.minute + 10))
        sheet.add(
            form_id, fact, visit.id, row.id, programme, visit.on, figures.systolic, figures.diastolic,
            figures.glucose, figures.glucose_kind, "some" if rng.random() < FORGETS else "all", days,
            coming.lasts_until(visit.on, days), visit.follow_up, judged.code, judged.reason, judged.code,
        )  # fmt: skip
        if figures.glucose is not None:
            row_id = made_id(rng, day_ms(visit.on, visit.minute + 9))
            measured.add(row_id, fact, sweet.code, figures.glucose, sweet.unit, SOURCE, visit.id)
        title = services.title_of(
            FollowUp(
                programme=programme,
                systolic=figures.systolic,
                diastolic=figures.diastolic,
                glucose=figures.glucose,
                target=judged.code,
            )
        )
        at = moment(visit.on, visit.minute)
        line_id = made_id(rng, day_ms(visit.on, visit.minute + 11))
        timeline.add(line_id, visit.person.id, at, services.TIMELINE, title, form_id, ground.station_id)
    yield from (sheet, measured, timeline)


def _in_force(row: Followed, on: date) -> bool:
    return row.since <= on and (row.until is None or on <= row.until)


def _figures(programme: str, visit: MadeVisit, glucose: float) -> target.Figures:
    """Those of the visit; a fasting glucose where it is about diabetes."""
    high, low = (visit.signs.get(key) for key in ("systolic", "diastolic"))
    return target.Figures(
        None if high is None else Decimal(str(high)),
        None if low is None else Decimal(str(low)),
        Decimal(str(round(min(max(glucose, 4.6), 15.0), 1))) if programme == target.DIABETES else None,
        target.FASTING if programme == target.DIABETES else "",
    )


def _judged(programme: str, visit: MadeVisit, figures: target.Figures, *, both: bool) -> target.Target:
    known = limits.shipped()
    return target.judge(
        programme,
        figures,
        visit.on,
        comorbid=target.comorbid_of(visit.icd, [], ["diabetes"] * both, known.ncd),
        born=visit.person.birth,
        ncd=known.ncd,
        control=known.control,
    )


def _fact(commune: Commune, ground: Ground, visit: MadeVisit) -> Cells:
    """As the visit's own row has it."""
    person, at = visit.person, moment(visit.on, visit.minute)
    who = ground.staff[visit.doctor]
    lives = (commune.hamlets[person.hamlet].id, ground.commune_id)
    poverty = commune.households[person.household].poverty
    age = (visit.on - person.birth).days
    is_as = (person.ethnicity, person.occupation, poverty, payer_of(commune, visit), age)
    stamps = cells(at, moment(visit.on, visit.minute + 20))
    return cells(person.id, ground.station_id, who.id, who.full_name, at, at, *lives, *is_as, stamps)
