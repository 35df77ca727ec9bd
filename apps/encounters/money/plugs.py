"""What the till offers to the house."""

from apps.core import registry
from apps.core.registry import Rule
from apps.encounters.money import bench

BANK = {
    "bank_bin": "6 chữ số: mã ngân hàng của NAPAS",
    "account": "số tài khoản hoặc số thẻ, tối đa 19 ký tự",
    "service": "QRIBFTTA (tài khoản) hoặc QRIBFTTC (thẻ)",
    "amount": "số nguyên đồng hoặc null",
    "purpose": "nội dung; bỏ dấu còn tối đa 25 ký tự",
}
registry.rules.add(
    Rule(
        "payments.vietqr_build",
        bench.run_vietqr_build,
        source="VietQR (NAPAS), EMVCo QR; CRC-16/CCITT-FALSE",
        inputs=BANK,
        outputs={"payload": "chuỗi của mã QR"},
    ),
    Rule(
        "payments.vietqr_parse",
        bench.run_vietqr_parse,
        source="VietQR (NAPAS), EMVCo QR; CRC-16/CCITT-FALSE",
        inputs={"payload": "chuỗi đọc từ mã QR"},
        outputs=BANK | {"crc_ok": "mã kiểm tra đúng hay không"},
    ),
    Rule(
        "insurance.benefit",
        bench.run_benefit,
        source="Luật BHYT Điều 22; QĐ 3176/QĐ-BYT (MUC_HUONG); QĐ 3276/QĐ-BYT (MA_DOITUONG_KCB)",
        inputs={
            "facility_level": "commune (trạm y tế) hoặc basic, specialised, …; null: theo mã đối tượng",
            "object_code": "mã đối tượng khám chữa bệnh (MA_DOITUONG_KCB); ở trạm mặc định 1.2",
            "card": "số thẻ BHYT 15 ký tự; không cần khi quỹ trả 100% bất kể thẻ",
            "total_bh": "tổng chi phí trong phạm vi BHYT của lượt (đồng, tối đa 2 số lẻ)",
            "visit_date": "ngày kết thúc lượt",
            "reason": "refill (chỉ lĩnh thuốc tuyến trên kê), copay_exempt (miễn cùng chi trả), null",
        },
        outputs={
            "level_percent": "mức hưởng %, có thể lẻ như 47.5",
            "t_bhtt": "quỹ trả: làm tròn nửa lên 2 số lẻ",
            "t_bncct": "người bệnh cùng chi trả: phần còn lại",
        },
    ),
)
