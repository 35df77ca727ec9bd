"""A merge taken back: two people after all. Exactly what moved goes back, where it still says what the merge
wrote; what was recorded since stays with the person who was kept, and is told.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core import audit, registry
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.journal import Journal
from apps.core.scope import Scope, ScopedModel, current
from apps.core.text import clean
from apps.patients import keys
from apps.patients.duplicates import pair_settled
from apps.patients.events import PersonUnmerged
from apps.patients.merge import EDIT, lock_both
from apps.patients.models import MergeRecord, PairState, Person

DONE = "Lần gộp này đã được hoàn tác."
CHAINED = "Hồ sơ {code} sau đó đã được gộp tiếp vào hồ sơ khác. Hãy hoàn tác lần gộp đó trước."
NOT_SHOWN = frozenset({"patients.TimelineEntry", "patients.DueItem"})  # they tell about rows named already


@dataclass(frozen=True)
class Since:
    """Rows of one kind that were made for the person who was kept after the merge."""

    what: str
    many: int


@transaction.atomic
def person_unmerge(*, record_id: UUID, reason: str) -> MergeRecord:
    """Put back what the merge moved. Raises MergeRecord.DoesNotExist outside the scope, Refused."""
    scope = current()
    scope.require(EDIT)
    record = MergeRecord.objects.get(pk=record_id)
    kept, old = lock_both(record.kept_id, record.old_id)
    record.refresh_from_db()  # as it is now that both people are held
    if record.undone_at is not None:
        raise Refused(DONE, code="undone")
    if kept.merged_into_id is not None or old.merged_into_id != kept.pk:
        raise Refused(CHAINED.format(code=kept.code), code="chained")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do hoàn tác.", field="reason", code="no-reason")
    done = Journal(record.lines).take_back()
    # Both as they are now; held by this transaction, and taken through the scope above.
    people = Person.unscoped.defer("search").in_bulk([kept.pk, old.pk])
    for person in people.values():
        keys.renew(person)
    record.undone_at, record.undone_reason = timezone.now(), reason
    record.undone_by, record.undone_by_name = scope.user_id, scope.shown_name
    record.left = [list(row) for row in done.left]
    record.version += 1
    record.save()
    pair_settled(people[kept.pk], people[old.pk], PairState.NOT_SAME)
    audit.record(
        "person.unmerged",
        person_id=kept.pk,
        object_id=record.pk,
        facility_id=kept.station_id,
        data={
            "old": old.code,
            "kept": kept.code,
            "old_id": old.pk,
            "rows": done.rows,
            "left": len(done.left),
            "reason": reason,
        },
    )
    publish(PersonUnmerged(old.pk, kept.pk))
    return record


def made_since(scope: Scope, record: MergeRecord) -> list[Since]:
    """What has been recorded for the person who was kept since the merge, and stays with her; no word about
    what the scope may not read. One query a kind of row.
    """
    moved = Journal(record.lines).touched()
    found: dict[str, Since] = {}
    for rule in registry.merge_rules:
        model = apps.get_model(rule.model)
        names = {each.name for each in model._meta.concrete_fields}
        shown = rule.how != "stays" and rule.model not in NOT_SHOWN and model is not Person
        if not shown or "created_at" not in names:
            continue
        rows: QuerySet[Any] = (
            model.visible(scope) if issubclass(model, ScopedModel) else model._base_manager.all()
        )
        rows = rows.filter(**{rule.field: record.kept_id}, created_at__gt=record.at)
        many = rows.exclude(pk__in=moved.get(rule.model, ())).count()
        if many:
            found[rule.model] = Since(str(model._meta.verbose_name), many)
    return list(found.values())
