"""Whose marks of contraception stay when two records are one woman.

All unscoped: the merge has taken both through the scope.
"""

from apps.core.registry import MergeStep
from apps.field.models import ContraceptionMark, MarkState

LABEL = "field.ContraceptionMark"


def follow(step: MergeStep) -> None:
    """Of two marks of one month that of the record that stays holds; the other goes along as history."""
    kept = ContraceptionMark.unscoped.filter(person_id=step.kept_id, state=MarkState.FINAL).values("month")
    twice = ContraceptionMark.unscoped.filter(
        person_id=step.old_id, state=MarkState.FINAL, month__in=kept
    ).order_by("pk")
    for mark in twice:
        step.journal.change(mark, state=MarkState.REPLACED)
    step.journal.repoint(LABEL, "person", step.old_id, step.kept_id)
