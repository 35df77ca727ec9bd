"""A commune's visits as rows of encounters and care, with the timeline and due items they bring."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import cast

from apps.care.models import Appointment, AppointmentState, Measurement
from apps.care.queries import kept_days
from apps.care.services import DUE_KIND
from apps.care.vitals import BY_KEY
from apps.catalogues import icd
from apps.encounters import dosing, states
from apps.encounters.desk import priority, receiving
from apps.encounters.models import Diagnosis, Prescription, PrescriptionLine, Visit
from apps.encounters.services import TIMELINE
from apps.encounters.writing import SOURCE
from apps.patients.models import DueItem, DueState, TimelineEntry
from apps.population.bulk import Cells, Sheet, cells
from apps.population.chance import day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.ground import EXAMINERS, Ground, Worker
from apps.population.history import END_AFTER, EXAM_AFTER
from apps.population.history import Visit as MadeVisit
from apps.population.shelf import LINE_COLUMNS, Shelf
from apps.population.write_orders import OrderWriter
from apps.population.write_people import card_days

STAMPS = ("created_at", "updated_at")
# What every clinical fact keeps as of its event (patients.facts), in the order of `_fact`.
FACT = (
    "person_id", "facility_id", "performer_id", "performer_text", "occurred_at", "recorded_at", "hamlet_id",
    "commune_id", "ethnicity", "occupation", "poverty", "payer", "age_days", *STAMPS,
)  # fmt: skip
SAVES: dict[str, int] = {
    states.WAITING: 1,
    states.IN_PROGRESS: 2,
    states.AWAITING_SIGNATURE: 3,
    states.FINALISED: 3,
}
AT_ONCE = 3_000  # visits in memory as text: some ten megabytes


def payer_of(commune: Commune, visit: MadeVisit) -> str:
    """'bhyt' when the card is good on the day, as patients.facts.snapshot says."""
    if not visit.person.bhyt:
        return ""
    first, last = card_days(visit.person, commune.start, commune.plan.on)
    return "bhyt" if first <= visit.on <= last else ""


class Writer:
    """The sheets of one commune's visits."""

    def __init__(self, commune: Commune, ground: Ground, shelf: Shelf) -> None:
        self.commune, self.ground, self.shelf = commune, ground, shelf
        self.rng = source(commune.plan.seed, commune.plan.slot, "rows of visits")
        self.kept_days = kept_days(commune.plan.on)
        self.priorities = receiving.rules_on(commune.plan.on)
        self.visits = Sheet(
            Visit,
            ["id", *FACT, "version", "number", "state", "on", "queue_no", "started_at", "reason",
             "examination", "summary", "treatment_text", "advice", "follow_up_on", "outcome", "result",
             "doctor_id", "signed_at", "finalised_at", "card_id", "rank", "priority_for"],
        )  # fmt: skip
        self.diagnoses = Sheet(
            Diagnosis,
            ["id", "visit_id", "role", "icd_edition", "icd_code", "icd_name", "position", *STAMPS],
        )
        self.sheets = Sheet(Prescription, ["id", "visit_id", "kind", "code", *STAMPS])
        self.lines = Sheet(PrescriptionLine, ["id", "prescription_id", *LINE_COLUMNS, "position", *STAMPS])
        self.measurements = Sheet(
            Measurement, ["id", *FACT, "code", "value", "unit", "source_kind", "source_id"]
        )
        self.appointments = Sheet(
            Appointment, ["id", *FACT, "on", "reason", "state", "source_kind", "source_id"]
        )
        self.timeline = Sheet(
            TimelineEntry, ["id", "person_id", "at", "kind", "title", "object_id", "facility_id"]
        )
        self.due = Sheet(
            DueItem,
            ["id", "person_id", "kind", "title", "due_on", "overdue_on", "closes_on", "object_id", "state"],
        )
        self.orders = OrderWriter(commune, ground, FACT, self.measurements)
        self.queue: dict[date, int] = defaultdict(int)
        self.codes = 0
        self.days: dict[str, list[date]] = defaultdict(list)
        for visit in commune.visits:
            self.days[visit.person.id].append(visit.on)

    def write(self) -> Iterator[list[Sheet]]:
        """All sheets, filled with some thousand visits at a time; the caller cuts the rows before the
        next."""
        sheets = [
            self.visits, self.diagnoses, self.sheets, self.lines, self.measurements, self.appointments,
            self.timeline, self.due, *self.orders.sheets,
        ]  # fmt: skip
        for place, visit in enumerate(self.commune.visits, start=1):
            self._visit(visit)
            if place % AT_ONCE == 0:
                yield sheets
        yield sheets

    def _visit(self, visit: MadeVisit) -> None:
        ground = self.ground
        self.queue[visit.on] += 1
        number = f"{visit.on.year}-{visit.number:06d}"
        edition = icd.edition_on(visit.on)
        named = [(code, self.shelf.names[edition, code]) for code in visit.icd]
        summary = "; ".join(f"{code} - {name}" for code, name in named)[:1000]
        begun = visit.state != states.WAITING
        ended = visit.state in (states.FINALISED, states.AWAITING_SIGNATURE)
        final = visit.state == states.FINALISED
        worker = None
        if begun:
            # Who waits for a signature was seen by somebody who may not sign.
            worker = ground.staff[EXAMINERS - 1 if visit.state == states.AWAITING_SIGNATURE else visit.doctor]
        signer = (worker if worker and worker.can_sign else ground.signer) if final else None
        at, end = moment(visit.on, visit.minute), moment(visit.on, visit.minute + END_AFTER)
        saved = end if ended else moment(visit.on, visit.minute + EXAM_AFTER) if begun else at
        stamps = cells(at, saved)
        payer = payer_of(self.commune, visit)
        fact = self._fact(visit, worker, payer, at, stamps)
        goes = priority.judge(priority.Known(birth=visit.person.birth), visit.on, self.priorities)
        self.visits.add(
            visit.id, fact, SAVES[visit.state], number, visit.state, visit.on, self.queue[visit.on],
            moment(visit.on, visit.minute + EXAM_AFTER) if begun else None,
            visit.illness.reason,
            visit.illness.examination if begun else "",
            summary,
            "Điều trị ngoại trú, dùng thuốc theo đơn" if visit.drugs else "",
            visit.illness.advice if ended else "",
            visit.follow_up,
            visit.outcome if ended else "",
            visit.result if ended else "",
            signer.id if signer else None,
            end if signer else None,
            end if signer else None,
            visit.person.card if payer else None,
            goes.rank,
            goes.reasons,
        )  # fmt: skip
        for place, (code, name) in enumerate(named, start=1):
            role = "main" if place == 1 else "secondary"
            self.diagnoses.add(self._id(visit), visit.id, role, edition, code, name, place, stamps)
        self._measure(visit, fact)
        if worker is not None:
            known = self.shelf.orders if payer == "bhyt" and visit.on >= self.shelf.orders_from else {}
            self.orders.add(visit, fact, worker, signer, known)
        self._prescribe(visit, ended, stamps)
        if visit.follow_up and ended:
            self._expect(visit, summary, fact)
        title = (summary or visit.illness.reason)[:300]
        self.timeline.add(
            self._id(visit),
            visit.person.id,
            at,
            TIMELINE,
            title,
            visit.id,
            ground.station_id,
        )

    def _id(self, visit: MadeVisit) -> str:
        return made_id(self.rng, day_ms(visit.on, visit.minute + EXAM_AFTER))

    def _fact(self, visit: MadeVisit, worker: Worker | None, payer: str, at: str, stamps: Cells) -> Cells:
        person, commune = visit.person, self.commune
        who = (worker.id, worker.full_name) if worker else (None, "")
        lives = (commune.hamlets[person.hamlet].id, self.ground.commune_id)
        poverty = commune.households[person.household].poverty
        is_as = (person.ethnicity, person.occupation, poverty, payer, (visit.on - person.birth).days)
        return cells(person.id, self.ground.station_id, *who, at, at, *lives, *is_as, stamps)

    def _measure(self, visit: MadeVisit, fact: Cells) -> None:
        for key, value in visit.signs.items():
            vital = BY_KEY[key]
            self.measurements.add(self._id(visit), fact, vital.code, value, vital.unit, SOURCE, visit.id)

    def _prescribe(self, visit: MadeVisit, ended: bool, stamps: Cells) -> None:
        lines = [self.shelf.lines[drug] for drug in visit.drugs]
        for kind in dosing.kinds_in_order(line.kind for line in lines):
            sheet = self._id(visit)
            self.sheets.add(sheet, visit.id, kind, self._code(kind) if ended else "", stamps)
            for place, line in enumerate(lines, start=1):
                if line.kind == kind:
                    self.lines.add(self._id(visit), sheet, line.values, place, stamps)

    def _code(self, kind: str) -> str:
        """A prescription code that is unique by counting, not by luck: a million of them would meet
        otherwise."""
        self.codes += 1
        rest = (self.codes * 1_000_003 + self.commune.plan.seed) % 36**7
        digits = [dosing.CODE_ALPHABET[rest // 36**place % 36] for place in range(7)]
        picks = iter(digits)
        return dosing.prescription_code(self.ground.station_code, kind, lambda _: next(picks))

    def _expect(self, visit: MadeVisit, summary: str, fact: Cells) -> None:
        on, today, days = cast(date, visit.follow_up), self.commune.plan.on, self.kept_days
        kept = any(
            on - timedelta(days=days.early) <= day <= on + timedelta(days=days.late) and day > visit.on
            for day in self.days[visit.person.id]
        )
        missed = on + timedelta(days=days.late) < today
        state = (
            AppointmentState.CAME if kept else AppointmentState.MISSED if missed else AppointmentState.PLANNED
        )
        reason, appointment = summary[:200], self._id(visit)
        self.appointments.add(appointment, fact, on, reason, state, SOURCE, visit.id)
        self.due.add(
            self._id(visit),
            visit.person.id,
            DUE_KIND,
            f"Tái khám: {reason}"[:200],
            on,
            on + timedelta(days=1),
            on + timedelta(days=days.late),
            appointment,
            DueState.OPEN if state == AppointmentState.PLANNED else DueState.DONE,
        )
