"""What this room offers to the house."""

from apps.core import ports, registry
from apps.core.events import subscribe
from apps.core.registry import AuditSentence, JobKind, MenuItem, ReadScreen, SearchSource, Section
from apps.households import imports, queries, search, services
from apps.patients.events import PersonChanged

registry.sections.add(Section("households", "Hộ gia đình", 110))
registry.menu.add(MenuItem("households", "Hộ gia đình", "households:list", "households.view", 110, "home"))
registry.search_sources.add(SearchSource("households", search.search, 5))
registry.audit_sentences.add(
    AuditSentence("household.created", "đã thêm hộ {code}"),
    AuditSentence("household.changed", "đã sửa hộ {code}: {fields}"),
    AuditSentence("household.member_added", "đã thêm thành viên vào hộ {code}"),
    AuditSentence("household.member_left", "đã ghi một thành viên rời hộ {code}"),
    AuditSentence("household.relation_changed", "đã sửa quan hệ với chủ hộ"),
    AuditSentence("household.head_changed", "đã đổi chủ hộ {code}"),
    AuditSentence("people.import_checked", "đã gửi danh sách {rows} người để xem trước"),
    AuditSentence("people.imported", "đã nhập danh sách: thêm {added}, sửa {changed}, không nhận {failed}"),
    AuditSentence("people.exported", "đã xuất danh sách {rows} người: {reason}"),
)
registry.readlog_screens.add(
    ReadScreen("household.page", "Trang của một hộ"),
    ReadScreen("household.list", "Danh sách hộ"),
    ReadScreen("people.export", "Xuất danh sách dân"),
    ReadScreen("households.api", "API hộ gia đình"),
)
registry.jobs.add(JobKind(imports.JOB, "Nhập danh sách dân", imports.run, "households.enter"))
ports.provide(ports.HouseholdOf, queries.Households())
subscribe(PersonChanged, services.follow_head_name)
