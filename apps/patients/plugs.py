"""What this room offers to the house."""

from apps.catalogues import picks
from apps.core import registry
from apps.core.registry import AuditSentence, ReadScreen, Rule, SearchSource, Section
from apps.patients import bench, search
from apps.patients.picking import PERSON

picks.kinds.add(PERSON)
registry.sections.add(Section("people", "Người dân", 100))
registry.search_sources.add(SearchSource("people", search.search, 10))
registry.audit_sentences.add(
    AuditSentence("person.created", "đã thêm hồ sơ {code}"),
    AuditSentence("person.changed", "đã sửa hồ sơ: {fields}"),
    AuditSentence("person.moved", "đã đổi nơi ở trong hồ sơ"),
    AuditSentence("identifier.added", "đã thêm {what}"),
    AuditSentence("card.added", "đã thêm thẻ BHYT"),
    AuditSentence("allergy.added", "đã ghi dị ứng"),
    AuditSentence("allergy.closed", "đã đổi trạng thái một dị ứng"),
)
registry.readlog_screens.add(
    ReadScreen("person.page", "Trang của một người"),
    ReadScreen("person.edit", "Phiếu sửa hồ sơ"),
    ReadScreen("person.duplicates", "Người có thể trùng khi thêm mới"),
    ReadScreen("person.number", "Số giấy tờ đã có người mang"),
    ReadScreen("people.api", "API người dân"),
)

registry.rules.add(
    Rule(
        "patients.parse_cccd_qr",
        bench.run_parse_cccd_qr,
        source="Mã QR thẻ căn cước (TT 17/2024/TT-BCA)",
        inputs={"text": "chữ: nội dung mã QR"},
        outputs={
            "cccd": "12 chữ số",
            "cmnd": "số CMND cũ hoặc null",
            "name": "họ và tên",
            "dob": "ngày sinh",
            "sex": "male, female",
            "address": "nơi cư trú hoặc null",
            "issued": "ngày cấp",
            "warnings": "danh sách mã cảnh báo",
        },
    ),
    Rule(
        "patients.check_identifier",
        bench.run_check_identifier,
        source="NĐ 137/2015, NĐ 70/2024, QĐ 1351/QĐ-BHXH, QĐ 384/QĐ-BYT, QĐ 1551/QĐ-BYT, QĐ 19/2025/QĐ-TTg",
        inputs={
            "kind": "loại mã: " + ", ".join(bench.identifiers.KINDS),
            "value": "chữ: mã cần xem",
            "context": "dob (ngày hoặc năm), sex (male, female), on (ngày)",
        },
        outputs={
            "result": "valid, warn, invalid",
            "reason": "mã lý do hoặc null",
            "parsed": "những gì đọc được trong mã",
        },
        open_keys=frozenset({"context"}),
    ),
    Rule(
        "patients.search_key",
        bench.run_search_key,
        source="Quy tắc tìm tên của phần mềm",
        inputs={"text": "chữ"},
        outputs={"key": "chữ không dấu, một cách viết"},
    ),
)
