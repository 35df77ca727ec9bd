"""What this room offers to the house."""

from apps.core import registry
from apps.core.registry import Rule
from apps.patients import bench

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
