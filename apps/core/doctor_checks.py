"""What the ground floor looks at in an installation: clock, disk, tables, parameters, papers, the worker."""

import csv
import datetime as dt
import shutil
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.utils import timezone

from apps.core import paper, registry
from apps.core.holidays import has_tet
from apps.core.models import AuditEntry, Job, JobState, NightlyRun, Parameter
from apps.core.registry import Result
from apps.core.words import date_words, datetime_words, quantity_words

# Seconds between two clocks: a slow line explains a little of the first, nothing of the second.
DRIFT_WARN, DRIFT_BAD = 5.0, 60.0
SET_BACK = dt.timedelta(minutes=2)  # the newest entry may be so far ahead of an honest clock
GIGABYTE = 1_000_000_000
DISK_WARN, DISK_BAD = 10 * GIGABYTE, 2 * GIGABYTE  # a month of a large station's records, a day's backup
SOON = 60  # days ahead that an end of validity is told
NEXT_YEAR_FROM = 11  # month in which next year's days off are usually known
JOB_WAITS = dt.timedelta(minutes=15)
# What to do, and the command for it.
UPGRADE = (
    "Nhờ người quản trị máy chủ nâng cấp phần mềm lại một lần, rồi khởi động lại máy chủ.",
    "manage.py upgrade",
)


def clock() -> Result:
    """The machine's clock against the database's, and against what was written before."""
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        (database,) = cursor.fetchone()
        after = timezone.now()
    newest = AuditEntry.objects.order_by("-pk").values_list("at", flat=True).first()
    return judge_clock(before + (after - before) / 2, database, newest)


def judge_clock(machine: dt.datetime, database: dt.datetime, newest: dt.datetime | None) -> Result:
    """Pure: what three readings say."""
    fix = "Bật đồng bộ giờ qua mạng (NTP) trên máy chủ, rồi kiểm tra lại. Đừng sửa ngày giờ của hồ sơ đã ghi."
    if newest is not None and newest > machine + SET_BACK:
        when = datetime_words(timezone.localtime(newest))
        return Result("bad", f"Đồng hồ máy bị lùi: đã có thao tác ghi lúc {when}, sau giờ hiện nay.", fix)
    drift = abs((machine - database).total_seconds())
    told = f"Đồng hồ máy và cơ sở dữ liệu lệch {quantity_words(drift, 1)} giây."
    if drift >= DRIFT_BAD:
        return Result("bad", told, fix)
    if drift >= DRIFT_WARN:
        return Result("warn", told, fix)
    return Result("ok", told)


def disk() -> Result:
    """Room for records, papers and backups where this installation writes."""
    free, total = shutil.disk_usage(settings.VAR_DIR)[2], shutil.disk_usage(settings.VAR_DIR)[0]
    return judge_disk(free, total)


def judge_disk(free: int, total: int) -> Result:
    """Pure: what the numbers say."""
    left = f"Ổ đĩa còn {quantity_words(free / GIGABYTE, 1)} GB trên {quantity_words(total / GIGABYTE, 0)} GB."
    fix = "Chuyển bản sao lưu cũ sang ổ khác hoặc xóa tệp không dùng. Đừng xóa tệp trong thư mục dữ liệu."
    if free < DISK_BAD:
        return Result("bad", left, fix)
    return Result("warn", left, fix) if free < DISK_WARN else Result("ok", left)


def tables() -> Result:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if waiting:
        return Result("bad", f"Còn {waiting} bước nâng cấp bảng dữ liệu chưa chạy.", *UPGRADE)
    return Result("ok", "Bảng dữ liệu đúng với phiên bản phần mềm.")


def shipped_keys(folder: Path | None = None) -> set[str]:
    """The parameters that this version needs."""
    keys: set[str] = set()
    for path in sorted((folder or settings.BASE_DIR / "fixtures" / "parameters").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            keys.update(line["key"] for line in csv.DictReader(lines))
    return keys


def missing_parameters(on: dt.date) -> list[str]:
    """Keys of this version that have no value in force on that day."""
    return sorted(shipped_keys() - set(Parameter.objects.on(on).values_list("key", flat=True)))


def parameters() -> Result:
    """Whether every limit and deadline has a value today, and will have one in two months."""
    today = timezone.localdate()
    if missing := missing_parameters(today):
        return Result("bad", f"Thiếu {len(missing)} tham số, ví dụ {missing[0]}.", *UPGRADE)
    soon = today + dt.timedelta(days=SOON)
    if ending := missing_parameters(soon):
        last = Parameter.objects.on(today).filter(key__in=ending).order_by("valid_to").first()
        until = date_words(last.valid_to) if last else ""
        return Result(
            "warn",
            f"{len(ending)} tham số sắp hết hiệu lực, sớm nhất ngày {until} ({ending[0]}).",
            "Quản trị tỉnh nhập giá trị mới vào Tham số, hoặc cập nhật phần mềm trước ngày đó.",
        )
    return Result("ok", "Mọi tham số đều có giá trị trong 60 ngày tới.")


def holidays() -> Result:
    """Whether deadlines in working days can be reckoned: this year's days off, next year's in time."""
    today = timezone.localdate()
    fix = "Quản trị tỉnh nhập ngày nghỉ, ngày làm bù theo thông báo của Bộ Nội vụ vào Ngày nghỉ, ngày làm bù."
    if not has_tet(today.year):
        return Result("bad", f"Chưa có lịch nghỉ năm {today.year}: hạn tính theo ngày làm việc bị sai.", fix)
    if today.month >= NEXT_YEAR_FROM and not has_tet(today.year + 1):
        return Result("warn", f"Chưa có lịch nghỉ năm {today.year + 1}.", fix)
    return Result("ok", f"Đã có lịch nghỉ năm {today.year}.")


def fonts() -> Result:
    """Whether papers are printed with letters of Vietnamese, not with boxes."""
    if missing := paper.missing_letters():
        return Result(
            "bad",
            f"Phông chữ để in thiếu chữ {', '.join(missing[:5])}.",
            "Cài phông chữ có tiếng Việt trên máy chủ (gói fonts-dejavu-core hoặc fonts-noto-core).",
        )
    return Result("ok", "Phông chữ để in có đủ chữ tiếng Việt.")


def night() -> Result:
    """Whether the night's work gets done."""
    today = timezone.localdate()
    newest = NightlyRun.objects.order_by(F("on").desc(), "-started_at").first()
    if newest is None or newest.on < today - dt.timedelta(days=1):
        since = f"từ ngày {date_words(newest.on)}" if newest else "lần nào"
        return Result(
            "warn",
            f"Việc ban đêm (dọn phiên cũ, ghi lịch hẹn không đến…) chưa chạy {since}.",
            "Nhờ người quản trị máy chủ khởi động tiến trình việc nền; việc đã lỡ sẽ chạy ngay.",
            "manage.py worker",
        )
    runs = NightlyRun.objects.filter(on=newest.on, state=NightlyRun.State.FAILED)
    failed = [work.title for run in runs if (work := registry.nightly.get(run.key))]
    if failed:
        return Result(
            "warn",
            f"Ngày {date_words(newest.on)} có việc ban đêm không xong: {', '.join(failed)}.",
            "Xem nhật ký máy chủ; phần mềm tự thử lại. Nếu lặp lại hôm sau, báo người phụ trách kỹ thuật.",
        )
    return Result("ok", f"Việc ban đêm ngày {date_words(newest.on)} đã chạy.")


def worker() -> Result:
    """Whether somebody takes the background jobs."""
    since = timezone.now() - JOB_WAITS
    waiting = Job.objects.filter(state=JobState.WAITING, created_at__lt=since).count()
    if waiting:
        return Result(
            "bad",
            f"{waiting} việc chạy nền đã chờ quá 15 phút.",
            "Nhờ người quản trị máy chủ khởi động tiến trình việc nền.",
            "manage.py worker, hoặc dịch vụ worker",
        )
    return Result("ok", "Việc chạy nền được nhận ngay.")
