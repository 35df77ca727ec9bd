"""A notifiable diagnosis is a task with the clock of its disease (TT 15/2026/TT-BYT, QĐ 97/QĐ-PB)."""

from apps.catalogues import notifiable
from apps.core import todo
from apps.encounters.models import Diagnosis, Visit

TASK = "case.report"
CLOCKS = {"24h": "tasks.case_24h", "48h": "tasks.case_48h", "week": "tasks.case_week"}
# Whose very mention is restricted.
RESTRICTED = frozenset({"hiv"})


def look(visit: Visit) -> None:
    """Open the task that an ended visit asks for, or take it back when the diagnosis was amended away."""
    codes = Diagnosis.unscoped.filter(visit=visit).values_list("icd_code", flat=True)  # unscoped: her visit's
    diseases = notifiable.of(list(codes), visit.on)
    if not diseases:
        todo.withdraw(TASK, object_id=visit.pk, reason="Chẩn đoán không còn thuộc bệnh phải báo cáo")
        return
    todo.task_open(
        TASK,
        facility_id=visit.facility_id,
        object_id=visit.pk,
        person_id=visit.person_id,
        happened_at=visit.occurred_at,
        title=", ".join(disease.name for disease in diseases),
        restricted=any(disease.key in RESTRICTED for disease in diseases),
        clock=CLOCKS[diseases[0].report_class],
    )


def forget(visit: Visit) -> None:
    """The visit should never have been written."""
    todo.withdraw(TASK, object_id=visit.pk, reason="Lượt khám là nhập nhầm")
