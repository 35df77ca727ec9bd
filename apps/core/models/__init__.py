"""The ground's tables: `house` what every record has and the house's books, `work` a station's days,
`exports` what has left as a file.
"""

from apps.core.models.exports import ExportState, GuardedExport
from apps.core.models.house import (
    AuditEntry,
    BaseModel,
    ChangeState,
    DatedModel,
    DatedQuerySet,
    Job,
    JobState,
    LogSeal,
    NightlyRun,
    PaperCode,
    Parameter,
    PendingChange,
    RateCount,
    ReadEntry,
    ScopedDatedModel,
    SealKind,
    SubmittedForm,
)
from apps.core.models.installation import DoctorFinding, GoLiveTick
from apps.core.models.numbers import GivenNumber, NumberBook, NumberState
from apps.core.models.work import Draft, Holiday, HolidayKind, Task, TaskState

__all__ = [
    "AuditEntry",
    "BaseModel",
    "ChangeState",
    "DatedModel",
    "DatedQuerySet",
    "DoctorFinding",
    "Draft",
    "ExportState",
    "GivenNumber",
    "GoLiveTick",
    "GuardedExport",
    "Holiday",
    "HolidayKind",
    "Job",
    "JobState",
    "LogSeal",
    "NightlyRun",
    "NumberBook",
    "NumberState",
    "PaperCode",
    "Parameter",
    "PendingChange",
    "RateCount",
    "ReadEntry",
    "ScopedDatedModel",
    "SealKind",
    "SubmittedForm",
    "Task",
    "TaskState",
]
