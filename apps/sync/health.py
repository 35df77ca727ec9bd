"""What an installation's health says of its receivers."""

import datetime as dt

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from apps.core.registry import Result
from apps.core.words import datetime_words, quantity_words
from apps.sync.models import OutboxRow, Receiver, RowState

WAITS = dt.timedelta(days=1)  # what lies longer would be missed by the duty to send within a day
CLOCKS = 60  # seconds between our clock and a receiver's: beyond, signatures and tokens are refused


def receivers() -> Result:
    """Whether finished records reach those who must have them."""
    if settings.TRAINING:
        return Result("ok", "Bản tập huấn: không gửi hồ sơ đi đâu.")
    found = list(Receiver.objects.filter(is_on=True))
    if not found:
        return Result(
            "warn", "Chưa bật nơi nhận nào: hồ sơ chỉ nằm tại đây.", "Quản trị tỉnh khai báo nơi nhận."
        )
    paused = [each for each in found if each.paused_at]
    if paused:
        return Result(
            "bad",
            f"Nơi nhận {paused[0].name} đang tạm dừng: {paused[0].pause_reason}".rstrip(".") + ".",
            "Mở Đồng bộ, Nơi nhận; xử lý lý do rồi bấm cho chạy lại.",
        )
    down = [each for each in found if each.breaker_open]
    if down:
        return Result(
            "warn", f"Nơi nhận {down[0].name} không trả lời.", "Kiểm tra đường truyền; phần mềm tự gửi lại."
        )
    oldest = OutboxRow.objects.filter(
        receiver__in=found, state__in=[RowState.PENDING, RowState.IN_FLIGHT]
    ).aggregate(at=Min("created_at"))["at"]
    if oldest and oldest < timezone.now() - WAITS:
        since = datetime_words(timezone.localtime(oldest))
        return Result(
            "bad",
            f"Có hồ sơ chờ gửi từ {since}.",
            "Nhờ người quản trị máy chủ khởi động tiến trình đồng bộ; xem trang Đồng bộ.",
            "manage.py sync_worker",
        )
    return Result("ok", f"{len(found)} nơi nhận đang tiếp nhận.")


def clocks() -> Result:
    """Our clock against the Date header of the receivers' last answers."""
    rows = list(
        Receiver.objects.filter(is_on=True, clock_offset__isnull=False).values_list("name", "clock_offset")
    )
    off = [(name, offset) for name, offset in rows if offset is not None and abs(offset) >= CLOCKS]
    if off:
        name, offset = max(off, key=lambda row: abs(row[1]))
        way = "chậm" if offset > 0 else "nhanh"
        return Result(
            "bad",
            f"Đồng hồ máy {way} {quantity_words(abs(offset))} giây so với {name}.",
            "Bật đồng bộ giờ qua mạng (NTP) trên máy chủ.",
        )
    return Result("ok", "Giờ máy khớp với nơi nhận." if rows else "Chưa có trả lời nào để so giờ.")
