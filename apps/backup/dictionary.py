"""The data dictionary of an export: which tables and columns leave, and what each means, in Vietnamese."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from apps.core.scope import RESTRICTED_RIGHT, Scope, ScopedModel

# Rows about people that are no record of the station: what is on its way, what nobody has saved.
LEFT_OUT = frozenset(
    {
        "households.ImportBatch",  # a list as it was sent, deleted after two weeks
        "households.ImportRow",
        "households.ImportHeading",
        "core.Draft",  # typed and not saved
        "core.GuardedExport",  # files of a day with their keys; who took what out stands in the audit log
        "outage.Slip",  # codes that open a back-entry; what was entered is exported
        "sync.OutboxRow",  # on its way to a receiver; the record itself is exported
        "sync.SyncAnswer",
        "sync.Delivery",
    }
)
# Columns that serve the search only, or this software's own book-keeping.
TECHNICAL = frozenset({"tokens", "search", "search_keys", "sort_key", "folded"})
# What the station itself is: rows of the room of facilities that name one.
OWN = "facilities"
RESTRICTED = "restricted"


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    field: models.Field
    title: str
    meaning: str
    kind: str


@dataclass(frozen=True)
class Table:
    """One file of the export."""

    name: str
    model: type[models.Model]
    title: str
    columns: tuple[Column, ...]


def tables() -> Iterator[Table]:
    """Every table that tells something of a station or its people, in the order of the house."""
    for model in apps.get_models():
        meta = model._meta
        scoped = issubclass(model, ScopedModel) and meta.label not in LEFT_OUT
        own = meta.app_label == OWN and (meta.model_name == "facility" or _names_facility(model))
        if scoped or own:
            yield Table(meta.db_table, model, str(meta.verbose_name), tuple(_columns(model)))


def rows_of(table: Table, scope: Scope) -> "models.QuerySet[models.Model]":
    """What `scope` sees of a table, by the filter that every page uses; without the right to read what is
    restricted no row of it, also where a page would tell that it is there and no more (a task, a death).
    """
    model = table.model
    if issubclass(model, ScopedModel):
        rows = model.visible(scope).order_by("pk")
        marked = any(column.name == RESTRICTED for column in table.columns)
        return rows if not marked or scope.can(RESTRICTED_RIGHT) else rows.filter(**{RESTRICTED: False})
    where = "pk__in" if model._meta.model_name == "facility" else "facility_id__in"
    return model._default_manager.filter(**{where: scope.facility_ids}).order_by("pk")


def _names_facility(model: type[models.Model]) -> bool:
    return any(field.name == "facility" for field in model._meta.concrete_fields)


def _columns(model: type[models.Model]) -> Iterator[Column]:
    for field in model._meta.concrete_fields:
        if field.name in TECHNICAL or isinstance(field, SearchVectorField | models.GeneratedField):
            continue
        yield Column(field.attname, field, str(field.verbose_name), _meaning(field), _kind(field))


def _meaning(field: models.Field) -> str:
    words = [str(field.help_text)] if field.help_text else []
    if field.name == RESTRICTED:
        words.append("DỮ LIỆU HẠN CHẾ: dòng có giá trị 1 chỉ người được phép mới được xem")
    if field.choices:
        words.append("; ".join(f"{value} = {label}" for value, label in field.flatchoices))
    if field.is_relation and field.related_model is not None:
        words.append(f"mã dòng của bảng {field.related_model._meta.db_table}")
    if field.primary_key:
        words.append("mã của dòng, không đổi, không trùng giữa các trạm")
    return ". ".join(words)


def _kind(field: models.Field) -> str:
    kinds: list[tuple[type | tuple[type, ...], str]] = [
        (models.DateTimeField, "ngày giờ (ISO 8601, múi giờ kèm theo)"),
        (models.DateField, "ngày (năm-tháng-ngày)"),
        (models.BooleanField, "có/không (1/0)"),
        ((models.IntegerField, models.DecimalField), "số (dấu chấm thập phân)"),
        (models.JSONField, "JSON"),
        (models.FileField, "tên tệp trong thư mục tep/"),
        ((models.UUIDField, models.ForeignKey), "mã (UUID)"),
    ]
    return next((name for kind, name in kinds if isinstance(field, kind)), "chữ")
