"""What orders, results and files offer to the house; loaded by plugs."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.catalogues import picks
from apps.core import readlog, registry
from apps.core.events import subscribe
from apps.core.registry import (
    AuditSentence,
    DraftKind,
    HomePanel,
    MergeRule,
    NightlyWork,
    PaperKind,
    ReadScreen,
    RecordPanel,
    Section,
    SuccessionStep,
    TimelineKind,
)
from apps.core.scope import Scope
from apps.encounters import succeeding
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitFinalised, VisitMoved
from apps.encounters.models import Visit
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import following, orders
from apps.encounters.ordering import queries as order_queries

HOME_ROWS = 8


def _order(object_id: UUID) -> str:
    return reverse("encounters:order", args=[object_id])


def _orders_of(visit_id: UUID) -> str:
    return reverse("encounters:orders", args=[visit_id])


def _formula(formula_id: UUID) -> str:
    return _orders_of(order_queries.visit_of_formula(formula_id) or formula_id)


def _of_visit(scope: Scope, visit: Visit) -> dict[str, Any] | None:
    """What was ordered on the visit, with what came of it; the way to more. One query."""
    rows = order_queries.of_visit(scope, visit)
    may_order = visit.is_open and scope.can("prescriptions.enter") and scope.reaches(visit.facility_id)
    return {
        "orders": [row for row in rows if row.is_live],
        "visit": visit,
        "may_order": may_order,
        "critical": [row for row in rows if row.is_live and row.flag.startswith("critical")],
    }


def _waiting(scope: Scope) -> dict[str, Any] | None:
    """What has still to be done today. One query; None hides an empty list."""
    if scope.workplace_id is None:
        return None
    rows = order_queries.waiting_first(scope, timezone.localdate(), HOME_ROWS + 1)
    if not rows:
        return None
    readlog.record("order.waiting", [row.person_id for row in rows[:HOME_ROWS]])
    return {"orders": rows[:HOME_ROWS], "more": len(rows) > HOME_ROWS}


def _sweep(day: dt.date) -> str:
    from apps.encounters.ordering.attachments import sweep

    return sweep(day)


registry.sections.add(Section("results", "Chỉ định, kết quả", 35))
registry.home_panels.add(
    HomePanel("orders", "Chờ thực hiện", "results.enter", "encounters/orders/panel_home.html", _waiting, 12)
)
registry.record_panels.add(
    RecordPanel(
        key="orders",
        record="visit",
        title="Chỉ định, kết quả",
        right="results.view",
        template="encounters/orders/panel.html",
        provide=_of_visit,
        order=5,
    )
)
registry.timeline_kinds.add(
    TimelineKind(orders.SOURCE, "Kết quả, thủ thuật", _order, "flask", "results.view"),
)
registry.papers.add(
    PaperKind("order_slip", "phiếu chỉ định", _orders_of),
    PaperKind("result_slip", "phiếu kết quả", _orders_of),
    PaperKind("order_paper", "phiếu của một chỉ định", _order),
    PaperKind("order_result", "phiếu kết quả của một chỉ định", _order),
    PaperKind("formula", "đơn thuốc thang", _formula),
)
registry.readlog_screens.add(
    ReadScreen("order.visit", "Chỉ định của lượt khám"),
    ReadScreen("order.page", "Trang chỉ định, kết quả"),
    ReadScreen("order.waiting", "Danh sách chờ thực hiện"),
    ReadScreen("order.api", "Chỉ định, kết quả qua API"),
    ReadScreen("attachment.taken", "Tải tệp đính kèm"),
)
registry.audit_sentences.add(
    AuditSentence("order.placed", "đã chỉ định dịch vụ {code}"),
    AuditSentence("order.cancelled", "đã hủy một chỉ định"),
    AuditSentence("order.entered_in_error", "đã ghi một chỉ định là nhập nhầm"),
    AuditSentence("order_set.saved", "đã lưu nhóm chỉ định của trạm"),
    AuditSentence("order_set.dropped", "đã bỏ nhóm chỉ định của trạm"),
    AuditSentence("result.entered", "đã nhập kết quả của {code}"),
    AuditSentence("result.verified", "đã duyệt kết quả của {code}"),
    AuditSentence("result.corrected", "đã sửa kết quả đã duyệt của {code}"),
    AuditSentence("procedure.saved", "đã lưu phiếu thủ thuật {code}"),
    AuditSentence("procedure.ended", "đã kết thúc thủ thuật {code}"),
    AuditSentence("procedure.reopened", "đã mở lại phiếu thủ thuật {code}"),
    AuditSentence("procedure.watched", "đã ghi dòng theo dõi thủ thuật"),
    AuditSentence("procedure.row_in_error", "đã ghi một dòng theo dõi là nhập nhầm"),
    AuditSentence("session.recorded", "đã ghi một buổi điều trị {code}"),
    AuditSentence("session.in_error", "đã ghi một buổi điều trị {code} là nhập nhầm"),
    AuditSentence("session.course_ended", "đã kết thúc sớm liệu trình {code}"),
    AuditSentence("formula.prescribed", "đã kê bài thuốc thang"),
    AuditSentence("formula.in_error", "đã ghi bài thuốc thang là nhập nhầm"),
    AuditSentence("attachment.added", "đã đính kèm tệp"),
    AuditSentence("attachment.taken", "đã tải tệp đính kèm"),
    AuditSentence("attachment.entered_in_error", "đã ghi tệp đính kèm là nhập nhầm"),
)
registry.nightly.add(
    NightlyWork("attachments.sweep", "Xóa tệp đính kèm không thuộc lượt khám nào", _sweep, order=70)
)
registry.drafts.add(
    DraftKind(orders.DRAFT, "Kết quả, phiếu thủ thuật", "results.enter", order_queries.draft_subjects, 25)
)
picks.kinds.add(
    picks.Kind(order_catalogue.PICKER, "Xét nghiệm, dịch vụ", order_catalogue.find, order_catalogue.names)
)
registry.merge_rules.add(MergeRule.simple("encounters.Order.person"))
registry.succession_steps.add(
    SuccessionStep(
        "order_sets",
        "Nhóm chỉ định của trạm",
        succeeding.order_sets,
        move=succeeding.move_order_sets,
        columns=("encounters.OrderSet.station",),
        note="Nhóm trùng tên với trạm mới thì thêm tên trạm cũ.",
        order=520,
    )
)
subscribe(VisitFinalised, following.follow_end)
subscribe(VisitAmended, following.follow_end)
subscribe(VisitEnteredInError, following.follow_error)
subscribe(VisitMoved, following.follow_move)
registry.guide.add(
    registry.GuideChapter(
        "chi-dinh",
        "Chỉ định, kết quả, thủ thuật",
        "guide/orders.html",
        {
            "encounters:orders": "chi-dinh",
            "encounters:order_sets": "chi-dinh",
            "encounters:order_cancel": "chi-dinh",
            "encounters:orders_waiting": "cho-thuc-hien",
            "encounters:order": "ket-qua",
            "encounters:result_correct": "ket-qua",
            "encounters:formula_new": "y-hoc-co-truyen",
        },
        41,
    )
)
