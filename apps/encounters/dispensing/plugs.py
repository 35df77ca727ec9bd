"""What dispensing offers to the house; loaded by the plugs of encounters."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.core import readlog, registry
from apps.core.events import subscribe
from apps.core.registry import (
    AuditSentence,
    ChangeKind,
    DayEndFigure,
    DayEndLine,
    GuideChapter,
    HomePanel,
    MergeRule,
    NightlyWork,
    PaperKind,
    ReadScreen,
    RecordPanel,
    Section,
    TimelineKind,
)
from apps.core.scope import Scope
from apps.encounters import states, undoing
from apps.encounters.dispensing import charging as _charging  # noqa: F401 - registers what is charged
from apps.encounters.dispensing import following, printing, queries, second, services
from apps.encounters.dispensing import refunding as _refunding  # noqa: F401 - and what of it comes back
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitFinalised, VisitMoved, VisitUndone
from apps.encounters.models import Visit
from apps.stock.queries import dispensing_places
from apps.stock.sources import SourceKind
from apps.stock.sources import kinds as stock_sources

HOME_ROWS = 8


def _of_visit(scope: Scope, visit: Visit) -> dict[str, Any] | None:
    """What was given on the visit, and one key to give the rest. One query; none for a visit under way."""
    if visit.finalised_at is None:
        return None
    prescribed, acts = queries.in_line(visit)
    if not acts and (visit.state != states.FINALISED or not prescribed):
        return None
    may = scope.can("dispensing.enter") and scope.reaches(visit.facility_id)
    return {"visit": visit, "acts": acts, "may_enter": may and visit.state == states.FINALISED}


def _waiting(scope: Scope) -> dict[str, Any] | None:
    """Who waits for medicines today. One query; None hides an empty list."""
    if scope.workplace_id is None:
        return None
    rows = queries.waiting_first(scope, timezone.localdate(), HOME_ROWS + 1)
    if not rows:
        return None
    readlog.record("dispensing.waiting", [row.person_id for row in rows[:HOME_ROWS]])
    return {"visits": rows[:HOME_ROWS], "more": len(rows) > HOME_ROWS}


def _left(scope: Scope) -> DayEndFigure | None:
    """What of today's prescriptions nobody has fetched, where the station gives out. Two queries."""
    if not dispensing_places(scope):
        return None
    return DayEndFigure(
        queries.waiting_count(scope, timezone.localdate()), reverse("encounters:dispensing_waiting")
    )


def _of_act(object_id: UUID) -> str:
    return reverse("encounters:dispensing", args=[object_id])


registry.sections.add(Section("dispensing", "Cấp phát thuốc", 42))
registry.home_panels.add(
    HomePanel(
        "dispensing",
        "Chờ cấp thuốc",
        "dispensing.enter",
        "encounters/dispensing/panel_home.html",
        _waiting,
        14,
        first_without="visits.enter",
    )
)
registry.record_panels.add(
    RecordPanel(
        key="dispensing",
        record="visit",
        title="Cấp phát thuốc",
        right="dispensing.view",
        template="encounters/dispensing/panel.html",
        provide=_of_visit,
        order=3,
    )
)
registry.day_end.add(
    DayEndLine("dispensing", "Đơn hôm nay chưa cấp đủ thuốc", registry.STORE, "dispensing.view", _left, 190)
)
registry.timeline_kinds.add(
    TimelineKind(services.SOURCE, "Cấp phát thuốc", _of_act, "pill", "dispensing.view")
)
registry.papers.add(
    PaperKind(printing.PAPER, "phiếu cấp phát thuốc", _of_act),
    PaperKind(printing.LABELS, "nhãn thuốc", _of_act),
)
registry.readlog_screens.add(
    ReadScreen("dispensing.waiting", "Danh sách chờ cấp thuốc"),
    ReadScreen("dispensing.visit", "Cấp phát thuốc của lượt khám"),
    ReadScreen("dispensing.act", "Trang lần cấp thuốc"),
    ReadScreen("dispensing.api", "Cấp phát thuốc qua API"),
)
registry.audit_sentences.add(
    AuditSentence("dispensing.done", "đã cấp {lines} thuốc theo đơn"),
    AuditSentence("dispensing.asked", "đã gửi lần cấp thuốc kiểm soát đặc biệt cho người thứ hai"),
    AuditSentence("dispensing.cancelled", "đã hủy một lần cấp thuốc"),
    AuditSentence("dispensing.returned", "đã nhận trả lại {lots} lô thuốc"),
    AuditSentence("dispensing.moved", "đã chuyển một lần cấp thuốc sang lượt khám đúng người"),
)
registry.changes.add(
    ChangeKind(
        second.CHANGE,
        "Cấp thuốc kiểm soát đặc biệt",
        "dispensing.approve",
        second.second_agreed,
        second.may_agree,
        days=second.DAYS,
        here=True,
        apart=False,  # a patient in pain waits for it, and a doctor has signed how much
        dropped=second.second_dropped,
    )
)
registry.nightly.add(
    NightlyWork("dispensing.second", "Bỏ lần cấp không ai đồng ý", lambda day: second.unanswered_drop(), 60)
)
registry.merge_rules.add(MergeRule.simple("encounters.Dispensing.person"))
stock_sources.add(
    SourceKind(services.SOURCE, "Cấp phát theo đơn", queries.about, "dispensing.view", queries.received),
    SourceKind(services.BACK, "Người bệnh trả lại", queries.about_returns, "dispensing.view"),
)
subscribe(VisitUndone, following.refuse_undo)
undoing.hindrances.append(following.hinders_undoing)
subscribe(VisitEnteredInError, following.refuse_error)
subscribe(VisitMoved, following.follow_move)
subscribe(VisitFinalised, following.follow_end)
subscribe(VisitAmended, following.follow_end)
registry.guide.add(
    GuideChapter(
        "cap-phat",
        "Cấp phát thuốc",
        "guide/dispensing.html",
        {
            "encounters:dispensing_waiting": "cho-cap",
            "encounters:dispense": "cap",
            "encounters:dispensing": "cap",
            "encounters:dispensing_back": "tra-lai",
            "encounters:dispensing_cancel": "tra-lai",
        },
        42,
    )
)
