"""What the till offers to the house."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.core import registry
from apps.core.events import subscribe
from apps.core.registry import (
    AuditSentence,
    ChangeKind,
    GoLiveItem,
    GuideChapter,
    Handover,
    HomePanel,
    MenuItem,
    MergeRule,
    NumberKind,
    PaperKind,
    Progress,
    ReadScreen,
    RecordPanel,
    Rule,
    Section,
    SuccessionStays,
    SuccessionStep,
)
from apps.core.scope import Scope
from apps.encounters import states
from apps.encounters.events import VisitEnteredInError, VisitPartChanged
from apps.encounters.models import ReceiptState, Visit
from apps.encounters.money import (
    accounts,
    bench,
    coming_back,
    exports,
    handing_over,
    printing,
    queries,
    receipts,
    succeeding,
)
from apps.encounters.money import ordered as _ordered  # noqa: F401 - registers what was ordered

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


def _receipt(object_id: UUID) -> str:
    return reverse("encounters:receipt", args=[object_id])


def _of_visit(scope: Scope, visit: Visit) -> dict[str, Any] | None:
    """The receipts of a visit, and one key to take the money. What is owed stands on its own page."""
    if not scope.reaches(visit.facility_id):
        return None
    found = [row for row in queries.receipts_of(visit.pk) if row.state != ReceiptState.VOID]
    if visit.state == states.ENTERED_IN_ERROR and not found:
        return None
    return {
        "url": reverse("encounters:bill", args=[visit.pk]),
        "receipts": found,
        "payer": visit.payer,
        "may_take": scope.can("money.enter"),
    }


def _at_the_till(scope: Scope) -> dict[str, Any] | None:
    if scope.workplace_id is None:
        return None
    counts = queries.at_the_till(scope)
    return None if counts.nothing else {"counts": counts}


def _account(scope: Scope) -> Progress:
    count = accounts.go_live(scope.workplace_id)
    return Progress(count, 1, "Đã có tài khoản được duyệt" if count else "Chưa có tài khoản")


def _account_page(scope: Scope) -> str:
    return reverse("encounters:bank_account")


registry.handovers.add(
    Handover(
        "cash",
        "Tiền mặt, quỹ đang giữ",
        "users.edit",
        handing_over.cash,
        note="Kiểm đếm và bàn giao trong sổ quỹ: khóa sổ, rồi người nhận quỹ xác nhận số tiền.",
        order=50,
    )
)
registry.sections.add(Section("money", "Thu tiền", 45))
registry.menu.add(
    MenuItem("money", "Thu tiền", "encounters:cash", "money.view", 790, "paper", registry.RUNNING)
)
registry.record_panels.add(
    RecordPanel(
        "money", "visit", "Thu tiền", "money.view", "encounters/money/panel_visit.html", _of_visit, 40
    )
)
registry.home_panels.add(
    HomePanel(
        "money", "Thu tiền", "money.view", "encounters/money/panel_home.html", _at_the_till, 60, later=True
    )
)
registry.numbers.add(
    NumberKind(
        receipts.NUMBER,
        "Số biên lai",
        "{on.year}-{number:06d}",
        registry.by_year,
        queries.highest_receipt,
        kept=False,
    ),
    NumberKind(
        receipts.REFUND,
        "Số phiếu hoàn tiền",
        "{on.year}-{number:06d}",
        registry.by_year,
        queries.highest_refund,
        kept=False,
    ),
)
registry.papers.add(
    PaperKind(printing.RECEIPT, "biên lai", _receipt),
    PaperKind(printing.ASKED, "phiếu đề nghị thanh toán", _receipt),
)
registry.exports.add(exports.EXPORT)
registry.changes.add(
    ChangeKind(
        accounts.CHANGE,
        "Tài khoản ngân hàng của trạm",
        "money.approve",
        accounts.approved,
        levels=frozenset({"station", "region"}),
    )
)
registry.golive.add(
    GoLiveItem(
        "bank_account",
        "Tài khoản ngân hàng",
        "Khai tài khoản nhận chuyển khoản của trạm; người thứ hai duyệt.",
        _account,
        _account_page,
        80,
    )
)
registry.audit_sentences.add(
    AuditSentence("fee.added", "đã thêm khoản thu ở lượt khám {number}"),
    AuditSentence("fee.in_error", "đã bỏ khoản thu ở lượt khám {number}"),
    AuditSentence("fee.terms", "đã đổi cách tính tiền, miễn giảm ở lượt khám {number}"),
    AuditSentence("receipt.made", "đã lập biên lai {number}"),
    AuditSentence("receipt.paid", "đã ghi thu biên lai {number}, {method}"),
    AuditSentence("receipt.voided", "đã hủy biên lai {number}"),
    AuditSentence("receipt.refunded", "đã hoàn tiền biên lai {number}, phiếu {refund}"),
    AuditSentence("cash.moved", "đã ghi sổ quỹ: {kind}"),
    AuditSentence("cash.move_in_error", "đã bỏ một khoản khỏi sổ quỹ: {kind}"),
    AuditSentence("cash.closed", "đã khóa sổ quỹ ngày {on}"),
    AuditSentence("cash.confirmed", "đã xác nhận nhận quỹ ngày {on}"),
    AuditSentence("cash.reopened", "đã mở lại sổ quỹ ngày {on}: {reason}"),
    AuditSentence("money.account_set", "đã duyệt tài khoản ngân hàng của trạm, từ ngày {since}"),
)
registry.readlog_screens.add(
    ReadScreen("money.bill", "Thu tiền một lượt khám"),
    ReadScreen("money.receipt", "Biên lai"),
    ReadScreen("money.paper", "In biên lai"),
    ReadScreen("money.cash", "Sổ quỹ"),
    ReadScreen("money.cash_paper", "In sổ quỹ"),
    ReadScreen("money.unpaid", "Lượt khám chưa thu tiền"),
    ReadScreen("money.list", "Biên lai chờ thu, cần hoàn tiền"),
    ReadScreen("money.export", "Xuất danh sách biên lai"),
    ReadScreen("money.api", "Biên lai qua API"),
)
registry.merge_rules.add(MergeRule.simple("encounters.Receipt.person"))
registry.succession_steps.add(
    SuccessionStep(
        "money",
        "Biên lai chờ thu, ngày chưa khóa sổ quỹ",
        succeeding.open_money,
        note="Thu hoặc hủy biên lai chờ thu, nộp hết quỹ và khóa sổ trước ngày sắp xếp. Trạm mới khai"
        " tài khoản ngân hàng của mình; sổ của trạm cũ giữ nguyên, trạm mới đọc được.",
        order=520,
    )
)
registry.succession_stays.add(
    SuccessionStays("encounters.Receipt.facility", "the station whose number it bears"),
    SuccessionStays("encounters.Receipt.book_at", "the cash book in which the money was counted"),
    SuccessionStays("encounters.Refund.facility", "the station whose number it bears"),
    SuccessionStays("encounters.CashMove.facility", "the cash box out of which it went"),
    SuccessionStays("encounters.CashDay.facility", "the cash box that was counted"),
    SuccessionStays("encounters.CashBox.facility", "the box of the former station, until it is handed over"),
    SuccessionStays("encounters.BankAccount.facility", "a successor's patients pay into its own account"),
)
subscribe(VisitEnteredInError, receipts.visit_in_error)
subscribe(VisitPartChanged, coming_back.part_changed)
registry.guide.add(
    GuideChapter(
        "thu-tien",
        "Thu tiền, sổ quỹ",
        "guide/money.html",
        {
            "encounters:bill": "thu-tien",
            "encounters:receipt": "bien-lai",
            "encounters:receipt_void": "huy",
            "encounters:refund": "huy",
            "encounters:cash": "so-quy",
            "encounters:cash_days": "so-quy",
            "encounters:unpaid": "chua-thu",
            "encounters:waiting_receipts": "chua-thu",
            "encounters:refunds": "huy",
            "encounters:bank_account": "tai-khoan",
        },
        45,
    )
)
