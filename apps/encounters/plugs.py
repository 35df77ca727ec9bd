"""What visits offer to the house."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.care.queries import expected
from apps.care.services import DUE_KIND
from apps.catalogues.frequency import CodeFrequency
from apps.core import ports, readlog, registry
from apps.core.registry import (
    AuditSentence,
    DueKind,
    HomePanel,
    MenuItem,
    PaperKind,
    PersonAction,
    ReadScreen,
    RecordPanel,
    Section,
    TimelineKind,
)
from apps.core.scope import Scope
from apps.encounters import queries
from apps.encounters.services import TIMELINE

HOME_ROWS = 12  # what fits on a 768-pixel screen beside the other panels


def _visit(object_id: UUID) -> str:
    return reverse("encounters:visit", args=[object_id])


def _visit_of_sheet(object_id: UUID) -> str:
    return _visit(queries.visit_of_sheet(object_id) or object_id)


def _open(person_id: UUID) -> str:
    return reverse("encounters:open", args=[person_id])


def _receive(person_id: UUID, object_id: UUID | None) -> str:
    return _open(person_id)


def _today(scope: Scope) -> dict[str, Any] | None:
    if scope.workplace_id is None:
        return None
    on = timezone.localdate()
    visits = queries.waiting(scope, on, HOME_ROWS)
    if visits:
        readlog.record("visit.day", [visit.person_id for visit in visits])
    return {
        "visits": visits,
        "counts": queries.counts(scope, on),
        "may_sign": scope.can("visits.approve"),
    }


def _of_person(scope: Scope, person: Any) -> dict[str, Any] | None:
    """What of hers is not finished here; what is stands in her timeline."""
    visits = queries.unfinished(scope, person.pk)
    return {"visits": visits} if visits else None


def _expected(scope: Scope) -> dict[str, Any] | None:
    if scope.workplace_id is None:
        return None
    rows = list(expected(scope, timezone.localdate())[: HOME_ROWS + 1])
    if not rows:
        return None
    readlog.record("visit.day", [row.person_id for row in rows[:HOME_ROWS]])
    return {
        "rows": rows[:HOME_ROWS],
        "more": len(rows) > HOME_ROWS,
        "may_receive": scope.can("visits.enter"),
    }


registry.sections.add(Section("visits", "Khám bệnh", 30), Section("prescriptions", "Đơn thuốc", 40))
registry.menu.add(MenuItem("visits", "Khám bệnh", "encounters:day", "visits.view", 30, "stethoscope"))
registry.home_panels.add(
    HomePanel("visits", "Khám bệnh hôm nay", "visits.view", "encounters/panel_home.html", _today, 10),
    HomePanel(
        "expected", "Hẹn khám lại hôm nay", "visits.view", "encounters/panel_expected.html", _expected, 20
    ),
)
registry.record_panels.add(
    RecordPanel(
        key="visits",
        record="person",
        title="Lượt khám chưa xong",
        right="visits.view",
        template="encounters/panel_person.html",
        provide=_of_person,
        order=20,
    )
)
registry.person_actions.add(PersonAction("visit", "Tiếp nhận khám", "visits.enter", _open, 10))
registry.timeline_kinds.add(TimelineKind(TIMELINE, "Khám bệnh", _visit, "stethoscope", "visits.view"))
registry.due_kinds.add(DueKind(DUE_KIND, "Hẹn khám lại", "Tiếp nhận", _receive, "visits.view"))
registry.readlog_screens.add(
    ReadScreen("visit.page", "Trang lượt khám"),
    ReadScreen("visit.day", "Danh sách khám trong ngày"),
    ReadScreen("visit.unsigned", "Danh sách chờ ký"),
    ReadScreen("visit.versions", "Các bản của lượt khám"),
    ReadScreen("visit.paper", "In giấy của lượt khám"),
    ReadScreen("visit.open", "Tiếp nhận"),
    ReadScreen("visit.api", "Lượt khám qua API"),
)
registry.papers.add(
    PaperKind("exam_slip", "phiếu khám bệnh", _visit),
    PaperKind("prescription", "đơn thuốc", _visit_of_sheet),
)
registry.audit_sentences.add(
    AuditSentence("visit.opened", "đã tiếp nhận lượt khám {number}"),
    AuditSentence("visit.saved", "đã lưu lượt khám: {changed}"),
    AuditSentence("visit.sent_to_sign", "đã chuyển lượt khám {number} chờ bác sĩ ký"),
    AuditSentence("visit.finalised", "đã hoàn tất lượt khám {number}"),
    AuditSentence("visit.reopened", "đã mở lại lượt khám {number} để sửa"),
    AuditSentence("visit.amended", "đã sửa đổi lượt khám {number} đã hoàn tất"),
    AuditSentence("visit.entered_in_error", "đã ghi lượt khám {number} là nhập nhầm"),
)
ports.provide(CodeFrequency, queries.UsualCodes())
