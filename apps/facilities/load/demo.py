"""The demo province (Quảng Ngãi): facilities with real names of units, invented codes, marked as demo."""

import csv
import datetime as dt
import hashlib
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.core.ids import uuid7
from apps.core.registry import LoadReport
from apps.facilities.models import AdminUnit, Facility, FacilityLink, LinkKind

PROVINCE = "51"
# The day from which the stations of the new communes work.
SINCE = dt.date(2025, 7, 1)
SINCE_MS = 1_751_302_800_000  # the same day's first moment in Việt Nam, in milliseconds since 1970

FIELDS = ("name", "kind", "kcb_code", "code13", "unit_id", "part_of_id", "address", "is_demo", "sort_key")


def load_demo_when_demo(folder: Path, report: LoadReport) -> None:
    """The catalogue loader: brings the demo facilities in only where everything is marked DEMO."""
    if not settings.DEMO:
        report.notes.append("Bỏ qua cơ sở mẫu: không phải bản DEMO.")
        return
    load_demo(folder, report)


def demo_id(key: str) -> UUID:
    """The same identity in every demo, so that bookmarks and pictures live on after a reset."""
    return uuid7(at_ms=SINCE_MS, random_bytes=hashlib.sha256(key.encode()).digest()[:10])


def load_demo(folder: Path, report: LoadReport) -> None:
    """Bring department, CDC, regional centres, stations and points in, with their links. Idempotent.

    Needs the administrative units. Raises AdminUnit.DoesNotExist without them.
    """
    with (folder / f"facilities_{PROVINCE}.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with transaction.atomic():
        _facilities(rows, report)
        _links(rows, report)


def _facilities(rows: list[dict[str, str]], report: LoadReport) -> None:
    province = AdminUnit.objects.on(SINCE).get(level="province", code=PROVINCE)
    communes = {unit.code: unit for unit in AdminUnit.objects.on(SINCE).filter(parent=province)}
    stored = Facility.objects.in_bulk([demo_id(row["key"]) for row in rows])
    fresh, changed = [], []
    for row in rows:
        unit = province if row["unit_level"] == "province" else communes[row["unit_code"]]
        wanted = Facility(
            id=demo_id(row["key"]),
            name=row["name"],
            kind=row["kind"],
            kcb_code=row["kcb_code"],
            code13=row["code13"],
            unit=unit,
            part_of_id=demo_id(row["part_of"]) if row["part_of"] else None,
            address=province.full_name if unit == province else f"{unit.full_name}, {province.full_name}",
            valid_from=SINCE,
            is_demo=True,
        )
        wanted.set_keys()
        old = stored.get(wanted.pk)
        if old is None:
            fresh.append(wanted)
        elif any(getattr(old, field) != getattr(wanted, field) for field in FIELDS):
            wanted.version = old.version + 1
            changed.append(wanted)
        else:
            report.unchanged += 1
    # Stations first: a point's key to its station must find it.
    Facility.objects.bulk_create(sorted(fresh, key=lambda facility: facility.part_of_id is not None))
    Facility.objects.bulk_update(changed, [*FIELDS, "search_key", "version"])
    report.added += len(fresh)
    report.changed += len(changed)


def _links(rows: list[dict[str, str]], report: LoadReport) -> None:
    wanted = {
        (demo_id(row["key"]), demo_id(row[column]), kind)
        for row in rows
        for column, kinds in (
            ("reports_to", (LinkKind.PROFESSIONAL, LinkKind.REPORTING)),
            ("guided_by", (LinkKind.TECHNICAL, LinkKind.REPORTING)),
        )
        for kind in kinds
        if row[column]
    }
    ours = FacilityLink.objects.filter(facility__in={facility for facility, _, _ in wanted})
    stored = set(ours.values_list("facility_id", "parent_id", "kind"))
    fresh = sorted(wanted - stored)
    FacilityLink.objects.bulk_create(
        FacilityLink(facility_id=facility, parent_id=parent, kind=kind, valid_from=SINCE)
        for facility, parent, kind in fresh
    )
    report.added += len(fresh)
    report.unchanged += len(wanted) - len(fresh)
