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
    DraftKind,
    DueKind,
    Handover,
    HomePanel,
    MenuItem,
    MergeRule,
    NumberKind,
    PaperKind,
    ReadScreen,
    RecordAction,
    RecordPanel,
    RecordSection,
    Section,
    StationFigure,
    SuccessionStays,
    SuccessionStep,
    TaskKind,
    TimelineKind,
)
from apps.core.scope import Scope
from apps.encounters import (
    back_entry,
    day_end,
    handing_over,
    health_record,
    merging,
    notifying,
    queries,
    succeeding,
)
from apps.encounters.certificates import plugs as _certificates  # noqa: F401 - registers issued papers
from apps.encounters.desk import plugs as _desk  # noqa: F401 - registers the reception
from apps.encounters.desk.receiving import QUEUE
from apps.encounters.dispensing import plugs as _dispensing  # noqa: F401 - registers giving out
from apps.encounters.money import plugs as _money  # noqa: F401 - registers the till
from apps.encounters.ordering import plugs as _ordering  # noqa: F401 - registers orders and results
from apps.encounters.register import A1
from apps.encounters.services import DRAFT, NUMBER, TIMELINE
from apps.encounters.sick_child import bench as sick_child
from apps.facilities.registers import export_kind
from apps.outage.kinds import kinds as outage

SIGN_ROWS = 5
HOME_ROWS = 8  # the queue and the diary have the others


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
    visits = queries.hushed(scope, queries.waiting(scope, on, HOME_ROWS))
    if visits:
        readlog.record("visit.day", [visit.person_id for visit in visits])
    return {
        "visits": visits,
        "counts": queries.counts(scope, on),
        "may_sign": scope.can("visits.approve"),
    }


def _of_person(scope: Scope, person: Any) -> dict[str, Any] | None:
    """What of hers is not finished here; what is stands in her timeline. With today's the work goes on."""
    visits = queries.unfinished(scope, person.pk)
    if not visits:
        return None
    todays = [visit for visit in visits if visit.is_open and visit.on == timezone.localdate()]
    goes_on = [{"title": "Mở lượt khám đang dở", "url": _visit(visit.pk), "hotkey": ""} for visit in todays]
    return {"visits": visits, "goes_on": goes_on[:1]}


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
        "may_diary": scope.can("appointments.view"),
    }


def _to_sign(scope: Scope) -> dict[str, Any] | None:
    visits = queries.unsigned_first(scope, SIGN_ROWS + 1)
    if not visits:
        return None
    readlog.record("visit.unsigned", [visit.person_id for visit in visits[:SIGN_ROWS]])
    return {"visits": visits[:SIGN_ROWS], "more": len(visits) > SIGN_ROWS}


registry.sections.add(Section("visits", "Khám bệnh", 30), Section("prescriptions", "Đơn thuốc", 40))
registry.menu.add(MenuItem("visits", "Khám bệnh", "encounters:day", "visits.view", 30, "stethoscope"))
registry.station_figures.add(
    StationFigure("visits", "Lượt khám tháng này", queries.visits_this_month, 20),
    StationFigure("last_visit", "Khám gần nhất", queries.last_visit_days, 30, "date"),
)
registry.home_panels.add(
    HomePanel("visits", "Khám bệnh hôm nay", "visits.view", "encounters/panel_home.html", _today, 10),
    HomePanel("unsigned", "Chờ bạn ký", "visits.approve", "encounters/panel_unsigned.html", _to_sign, 5),
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
registry.record_sections.add(
    RecordSection(
        key="visits",
        letter="D",
        right="visits.view",
        template="encounters/record_section.html",
        paper="print/record_examinations.html",
        provide=health_record.provide,
        printed=health_record.printed,
    )
)
registry.person_actions.add(RecordAction("visit", "Tiếp nhận khám", "visits.enter", _open, 10, hotkey="F2"))
registry.timeline_kinds.add(TimelineKind(TIMELINE, "Khám bệnh", _visit, "stethoscope", "visits.view"))
registry.due_kinds.add(DueKind(DUE_KIND, "Hẹn khám lại", "Tiếp nhận", _receive, "visits.view"))
registry.audit_sentences.add(
    AuditSentence("visit.handed_over", "đã bàn giao lượt khám {number} cho đồng nghiệp"),
)

registry.day_end.add(*day_end.LINES)
registry.exports.add(export_kind(A1))
registry.readlog_screens.add(
    ReadScreen("visits.a1.page", "Sổ khám bệnh A1"),
    ReadScreen("visits.a1.paper", "In sổ khám bệnh A1"),
    ReadScreen("visits.a1.export", "Tệp sổ khám bệnh A1"),
    ReadScreen("visit.page", "Trang lượt khám"),
    ReadScreen("visit.day", "Danh sách khám trong ngày"),
    ReadScreen("visit.unsigned", "Danh sách chờ ký"),
    ReadScreen("visit.left", "Lượt khám còn dở"),
    ReadScreen("visit.versions", "Các bản của lượt khám"),
    ReadScreen("visit.paper", "In giấy của lượt khám"),
    ReadScreen("visit.open", "Tiếp nhận"),
    ReadScreen("visit.api", "Lượt khám qua API"),
)
registry.numbers.add(
    NumberKind(
        NUMBER, "Số khám", "{on.year}-{number:06d}", registry.by_year, queries.highest_number, kept=False
    ),
    NumberKind(
        QUEUE,
        "Số thứ tự trong ngày",
        "{number}",
        registry.by_day,
        queries.highest_in_queue,
        kept=False,
        listed=False,
    ),
)
registry.task_kinds.add(
    TaskKind(notifying.TASK, "Báo cáo ca bệnh truyền nhiễm", "visits.view", "tasks.case_24h", _visit)
)
registry.papers.add(
    PaperKind("exam_slip", "phiếu khám bệnh", _visit),
    PaperKind("prescription", "đơn thuốc", _visit_of_sheet),
)
registry.audit_sentences.add(
    AuditSentence("visits.a1.printed", "đã in sổ khám bệnh A1: {rows} dòng"),
    AuditSentence("visit.opened", "đã tiếp nhận lượt khám {number}"),
    AuditSentence("visit.saved", "đã lưu lượt khám: {changed}"),
    AuditSentence("visit.sent_to_sign", "đã chuyển lượt khám {number} chờ bác sĩ ký"),
    AuditSentence("visit.finalised", "đã hoàn tất lượt khám {number}"),
    AuditSentence("visit.reopened", "đã mở lại lượt khám {number} để sửa"),
    AuditSentence("visit.amended", "đã sửa đổi lượt khám {number} đã hoàn tất"),
    AuditSentence("template.made", "đã lập một mẫu khám của trạm"),
    AuditSentence("template.retired", "đã bỏ một mẫu khám của trạm"),
    AuditSentence("visit.undone", "đã hoàn tác việc hoàn tất lượt khám {number}"),
    AuditSentence("visit.moved", "đã chuyển lượt khám {was} từ người khác sang, số mới {number}"),
    AuditSentence("visit.entered_in_error", "đã ghi lượt khám {number} là nhập nhầm"),
)
ports.provide(CodeFrequency, queries.UsualCodes())

outage.add(back_entry.KIND)
registry.drafts.add(
    DraftKind(DRAFT, "Lượt khám", "visits.enter", queries.draft_subjects, 10),
    DraftKind("visit-open", "Tiếp nhận khám", "visits.enter", queries.reception_subjects, 20),
)

registry.handovers.add(
    Handover(
        "visits.open",
        "Lượt khám chưa hoàn tất",
        "visits.edit",
        handing_over.open_visits,
        handing_over.move_visits,
        order=10,
    ),
    Handover(
        "visits.unsigned",
        "Lượt khám chờ bác sĩ ký",
        "visits.edit",
        handing_over.unsigned_visits,
        note="Người được ký của trạm mở từng lượt và ký; tên người khám giữ nguyên.",
        order=20,
    ),
    Handover(
        "appointments",
        "Lịch hẹn khám lại",
        "visits.edit",
        handing_over.appointments,
        handing_over.move_appointments,
        order=40,
    ),
)
registry.rules.add(sick_child.IMCI)
registry.merge_rules.add(
    MergeRule.simple("encounters.Visit.person", refuse=merging.refuse),
    MergeRule.special("core.Draft.object_id", merging.drafts, why="one draft a user, form and record"),
)
registry.guide.add(
    registry.GuideChapter(
        "kham-benh",
        "Một lượt khám",
        "guide/visit.html",
        {
            "encounters:day": "tiep-don",
            "encounters:visit": "kham",
            "encounters:unsigned": "cho-ky",
            "encounters:a1": "so-a1",
            "encounters:amend": "sua",
            "encounters:in_error": "sua",
            "encounters:wrong_person": "nham-nguoi",
            "encounters:templates": "mau",
            "encounters:versions": "sua",
        },
        40,
    )
)

registry.succession_stays.add(
    SuccessionStays(
        "encounters.ExamTemplate.station", "the former station is a point: its successor uses them"
    ),
)
registry.succession_steps.add(
    SuccessionStep(
        "visits",
        "Lượt khám, đơn thuốc đã ghi",
        succeeding.visits,
        newer=succeeding.since,
        newer_words="lượt khám mới",
        note="Giữ nguyên nơi khám và tên trạm ngày đó; trạm mới đọc được.",
        order=500,
    ),
    SuccessionStep(
        "unfinished",
        "Lượt khám chưa hoàn tất",
        succeeding.unfinished,
        note="Nên hoàn tất trước ngày sắp xếp; nếu chưa, trạm mới mở ra làm tiếp.",
        order=510,
    ),
)
