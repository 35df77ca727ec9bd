"""What the ground floor itself offers."""

import datetime as dt
from pathlib import Path
from typing import Any

from apps.core import approvals, audit, guarded, guarding, handing_over, inbox, registry, succeeding
from apps.core.pages import drafts
from apps.core.registry import (
    AuditSentence,
    ChangeKind,
    Handover,
    HomePanel,
    JobKind,
    Loader,
    LoadReport,
    MenuItem,
    MergeRule,
    NightlyWork,
    ReadScreen,
    Section,
    SuccessionStays,
    SuccessionStep,
)
from apps.core.scope import Level, Scope

ALL_LEVELS: frozenset[Level] = frozenset({"station", "region", "province"})

registry.sections.add(
    Section("tasks", "Việc cần làm", 5),
    Section("audit", "Nhật ký", 900),
    Section("numbers", "Sổ cấp số", 820),
    Section("parameters", "Tham số", 910),
    Section("exports", "Tệp đã xuất", 830),
)
registry.menu.add(MenuItem("today", "Hôm nay", "core:home", None, 0, "clock"))
registry.home_panels.add(
    HomePanel("tasks", "Việc cần làm", "tasks.view", "core/panel_tasks.html", inbox.home, 5, ALL_LEVELS)
)
registry.home_panels.add(
    HomePanel("drafts", "Bản nháp chưa lưu của bạn", None, "core/panel_drafts.html", drafts.home, 7)
)
registry.user_menu.add(MenuItem("drafts", "Bản nháp của tôi", "core:drafts", None, order=12))
registry.handovers.add(
    Handover(
        "drafts",
        "Bản nháp chưa lưu",
        "users.edit",
        handing_over.drafts,
        handing_over.move_drafts,
        note="Người nhận mở đúng biểu mẫu đó và nhập tiếp; bản nháp của chính người nhận được giữ nguyên.",
        order=30,
    )
)
registry.user_menu.add(MenuItem("exports", "Tệp đã xuất", "core:exports", "people.export", order=14))
registry.menu.add(MenuItem("tasks", "Việc cần làm", "core:tasks", "tasks.view", 5, "inbox"))
registry.menu.add(
    MenuItem("numbers", "Sổ cấp số", "core:numbers", "numbers.view", 820, "paper", registry.RUNNING)
)
registry.readlog_screens.add(
    ReadScreen("search", "Ô tìm kiếm"),
    ReadScreen("task.list", "Việc cần làm"),
    ReadScreen("draft.list", "Bản nháp của mình"),
    ReadScreen(guarded.SCREEN, "Tải tệp đã xuất"),
)
registry.home_panels.add(
    HomePanel(
        "audit",
        "Hoạt động trên hệ thống",
        "audit.view",
        "core/panel_audit.html",
        audit.home_figures,
        order=10,
        levels=frozenset({"region", "province", "system"}),
    )
)
registry.audit_sentences.add(
    AuditSentence("parameter.changed", "đã đổi tham số {key}"),
    AuditSentence("task.opened", "đã có việc cần làm: {kind}"),
    AuditSentence("task.done", "đã làm xong việc: {kind}"),
    AuditSentence("task.cancelled", "đã ghi không cần làm việc: {kind}"),
    AuditSentence("number.started", "đã đặt số tiếp theo của sổ {kind}: {number}"),
    AuditSentence("number.voided", "đã hủy số {number} của sổ {kind}"),
    AuditSentence("holiday.changed", "đã đổi lịch nghỉ ngày {on}"),
    AuditSentence("paper.printed", "đã in {kind}, bản thứ {copy}"),
    AuditSentence("change.asked", "đã xin người thứ hai duyệt: {what}"),
    AuditSentence("change.approved", "đã duyệt yêu cầu của người khác: {what}"),
    AuditSentence("change.refused", "đã không duyệt yêu cầu của người khác: {what}"),
    AuditSentence("change.withdrawn", "đã rút yêu cầu: {what}"),
    AuditSentence("export.asked", "đã xin xuất {what}, {rows} dòng: {reason}"),
    AuditSentence("export.made", "đã xuất {what}, {rows} dòng: {reason}"),
    AuditSentence("export.taken", "đã tải tệp {what}, {rows} dòng: {reason}"),
    AuditSentence("log.removed", "đã xóa {rows} dòng quá thời hạn lưu của {log}"),
)


def _changes(scope: Scope) -> dict[str, Any] | None:
    waiting = approvals.waiting_for(scope)
    return {"changes": waiting} if waiting else None


registry.home_panels.add(
    HomePanel(
        "changes",
        "Chờ bạn duyệt",
        "users.edit",
        "core/panel_changes.html",
        _changes,
        order=70,
        levels=frozenset({"station", "region", "province", "system"}),
    )
)


def _exports(scope: Scope) -> dict[str, Any] | None:
    """The same for who approves nothing but exports."""
    return None if scope.can("users.edit") else _changes(scope)


registry.home_panels.add(
    HomePanel(
        "changes-exports",
        "Chờ bạn duyệt",
        "exports.approve",
        "core/panel_changes.html",
        _exports,
        70,
        ALL_LEVELS,
    )
)
registry.user_menu.add(MenuItem("changes", "Yêu cầu chờ duyệt", "core:changes", None, order=15))


registry.jobs.add(JobKind(guarded.JOB, "Xuất tệp", guarded.run))
registry.changes.add(
    ChangeKind(guarded.CHANGE, "Xuất danh sách dài", "exports.approve", guarded.approved),
    ChangeKind(
        guarding.CHANGE,
        "Tham số",
        "parameters.edit",
        guarding.parameter_approved,
        levels=frozenset({"province", "system"}),
    ),
)


def _load_parameters(folder: Path, report: LoadReport) -> None:
    from apps.core.loading import load_parameters

    load_parameters(folder, report)


def _load_holidays(folder: Path, report: LoadReport) -> None:
    from apps.core.holidays import load_holidays

    load_holidays(folder, report)


def _seal_logs(day: dt.date) -> str:
    from apps.core import sealing

    return f"Đã niêm phong {sum(link.count for link in sealing.seal_all())} dòng nhật ký."


def _clear_forms(day: dt.date) -> str:
    from apps.core.clearing import forms_cleared

    return forms_cleared(day)


def _clear_jobs(day: dt.date) -> str:
    from apps.core.clearing import jobs_cleared

    return jobs_cleared(day)


def _clear_drafts(day: dt.date) -> str:
    from apps.core.clearing import drafts_cleared

    return drafts_cleared(day)


registry.merge_rules.add(
    MergeRule.stays("core.AuditEntry.person_id", why="the audit says what was done to which record, sealed"),
    MergeRule.stays("core.ReadEntry.person_ids", why="the read log says which record was opened, sealed"),
    MergeRule.simple("core.Task.person_id"),
    MergeRule.stays(
        "core.GuardedExport.person_ids", why="the read log of a download says who is in the file"
    ),
)


def _clear_exports(day: dt.date) -> str:
    from apps.core.clearing import exports_cleared

    return exports_cleared(day)


registry.nightly.add(
    NightlyWork("core.seals", "Niêm phong nhật ký", _seal_logs, order=10),
    NightlyWork("core.forms", "Xóa khóa biểu mẫu cũ", _clear_forms),
    NightlyWork("core.jobs", "Xóa việc chạy nền cũ", _clear_jobs),
    NightlyWork("core.drafts", "Xóa bản nháp quá hạn", _clear_drafts),
    NightlyWork("core.exports", "Xóa tệp xuất hết hạn", _clear_exports),
)
registry.loaders.add(
    Loader("parameters", "Tham số", _load_parameters, order=10),
    Loader("holidays", "Ngày nghỉ lễ, ngày làm bù", _load_holidays, order=15),
)

registry.succession_steps.add(
    SuccessionStep(
        "books",
        "Khóa sổ cấp số của trạm cũ",
        succeeding.books,
        succeeding.close_books,
        succeeding.numbers_since,
        "sổ cấp số mới ở trạm cũ",
        columns=("core.NumberBook.facility_id",),
        note="Sổ cũ vẫn mở xem được; từ ngày này số mới ghi vào sổ của trạm mới.",
        order=300,
    ),
    SuccessionStep(
        "tasks",
        "Việc cần làm còn mở",
        succeeding.tasks,
        succeeding.move_tasks,
        columns=("core.Task.facility_id",),
        note="Giữ nguyên hạn của từng việc.",
        order=310,
    ),
    SuccessionStep(
        "drafts",
        "Bản nháp chưa lưu",
        succeeding.drafts,
        succeeding.move_drafts,
        columns=("core.Draft.facility_id",),
        order=320,
    ),
)
registry.succession_stays.add(
    SuccessionStays("core.AuditEntry.facility_id", "append-only: says where it was done"),
    SuccessionStays("core.AuditEntry.workplace_id", "append-only: says where it was done"),
    SuccessionStays("core.ReadEntry.workplace_id", "append-only: says where it was read"),
    SuccessionStays("core.PendingChange.facility_id", "waits some days; a former station is still in reach"),
    SuccessionStays("core.GuardedExport.facility_id", "a file for a day, of the station as it was"),
    SuccessionStays("core.GoLiveTick.facility_id", "what was prepared there before it began"),
)
