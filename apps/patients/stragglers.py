"""Rows that reached a record after it was merged: written on another screen at the same moment, or by a
program that holds the old id. The night lets them follow, as the merge would have.

Unscoped: the system's own work, on people who were taken through the scope when they were merged.
"""

import datetime as dt
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from apps.core import audit, registry
from apps.core.events import publish
from apps.core.journal import Journal
from apps.core.registry import MergeRule, MergeStep
from apps.core.words import quantity_words
from apps.patients.events import PersonMerged
from apps.patients.models import MergeRecord, Person


def follow(day: dt.date) -> str:
    """Of the night, as the system. What only special rules move is looked at by people, not at night."""
    pointers: dict[UUID, list[MergeRule]] = {}
    merged = Person.unscoped.filter(merged_into__isnull=False).values("pk")
    for rule in registry.merge_rules:
        if rule.how == "simple" and rule.key != "patients.Person.merged_into":
            rows = apps.get_model(rule.model)._base_manager.filter(**{f"{rule.field}__in": merged})
            for old_id in rows.order_by().values_list(rule.field, flat=True).distinct():
                pointers.setdefault(old_id, []).append(rule)
    moved = sum(_follow(old_id, rules) for old_id, rules in sorted(pointers.items()))
    return f"Đã chuyển {quantity_words(moved)} dòng ghi muộn sang hồ sơ còn lại."


@transaction.atomic
def _follow(old_id: UUID, rules: list[MergeRule]) -> int:
    record = MergeRecord.unscoped.filter(old_id=old_id, undone_at__isnull=True).first()
    if record is None:
        return 0
    people = Person.unscoped.filter(pk__in=[old_id, record.kept_id]).order_by("pk")
    found = {row.pk: row for row in people.select_for_update(of=("self",)).defer("search")}
    kept_id = found[old_id].merged_into_id
    if kept_id is None:
        return 0
    step = MergeStep(old_id, kept_id, timezone.localdate(), journal=Journal())
    for rule in rules:
        rule.apply(step)
    rows = sum(len(line["ids"]) for line in step.journal.lines)
    if rows and kept_id == record.kept_id:
        # Taken back with the rest. Where she was merged on, they stay with who is kept now.
        record.lines = [*record.lines, *step.journal.lines]
        record.save(update_fields=["lines", "updated_at"])
    if rows:
        audit.record(
            "person.followed",
            person_id=kept_id,
            object_id=record.pk,
            facility_id=record.station_id,
            data={"rows": rows, "old_id": old_id},
        )
        publish(PersonMerged(old_id, kept_id))
    return rows
