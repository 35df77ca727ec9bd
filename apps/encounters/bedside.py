"""Who acts: the practitioner behind the account that is signed in, and what she may do at the bedside."""

import datetime as dt

from django.utils import timezone

from apps.core import parameters
from apps.core.scope import Scope, current
from apps.facilities import practice
from apps.facilities.models import Practitioner


def own_practitioner(scope: Scope) -> Practitioner | None:
    """The practitioner of the scope's account, where she is in practice today."""
    if scope.practitioner_id is None:
        return None
    return Practitioner.objects.on(timezone.localdate()).filter(pk=scope.practitioner_id).first()


def why_not(act: str, practitioner: Practitioner | None) -> str:
    """Why this practitioner of the scope in force may not do an act of practice.ACTS; empty when she may."""
    scope = current()
    rights = {practice.ACTS[act].right} if scope.everything else scope.rights
    holder = _holder(practitioner) if practitioner is not None else None
    grades = parameters.value(practice.GRADES, on=timezone.localdate())
    return practice.why_not(act, rights=rights, holder=holder, grades=grades)


def not_prescriber(practitioner: Practitioner, on: dt.date) -> str:
    """Why what she wrote on paper that day is no prescription; her own account's rights do not matter."""
    grades = parameters.value(practice.GRADES, on=on)
    right = practice.ACTS["prescribe"].right
    return practice.why_not("prescribe", rights={right}, holder=_holder(practitioner), grades=grades)


def _holder(practitioner: Practitioner) -> practice.Holder:
    return practice.Holder(
        practitioner.grade,
        practitioner.get_grade_display(),
        bool(practitioner.licence_no),
        practitioner.can_sign,
    )
