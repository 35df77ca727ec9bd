"""Rows of another table, read in the statement that reads the row they belong to.

    people.annotate(cards_told=told(Card.objects.filter(person=OuterRef("pk")).order_by("number")))
    cards = heard(Card, person.cards_told)

For a page that must not cost a statement for each of its cards. Not for money or figures: a decimal passes
through JSON.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DecimalField, Expression, Model, QuerySet
from django.db.models.functions import JSONObject

ModelT = TypeVar("ModelT", bound=Model)


def told(rows: QuerySet[Any]) -> Expression:
    """The rows, whole and in their order, as a column of the row that the query refers to."""
    fields = [field.attname for field in _fields(rows.model)]
    whole = rows.values(whole=JSONObject(**{name: name for name in fields}))
    return ArraySubquery(whole)  # type: ignore[return-value]  # the stubs forget that it is one


def heard(model: type[ModelT], column: Iterable[dict[str, Any]]) -> list[ModelT]:
    """What `told` has read, as rows of the model."""
    fields = _fields(model)
    names = [field.attname for field in fields]
    return [
        model.from_db("default", names, [field.to_python(row[field.attname]) for field in fields])
        for row in column
    ]


def _fields(model: type[Model]) -> list[Any]:
    fields = list(model._meta.concrete_fields)
    if exact := [field.name for field in fields if isinstance(field, DecimalField)]:
        raise TypeError(f"{model.__name__}: {exact} would lose what JSON does not keep")
    return fields
