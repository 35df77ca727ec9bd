"""Provinces, districts and communes with their days, and what became of the units before 01/07/2025.

The shipped files stand in fixtures/admin_units/ (its README says where they come from). Loading twice
changes nothing; a row of the file that differs from the table is brought into line.
"""

import csv
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.core.registry import LoadReport
from apps.core.text import search_key
from apps.facilities.models import AdminUnit, UnitSuccession

# QĐ 19/2025/QĐ-TTg: from this day 34 provinces and 3,321 communes, no districts.
CHANGE = dt.date(2025, 7, 1)
LAST_BEFORE = CHANGE - dt.timedelta(days=1)
# NQ 30/2026/QH16 and NQ 237/NQ-UBTVQH16: Đồng Nai became a city, ten of its communes wards.
CITY_OF_DONG_NAI = dt.date(2026, 4, 30)
# Units that were dissolved or founded between the lists of 06/2024 and 06/2025: the exact day is not in
# the sources; most of these resolutions took effect at or about New Year.
BETWEEN_LISTS = dt.date(2025, 1, 1)

SOURCE_NOW = "QĐ 19/2025/QĐ-TTg"
SOURCE_BEFORE = "Danh mục Tổng cục Thống kê 06/2024 và 06/2025"

KINDS = {
    "tinh": "tỉnh",
    "thanh_pho": "thành phố",
    "xa": "xã",
    "phuong": "phường",
    "thi_tran": "thị trấn",
    "dac_khu": "đặc khu",
}
SPOKEN_KINDS = ("thành phố", "thị xã", "thị trấn", "phường", "quận", "huyện", "tỉnh", "đặc khu", "xã")

FIELDS = (
    "name",
    "kind",
    "parent_id",
    "valid_to",
    "search_key",
    "earlier_names",
    "note",
    "source",
    "confidence",
)
Key = tuple[str, str, dt.date | None]


def load_units(folder: Path, report: LoadReport) -> None:
    """Bring units and successions in line with the files. Reads and writes in bulk; idempotent."""
    with transaction.atomic():
        stored = {(unit.level, unit.code, unit.valid_from): unit for unit in AdminUnit.objects.all()}
        ids: dict[Key, UUID] = {key: unit.pk for key, unit in stored.items()}
        for rows in (_provinces(folder), _districts(folder), _communes(folder)):
            _bring_in(list(rows), stored, ids, report)
        _successions(folder, ids, report)
        if report.added > 1000:
            # The planner knows nothing of fresh rows; the next command must not wait for autovacuum.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE facilities_adminunit, facilities_unitsuccession")


def _bring_in(
    rows: list[dict[str, Any]], stored: dict[Key, AdminUnit], ids: dict[Key, UUID], report: LoadReport
) -> None:
    fresh, changed = [], []
    for row in rows:
        parent = row.pop("parent", None)
        row["parent_id"] = ids[parent] if parent else None
        row["search_key"] = search_key(f"{row['kind']} {row['name']}")
        key = (row["level"], row["code"], row["valid_from"])
        unit = stored.get(key)
        if unit is None:
            unit = AdminUnit(**row)
            ids[key] = unit.pk
            fresh.append(unit)
        elif any(getattr(unit, field) != row[field] for field in FIELDS):
            for field in FIELDS:
                setattr(unit, field, row[field])
            unit.version += 1
            changed.append(unit)
        else:
            report.unchanged += 1
    AdminUnit.objects.bulk_create(fresh, batch_size=2000)
    AdminUnit.objects.bulk_update(changed, [*FIELDS, "version"], batch_size=500)
    report.added += len(fresh)
    report.changed += len(changed)


def _read(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _row(level: str, code: str, name: str, kind: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"level": level, "code": code, "name": name, "kind": kind}
    row |= {"valid_from": None, "valid_to": None, "earlier_names": [], "note": "", "confidence": "high"}
    return row | more


def _split(full_name: str) -> tuple[str, str]:
    """'Phường Văn Miếu' -> ('phường', 'Văn Miếu')."""
    for kind in SPOKEN_KINDS:
        if full_name.lower().startswith(kind + " "):
            return kind, full_name[len(kind) + 1 :]
    raise ValueError(f"không rõ loại đơn vị hành chính: {full_name!r}")


def _former(line: dict[str, str]) -> list[dict[str, str]]:
    """What the unit was until Đồng Nai became a city, where its kind changed then."""
    if line["type"] == line["type_at_2025_07_01"]:
        return []
    until = CITY_OF_DONG_NAI - dt.timedelta(days=1)
    return [{"to": until.isoformat(), "name": line["name"], "kind": KINDS[line["type_at_2025_07_01"]]}]


def _provinces(folder: Path) -> Iterator[dict[str, Any]]:
    for line in _read(folder, "provinces_before.csv"):
        kind, name = _split(line["full_name"])
        yield _row("province", line["code"], name, kind, valid_to=LAST_BEFORE, source=SOURCE_BEFORE)
    for line in _read(folder, "provinces_2025.csv"):
        yield _row(
            "province",
            line["code"],
            line["name"],
            KINDS[line["type"]],
            valid_from=CHANGE,
            earlier_names=_former(line),
            note=line["merged_from"],
            source=SOURCE_NOW,
        )


def _before(line: dict[str, str]) -> dict[str, Any]:
    """The days of a unit of the old lists; a day that no source tells has confidence 'low'."""
    days: dict[str, Any] = {"valid_to": LAST_BEFORE, "source": SOURCE_BEFORE}
    if line["in_2025_06"] != "1":
        days |= {"valid_to": BETWEEN_LISTS - dt.timedelta(days=1), "confidence": "low"}
    if line["in_2024_06"] != "1":
        days |= {"valid_from": BETWEEN_LISTS, "confidence": "low"}
    return days


def _districts(folder: Path) -> Iterator[dict[str, Any]]:
    for line in _read(folder, "districts_before.csv"):
        kind, name = _split(line["full_name"])
        parent = ("province", line["province_code"], None)
        yield _row("district", line["code"], name, kind, parent=parent, **_before(line))


def _communes(folder: Path) -> Iterator[dict[str, Any]]:
    districts = {
        line["code"]: _before(line).get("valid_from") for line in _read(folder, "districts_before.csv")
    }
    for line in _read(folder, "communes_before.csv"):
        days = _before(line)
        if line["name_2024_06"]:
            kind, name = _split(line["name_2024_06"])
            until = BETWEEN_LISTS - dt.timedelta(days=1)
            days["earlier_names"] = [{"to": until.isoformat(), "name": name, "kind": kind}]
        parent = ("district", line["district_code"], districts[line["district_code"]])
        yield _row("commune", line["code"], line["name"], KINDS[line["type"]], parent=parent, **days)
    for line in _read(folder, "communes_2025.csv"):
        yield _row(
            "commune",
            line["code"],
            line["name"],
            KINDS[line["type"]],
            parent=("province", line["province_code"], CHANGE),
            valid_from=CHANGE,
            earlier_names=_former(line),
            note=line["formed_from_text"],
            source=SOURCE_NOW,
        )


def _successions(folder: Path, ids: dict[Key, UUID], report: LoadReport) -> None:
    """Old -> new communes (five island districts without communes too), and the provinces that follow."""
    by_code = {(level, code): pk for (level, code, valid_from), pk in ids.items() if valid_from != CHANGE}
    province_of = {
        line["code"]: line["province_code"]
        for name in ("communes_before.csv", "districts_before.csv")
        for line in _read(folder, name)
    }
    wanted: dict[tuple[UUID, UUID], tuple[Decimal | None, bool]] = {}
    for line in _read(folder, "mapping_2025.csv"):
        level = "commune" if line["old_commune_code"] else "district"
        old_code = line["old_commune_code"] or line["old_district_code"]
        old, new = by_code[level, old_code], ids["commune", line["new_commune_code"], CHANGE]
        share = Decimal(1) if line["relation"] == "whole" else None
        wanted[old, new] = (share, line["is_default"] == "1")
        old_province = by_code["province", province_of[old_code]]
        wanted[old_province, ids["province", line["new_province_code"], CHANGE]] = (Decimal(1), True)
    stored = {(row.old_id, row.new_id): row for row in UnitSuccession.objects.all()}
    fresh, changed = [], []
    for (old, new), (share, is_default) in wanted.items():
        row = stored.get((old, new))
        if row is None:
            fresh.append(
                UnitSuccession(
                    old_id=old,
                    new_id=new,
                    on=CHANGE,
                    share=share,
                    is_default=is_default,
                    legal_ref=SOURCE_NOW,
                )
            )
        elif (row.share, row.is_default) != (share, is_default):
            row.share, row.is_default = share, is_default
            changed.append(row)
        else:
            report.unchanged += 1
    UnitSuccession.objects.bulk_create(fresh, batch_size=2000)
    UnitSuccession.objects.bulk_update(changed, ["share", "is_default"], batch_size=500)
    report.added += len(fresh)
    report.changed += len(changed)
