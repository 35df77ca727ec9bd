"""People in a code picker: found like in the search box, chosen by their code."""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError

from apps.catalogues.picks import Kind, Pick
from apps.core import readlog
from apps.core.scope import Scope
from apps.patients import queries
from apps.patients.models import Person

SHOWN = 12


def _find(scope: Scope, text: str, _on: dt.date) -> list[Pick]:
    if not scope.can("people.view"):
        return []
    lines = queries.find_people(scope, text, SHOWN)
    if lines:
        readlog.record("search", [line.id for line in lines])
    return [Pick(line.code, line.full_name, line.facts) for line in lines]


def _names(codes: Sequence[str]) -> dict[str, str]:
    people = list(Person.objects.filter(code__in=list(codes)).values_list("pk", "code", "full_name"))
    if people:
        readlog.record("search", [pk for pk, _, _ in people])
    return {code: name for _, code, name in people}


def picked(code: str) -> Person | None:
    """Whom a form's picker names by her code; None where it is empty, a ValidationError for nobody's code."""
    if not code:
        return None
    found = queries.person_by_code(code)
    if found is None:
        raise ValidationError(f"Không có người mang mã “{code[:12]}”.")
    return found


PERSON = Kind("person", "Người dân", _find, _names)
