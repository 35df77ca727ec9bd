"""Whether the catalogues of an installation are those of its version, and stay valid."""

import datetime as dt

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.catalogues.models import CatalogueState, Icd10
from apps.catalogues.services import shipped_hash
from apps.catalogues.shipped import TABLES
from apps.catalogues.tables import Table
from apps.core import parameters
from apps.core.registry import Result
from apps.core.words import date_words

SOON = 60  # days
# What to do, and the command for it.
UPGRADE = ("Nhờ người quản trị máy chủ nâng cấp phần mềm lại một lần.", "manage.py upgrade")


def loaded() -> Result:
    """Every shipped file is in, in the content of this version."""
    states = {state.key: state for state in CatalogueState.objects.all()}
    folder = settings.BASE_DIR / "fixtures"
    missing = [table.title for key, table in TABLES.items() if key not in states]
    if missing:
        return Result("bad", f"{len(missing)} danh mục chưa nạp, ví dụ {missing[0]}.", *UPGRADE)
    old = [
        table.title
        for key, table in TABLES.items()
        # A file of the province's own stays until the province changes it.
        if states[key].origin == CatalogueState.Origin.SHIPPED
        and states[key].shipped_hash != shipped_hash(table, folder)
    ]
    if old:
        told = f"{len(old)} danh mục chưa nạp lại sau khi đổi phiên bản, ví dụ {old[0]}."
        return Result("warn", told, *UPGRADE)
    return Result("ok", f"{len(TABLES)} danh mục đúng với phiên bản phần mềm.")


def ending() -> Result:
    """Rows whose validity ends soon without a row that follows."""
    today = timezone.localdate()
    soon = today + dt.timedelta(days=SOON)
    found = [(title, *ends) for title, ends in _endings(today, soon)]
    if not found:
        return Result("ok", "Không có danh mục nào hết hiệu lực trong 60 ngày tới.")
    title, count, first = min(found, key=lambda each: each[2])
    return Result(
        "warn",
        f"{title}: {count} dòng hết hiệu lực từ {date_words(first)}"
        + (f"; và {len(found) - 1} danh mục khác." if len(found) > 1 else "."),
        "Quản trị tỉnh tải danh mục mới lên trang Danh mục, hoặc cập nhật phần mềm trước ngày đó.",
    )


def _endings(today: dt.date, soon: dt.date) -> list[tuple[str, tuple[int, dt.date]]]:
    """(title, (rows, first day)) of the catalogues that lose rows with nothing after them. One query each."""
    found = []
    for table in TABLES.values():
        ends = _ending_in(table, today, soon)
        if ends:
            found.append((table.title, (len(ends), min(ends))))
    return found


def _ending_in(table: Table, today: dt.date, soon: dt.date) -> list[dt.date]:
    names = [name for name in table.key_fields if name != "valid_from"]
    same = {name: OuterRef(name) for name in names}
    later = table.queryset().filter(Q(valid_to__isnull=True) | Q(valid_to__gt=OuterRef("valid_to")), **same)
    rows = table.queryset().filter(~Exists(later), valid_to__gte=today, valid_to__lte=soon)
    return list(rows.values_list("valid_to", flat=True))


def edition() -> Result:
    """The ICD-10 edition in force has its codes."""
    from apps.catalogues import icd

    today = timezone.localdate()
    try:
        current = icd.edition_on(today)
    except parameters.NoParameter:
        return Result("bad", "Chưa biết dùng bản ICD-10 nào hôm nay.", *UPGRADE)
    if not Icd10.objects.filter(edition=current).on(today).exists():
        return Result("bad", f"Danh mục ICD-10 ({current.label}) chưa nạp.", *UPGRADE)
    return Result("ok", f"Đang dùng ICD-10 theo {current.label}.")
