"""How a health record follows when two records turn out to be one person.

All unscoped: the merge has taken both people through the scope.
"""

from typing import Any

from apps.core.registry import MergeRule, MergeStep
from apps.core.text import fold
from apps.patients.health_record.parts import LINES, SINGLES, Part
from apps.patients.models import AskedNone, HealthRecord, LineState

ONCE = "one a person; what only the other record says is filled in"
LINE = "the same line is not told twice"


def _both(model: Any, step: MergeStep) -> tuple[list[Any], list[Any]]:
    """The rows of the person who stays, and of the record that goes away."""
    people = [step.old_id, step.kept_id]
    rows = list(model.unscoped.filter(person_id__in=people).select_for_update(of=("self",)).order_by("pk"))
    kept = [row for row in rows if row.person_id == step.kept_id]
    return kept, [row for row in rows if row.person_id == step.old_id]


def _once(part: Part) -> Any:
    """A section that stands once goes along whole, or fills what the other leaves open. Where both speak the
    person who stays is right; the other's words remain with the old record and are found there.
    """

    def follow(step: MergeStep) -> None:
        kept, old = _both(part.model, step)
        if not old:
            return
        if not kept:
            step.journal.repoint(part.model._meta.label, "person", step.old_id, step.kept_id, [old[0].pk])
            return
        filled = {
            name: getattr(old[0], name)
            for name in part.fields
            if getattr(kept[0], name) in (None, "", []) and getattr(old[0], name) not in (None, "", [])
        }
        if old[0].restricted and filled:  # a girl's: what comes from it is read by as few
            filled |= {"restricted": True, "restricted_by": old[0].restricted_by}
        if part.model is HealthRecord:
            filled |= _last_review(kept[0], old[0])
        if filled:
            step.journal.change(kept[0], **filled)

    return follow


def _last_review(kept: HealthRecord, old: HealthRecord) -> dict[str, Any]:
    if old.reviewed_on is None or (kept.reviewed_on and kept.reviewed_on >= old.reviewed_on):
        return {}
    return {"reviewed_on": old.reviewed_on, "reviewed_by_name": old.reviewed_by_name}


def _lines(part: Part) -> Any:
    def same(row: Any) -> tuple[Any, ...]:
        return (row.state, *(fold(str(getattr(row, name) or "")) for name in part.fields))

    def follow(step: MergeStep) -> None:
        kept, old = _both(part.model, step)
        known = {same(row) for row in kept}
        going = [row.pk for row in old if same(row) not in known]
        step.journal.repoint(part.model._meta.label, "person", step.old_id, step.kept_id, going)

    return follow


def nones(step: MergeStep) -> None:
    """'None' goes along where she who stays has neither said it nor has a line; where a line has come that
    everybody reads, hers is withdrawn. After the lines.
    """
    kept, old = _both(AskedNone, step)
    said = {row.part: row for row in kept if row.withdrawn_on is None}
    lines = {
        key: part.model.unscoped.filter(person_id=step.kept_id, state=LineState.ACTIVE, restricted=False)
        for key, part in LINES.items()
        if key in {row.part for row in [*kept, *old]}
    }
    has = {key for key, rows in lines.items() if rows.exists()}
    for part, row in said.items():
        if part in has:
            step.journal.change(row, withdrawn_on=step.on)
    going = [row.pk for row in old if row.withdrawn_on or (row.part not in said and row.part not in has)]
    step.journal.repoint(AskedNone._meta.label, "person", step.old_id, step.kept_id, going)


RULES = (
    *(
        MergeRule.special(f"{part.model._meta.label}.person", _once(part), why=ONCE)
        for part in SINGLES.values()
    ),
    *(
        MergeRule.special(f"{part.model._meta.label}.person", _lines(part), why=LINE)
        for part in LINES.values()
    ),
    MergeRule.special("patients.AskedNone.person", nones, why="said once a section", order=120),
    MergeRule.simple("patients.RecordVersion.person"),
)
