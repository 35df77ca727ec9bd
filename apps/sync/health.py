"""What an installation's health says of its receivers."""

import datetime as dt

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from apps.core import parameters
from apps.core.ids import uuid7
from apps.core.registry import Result
from apps.core.words import datetime_words, quantity_words
from apps.sync import ahead
from apps.sync.models import BREAKER_AT, STUCK_STATES, OutboxRow, Receiver, RowState
from apps.sync.receivers.judging import ACCOUNT

ALARMS = "sync.alarms"  # from when on what waits, or is refused, is told
A_DAY = dt.timedelta(days=1)
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
    oldest = OutboxRow.objects.filter(
        receiver__in=found, state__in=[RowState.PENDING, RowState.IN_FLIGHT]
    ).aggregate(at=Min("created_at"))["at"]
    if oldest and oldest < timezone.now() - dt.timedelta(hours=_alarms()["waits_hours"]):
        return Result(
            "bad",
            f"Có hồ sơ chờ gửi từ {_moment(oldest)}.",
            "Nhờ người quản trị máy chủ khởi động tiến trình đồng bộ; xem trang Đồng bộ.",
            "manage.py sync_worker",
        )
    down = [each for each in found if each.breaker_open]
    if down:
        return Result(
            "warn", f"Nơi nhận {down[0].name} không trả lời.", "Kiểm tra đường truyền; phần mềm tự gửi lại."
        )
    refused = OutboxRow.objects.filter(
        receiver__in=found, state=RowState.REJECTED, issues__contains=[{"field": ACCOUNT}]
    ).count()
    if refused:
        return Result(
            "warn",
            f"{quantity_words(refused)} hồ sơ dừng vì tài khoản gửi của trạm, của bác sĩ không vào được.",
            "Đặt lại mật khẩu của tài khoản ấy, rồi gửi lại ở trang nơi nhận.",
        )
    return Result("ok", f"{len(found)} nơi nhận đang tiếp nhận.")


def lag() -> Result:
    """Whether what is due goes at once: receivers that take, and rows that are due and lie all the same."""
    open_ = Receiver.objects.filter(is_on=True, paused_at__isnull=True, failures__lt=BREAKER_AT)
    now = timezone.now()
    if early := ahead.waiting(now).filter(receiver__in=open_).count():
        return Result(
            "warn",
            f"{quantity_words(early)} hồ sơ được ghi khi đồng hồ máy chạy nhanh, đang chờ giờ ấy.",
            "Xem giờ máy chủ đã đúng chưa; tiến trình đồng bộ tự đưa về giờ đúng trong 5 phút.",
            "manage.py sync_worker",
        )
    late = now - dt.timedelta(minutes=_alarms()["lag_minutes"])
    rows = OutboxRow.objects.filter(receiver__in=open_, state=RowState.PENDING, next_at__lt=late)
    found = rows.aggregate(many=Count("pk"), since=Min("next_at"))
    if not found["many"]:
        return Result("ok", "Hồ sơ đến hạn được gửi ngay.")
    return Result(
        "warn",
        f"{quantity_words(found['many'])} hồ sơ đến hạn gửi từ {_moment(found['since'])} mà chưa gửi.",
        "Xem tiến trình đồng bộ có chạy không; hàng chờ dài thì chờ thêm, hồ sơ không mất.",
        "manage.py sync_worker",
    )


def rejects() -> Result:
    """Whether receivers refuse, or fail to take, unusually many of the last day's records."""
    alarms = _alarms()
    first = uuid7(at_ms=int((timezone.now() - A_DAY).timestamp() * 1000), random_bytes=bytes(10))
    rows = OutboxRow.objects.filter(receiver__is_on=True, pk__gte=first).order_by().values("receiver__name")
    refused = Count("pk", filter=Q(state__in=STUCK_STATES))
    for row in rows.annotate(refused=refused, told=Count("pk")):
        enough = row["refused"] * 100 >= row["told"] * alarms["rejects_percent"]
        if enough and row["refused"] >= alarms["rejects"]:
            many = f"{quantity_words(row['refused'])} trong {quantity_words(row['told'])} hồ sơ"
            return Result(
                "bad",
                f"{row['receiver__name']} không nhận {many} của 24 giờ qua.",
                "Mở Đồng bộ, mục Bị từ chối. Nhiều hồ sơ cùng một câu: lỗi thiết lập hoặc mã, báo quản trị.",
            )
    return Result("ok", "Không có nhiều hồ sơ bị từ chối.")


def _alarms() -> dict[str, int]:
    found: dict[str, int] = parameters.value(ALARMS, on=timezone.localdate())
    return found


def _moment(at: dt.datetime) -> str:
    return datetime_words(timezone.localtime(at))


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
