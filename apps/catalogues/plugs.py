"""What the catalogues offer to the house."""

from functools import partial

from apps.catalogues.services import load_shipped
from apps.catalogues.shipped import TABLES
from apps.core import registry
from apps.core.registry import AuditSentence, Loader, MenuItem, Section

registry.sections.add(Section("catalogues", "Danh mục", 800))
registry.menu.add(MenuItem("catalogues", "Danh mục", "catalogues:index", "catalogues.view", 800, "book"))
registry.audit_sentences.add(
    AuditSentence("catalogue.compared", "đã gửi tệp {catalogue} ({rows} dòng) để so sánh"),
    AuditSentence(
        "catalogue.applied", "đã áp dụng tệp {catalogue}: thêm {added}, sửa {changed}, ngừng {withdrawn} dòng"
    ),
    AuditSentence("catalogue.row_changed", "đã sửa dòng {code} của danh mục {catalogue}"),
)
registry.loaders.add(
    *(Loader(table.key, table.title, partial(load_shipped, table), table.order) for table in TABLES.values())
)
