"""How the parts of a visit are stored: what stays keeps its identity, the rest comes and goes."""

from collections.abc import Sequence
from typing import Any


def merged(old: Any, new: Any) -> Any:
    """`new` with the identity of `old`, so that what stays is the same record elsewhere."""
    if old is not None:
        new.pk, new.created_at, new.version = old.pk, old.created_at, old.version
        new._state.adding = False
    return new


def store(model: type[Any], rows: Sequence[Any], gone: Sequence[Any]) -> None:
    """Insert or update `rows` in one statement and take `gone` away: of a visit that is not final yet, or
    whose earlier version is kept as a revision. Unscoped: its service has found the visit within the scope.
    """
    if gone:
        model.unscoped.filter(pk__in=gone).delete()
    if rows:
        names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
        names.remove("created_at")
        model.unscoped.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=names)
