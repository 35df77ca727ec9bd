"""Who acts: the practitioner behind the account that is signed in, and what she may do at the bedside."""

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
    holder = None
    if practitioner is not None:
        holder = practice.Holder(
            practitioner.grade,
            practitioner.get_grade_display(),
            bool(practitioner.licence_no),
            practitioner.can_sign,
        )
    grades = parameters.value(practice.GRADES, on=timezone.localdate())
    return practice.why_not(act, rights=rights, holder=holder, grades=grades)
