"""Parameters shipped by the rooms: fixtures/parameters/<room>.csv."""

import csv
import datetime as dt
import json
from pathlib import Path

from apps.core.models import Parameter
from apps.core.registry import LoadReport


def load_parameters(folder: Path, report: LoadReport) -> None:
    """Bring every room's parameters in. A row an administrator has made her own ('local') is left alone."""
    known = {(row.key, row.valid_from): row for row in Parameter.objects.all()}
    for path in sorted((folder / "parameters").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                fresh = Parameter(
                    key=line["key"],
                    value=json.loads(line["value"]),
                    unit=line["unit"],
                    valid_from=dt.date.fromisoformat(line["valid_from"]) if line["valid_from"] else None,
                    valid_to=dt.date.fromisoformat(line["valid_to"]) if line["valid_to"] else None,
                    source=line["source"],
                    confidence=line["confidence"],
                )
                old = known.get((fresh.key, fresh.valid_from))
                if old is None:
                    fresh.save()
                    report.added += 1
                elif old.confidence == "local" or _same(old, fresh):
                    report.unchanged += 1
                else:
                    fresh.id, fresh.version, fresh.created_at = old.id, old.version + 1, old.created_at
                    fresh.save(force_update=True)
                    report.changed += 1


def _same(old: Parameter, fresh: Parameter) -> bool:
    return all(
        getattr(old, name) == getattr(fresh, name)
        for name in ("value", "unit", "valid_to", "source", "confidence")
    )
