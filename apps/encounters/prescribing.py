"""What is said of the medicines of a visit's form: what a line comes to, what the shelf and the insurance
say of it, and what the checks of the end will remark, as soon as the medicine is known.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.http import QueryDict
from django.utils import timezone

from apps.care.forms.figures import FiguresForm
from apps.catalogues.models import Drug
from apps.core.scope import current
from apps.encounters import case_forms, checking, dosing, insured, rules
from apps.encounters.dispensing.stocked import Shelf, shelves
from apps.encounters.forms import LineForm, LineSum, VisitForm
from apps.encounters.models import Visit
from apps.encounters.writing import Limits, amounts, line_facts, route_word

WEIGHT = "child-weight"  # remarked of the whole prescription: told at its first line
INSURED = "-insured"  # told by a chip already


@dataclass(frozen=True)
class Known:
    """What is told of medicines while they are prescribed: what lies where this account gives out, and
    whether the insurance pays.
    """

    shelves: Mapping[str, Shelf]
    cover: insured.CoverRule | None
    payer: str

    @classmethod
    def of(cls, drugs: Sequence[Drug], cover: insured.CoverRule | None, visit: Visit) -> "Known":
        """One query for any number of medicines, none for none."""
        return cls(
            shelves(current(), [drug.code for drug in drugs], timezone.localdate()), cover, visit.payer
        )

    def notes(self, drug: Drug, wanted: Decimal | None) -> tuple[tuple[str, str], ...]:
        """State and words of each chip at the line."""
        shelf = self.shelves.get(drug.code)
        said = [shelf.told(wanted, drug.unit.lower())] if shelf else []
        why = insured.cover(self.cover, payer=self.payer, kind=drug.kind, code=drug.bhyt_code)
        if why:
            said.append(("warning", f"BHYT: {insured.SENTENCES[why]}"))
        return tuple(said)


def stored_put(
    form: VisitForm,
    visit: Visit,
    parts: checking.Parts,
    cover: insured.CoverRule | None,
    remarks: Sequence[rules.Problem],
) -> None:
    """What each stored line comes to; `cover` and `remarks` come from the checks of the page. One query."""
    known = Known.of([row.drug for row in parts.lines], cover, visit)
    for line, row in zip(form.lines, parts.lines, strict=False):
        line.sum = LineSum(
            dosing.quantity_text(row.quantity),
            row.unit,
            row.usage,
            marks(row.drug),
            known.notes(row.drug, row.quantity),
        )
    _said_put(form.filled, remarks)


def typed_put(lines: Sequence[LineForm], visit: Visit, data: QueryDict) -> None:
    """What each line comes to as it is typed, and what is to be looked at. Nine queries at most."""
    codes = [line.drug_code for line in lines]
    drugs = {drug.code: drug for drug in Drug.objects.filter(code__in=[code for code in codes if code])}
    if not drugs:
        return
    limits = Limits.on(visit.on).with_doses(visit.on)
    known = Known.of(list(drugs.values()), limits.prescriptions.cover, visit)
    facts = [
        _facts(position, line, drug)
        for position, line in enumerate(lines, start=1)
        if (drug := drugs.get(line.drug_code)) is not None
    ]
    figures = FiguresForm(data)
    figures.is_valid()  # a figure that cannot be read is told beside its own box
    beside = checking.typed(
        visit,
        weight_kg=figures.figures()["weight"],
        icds=[code for code, _ in case_forms.chosen(data)],
    )
    remarks = checking.line_remarks(visit, beside, lines=facts, limits=limits)
    _said_put(lines, remarks)
    wrong = {remark.field.rpartition("-")[0] for remark in remarks if remark.blocks}
    for fact in facts:
        line, drug = lines[fact.position - 1], drugs[fact.drug_code]
        said = LineSum("", fact.unit, "", marks(drug), known.notes(drug, fact.quantity))
        if fact.whole and f"line-{fact.position}" not in wrong:
            said = _with_amounts(said, line, drug, fact, visit.on)
        line.sum = said


def _facts(position: int, line: LineForm, drug: Drug) -> rules.LineFacts:
    """The line as the rules see it; of one that is not finished the medicine alone."""
    if not line.is_valid():
        bare = line_facts(position, drug, Decimal(0), drug.unit.lower(), 0, 0, None)
        return replace(bare, whole=False)
    entry = line.line()
    dose_unit, quantity = amounts(entry, drug)
    return line_facts(position, drug, entry.dose, dose_unit, entry.times_per_day, entry.days, quantity)


def _with_amounts(said: LineSum, line: LineForm, drug: Drug, fact: rules.LineFacts, on: dt.date) -> LineSum:
    entry = line.line()
    dose_unit = entry.dose_unit or fact.unit
    usage = dosing.usage(entry.dose, dose_unit, entry.times_per_day, route_word(drug, on), entry.note)
    return replace(said, quantity=dosing.quantity_text(fact.quantity or Decimal(0)), usage=usage)


def _said_put(lines: Sequence[LineForm], remarks: Sequence[rules.Problem]) -> None:
    """Each remark under its line, but for what stands there already."""
    for remark in remarks:
        kind, _, rest = remark.field.partition("-")
        place = 1 if remark.code == WEIGHT else int(rest.partition("-")[0]) if kind == "line" else 0
        if not 0 < place <= len(lines) or remark.code.endswith(INSURED):
            continue
        line = lines[place - 1]
        if remark.sentence not in [str(error) for errors in line.errors.values() for error in errors]:
            line.said.append(("danger" if remark.blocks or remark.apart else "warning", remark.sentence))


def marks(drug: Drug) -> tuple[str, ...]:
    """What the prescriber has to know of a medicine before all: controlled, antibiotic."""
    said = [drug.get_controlled_display().lower()] if drug.controlled else []
    return (*said, "kháng sinh") if drug.is_antibiotic else tuple(said)
