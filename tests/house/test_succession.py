"""No room forgets its rows when stations are merged or split."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, UUIDField

from apps.core import registry
from apps.facilities.models import Facility, Hamlet
from apps.patients.facts import ClinicalFact

A_PLACE = re.compile(r"(^|_)(facility|station|workplace|hamlet|point)(_id)?$")
WHAT_TO_WRITE = """

{key} points to a facility or hamlet and says not what becomes of it when stations are merged or split.
Write one of these into the plugs.py of its room (docs/floor.md, 'succession'):

    registry.succession_steps.add(SuccessionStep("<key>", "<tiêu đề>", count, move, columns=("{key}",)))
        the rows go on at the successor: apps/care/succeeding.py is a short example.
    registry.succession_stays.add(SuccessionStays("{key}", "<why it keeps the former station>"))
"""


def places() -> Iterator[str]:
    """Every column that holds a facility or hamlet, but those of clinical facts, which never move."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy:
            continue
        fact = (
            {field.name for field in ClinicalFact._meta.local_fields}
            if issubclass(model, ClinicalFact)
            else set()
        )
        for each in model._meta.get_fields(include_parents=False):
            if isinstance(each, Field) and each.name not in fact and _is_place(each):
                yield f"{model._meta.label}.{each.name}"


def _is_place(each: Any) -> bool:
    named = isinstance(each, UUIDField) and A_PLACE.search(each.name)
    return bool(named) or (each.is_relation and each.related_model in (Facility, Hamlet))


def declared() -> set[str]:
    moved = {column for step in registry.succession_steps for column in step.columns}
    return moved | {stays.key for stays in registry.succession_stays}


def test_every_place_says_what_becomes_of_it() -> None:
    missing = [key for key in places() if key not in declared()]
    assert not missing, "".join(WHAT_TO_WRITE.format(key=key) for key in missing)


def test_nothing_is_declared_that_is_not_there() -> None:
    there = set(places()) | {"care.Appointment.facility", "care.Enrolment.facility"}
    assert declared() <= there, declared() - there


def test_the_walk_finds_relations_and_bare_ids() -> None:
    found = set(places())
    assert {"patients.Person.station", "core.Draft.facility_id", "households.Household.hamlet"} <= found
    assert "encounters.Visit.facility" not in found


def test_every_step_that_moves_can_be_counted_and_named() -> None:
    for step in registry.succession_steps:
        assert step.title and callable(step.count)
        assert step.move is None or step.key not in {each.key for each in registry.succession_stays}
        assert bool(step.newer) == bool(step.newer_words), step.key
