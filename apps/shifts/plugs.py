"""What this room offers to the house; and the lines of the day's end that the ground itself has."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.core import approvals, drafts, inbox, registry
from apps.core.registry import (
    AuditSentence,
    DayEndFigure,
    DayEndLine,
    GuideChapter,
    HomePanel,
    MenuItem,
    PaperKind,
    Section,
    SuccessionStays,
)
from apps.core.scope import Scope

registry.sections.add(Section("shifts", "Cuối ngày, bàn giao ca", 58))
registry.menu.add(
    MenuItem("shifts", "Cuối ngày", "shifts:day", "shifts.view", 128, "clock", registry.RUNNING)
)
registry.audit_sentences.add(
    AuditSentence("shift.given", "đã ghi bàn giao {shift}, còn {left} mục"),
    AuditSentence("shift.changed", "đã sửa ghi chú bàn giao {shift}"),
    AuditSentence("shift.withdrawn", "đã rút lại bàn giao {shift}"),
    AuditSentence("shift.taken", "đã nhận bàn giao {shift}, {how}"),
)


def _link(object_id: UUID) -> str:
    return reverse("shifts:handover", args=[object_id])


registry.papers.add(PaperKind("shift_handover", "Biên bản bàn giao ca", _link))
registry.succession_stays.add(
    SuccessionStays("shifts.ShiftHandover.facility", "says where the shift was handed over"),
    SuccessionStays("shifts.ShiftHandover.point", "says where the shift was handed over"),
)


def _home(scope: Scope) -> dict[str, Any] | None:
    """The hand-overs that wait for somebody, or the newest one: the way to the day's end. One query."""
    from apps.shifts import queries

    if scope.workplace_id is None or scope.hamlet_ids is not None:
        return None
    last = queries.last(scope)
    return {"last": last, "waits": last is not None and last.state == "waiting", "user": scope.user_id}


registry.home_panels.add(
    HomePanel(
        "shifts", "Cuối ngày, bàn giao ca", "shifts.view", "shifts/panel_home.html", _home, 32, later=True
    )
)
registry.guide.add(
    GuideChapter(
        "cuoi-ngay",
        "Cuối ngày, bàn giao ca",
        "guide/shifts.html",
        {
            "shifts:day": "con-lai",
            "shifts:handover": "ban-giao",
            "shifts:take": "ban-giao",
            "shifts:take_here": "ban-giao",
            "shifts:change": "ban-giao",
            "shifts:withdraw": "ban-giao",
            "shifts:book": "so-ban-giao",
        },
        72,
    )
)


# --- what the ground and its papers leave at the day's end


def _overdue(scope: Scope) -> DayEndFigure:
    late = inbox.chosen(scope, state="overdue").count()
    return DayEndFigure(late, f"{reverse('core:tasks')}?muc=overdue", state="danger")


def _drafts(scope: Scope) -> DayEndFigure:
    return DayEndFigure(drafts.mine(scope).count(), reverse("core:drafts"))


def _changes(scope: Scope) -> DayEndFigure:
    return DayEndFigure(len(approvals.waiting_for(scope)), reverse("core:changes"), state="info")


registry.day_end.add(
    DayEndLine("tasks", "Việc quá hạn", registry.PAPERS, "tasks.view", _overdue, 300),
    DayEndLine("drafts", "Bản nháp của tôi chưa lưu", registry.PAPERS, None, _drafts, 310),
    DayEndLine("changes", "Việc chờ tôi duyệt, xác nhận", registry.PAPERS, None, _changes, 320),
)
