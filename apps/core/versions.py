"""Two people, one record: the second to save is told and shown both versions."""

from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from apps.core.models import BaseModel

ModelT = TypeVar("ModelT", bound=BaseModel)


class StaleVersion(Exception):
    """Somebody saved `current` since `mine` was opened."""

    def __init__(self, current: BaseModel, mine: BaseModel) -> None:
        super().__init__(f"{type(mine).__name__} has version {current.version}, not {mine.version}")
        self.current = current
        self.mine = mine


def save_versioned(obj: ModelT, *, expected: int) -> ModelT:
    """Write all fields of `obj` if the stored version is still `expected`; add one to its version.

    Raises StaleVersion otherwise. One UPDATE, no lock kept by the caller.
    """
    values: dict[str, Any] = {
        field.attname: field.pre_save(obj, add=False)
        for field in obj._meta.concrete_fields
        if not field.primary_key and not field.generated and field.attname not in ("version", "created_at")
    }
    values["updated_at"] = timezone.now()
    plain: models.Manager[Any] = type(obj)._base_manager
    changed = plain.filter(pk=obj.pk, version=expected).update(version=expected + 1, **values)
    if not changed:
        raise StaleVersion(current=plain.get(pk=obj.pk), mine=obj)
    obj.version = expected + 1
    obj.updated_at = values["updated_at"]
    return obj
