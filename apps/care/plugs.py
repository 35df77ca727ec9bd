"""What the room of measurements and appointments offers to the house."""

import datetime as dt
from functools import partial
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.care import course, diary, enrolling, handing_on, programmes, services, succeeding, targets
from apps.care.growth import bench as growth_bench
from apps.care.growth import queries as growths
from apps.care.models import Enrolment, EnrolmentState
from apps.care.ncd import bench as ncd_bench
from apps.core import registry
from apps.core.events import subscribe
from apps.core.registry import (
    AppointmentKind,
    AuditSentence,
    HomePanel,
    MenuItem,
    MergeRule,
    MergeStep,
    NightlyWork,
    NumberKind,
    PaperKind,
    ReadScreen,
    RecordAction,
    RecordPanel,
    Section,
    SuccessionStep,
    TargetGroup,
    TimelineKind,
)
from apps.core.scope import Scope
from apps.patients.events import FollowUpClosed, FollowUpHandedBack, FollowUpHandedOn, FollowUpReopened


def _miss(day: dt.date) -> str:
    return f"{services.appointments_missed(on=day)} lịch hẹn đã quá lâu được ghi là không đến."


def _measure(person_id: UUID) -> str:
    return reverse("care:measure", args=[person_id])


def _growth(person_id: UUID) -> str:
    return reverse("care:growth", args=[person_id])


def _latest(scope: Scope, person: Any) -> dict[str, Any] | None:
    """The last figure of each sign, a child's with their z-scores, and the ways on."""
    young = growths.is_young(person, timezone.localdate())
    rows = course.latest(scope, person.pk, growth=young)
    return {
        "person_id": person.pk,
        "rows": course.latest_words(rows, course.latest_verdicts(person, rows) if young else None),
        "young": young,
        "may_add": scope.can("care.enter"),
    }


def _growing(scope: Scope, visit: Any) -> dict[str, Any] | None:
    """A child's growth beside its visit: what this measuring says, the curve of its weight. Two queries."""
    person, on = visit.person, timezone.localdate(visit.occurred_at)
    if not growths.is_young(person, on):
        return None
    growth = growths.growth_of(person, growths.rows(scope, person.pk), growths.limits())
    of_today = next((point for point in growth.points if point.on == on), None)
    if growth.last is None and not growth.doubt:
        return None
    return {
        "person_id": person.pk,
        "growth": growth,
        "point": of_today or growth.last,
        # Alerts are those of the last measuring: an old visit does not repeat them.
        "alerts": growth.alerts if growth.points and of_today in (None, growth.points[-1]) else [],
        "charts": growth.charts(table=False, only=("waz",)),
    }


def _make(person_id: UUID) -> str:
    return reverse("care:make", args=[person_id])


def _not_come(scope: Scope) -> dict[str, Any] | None:
    """How many did not come in the last days; nobody is named."""
    if scope.workplace_id is None:
        return None
    count = diary.not_come_count(scope, "7-ngay", timezone.localdate())
    return {"count": count} if count else None


def _enrol(person_id: UUID) -> str:
    return reverse("care:enrol", args=[person_id])


def _enrolment(object_id: UUID) -> str:
    return reverse("care:enrolment", args=[object_id])


def _followed(scope: Scope, person: Any) -> dict[str, Any] | None:
    """What a person is and was followed for."""
    lines = programmes.of_person(scope, person.pk)
    return {"lines": lines} if lines else None


def _both_followed(step: MergeStep) -> str:
    """One open row a person and programme: who is followed twice ends one of the two first."""
    # unscoped: asked about two people whom the merge has found
    open_rows = Enrolment.unscoped.filter(state=EnrolmentState.ACTIVE)
    both = open_rows.filter(
        person_id=step.old_id,
        programme__in=open_rows.filter(person_id=step.kept_id).values("programme"),
    )
    if not both.exists():
        return ""
    return "Cả hai hồ sơ đang được quản lý trong cùng một chương trình. Hãy kết thúc một bên trước khi gộp."


def _enrolments_follow(step: MergeStep) -> None:
    step.journal.repoint("care.Enrolment", "person", step.old_id, step.kept_id)


registry.nightly.add(NightlyWork("care.missed", "Ghi lịch hẹn không đến", _miss))
subscribe(FollowUpClosed, services.close_by_event)
subscribe(FollowUpHandedOn, handing_on.handed_on)
subscribe(FollowUpHandedBack, handing_on.handed_back)
subscribe(FollowUpReopened, services.reopen_by_event)
subscribe(FollowUpClosed, enrolling.close_by_event)
subscribe(FollowUpReopened, enrolling.reopen_by_event)
registry.merge_rules.add(
    MergeRule.simple("care.Measurement.person"),
    MergeRule.simple("care.Appointment.person"),
    MergeRule.special(
        "care.Enrolment.person",
        _enrolments_follow,
        why="one open row a person and programme",
        refuse=_both_followed,
    ),
)
registry.sections.add(Section("care", "Chỉ số sức khỏe, quản lý bệnh", 50))
registry.person_actions.add(RecordAction("measure", "Ghi số đo", "care.enter", _measure, 30))
registry.record_panels.add(
    RecordPanel(
        "measurements", "person", "Chỉ số gần nhất", "care.view", "care/panel_latest.html", _latest, 60
    )
)
registry.record_panels.add(
    RecordPanel("growth", "visit", "Tăng trưởng", "care.view", "care/panel_growth.html", _growing, 20)
)
registry.rules.add(growth_bench.ZSCORES, ncd_bench.BP_CLASS, ncd_bench.HTN_CONTROL)
registry.readlog_screens.add(
    ReadScreen("care.measurements", "Chỉ số của một người"),
    ReadScreen("care.api", "Số đo, tăng trưởng qua API"),
    ReadScreen("care.growth", "Biểu đồ tăng trưởng của một trẻ"),
    ReadScreen("care.growth_paper", "Bản in biểu đồ tăng trưởng"),
)
registry.papers.add(PaperKind("growth", "biểu đồ tăng trưởng", _growth))
registry.audit_sentences.add(
    AuditSentence("measurement.added", "đã ghi {count} số đo"),
    AuditSentence("measurement.corrected", "đã sửa một số đo"),
    AuditSentence("measurement.in_error", "đã ghi một số đo là nhập nhầm"),
    AuditSentence("measurement.confirmed", "đã xác nhận một số đo tự đo ở nhà"),
)
registry.sections.add(Section("appointments", "Lịch hẹn", 45))
registry.menu.add(MenuItem("appointments", "Lịch hẹn", "care:diary", "appointments.view", 40, "calendar"))
registry.appointment_kinds.add(
    AppointmentKind("follow_up", "Tái khám", "visits.view", by_hand=True, order=10),
    AppointmentKind("programme", "Khám theo chương trình", "visits.view", by_hand=True, order=20),
    AppointmentKind("result", "Lấy kết quả, xét nghiệm", "visits.view", by_hand=True, order=30),
    AppointmentKind("other", "Việc khác", "visits.view", by_hand=True, order=90),
)
registry.person_actions.add(RecordAction("appointment", "Hẹn ngày đến", "appointments.enter", _make, 40))
registry.home_panels.add(
    HomePanel(
        "not_come",
        "Hẹn mà chưa đến",
        "appointments.view",
        "care/panel_not_come.html",
        _not_come,
        25,
        later=True,
    )
)
registry.readlog_screens.add(
    ReadScreen("appointment.list", "Lịch hẹn, danh sách chưa đến"),
    ReadScreen("appointment.page", "Một lịch hẹn"),
)
registry.audit_sentences.add(
    AuditSentence("appointment.made", "đã hẹn một người"),
    AuditSentence("appointment.moved", "đã dời lịch hẹn từ {old} sang {on}"),
    AuditSentence("appointment.cancelled", "đã hủy một lịch hẹn"),
    AuditSentence("appointment.called", "đã ghi một lần gọi nhắc"),
)
registry.succession_steps.add(
    SuccessionStep(
        "appointments",
        "Lịch hẹn còn chờ",
        succeeding.planned,
        succeeding.move_planned,
        columns=("care.Appointment.facility",),
        note="Người bệnh được hẹn đến trạm mới, đúng ngày đã hẹn.",
        order=200,
    ),
    SuccessionStep(
        "enrolments",
        "Người đang được quản lý theo chương trình",
        succeeding.followed,
        succeeding.move_followed,
        columns=("care.Enrolment.facility",),
        note="Giữ số trong sổ của trạm cũ.",
        order=210,
    ),
)
registry.menu.add(MenuItem("programmes", "Chương trình", "care:programmes", "care.view", 45, "heart"))
registry.person_actions.add(RecordAction("enrol", "Đưa vào quản lý", "care.enter", _enrol, 50))
registry.record_panels.add(
    RecordPanel(
        "programmes",
        "person",
        "Quản lý theo chương trình",
        "care.view",
        "care/panel_programmes.html",
        _followed,
        50,
    )
)
registry.timeline_kinds.add(
    TimelineKind(enrolling.TIMELINE, "Quản lý theo chương trình", _enrolment, "heart", "care.view")
)
for _key, _title in (*enrolling.BOOKS.items(), (enrolling.OTHER, "Sổ quản lý các chương trình khác")):
    registry.numbers.add(
        NumberKind(
            f"enrolment.{_key}",
            _title,
            "{on.year}-{number:04d}",
            registry.by_year,
            partial(enrolling.highest, _key),
            kept=False,
            order=200,
        )
    )
registry.readlog_screens.add(
    ReadScreen("enrolment.list", "Danh sách quản lý theo chương trình"),
    ReadScreen("enrolment.page", "Quản lý theo chương trình của một người"),
)
registry.audit_sentences.add(
    AuditSentence("enrolment.begun", "đã đưa một người vào quản lý, số {number}"),
    AuditSentence("enrolment.ended", "đã kết thúc quản lý số {number}"),
    AuditSentence("enrolment.reopened", "đã mở lại quản lý số {number}"),
    AuditSentence("enrolment.in_error", "đã ghi quản lý số {number} là nhập nhầm"),
)
registry.sections.add(Section("targets", "Danh sách đối tượng", 115))
registry.menu.add(
    MenuItem("targets", "Đối tượng", "care:targets", "targets.view", 120, "people", registry.PEOPLE)
)
registry.target_groups.add(
    *targets.AGE_GROUPS,
    TargetGroup(
        "chronic",
        "Người đang quản lý bệnh mạn tính",
        targets.chronic,
        note="Tăng huyết áp, đái tháo đường, bệnh phổi tắc nghẽn, hen",
        right="care.view",
        order=50,
    ),
    TargetGroup(
        targets.FREE_KEY,
        "Khám sức khỏe miễn phí hằng năm",
        targets.free_check,
        targets.free_check_sure,
        note="NĐ 165/2026/NĐ-CP, Điều 69: nhóm cần tỉnh xác nhận",
        right="care.view",
        order=90,
    ),
)
registry.exports.add(targets.EXPORT)
registry.readlog_screens.add(
    ReadScreen(targets.SCREEN, "Danh sách đối tượng"),
    ReadScreen("targets.export", "Xuất danh sách đối tượng"),
)
registry.guide.add(
    registry.GuideChapter(
        "theo-doi",
        "Chỉ số, lịch hẹn, chương trình, đối tượng",
        "guide/care.html",
        {
            "care:measurements": "chi-so",
            "care:series": "chi-so",
            "care:measure": "chi-so",
            "care:correct": "chi-so",
            "care:growth": "tang-truong",
            "care:diary": "lich-hen",
            "care:make": "lich-hen",
            "care:move": "lich-hen",
            "care:cancel": "lich-hen",
            "care:not_come": "chua-den",
            "care:call": "chua-den",
            "care:programmes": "chuong-trinh",
            "care:enrol": "chuong-trinh",
            "care:enrolment": "chuong-trinh",
            "care:enrolment_end": "chuong-trinh",
            "care:enrolment_reopen": "chuong-trinh",
            "care:enrolment_error": "chuong-trinh",
            "care:targets": "doi-tuong",
            "care:targets_export": "doi-tuong",
        },
        45,
    )
)
