"""The handbook: F1 opens the part of the page, its pictures are those that the browser tests take."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import get_resolver

from apps.core import registry
from apps.core.pages.guide import help_url
from scripts.guide_pictures import KEPT, PHONE, named
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def nurse(db: None) -> Client:
    return client_of(a_member("nurse", a_station()))


def test_it_works(nurse: Client) -> None:
    contents = nurse.get("/huong-dan/").content.decode()
    for chapter in registry.guide:
        if "station" in chapter.levels:
            assert f"/huong-dan/{chapter.key}/" in contents
            assert nurse.get(f"/huong-dan/{chapter.key}/").status_code == 200


def test_a_page_links_its_own_part(nurse: Client) -> None:
    assert 'href="/huong-dan/bat-dau/#hom-nay"' in nurse.get("/").content.decode()


def test_a_page_without_a_part_links_the_contents() -> None:
    assert help_url("core:nothing") == "/huong-dan/"


def test_a_chapter_that_is_none(nurse: Client) -> None:
    assert nurse.get("/huong-dan/khong-co/").status_code == 404


def test_every_part_stands_in_its_chapter() -> None:
    for chapter in registry.guide:
        text = render_to_string(chapter.template, {"chapter": chapter})
        parts = set(re.findall(r'<section id="([a-z0-9-]+)"', text))
        assert {part for part in chapter.views.values() if part} <= parts, chapter.key
        assert set(re.findall(r'href="#([a-z0-9-]+)"', text)) - {"main"} == parts, chapter.key


def test_every_page_that_has_a_part_exists() -> None:
    names = {name for name in _names() if name}
    for chapter in registry.guide:
        assert set(chapter.views) <= names, chapter.key


def test_every_picture_is_kept_and_taken_by_a_test() -> None:
    tests = "\n".join(file.read_text(encoding="utf-8") for file in TESTS.rglob("test_*.py"))
    for name in named():
        assert (KEPT / f"{name}.png").exists(), f"{name}: run `make guide`"
        assert f'"{name.removesuffix(PHONE)}"' in tests, f"{name}: no browser test photographs it"
    assert {file.stem for file in KEPT.glob("*.png")} == named(), "pictures that no chapter shows"


def test_pictures_are_light() -> None:
    for file in KEPT.glob("*.png"):
        assert file.stat().st_size < 120_000, file.name


def _names() -> list[str]:
    found = []
    for space, (_, resolver) in get_resolver().namespace_dict.items():
        found += [f"{space}:{name}" for name in resolver.reverse_dict if isinstance(name, str)]
    return found
