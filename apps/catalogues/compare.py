"""Comparing a catalogue file with what is in force, and applying the difference. Nothing is ever deleted:
a row that a file no longer holds is closed on the day before."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.catalogues.models import CatalogueChange
from apps.catalogues.tables import Table

Kind = CatalogueChange.Kind
Key = tuple[Any, ...]

# Rows of one INSERT or UPDATE: large enough to be quick, small enough for one statement's parameters.
BATCH = 1000


@dataclass(frozen=True)
class Difference:
    """One row that differs. `before` and `after` hold model values by field name."""

    kind: CatalogueChange.Kind
    key: Key
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass
class Comparison:
    differences: list[Difference] = field(default_factory=list)
    unchanged: int = 0

    def count(self, kind: CatalogueChange.Kind) -> int:
        return sum(1 for difference in self.differences if difference.kind == kind)


def compare(table: Table, rows: Sequence[Mapping[str, Any]], *, effective_on: dt.date) -> Comparison:
    """What would change if `rows` (parsed by the table) took the place of what the table holds.

    A row counts as withdrawn when it is open on `effective_on` and the file no longer has it.
    """
    result = Comparison()
    stored = {table.key_of(values): values for values in table.stored()}
    seen: set[Key] = set()
    for row in rows:
        key = table.key_of(row)
        seen.add(key)
        before = stored.get(key)
        if before is None:
            result.differences.append(Difference(Kind.ADDED, key, {}, row))
        elif any(before[name] != value for name, value in row.items()):
            result.differences.append(
                Difference(Kind.CHANGED, key, {name: before[name] for name in row}, row)
            )
        else:
            result.unchanged += 1
    eve = effective_on - dt.timedelta(days=1)
    for key, values in stored.items():
        if key not in seen and (values["valid_to"] is None or values["valid_to"] >= effective_on):
            result.differences.append(
                Difference(Kind.WITHDRAWN, key, {"valid_to": values["valid_to"]}, {"valid_to": eve})
            )
    return result


@transaction.atomic
def apply(table: Table, differences: Iterable[Difference]) -> None:
    """Write the differences in one transaction."""
    by_kind: dict[CatalogueChange.Kind, list[Difference]] = {kind: [] for kind in Kind}
    for difference in differences:
        by_kind[difference.kind].append(difference)
    model = table.model
    model.objects.bulk_create(
        (model(**table.fixed, **row.after) for row in by_kind[Kind.ADDED]), batch_size=BATCH
    )
    touched = by_kind[Kind.CHANGED] + by_kind[Kind.WITHDRAWN]
    if not touched:
        return
    ids = table.ids()
    now = timezone.now()
    for kind in (Kind.CHANGED, Kind.WITHDRAWN):
        if not by_kind[kind]:
            continue
        names = sorted(
            {name for row in by_kind[kind] for name in row.after if row.after[name] != row.before[name]}
        )
        objects = [
            model(id=ids[row.key], updated_at=now, **{name: row.after[name] for name in names})
            for row in by_kind[kind]
        ]
        model.objects.bulk_update(objects, [*names, "updated_at"], batch_size=BATCH // 4)
