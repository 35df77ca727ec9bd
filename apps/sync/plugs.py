"""What the sync room offers to the house."""

from collections.abc import Callable, Mapping
from typing import Any, Literal
from uuid import UUID

from django.urls import reverse

from apps.core import ports, registry
from apps.core.events import subscribe
from apps.core.registry import (
    AuditSentence,
    ChangeKind,
    DayEndFigure,
    DayEndLine,
    DoctorCheck,
    HomePanel,
    JobKind,
    MenuItem,
    MergeRule,
    NightlyWork,
    ReadScreen,
    RecordPanel,
    Section,
    StationFigure,
    SuccessionStays,
    TaskKind,
)
from apps.core.scope import Scope
from apps.encounters import undoing
from apps.encounters.events import (
    AppointmentSlipIssued,
    CertificateCancelled,
    CheckUpIssued,
    DeathNoticeIssued,
    DispensingCancelled,
    MedicationDispensed,
    MedicationReturned,
    ReferralIssued,
    ResultVerified,
    SickLeaveIssued,
    SummaryIssued,
    VisitAmended,
    VisitEnteredInError,
    VisitFinalised,
    VisitPartChanged,
    VisitUndone,
)
from apps.ncd.events import NcdFollowUpAmended, NcdFollowUpInError
from apps.patients.events import (
    HealthRecordChanged,
    IdentifierChanged,
    PersonChanged,
    PersonMerged,
    PersonUnmerged,
)
from apps.sync import (
    backfill,
    by_hand_list,
    check_ups,
    civil,
    comparing,
    downward,
    gather,
    guarding,
    health,
    health_records,
    hours,
    kinds,
    queries,
    standings,
    subscribers,
    thinning,
    troubles,
    unread,
)
from apps.sync.receivers.base import Form
from apps.sync.views import panel_context

FORMS: dict[str, Callable[[Any], Any]] = {Form.QD831: health_records.with_health}
MANY: dict[str, Callable[[Mapping[UUID, Any]], Mapping[UUID, Any]]] = {
    Form.QD831: health_records.with_healths
}
kinds.add(
    kinds.Kind(
        "visit",
        "Lượt khám",
        gather.visit,
        gather.owners_of_visits,
        FORMS,
        gather.visits,
        many=MANY,
        about="visit",
        few=unread.of_visits,
    )
)
kinds.add(
    kinds.Kind(
        "person",
        "Thông tin người bệnh",
        gather.person,
        forms=FORMS | {Form.QD3891: civil.with_civil},
        several=gather.people,
        many=MANY,
    )
)
kinds.add(
    kinds.Kind(
        "prescription",
        "Đơn thuốc của lượt khám",
        gather.prescriptions,
        gather.owners_of_visits,
        several=gather.prescriptions_of,
        about="visit",
        few=unread.of_visits,
        follows=False,
    )
)
kinds.add(check_ups.kind())

for ended in (VisitFinalised, VisitAmended):
    subscribe(ended, subscribers.visit_final)
    subscribe(ended, subscribers.prescriptions_final)
subscribe(VisitAmended, check_ups.visit_amended)
subscribe(VisitEnteredInError, subscribers.visit_in_error)
subscribe(VisitUndone, subscribers.visit_undone)
undoing.hindrances.append(subscribers.hinders_undoing)
subscribe(ResultVerified, subscribers.visit_grew)
subscribe(VisitPartChanged, subscribers.visit_grew)
subscribe(MedicationDispensed, subscribers.visit_grew)
subscribe(MedicationReturned, subscribers.visit_grew)
subscribe(DispensingCancelled, subscribers.visit_grew)
for told in (NcdFollowUpAmended, NcdFollowUpInError):
    subscribe(told, subscribers.form_changed)
for issued in (
    AppointmentSlipIssued,
    ReferralIssued,
    SickLeaveIssued,
    CheckUpIssued,
    SummaryIssued,
    DeathNoticeIssued,
    CertificateCancelled,
):
    subscribe(issued, subscribers.paper_changed)
subscribe(CheckUpIssued, check_ups.issued)
subscribe(CertificateCancelled, check_ups.cancelled)
subscribe(PersonChanged, subscribers.person_changed)
subscribe(IdentifierChanged, subscribers.person_changed)
subscribe(HealthRecordChanged, subscribers.health_record_changed)
subscribe(PersonMerged, subscribers.people_joined)
subscribe(PersonUnmerged, subscribers.people_joined)

ports.provide(ports.SyncState, standings.Port())


def _home(scope: Scope) -> dict[str, Any] | None:
    """What is stuck or waits, and for the province the receivers in trouble; nothing when all is well."""
    counts = queries.station_counts(scope)
    counts["receivers"] = queries.receivers_in_trouble() if scope.can("sync.edit") else []
    counts["proposals"] = downward.proposals() if scope.can("catalogues.edit") else []
    names = ("stuck", "waiting", "receipts", "receivers", "proposals")
    found = any(counts[name] for name in names)
    return counts if found else None


def _day_end(key: str, tab: str, state: Literal["danger", "info"]) -> Callable[[Scope], DayEndFigure]:
    def provide(scope: Scope) -> DayEndFigure:
        count = queries.station_counts(scope)[key]
        return DayEndFigure(count, f"{reverse('sync:station')}?muc={tab}", state=state)

    return provide


registry.day_end.add(
    DayEndLine(
        "sync_stuck",
        "Bản ghi bị từ chối",
        registry.PAPERS,
        "sync.view",
        _day_end("stuck", "tu-choi", "danger"),
        330,
    ),
    DayEndLine(
        "sync_waiting",
        "Bản ghi chờ gửi",
        registry.PAPERS,
        "sync.view",
        _day_end("waiting", "cho", "info"),
        340,
    ),
)


def _visit(scope: Scope, visit: Any) -> dict[str, Any] | None:
    visit_id: UUID = visit.pk
    return panel_context(visit_id)


registry.changes.add(
    ChangeKind(
        guarding.CHANGE,
        "Bật hoặc đổi nơi nhận",
        "sync.edit",
        guarding.receiver_approved,
        levels=frozenset({"province", "system"}),
    ),
    ChangeKind(
        backfill.CHANGE,
        "Gửi các lượt khám trước đó",
        "sync.edit",
        backfill.backfill_approved,
        levels=frozenset({"province", "system"}),
    ),
)
registry.sections.add(Section("sync", "Đồng bộ", 820))
registry.menu.add(MenuItem("sync", "Đồng bộ", "sync:station", "sync.view", 820, "sync", registry.RUNNING))
registry.home_panels.add(
    HomePanel(
        "sync",
        "Gửi lên tuyến trên",
        "sync.view",
        "sync/home_panel.html",
        _home,
        order=80,
        levels=frozenset({"station", "province"}),
        later=True,
    )
)
registry.station_figures.add(
    StationFigure("unsent", "Chờ gửi", queries.waiting_by_station, 40),
    StationFigure("stuck", "Bị từ chối", queries.stuck_by_station, 50, alarm=True),
)
registry.record_panels.add(
    RecordPanel("sync", "visit", "Gửi lên tuyến trên", "sync.view", "sync/visit_panel.html", _visit, order=90)
)
registry.jobs.add(
    JobKind(backfill.JOB, "Gửi các lượt khám đã hoàn tất trước đó", backfill.run, "sync.edit"),
    JobKind(downward.JOB, "Hỏi nơi cấp danh mục", downward.run, "catalogues.edit"),
)
registry.exports.add(by_hand_list.EXPORT)
registry.readlog_screens.add(
    ReadScreen("sync.list", "Bản ghi bị nơi nhận từ chối"),
    ReadScreen("sync.row", "Một bản ghi gửi lên tuyến trên"),
    ReadScreen("sync.payload", "Gói tin gửi lên tuyến trên (đã che)"),
    ReadScreen("sync.hand_file", "Tải tệp gửi tay"),
    ReadScreen("sync.payload_whole", "Gói tin gửi lên tuyến trên (đầy đủ)"),
)
registry.nightly.add(
    NightlyWork("sync.restricted", "Rút lại hồ sơ không còn được gửi", subscribers.withdraw_restricted),
    NightlyWork("sync.compare", "Đối chiếu với nơi nhận", comparing.nightly),
    NightlyWork("sync.catalogues", "Hỏi nơi cấp danh mục", downward.nightly),
)
registry.task_kinds.add(
    TaskKind(troubles.TASK, "Bản ghi bị nơi nhận trả lại", "sync.view", "tasks.sync_refused", troubles.link)
)
registry.nightly.add(
    NightlyWork("sync.hours", "Gộp số liệu gửi theo ngày", hours.fold),
    NightlyWork("sync.answers", "Bỏ các câu trả lời cũ của nơi nhận", thinning.answers_thinned),
)
registry.audit_sentences.add(
    AuditSentence("sync.withdrawn", "đã cho rút lại ở nơi nhận một bản ghi đã gửi: {kind}"),
    AuditSentence("sync.sent_again", "đã cho gửi lại một bản ghi"),
    AuditSentence("sync.hand_taken", "đã chuyển một bản ghi sang gửi tay cho nơi nhận {receiver}"),
    AuditSentence("sync.hand_file", "đã tải tệp gửi tay của một bản ghi cho nơi nhận {receiver}"),
    AuditSentence("sync.hand_receipt", "đã ghi số biên nhận gửi tay của nơi nhận {receiver}"),
    AuditSentence(
        "sync.hand_list_receipt", "đã ghi số biên nhận của {rows} bản ghi nộp tay cho nơi nhận {receiver}"
    ),
    AuditSentence("sync.refused_again", "đã cho gửi lại {rows} bản ghi bị từ chối ở nơi nhận {receiver}"),
    AuditSentence("sync.dead_again", "đã cho gửi lại {rows} bản ghi không thành ở nơi nhận {receiver}"),
    AuditSentence("sync.differs_again", "đã cho gửi lại {rows} bản ghi mà nơi nhận {receiver} giữ khác"),
    AuditSentence("sync.catalogues_asked", "đã cho hỏi các nơi cấp danh mục"),
    AuditSentence("sync.compared", "đã cho đối chiếu với nơi nhận {receiver}"),
    AuditSentence("sync.receiver_on", "đã bật nơi nhận {receiver}"),
    AuditSentence(
        "sync.backfill_started", "đã duyệt gửi các lượt khám hoàn tất từ {since} đến nơi nhận {receiver}"
    ),
    AuditSentence("sync.receiver_off", "đã tắt nơi nhận {receiver}"),
    AuditSentence("sync.receiver_resumed", "đã cho nơi nhận {receiver} chạy lại ({rows} bản ghi)"),
    AuditSentence("sync.codes_kinds", "đã chọn {kinds} loại mã phải đổi cho nơi nhận {receiver}"),
    AuditSentence("sync.codes_taken", "đã thêm {added}, đổi {changed} mã của nơi nhận {receiver}"),
    AuditSentence("sync.codes_exported", "đã tải danh sách mã của nơi nhận {receiver}"),
    AuditSentence("sync.receiver_saved", "đã sửa thiết lập nơi nhận {receiver}: {changed}"),
)
registry.guide.add(
    registry.GuideChapter(
        "dong-bo",
        "Đồng bộ: gửi lên tuyến trên",
        "guide/sync.html",
        {
            "sync:station": "tinh-trang",
            "sync:row": "tu-choi",
            "sync:hand_take": "gui-tay",
            "sync:hand_receipt": "gui-tay",
            "sync:payload": "khong-gui",
        },
        75,
        frozenset({"station", "region", "province"}),
    ),
    registry.GuideChapter(
        "dong-bo-tinh",
        "Đồng bộ của các trạm, nơi nhận",
        "guide/sync_province.html",
        {
            "sync:stations": "cac-tram",
            "sync:receivers": "noi-nhan",
            "sync:receiver": "tam-dung",
            "sync:codes": "ma",
            "sync:earlier": "truoc-do",
        },
        92,
        frozenset({"region", "province"}),
    ),
)
registry.checks.add(
    DoctorCheck("sync.receivers", "Nơi nhận", health.receivers, 80),
    DoctorCheck("sync.rejects", "Hồ sơ bị từ chối", health.rejects, 81),
    DoctorCheck("sync.lag", "Độ trễ khi gửi", health.lag, 82),
    DoctorCheck("sync.clocks", "Giờ so với nơi nhận", health.clocks, 32),
)
registry.merge_rules.add(
    MergeRule.stays("sync.OutboxRow.person_id", why="the moved records are queued again under who stays"),
    MergeRule.stays(
        "sync.Delivery.person_id", why="what a receiver was told; the records sent again renew it"
    ),
)
registry.succession_stays.add(
    SuccessionStays("sync.OutboxRow.facility_id", "the station that made the record; its point is in reach"),
    SuccessionStays("sync.SyncHour.facility_id", "figures of what was sent then"),
    SuccessionStays("sync.Delivery.facility_id", "the station that sent it"),
)
