"""`python -m tests.benchmarks.importing`: how long a list of many people takes to be checked, written and
sent again, and how much memory its worker needs. Each step runs in a process of its own, as a worker would.
"""

import argparse
import csv
import datetime as dt
import io
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADS = [
    "Mã hộ", "Mã người", "Họ và tên", "Ngày sinh", "Giới tính", "Quan hệ với chủ hộ", "Thôn", "Số nhà",
    "Dân tộc", "Nghề nghiệp", "Số điện thoại", "Số CCCD", "Số thẻ BHYT", "Từ ngày", "Đến ngày",
    "Nơi thường trú", "Mã mẹ", "Ghi chú",
]  # fmt: skip
FAMILY = ("Chủ hộ", "Vợ", "Con đẻ", "Con đẻ")
NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Đinh", "Hồ", "Võ", "Bùi", "Đặng", "Phan")
MIDDLE = ("Văn", "Thị", "Minh", "Thu", "Xuân", "Hoàng", "Ngọc", "Quốc", "Gia", "Thanh")
GIVEN = (
    "An",
    "Bình",
    "Chi",
    "Dung",
    "Giang",
    "Hà",
    "Khánh",
    "Linh",
    "Mai",
    "Nam",
    "Oanh",
    "Phúc",
    "Quân",
    "Sơn",
)


def lines(count: int, hamlets: list[str]) -> list[list[str]]:
    """Invented families of four, no two people alike."""
    rows = []
    for number in range(count):
        family, at = divmod(number, 4)
        born = dt.date(1950 if at < 2 else 1985, 1, 1) + dt.timedelta(days=number % 9000)
        male = at in (0, 2)
        name = " ".join(
            (NAMES[number % 10], MIDDLE[number // 10 % 10], MIDDLE[number // 100 % 10], GIVEN[number % 14])
        )
        century = 0 if born.year < 2000 else 2
        rows.append(
            [
                f"S{family}", f"N{number}", name, f"{born:%d/%m/%Y}", "Nam" if male else "Nữ", FAMILY[at],
                hamlets[family % len(hamlets)], f"Xóm {family % 30}", "Kinh", "", f"09{number:08d}",
                f"051{century + (not male)}{born:%y}{number + 1:06d}", f"DN451{number + 1:010d}",
                "01/01/2026", "31/12/2026", "Xã Ba Tơ, Quảng Ngãi",
                f"N{family * 4 + 1}" if at > 1 else "", "",
            ]
        )  # fmt: skip
    return rows


def as_file(rows: list[list[str]], kind: str) -> bytes:
    if kind == "csv":
        out = io.StringIO()
        csv.writer(out).writerows([HEADS, *rows])
        return out.getvalue().encode()
    from openpyxl import Workbook

    book, content = Workbook(write_only=True), io.BytesIO()
    page = book.create_sheet()
    for row in [HEADS, *rows]:
        page.append(row)
    book.save(content)
    return content.getvalue()


def step(name: str, database: str) -> None:
    """One job in this process."""
    _django(database)
    from apps.core import jobs

    begun = time.perf_counter()
    assert jobs.run_one(), "no job waits"
    print(f"    {time.perf_counter() - begun:6.1f} s in the job", flush=True)


def _django(database: str) -> None:
    os.environ |= {"TRAMYTE_TESTING": "1", "TRAMYTE_JOBS": "", "TRAMYTE_LOG_LEVEL": "ERROR"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from config import embedded
    from tests import databases

    embedded.ensure()
    if database:
        databases.use(database)


def measured(title: str, database: str) -> None:
    print(f"  {title}", flush=True)
    begun = time.perf_counter()
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.importing", "--step", title, "--database", database],
        cwd=ROOT,
    )
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = status
    print(
        f"    {time.perf_counter() - begun:6.1f} s with its start,"
        f" {used.ru_utime + used.ru_stime:.1f} s of processor, at most {used.ru_maxrss / 1024:.0f} MB",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--kind", choices=["xlsx", "csv"], default="xlsx")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    parser.add_argument("--database", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        step(asked.step, asked.database)
        return 0
    _django("")
    from django.core.management import call_command

    from apps.core import scope
    from apps.facilities.models import Hamlet
    from apps.facilities.posts import scope_for
    from apps.households import imports
    from apps.households.models import ImportBatch
    from tests import databases
    from tests.factories.accounts import a_member
    from tests.factories.patients import a_station

    name = databases.clone_name("import", os.getpid())
    databases.prepare(name)
    try:
        call_command("load_catalogues", only=["code_lists", "ethnic_groups", "occupations", "nationalities"])
        station = a_station()
        hamlets = list(Hamlet.objects.values_list("name", flat=True))
        held = scope_for(a_member("station_head", station), station.pk)
        content = as_file(lines(asked.rows, hamlets), asked.kind)
        print(f"{asked.rows} rows, {len(content) / 1e6:.1f} MB {asked.kind}, load {os.getloadavg()[0]:.1f}")
        for again in ("", " again"):
            with scope.enter(held):  # type: ignore[arg-type]
                begun = time.perf_counter()
                batch = imports.batch_create(file_name=f"a.{asked.kind}", content=content)
                print(f"  sent{again}: {time.perf_counter() - begun:.1f} s, {batch.get_state_display()}")
                databases.disconnect()
                measured(f"check{again}", name)
                batch = ImportBatch.objects.get(pk=batch.pk)
                print(f"    {batch.counts or batch.refusal or batch.state}")
                imports.batch_start(batch=batch)
                databases.disconnect()
                measured(f"import{again}", name)
                batch = ImportBatch.objects.get(pk=batch.pk)
                print(f"    {batch.counts or batch.state} load {os.getloadavg()[0]:.1f}")
    finally:
        databases.drop(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
