"""A notifiable diagnosis is a task with the clock of its disease (TT 15/2026/TT-BYT, QĐ 97/QĐ-PB)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from apps.catalogues import notifiable
from apps.catalogues.models import CommunicableDisease
from apps.core import todo
from apps.core.models import TaskState
from apps.encounters.models import Certainty, Diagnosis, Visit

TASK = "case.report"
CLOCKS = {"24h": "tasks.case_24h", "48h": "tasks.case_48h", "week": "tasks.case_week"}
# Whose very mention is restricted.
RESTRICTED = frozenset({"hiv"})

GONE = "Chẩn đoán không còn thuộc bệnh phải báo cáo"
CHANGED = "Chẩn đoán đã sửa, việc báo cáo được mở lại theo bệnh mới"
IN_ERROR = "Lượt khám là nhập nhầm"
UNDONE = "Lượt khám được mở lại, chưa hoàn tất"
OWN = frozenset({GONE, CHANGED, IN_ERROR, UNDONE})  # why the visit itself has taken a task back


@dataclass(frozen=True)
class Case:
    """A diagnosis that has to be reported: several diseases where nobody has said which of them."""

    diagnosis: Diagnosis
    diseases: Sequence[CommunicableDisease]
    open_to_choice: bool

    @property
    def title(self) -> str:
        """'Bệnh sởi (nghi ngờ)'."""
        names = (" hoặc " if self.open_to_choice else ", ").join(row.name for row in self.diseases)
        said = dict(Certainty.choices).get(self.diagnosis.certainty, "")
        return f"{names} ({said})" if said else names


def cases(diagnoses: Sequence[Diagnosis], on: dt.date) -> list[Case]:
    """Those of the diagnoses that must be reported case by case."""
    listed = notifiable.reportable([row.icd_code for row in diagnoses], on)
    return [
        Case(row, diseases, listed.open_to_choice(row.icd_code) and not row.disease_key)
        for row in diagnoses
        if (diseases := listed.of(row.icd_code, row.disease_key))
    ]


def look(visit: Visit) -> None:
    """Open the task that an ended visit asks for; change it or take it back when the diagnosis was amended.

    What somebody has done, or said need not be done, is not asked for again in the same words.
    """
    rows = list(Diagnosis.unscoped.filter(visit=visit).order_by("position"))  # unscoped: her visit's
    found = cases(rows, visit.on)
    if not found:
        todo.withdraw(TASK, object_id=visit.pk, reason=GONE)
        return
    title = todo.title_words(", ".join(dict.fromkeys(case.title for case in found)))
    last = todo.newest(TASK, object_id=visit.pk)
    if last is not None and last.title == title:
        if last.state == TaskState.OPEN or last.outcome not in OWN:
            return
    elif last is not None and last.state == TaskState.OPEN:
        todo.withdraw(TASK, object_id=visit.pk, reason=CHANGED)
    diseases = notifiable.strictest_first(row for case in found for row in case.diseases)
    todo.task_open(
        TASK,
        facility_id=visit.facility_id,
        object_id=visit.pk,
        person_id=visit.person_id,
        happened_at=visit.occurred_at,
        title=title,
        restricted=visit.restricted or any(disease.key in RESTRICTED for disease in diseases),
        clock=CLOCKS[diseases[0].report_class],
    )


def forget(visit: Visit, reason: str = IN_ERROR) -> None:
    """The visit should never have been written, or is not ended any more."""
    todo.withdraw(TASK, object_id=visit.pk, reason=reason)
