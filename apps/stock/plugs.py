"""What the stock offers to the house."""

from django.urls import reverse

from apps.catalogues import picks
from apps.core import registry
from apps.core.registry import (
    AuditSentence,
    ChangeKind,
    GoLiveItem,
    GuideChapter,
    Handover,
    HomePanel,
    MenuItem,
    NumberKind,
    PaperKind,
    ReadScreen,
    Rule,
    Section,
    SuccessionStep,
)
from apps.outage.kinds import kinds as back_entry_kinds
from apps.stock import back_entry, picking, printing, rules, second, succeeding, warnings

registry.sections.add(Section("stock", "Kho thuốc, vật tư", 45))
registry.menu.add(MenuItem("stock", "Kho", "stock:home", "stock.view", 45, "stock"))
picks.kinds.add(picking.STOCK_ITEM)
back_entry_kinds.add(back_entry.KIND)
registry.numbers.add(
    NumberKind("stock.in", "Phiếu nhập kho", "PN{number:04d}/{on.year}", kept=False, order=300),
    NumberKind("stock.out", "Phiếu xuất kho", "PX{number:04d}/{on.year}", kept=False, order=310),
    NumberKind("stock.opening", "Phiếu tồn đầu kỳ", "TD{number:04d}/{on.year}", kept=False, order=320),
    NumberKind("stock.discard", "Biên bản hủy", "BH{number:04d}/{on.year}", kept=False, order=330),
    NumberKind("stock.count", "Biên bản kiểm kê", "KK{number:04d}/{on.year}", kept=False, order=340),
)
registry.audit_sentences.add(
    AuditSentence("stock.item_added", "đã thêm mặt hàng {name} vào kho"),
    AuditSentence("stock.item_changed", "đã sửa mặt hàng {name} trong kho"),
    AuditSentence("stock.item_controlled", "đã đổi kiểm soát đặc biệt của {name}: từ {was} thành {now}"),
    AuditSentence("stock.place_added", "đã thêm nơi để hàng {name}"),
    AuditSentence("stock.place_changed", "đã sửa nơi để hàng {name}"),
    AuditSentence("stock.lot_state", "đã đổi lô {lot} của {item} thành {state}"),
    AuditSentence("stock.posted", "đã ghi sổ {kind} {number}, {lines} dòng"),
    AuditSentence("stock.reversed", "đã hủy ghi sổ {kind} {number}"),
    AuditSentence("stock.draft_dropped", "đã bỏ nháp {kind}"),
    AuditSentence("stock.taken", "đã lấy {lines} lô từ kho để cấp phát"),
    AuditSentence("stock.put_back", "đã trả lại kho {lines} lô"),
)
registry.audit_sentences.add(
    AuditSentence("stock.card_printed", "đã in thẻ kho {name}"),
    AuditSentence("stock.balance_printed", "đã in báo cáo xuất nhập tồn từ {since} đến {until}"),
    AuditSentence("stock.controlled_printed", "đã in sổ theo dõi {drugs} thuốc kiểm soát đặc biệt"),
    AuditSentence("stock.balance_exported", "đã tải Excel xuất nhập tồn từ {since} đến {until}"),
)
registry.readlog_screens.add(ReadScreen("stock.controlled", "Sổ theo dõi thuốc kiểm soát đặc biệt"))
registry.papers.add(PaperKind(printing.SHEET, "Phiếu kho", printing.link_of))
registry.home_panels.add(
    HomePanel("stock", "Kho cần xem", "stock.enter", "stock/panel_home.html", warnings.home, 30, later=True)
)
registry.day_end.add(*warnings.DAY_END)
registry.golive.add(
    GoLiveItem(
        "stock_opening",
        "Tồn đầu kỳ",
        "Đếm kho và ghi phiếu tồn đầu kỳ: từng lô, hạn dùng, số lượng.",
        warnings.opening_progress,
        lambda scope: reverse("stock:begin", args=["ton-dau-ky"]),
        120,
    )
)
registry.handovers.add(
    Handover(
        "stock_drafts",
        "Phiếu kho còn nháp",
        "users.edit",
        warnings.drafts_of,
        note="Ai giữ kho cũng mở và ghi sổ tiếp được; không cần chuyển.",
        order=40,
    )
)
registry.guide.add(
    GuideChapter(
        "kho",
        "Kho thuốc, vật tư",
        "guide/stock.html",
        {
            "stock:home": "ton-kho",
            "stock:item": "the-kho",
            "stock:item_add": "mat-hang",
            "stock:item_change": "mat-hang",
            "stock:lot": "the-kho",
            "stock:places": "noi-de",
            "stock:papers": "phieu",
            "stock:begin": "phieu",
            "stock:paper": "phieu",
            "stock:file": "phieu",
            "stock:post": "ghi-so",
            "stock:take_back": "ghi-so",
            "stock:report": "bao-cao",
        },
        45,
    )
)
registry.changes.add(
    ChangeKind(second.CHANGE, "Phiếu kho cần hai người", "stock.approve", second.approved, days=7, here=True),
    ChangeKind(
        second.BACK, "Hủy ghi sổ cần hai người", "stock.approve", second.back_approved, days=7, here=True
    ),
)
registry.succession_steps.add(
    SuccessionStep(
        "stock_places",
        "Kho, tủ thuốc của trạm cũ",
        succeeding.places,
        succeeding.move_places,
        succeeding.newer,
        "dòng sổ kho mới ở trạm mới",
        columns=("stock.StockLocation.station",),
        note="Mỗi kho giữ nguyên hàng đang có và mang thêm tên trạm cũ khi trùng tên.",
        order=140,
    ),
    SuccessionStep(
        "stock_items",
        "Mặt hàng và lô của trạm cũ",
        succeeding.items,
        succeeding.move_items,
        columns=("stock.StockItem.station",),
        note="Mặt hàng trạm mới đã có (cùng mã, đơn vị tính, chương trình) thì lô chuyển vào đó.",
        order=141,
    ),
    SuccessionStep(
        "stock_papers",
        "Phiếu kho của trạm cũ",
        succeeding.papers,
        succeeding.move_papers,
        columns=("stock.StockDocument.station",),
        note="Số phiếu giữ nguyên.",
        order=142,
    ),
)
registry.succession_stays.add(
    registry.SuccessionStays("stock.StockLocation.point", "the former station or its point: where it lies")
)
registry.rules.add(
    Rule(
        "stock.fefo",
        rules.run_fefo,
        source="Nguyên tắc hết hạn trước xuất trước; dùng đến hết ngày cuối của hạn",
        inputs={
            "quantity": "số nguyên: số cần lấy, theo đơn vị nhỏ nhất",
            "lots": "danh sách: lot, quantity, expiry (tháng/năm hoặc ngày), state, use_first",
            "on": "ngày lấy",
        },
        outputs={
            "taken": "danh sách: lot, quantity, why",
            "short": "số còn thiếu",
            "passed": "danh sách lô không dùng được: lot, quantity, why",
        },
        open_keys=frozenset({"lots"}),
    ),
    Rule(
        "stock.base_units",
        rules.run_base_units,
        source="Quy tắc đếm kho của phần mềm: số nguyên đơn vị nhỏ nhất",
        inputs={
            "unit": "đơn vị nhỏ nhất",
            "packs": "danh sách: name, factor (số đơn vị nhỏ nhất)",
            "counts": "danh sách: count, pack (bỏ trống: đơn vị nhỏ nhất)",
        },
        outputs={"quantity": "số đơn vị nhỏ nhất", "words": "số lượng bằng lời"},
        open_keys=frozenset({"packs", "counts"}),
    ),
    Rule(
        "stock.expiry",
        rules.run_expiry,
        source="Hạn chỉ ghi tháng: dùng đến hết ngày cuối tháng",
        inputs={
            "expiry": "hạn dùng như trên bao bì, hoặc null",
            "on": "ngày xem",
            "bounds": "ba số ngày cảnh báo, lớn trước (mặc định 90, 30, 7)",
        },
        outputs={
            "last_day": "ngày cuối được dùng",
            "month_only": "bao bì chỉ ghi tháng",
            "usable": "còn dùng được hay không",
            "class": "none, expired, urgent, soon, near, good",
            "shown": "chữ hiện trên trang",
        },
        open_keys=frozenset({"bounds"}),
    ),
)
