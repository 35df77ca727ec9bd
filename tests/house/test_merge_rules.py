"""No room forgets its rows when two records turn out to be one person."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, UniqueConstraint, UUIDField

from apps.core import registry
from apps.core.registry import MergeRule
from apps.patients.models import Person

A_PERSON = re.compile(r"(^|_)(person|patient)(_ids?|s)?$")  # names of columns that hold a person's id
WHAT_TO_WRITE = """

{key} points to a person and says not how it follows when two records are merged into one.
Write one of these into the plugs.py of its room (CONTRIBUTING.md, 'How to add a room'):

    registry.merge_rules.add(MergeRule.simple("{key}"))
        the usual one: the rows point to the person who stays. Not where a unique constraint names the person
    registry.merge_rules.add(MergeRule.special("{key}", merging.follow, why="<which constraint>"))
        a function follow(step) that changes rows through step.journal alone (apps/households/merging.py).
    registry.merge_rules.add(MergeRule.stays("{key}", why="<why the old record's rows must not be moved>"))
"""


def fields_of_people() -> Iterator[tuple[str, Any]]:
    """Every column of the database that holds a person's id, by its key."""
    for model in apps.get_models(include_auto_created=True):
        for each in model._meta.get_fields(include_parents=False):
            if not isinstance(each, Field) or model._meta.proxy:
                continue
            inner = each.base_field if isinstance(each, ArrayField) else each
            named = isinstance(inner, UUIDField) and A_PERSON.search(each.name)
            if named or (each.is_relation and each.related_model is Person):
                yield f"{model._meta.label}.{each.name}", each


def undeclared(keys: Iterator[str] | list[str]) -> list[str]:
    return [key for key in keys if registry.merge_rules.get(key) is None]


def test_every_field_of_a_person_says_how_it_follows() -> None:
    missing = undeclared([key for key, _ in fields_of_people()])
    assert not missing, "".join(WHAT_TO_WRITE.format(key=key) for key in missing)


def test_the_walk_finds_relations_and_bare_ids() -> None:
    found = {key for key, _ in fields_of_people()}
    assert {
        "encounters.Visit.person",
        "patients.Person.mother",
        "core.Task.person_id",
        "core.ReadEntry.person_ids",
        "sync.Delivery.person_id",
    } <= found
    assert undeclared(["encounters.Visit.nobody"]) == ["encounters.Visit.nobody"]


def test_every_rule_names_a_field_that_is_there() -> None:
    for rule in registry.merge_rules:
        model = apps.get_model(rule.model)
        each = model._meta.get_field(rule.field)
        inner = each.base_field if isinstance(each, ArrayField) else each
        assert isinstance(inner, UUIDField) or each.is_relation, rule.key
        assert rule.key == f"{model._meta.label}.{each.name}", f"{rule.key}: write it as Django does"


def test_what_a_rule_leaves_out_has_its_reason() -> None:
    for rule in registry.merge_rules:
        assert rule.how == "simple" or rule.why, rule.key
        assert (rule.how == "special") == (rule.follow is not None), rule.key


def test_nothing_simple_can_meet_a_unique_constraint() -> None:
    """Both records may have such a row, and two cannot stand: that needs a function."""
    for rule in registry.merge_rules:
        if rule.how == "simple":
            assert not _is_unique_by(apps.get_model(rule.model), rule.field), (
                f"{rule.key}: a unique constraint names it, so it is MergeRule.special"
            )


def test_such_a_constraint_is_seen() -> None:
    assert _is_unique_by(apps.get_model("households.Membership"), "person")
    assert not _is_unique_by(apps.get_model("encounters.Visit"), "person")
    with_one = MergeRule.simple("households.Membership.person")
    assert _is_unique_by(apps.get_model(with_one.model), with_one.field)


def _is_unique_by(model: Any, name: str) -> bool:
    if model._meta.get_field(name).unique:
        return True
    sets = [each.fields for each in model._meta.constraints if isinstance(each, UniqueConstraint)]
    return any(name in fields for fields in [*sets, *model._meta.unique_together])
