"""What a death asks for within 24 hours: the report of a possible maternal death with its review file
(QĐ 4869/QĐ-BYT), the report of a death from a communicable disease (TT 15/2026/TT-BYT).

Unscoped: the death's own service has checked what may be written.
"""

from django.utils import timezone

from apps.catalogues import notifiable
from apps.core import audit, todo
from apps.core.models import Task, TaskState
from apps.patients.death_rules import possible_maternal
from apps.patients.models import Death, DeathCause, MaternalReview, ReviewState

MATERNAL = "death.maternal_review"
COMMUNICABLE = "death.communicable"
# Whose very mention is restricted.
RESTRICTED = frozenset({"hiv"})


def look(death: Death) -> None:
    """Open what a death asks for, and take back what it no longer does. The clock runs from now: the station
    has just learnt of it.
    """
    if possible_maternal(death.maternal):
        _review(death)
        _open(MATERNAL, death, "có thể là tử vong mẹ", restricted=death.restricted)
    else:
        _no_review(death, "Không còn là tử vong mẹ theo ghi nhận đã sửa")
    codes = DeathCause.unscoped.filter(death=death).exclude(icd_code="").values_list("icd_code", flat=True)
    diseases = notifiable.of(list(codes), death.died_on)
    if diseases:
        hidden = death.restricted or any(disease.key in RESTRICTED for disease in diseases)
        _open(COMMUNICABLE, death, ", ".join(disease.name for disease in diseases), restricted=hidden)
    else:
        todo.withdraw(COMMUNICABLE, object_id=death.pk, reason="Nguyên nhân không còn là bệnh truyền nhiễm")


def _open(kind: str, death: Death, title: str, *, restricted: bool) -> None:
    """Once reported it stays reported, whatever else about the death is amended."""
    if Task.unscoped.filter(kind=kind, object_id=death.pk, state=TaskState.DONE).exists():
        return
    todo.task_open(
        kind,
        facility_id=death.person.station_id,  # also where the book is a former station's
        object_id=death.pk,
        person_id=death.person_id,
        happened_at=timezone.now(),
        title=title,
        restricted=restricted,
    )


def forget(death: Death) -> None:
    """The death never was, or was somebody else's."""
    _no_review(death, "Ghi nhận tử vong là nhầm")
    todo.withdraw(COMMUNICABLE, object_id=death.pk, reason="Ghi nhận tử vong là nhầm")


def _review(death: Death) -> None:
    review, made = MaternalReview.unscoped.get_or_create(death=death)
    if made:
        audit.record(
            "death.review_opened",
            person_id=death.person_id,
            object_id=review.pk,
            facility_id=death.facility_id,
            data={},
        )
    elif review.state == ReviewState.VOID:
        review.state = ReviewState.OPEN
        review.version += 1
        review.save()


def _no_review(death: Death, reason: str) -> None:
    todo.withdraw(MATERNAL, object_id=death.pk, reason=reason)
    for review in MaternalReview.unscoped.filter(death=death).exclude(state=ReviewState.VOID):
        review.state = ReviewState.VOID
        review.version += 1
        review.save()
