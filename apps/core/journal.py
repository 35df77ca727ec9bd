"""What a piece of work changed, row by row, so that it can be taken back later.

Taking back is careful: a row is put back only while it still says what the work wrote; what somebody has
changed since is left alone and told. Versions only grow, so whoever has such a row open in a form is asked.

All unscoped: whoever begins the work has taken its people through the scope.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

Line = dict[str, Any]


@dataclass
class TakenBack:
    """How many rows were put back, and which (model, id) were left because they say something else now."""

    rows: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


class Journal:
    """The lines are plain JSON: `Journal(stored.lines)` takes back what an earlier one did."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self.lines: list[Line] = list(lines)

    def repoint(self, label: str, name: str, was: UUID, now: UUID, ids: Collection[Any] | None = None) -> int:
        """Point the rows of `label` whose field `name` is `was` (all, or those of `ids`) to `now`."""
        model = apps.get_model(label)
        attname = _field(model, name).attname
        rows = _rows(model).filter(**{attname: was})
        if ids is not None:
            rows = rows.filter(pk__in=ids)
        found = sorted(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
        if not found:
            return 0
        _update(_rows(model).filter(pk__in=found), {attname: now})
        self.lines.append(
            {
                "model": label,
                "field": attname,
                "was": str(was),
                "now": str(now),
                "ids": [_plain(pk) for pk in found],
            }
        )
        return len(found)

    def change(self, row: models.Model, **values: Any) -> None:
        """Write other values into one row; `values` by the columns' names (`person_id`). All or none of them
        are taken back.
        """
        was = {name: _plain(getattr(row, name)) for name in values}
        now = {name: _plain(value) for name, value in values.items()}
        if was == now:
            return
        _update(_rows(type(row)).filter(pk=row.pk), values)
        for name, value in values.items():
            setattr(row, name, value)
        self.lines.append(
            {
                "model": row._meta.label,
                "pk": _plain(row.pk),
                "values": {name: [was[name], now[name]] for name in was},
            }
        )

    def take_back(self) -> TakenBack:
        """Undo the lines, last first. Inside a transaction."""
        done = TakenBack()
        for line in reversed(self.lines):
            model = apps.get_model(line["model"])
            if "ids" in line:
                _take_back_pointers(model, line, done)
            else:
                _take_back_values(model, line, done)
        return done

    def touched(self) -> dict[str, set[str]]:
        """Model -> ids of the rows that were changed."""
        found: dict[str, set[str]] = {}
        for line in self.lines:
            found.setdefault(line["model"], set()).update(line.get("ids") or [line["pk"]])
        return found


def _take_back_pointers(model: type[models.Model], line: Line, done: TakenBack) -> None:
    rows = _rows(model).filter(pk__in=line["ids"], **{line["field"]: line["now"]})
    still = set(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
    try:
        with transaction.atomic():
            _update(_rows(model).filter(pk__in=still), {line["field"]: line["was"]})
    except IntegrityError:  # one of them would stand twice there: each by itself
        still = {pk for pk in still if _alone(model, pk, line)}
    done.rows += len(still)
    kept = {_plain(pk) for pk in still}
    done.left += [(line["model"], pk) for pk in line["ids"] if pk not in kept]


def _alone(model: type[models.Model], pk: Any, line: Line) -> bool:
    try:
        with transaction.atomic():
            _update(_rows(model).filter(pk=pk), {line["field"]: line["was"]})
    except IntegrityError:
        return False
    return True


def _take_back_values(model: type[models.Model], line: Line, done: TakenBack) -> None:
    row = _rows(model).select_for_update(of=("self",)).filter(pk=line["pk"]).first()
    values = line["values"]
    if row is None or any(_plain(getattr(row, name)) != now for name, (_, now) in values.items()):
        done.left.append((line["model"], line["pk"]))
        return
    old = {name: _field(model, name).to_python(was) for name, (was, _) in values.items()}
    try:
        with transaction.atomic():
            _update(_rows(model).filter(pk=row.pk), old)
        done.rows += 1
    except IntegrityError:
        done.left.append((line["model"], line["pk"]))


def _rows(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._base_manager.get_queryset()


def _update(rows: models.QuerySet[Any], values: dict[str, Any]) -> None:
    more: dict[str, Any] = {}
    names = {each.name for each in rows.model._meta.concrete_fields}
    if "version" in names:
        more["version"] = F("version") + 1
    if "updated_at" in names:
        more["updated_at"] = timezone.now()
    rows.update(**values, **more)


def _field(model: type[models.Model], name: str) -> Any:
    for each in model._meta.concrete_fields:
        if name in (each.name, each.attname):
            return each
    raise LookupError(f"{model._meta.label} has no field {name}")


def _plain(value: Any) -> Any:
    """As it stands in JSON."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))
