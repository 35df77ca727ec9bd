"""What the catalogues offer to the house."""

from functools import partial

from apps.catalogues import communes, guarding, health, picks, queries
from apps.catalogues.services import load_shipped
from apps.catalogues.shipped import TABLES
from apps.core import registry
from apps.core.registry import AuditSentence, ChangeKind, DoctorCheck, HomePanel, Loader, MenuItem, Section

picks.kinds.add(communes.UNIT)
registry.sections.add(Section("catalogues", "Danh mục", 800))
registry.menu.add(
    MenuItem("catalogues", "Danh mục", "catalogues:index", "catalogues.view", 800, "book", registry.RUNNING)
)
registry.home_panels.add(
    HomePanel(
        "catalogues",
        "Danh mục cần xem",
        "catalogues.edit",
        "catalogues/panel_home.html",
        queries.home,
        order=50,
        levels=frozenset({"province", "system"}),
    )
)
registry.audit_sentences.add(
    AuditSentence("catalogue.compared", "đã gửi tệp {catalogue} ({rows} dòng) để so sánh"),
    AuditSentence(
        "catalogue.applied", "đã áp dụng tệp {catalogue}: thêm {added}, sửa {changed}, ngừng {withdrawn} dòng"
    ),
    AuditSentence("catalogue.row_changed", "đã sửa dòng {code} của danh mục {catalogue}"),
)
registry.changes.add(
    ChangeKind(
        guarding.UPLOAD,
        "Áp dụng tệp danh mục",
        "catalogues.edit",
        guarding.upload_approved,
        levels=frozenset({"province", "system"}),
    ),
    ChangeKind(
        guarding.ROW,
        "Sửa dòng danh mục",
        "catalogues.edit",
        guarding.row_approved,
        levels=frozenset({"province", "system"}),
    ),
)
registry.loaders.add(
    *(Loader(table.key, table.title, partial(load_shipped, table), table.order) for table in TABLES.values())
)
registry.checks.add(
    DoctorCheck("catalogues.loaded", "Danh mục đi kèm", health.loaded, 22),
    DoctorCheck("catalogues.edition", "Bản ICD-10", health.edition, 24),
    DoctorCheck("catalogues.ending", "Hạn của danh mục", health.ending, 26),
)
