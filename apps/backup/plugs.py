"""What the backup room offers to the house."""

from apps.backup import exports, queries, running
from apps.core import registry
from apps.core.registry import (
    AuditSentence,
    ChangeKind,
    DoctorCheck,
    HomePanel,
    JobKind,
    MenuItem,
    NightlyWork,
    ReadScreen,
    Section,
)

registry.sections.add(Section("backup", "Sao lưu", 920))
registry.menu.add(MenuItem("backup", "Sao lưu", "backup:runs", "backup.view", 920, "list", registry.RUNNING))
registry.home_panels.add(
    HomePanel(
        "backup",
        "Sao lưu",
        "backup.view",
        "backup/home_panel.html",
        queries.home,
        order=5,
        levels=frozenset({"station", "province", "system"}),
    )
)
registry.jobs.add(JobKind(running.JOB, "Sao lưu", running.run, "backup.enter"))
# After the other work of the night: the copy holds what that work did.
registry.nightly.add(NightlyWork("backup", "Sao lưu hằng ngày", running.nightly, order=900))
registry.jobs.add(JobKind(exports.JOB, "Xuất dữ liệu của trạm", exports.run, "visits.export"))
registry.changes.add(
    ChangeKind(exports.CHANGE, "Xuất toàn bộ dữ liệu của trạm", "exports.approve", exports.approved)
)
registry.nightly.add(NightlyWork("exports", "Xóa tệp xuất đã cũ", exports.clear))
registry.checks.add(DoctorCheck("backup", "Sao lưu", queries.check, order=15))
registry.readlog_screens.add(ReadScreen("station.export", "Xuất toàn bộ dữ liệu của trạm"))
registry.audit_sentences.add(
    AuditSentence("backup.asked", "đã cho sao lưu ngay"),
    AuditSentence("station.exported", "đã xuất toàn bộ dữ liệu của trạm, {rows} dòng: {reason}"),
    AuditSentence("station.export_taken", "đã tải tệp dữ liệu của trạm"),
)
