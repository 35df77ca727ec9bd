"""Writes what one save brings into a visit: fields, figures, diagnoses, medicines. Inside a transaction.

The parts of a visit are unscoped here: `services` has found the visit within its scope and may write it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from apps.care import queries as care
from apps.care import services as care_services
from apps.care import vitals
from apps.care.measuring import pairs
from apps.care.saying import PREFIXES, Known
from apps.catalogues import codes
from apps.catalogues.models import Drug
from apps.core import parameters
from apps.core.errors import Refused
from apps.core.text import clean, fold
from apps.encounters import diagnosing, doses, dosing, insured, organs, rules, storing
from apps.encounters.inputs import LineInput, VisitInput
from apps.encounters.models import Diagnosis, Prescription, PrescriptionLine, Visit
from apps.encounters.sick_child import reading, sheet
from apps.patients import restricted

SOURCE = "visit"
EXAMINED = "examined"  # among what changed: the first diagnosis was written
LONG_TEXTS = {"history", "examination", "course", "treatment_text", "advice"}


DAYS, CHILD_MONTHS = "prescriptions.days", "prescriptions.child_months"
ENDS = "visits.ends"
PREGNANCY, INSURED = "prescriptions.pregnancy", "prescriptions.insured"
COUNTS, DOSES = "prescriptions.counts", "dose."


@dataclass(frozen=True)
class Limits:
    """What is possible and usual on a day: figures by age, what holds for prescriptions and ends."""

    figures: Known
    prescriptions: rules.PrescriptionLimits
    ends: rules.Ends

    @classmethod
    def on(cls, day: dt.date) -> "Limits":
        """The limits in force on `day`: one query."""
        rows = parameters.rows_under([*PREFIXES, DAYS, CHILD_MONTHS, ENDS], on=day)
        found = {key: row.value for key, row in rows.items()}
        if missing := {DAYS, CHILD_MONTHS} - found.keys():
            raise parameters.NoParameter(f"{', '.join(sorted(missing))} on {day}")
        limits = rules.PrescriptionLimits(**found[DAYS], child_months=int(found[CHILD_MONTHS]))
        ends = rules.Ends.read(found.pop(ENDS, {}))
        return cls(Known.read(found), limits, ends)

    def with_doses(self, day: dt.date) -> "Limits":
        """With the most that is given of an ingredient, for who looks at a whole prescription: one query."""
        found = parameters.rows_under([COUNTS, DOSES, PREGNANCY, INSURED], on=day)
        counts, avoided = found.pop(COUNTS, None), found.pop(PREGNANCY, None)
        paid = found.pop(INSURED, None)
        limits = replace(
            self.prescriptions,
            doses=tuple(doses.DoseLimit.read(key, row.value, row.confidence) for key, row in found.items()),
            pregnancy=frozenset(map(fold, avoided.value["names"])) if avoided else frozenset(),
            counts=doses.Counts.read(counts.value) if counts else doses.Counts({}),
            cover=insured.CoverRule.read(paid.value) if paid else None,
        )
        return replace(self, prescriptions=limits)


class Problems(Refused):
    """Several refusals at once, each with its field: `problems` is a list of rules.Problem."""

    def __init__(self, problems: Sequence[rules.Problem]) -> None:
        first = problems[0]
        super().__init__(first.sentence, field=first.field, code=first.code)
        self.problems = list(problems)


def refuse(problems: Sequence[rules.Problem]) -> None:
    """Raise when any of `problems` blocks."""
    blocking = [problem for problem in problems if problem.blocks]
    if blocking:
        raise Problems(blocking)


def write(visit: Visit, data: VisitInput) -> list[str]:
    """Bring `data` into `visit` (its own row is left to the caller to save). Names of what changed.

    Raises Problems for figures that cannot be, codes that are not in force, doses that are none.
    """
    were = visit.findings
    changed = _fields(visit, data.fields)
    problems = _code_problems(visit, changed)
    if "findings" in changed:
        fresh = {key: words for key, words in visit.findings.items() if were.get(key) != words}
        problems += finding_problems(fresh, visit.on)
    if "sick_child" in changed:
        problems += sick_child_problems(visit)
    limits = Limits.on(visit.on)
    if data.vitals:
        problems += vital_problems(visit, data.vitals, limits, pairs(data.readings))
    icds: dict[str, diagnosing.Known] = {}
    if data.diagnoses:
        icds = diagnosing.known(data.diagnoses, visit.on)
        problems += diagnosing.problems(data.diagnoses, icds, visit.on)
    if data.diagnoses is not None and (cause := diagnosing.cause(visit, data.diagnoses)):
        visit.injury_cause = cause
        changed.append("injury_cause")
    drugs: dict[str, Drug] = {}
    lines: list[PrescriptionLine] = []
    if data.lines:
        drugs = _drugs([line.drug_code for line in data.lines])
        lines, wrong = _lines(visit, data.lines, drugs, limits)
        problems += wrong
    refuse(problems)
    if data.vitals:
        care_services.measurements_put(
            fact=visit,
            source_kind=SOURCE,
            source_id=visit.id,
            values=data.vitals,
            readings=data.readings,
            oedema=data.oedema,
        )
        changed.append("vitals")
    _judge_sick_child(visit)
    if data.diagnoses is not None:
        if diagnosing.put(visit, data.diagnoses, icds):
            changed.append(EXAMINED)
        changed.append("diagnoses")
    if data.lines is not None:
        _put_lines(visit, lines)
        changed.append("prescription")
    if data.diagnoses is not None or data.lines is not None:
        mark_restricted(visit, data, drugs)
    return changed


def mark_restricted(visit: Visit, data: VisitInput, drugs: Mapping[str, Drug]) -> None:
    """Say of the visit, by its codes and medicines, whether it is restricted. A query for what `data` leaves.

    What an earlier version was restricted by stays: that version can still be read.
    """
    if data.diagnoses is not None:
        icds = [entry.code for entry in data.diagnoses]
    else:
        icds = list(Diagnosis.unscoped.filter(visit=visit).values_list("icd_code", flat=True))
    if data.lines is not None:
        given = [drug.ingredient for drug in drugs.values()]
    else:
        lines = PrescriptionLine.unscoped.filter(prescription__visit=visit)
        given = list(lines.values_list("drug__ingredient", flat=True))
    found = set(restricted.groups_of(restricted.rules_on(visit.on), icd=icds, drugs=given))
    if visit.finalised_at is not None:
        found |= set(visit.restricted_by)
    visit.restricted_by = sorted(found)
    visit.restricted = bool(found)


def _fields(visit: Visit, fields: Mapping[str, Any]) -> list[str]:
    changed = []
    for name, value in fields.items():
        if name == "findings":
            value = organs.tidy(value)
        elif name == "sick_child":
            value = sheet.tidy(value)
        elif isinstance(value, str):
            value = clean(value, lines=name in LONG_TEXTS)
        if getattr(visit, name) != value:
            setattr(visit, name, value)
            changed.append(name)
    return changed


ENDINGS = {"outcome": "discharge_type", "result": "treatment_result"}
LISTS = ENDINGS | {"injury_cause": "injury_cause"}


def _code_problems(visit: Visit, changed: Sequence[str]) -> list[rules.Problem]:
    """The codes of a visit that no list knows on its day."""
    chosen = {name: getattr(visit, name) for name in LISTS if name in changed}
    return [
        rules.Problem("ending-unknown", "Mã này không có trong danh mục.", name, blocks=True)
        for name, code in chosen.items()
        if code and not codes.exists(LISTS[name], code, visit.on)
    ]


def finding_problems(findings: Mapping[str, str], on: dt.date) -> list[rules.Problem]:
    """Organs that the day's list does not know, and acuities that no chart has."""
    known = {organ.key: organ for organ in organs.listed(on)}
    found = []
    for key, words in findings.items():
        field = organs.BOX + key
        if key not in known:
            sentence = f"Mục khám “{key[:30]}” không có trong mẫu khám ngày {on:%d/%m/%Y}."
            found.append(rules.Problem("organ-unknown", sentence, field, blocks=True))
        elif known[key].kind == organs.SIGHT and (wrong := organs.sight_problem(words)):
            found.append(rules.Problem("sight", wrong, field, blocks=True))
    return found


def sick_child_problems(visit: Visit) -> list[rules.Problem]:
    """Answers that the form of this age does not have, or that cannot be."""
    wrong = sheet.problems(visit.sick_child, reading.sheet_for(visit.person, visit.on))
    return [rules.Problem("sick-child", one.sentence, sheet.BOX + one.key, blocks=True) for one in wrong]


def _judge_sick_child(visit: Visit) -> None:
    """What the form comes to with the figures as they now are stored. Three queries, for a sick child."""
    visit.sick_judged = {}
    if visit.sick_child:
        taken = care.taken(SOURCE, visit.pk)
        visit.sick_judged = reading.judged(
            visit.person, visit.occurred_at, visit.sick_child, taken.figures, oedema=taken.oedema
        )


def vital_problems(
    visit: Visit,
    values: Mapping[str, Decimal | None],
    limits: Limits,
    readings: Sequence[tuple[Decimal, Decimal]] = (),
) -> list[rules.Problem]:
    """The figures that cannot be."""
    findings = [
        *vitals.assess(dict(values), visit.age_days, limits.figures.bounds, readings),
        *vitals.posture(dict(values), visit.age_days),
    ]
    return [
        rules.Problem(f"vital-{finding.key}", finding.sentence, finding.key, blocks=True)
        for finding in findings
        if finding.level == "impossible"
    ]


def _drugs(picked: Sequence[str]) -> dict[str, Drug]:
    return {drug.code: drug for drug in Drug.objects.filter(code__in=set(picked))}


def _lines(
    visit: Visit, entries: Sequence[LineInput], drugs: Mapping[str, Drug], limits: Limits
) -> tuple[list[PrescriptionLine], list[rules.Problem]]:
    """The lines as rows, not saved, with quantity and wording; and what is wrong with them."""
    rows: list[PrescriptionLine] = []
    problems: list[rules.Problem] = []
    days = limits.prescriptions
    for position, entry in enumerate(entries, start=1):
        drug = drugs.get(entry.drug_code)
        if drug is None or not drug.in_force(visit.on):
            sentence = f"Thuốc {entry.drug_code[:40]} không có trong danh mục ngày {visit.on:%d/%m/%Y}."
            problems.append(
                rules.Problem(f"line-{position}-drug", sentence, f"line-{position}-drug", blocks=True)
            )
            continue
        dose_unit, quantity = amounts(entry, drug)
        facts = line_facts(position, drug, entry.dose, dose_unit, entry.times_per_day, entry.days, quantity)
        wrong = [problem for problem in rules.check_line(facts, days, days.most) if problem.blocks]
        problems += wrong
        if wrong or quantity is None:
            continue
        rows.append(
            PrescriptionLine(
                drug=drug,
                drug_name=printed_name(drug),
                strength=drug.strength,
                unit=drug.unit.lower(),
                route_code=drug.route_code,
                dose=entry.dose,
                dose_unit=dose_unit,
                times_per_day=entry.times_per_day,
                days=entry.days,
                quantity=quantity,
                usage=dosing.usage(
                    entry.dose, dose_unit, entry.times_per_day, route_word(drug, visit.on), clean(entry.note)
                ),
                note=clean(entry.note),
                position=position,
            )
        )
    return rows, problems


def amounts(entry: LineInput, drug: Drug) -> tuple[str, Decimal | None]:
    """The unit of the dose, and how much is handed out: as was said, else as it comes to."""
    unit = drug.unit.lower()
    dose_unit = entry.dose_unit or unit
    if entry.quantity is not None or entry.dose <= 0:
        return dose_unit, entry.quantity
    return dose_unit, dosing.quantity(entry.dose, entry.times_per_day, entry.days, unit, dose_unit)


def printed_name(drug: Drug) -> str:
    """A medicine's name as TT 26/2025 wants it: the ingredient, another brand name in brackets."""
    if not drug.name or fold(drug.name) == fold(drug.ingredient):
        return drug.ingredient
    return f"{drug.ingredient} ({drug.name})"


def route_word(drug: Drug, on: dt.date) -> str:
    """The route as the catalogue calls it; empty when it has none."""
    return codes.label("drug_routes", drug.route_code, on) if drug.route_code else ""


def line_facts(
    position: int,
    drug: Drug,
    dose: Decimal,
    dose_unit: str,
    times: int,
    days: int,
    quantity: Decimal | None,
) -> rules.LineFacts:
    """A line as the rules see it."""
    name = str(drug)
    taken = doses.Taken(
        position=position,
        name=name,
        ingredient=fold(doses.main_word(drug.ingredient)),
        form=fold(f"{drug.form} {drug.name}"),
        dose=dose,
        dose_unit=dose_unit,
        times_per_day=times,
        mg=doses.milligrams(drug.strength, drug.unit.lower(), dose, dose_unit),
    )
    return rules.LineFacts(
        position=position,
        name=name,
        ingredient=fold(drug.ingredient),
        unit=drug.unit.lower(),
        dose=dose,
        times_per_day=times,
        days=days,
        quantity=quantity,
        drug_code=drug.code,
        taken=taken,
        kind=drug.kind,
        insured_code=drug.bhyt_code,
    )


def _put_lines(visit: Visit, lines: Sequence[PrescriptionLine]) -> None:
    """Make the visit's medicines these, each on the form of its kind; a drug that stays keeps its row."""
    held: dict[str, Prescription] = {}
    old: dict[Any, PrescriptionLine] = {}
    # A sheet without lines does not exist, so the lines bring all sheets.
    for row in PrescriptionLine.unscoped.filter(prescription__visit=visit).select_related("prescription"):
        held.setdefault(row.prescription.kind, row.prescription)
        old.setdefault(row.drug_id, row)
    kinds = {line.drug_id: dosing.kind_of(line.drug.controlled, line.drug.bhyt_code) for line in lines}
    wanted = dosing.kinds_in_order(kinds.values())
    sheets = {
        kind: held.pop(kind) if kind in held else Prescription(visit=visit, kind=kind) for kind in wanted
    }
    new = [sheet for sheet in sheets.values() if sheet._state.adding]
    if new:
        Prescription.unscoped.bulk_create(new)
    fresh = []
    for line in lines:
        line.prescription = sheets[kinds[line.drug_id]]
        fresh.append(storing.merged(old.pop(line.drug_id, None), line))
    storing.store(PrescriptionLine, fresh, [row.pk for row in old.values()])
    if held:
        Prescription.unscoped.filter(pk__in=[sheet.pk for sheet in held.values()]).delete()
