"""docs/glossary.md is true to the code: every identifier exists and is called so; every model has a line."""

import re

from django.apps import apps
from django.conf import settings

from apps.care.vitals import VITALS

PAGE = (settings.BASE_DIR / "docs/glossary.md").read_text(encoding="utf-8")
LINE = re.compile(
    r"^\| (?P<bold>\*\*)?(?P<term>[^|*]+?)(?:\*\*)? \| `(?P<name>[A-Za-z0-9_.]+)` \|", re.MULTILINE
)


def sections():
    """(app label, its part of the page), for the parts that are about an app's models."""
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE):
        label = re.match(r"[^\n]*\(`apps/(\w+)`\)", part)
        if label:
            yield label[1], part


def models():
    return [
        model
        for room in settings.ROOMS
        for model in apps.get_app_config(room.split(".")[-1]).get_models()
        if not model._meta.auto_created
    ]


def test_every_line_is_true():
    wrong, lines = [], 0
    for label, part in sections():
        known = {model.__name__: model for model in apps.get_app_config(label).get_models()}
        for line in LINE.finditer(part):
            lines += 1
            name, _, field = line["name"].partition(".")
            if name not in known:
                wrong.append(f"{label}: there is no {name}")
                continue
            meta = known[name]._meta
            fields = {each.name: each for each in meta.concrete_fields}
            if field and field not in fields:
                wrong.append(f"{label}: {name} has no {field}")
                continue
            said = str(fields[field].verbose_name if field else meta.verbose_name)
            if said.lower() != line["term"].lower():
                wrong.append(f"{label}: {line['name']} is called {said!r}, not {line['term']!r}")
    assert not wrong, "\n".join(wrong)
    assert lines > 150


def test_every_model_has_its_line():
    missing = [
        f"{model._meta.app_label}.{model.__name__}"
        for model in models()
        if not re.search(rf"^\| \*\*[^|]+\*\* \| `{model.__name__}` \|", PAGE, re.MULTILINE)
    ]
    assert not missing, missing


def test_every_vital_sign_has_its_line():
    missing = [
        vital.key
        for vital in VITALS
        if f"| {vital.title} | `{vital.key}` | LOINC {vital.code}, UCUM {vital.unit} |" not in PAGE
    ]
    assert not missing, missing
