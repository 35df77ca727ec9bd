"""No relation of the database points upward or sideways, string references included."""

import tomllib

from django.apps import apps
from django.conf import settings

PROJECT = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
PLAN = PROJECT["tool"]["importlinter"]["contracts"][0]


def floors() -> dict[str, int]:
    """Room -> floor, counted from the ground; rooms joined by '|' share one."""
    found = {}
    for floor, line in enumerate(reversed(PLAN["layers"])):
        for room in line.replace("(", "").replace(")", "").split("|"):
            found[room.strip()] = floor
    return found


def test_every_room_has_its_floor():
    rooms = {app.name for app in apps.get_app_configs() if app.name.startswith("apps.")}
    assert rooms <= set(floors())


def test_no_relation_points_upward():
    floor = floors()
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        here = model._meta.app_config.name
        if here not in floor:
            continue
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or field.related_model is None:
                continue
            there = field.related_model._meta.app_config.name
            if there in floor and there != here and floor[there] >= floor[here]:
                wrong.append(f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}")
    assert not wrong, wrong


def test_no_framework_table_points_into_the_house():
    """Django's own tables may know the account alone."""
    for model in apps.get_models():
        if model._meta.app_config.name.startswith("apps."):
            continue
        for field in model._meta.get_fields():
            if field.is_relation and not field.auto_created and field.related_model is not None:
                label = field.related_model._meta.label
                assert not label.startswith("apps.") or label == settings.AUTH_USER_MODEL
