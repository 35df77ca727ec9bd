"""The main menu: flat where it is short, folded into its groups where it would be longer than a screen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.core.context import FLAT, _folded
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station


def items(*titles: str, group: str = "", here: str = "") -> list[dict[str, Any]]:
    return [
        {"title": title, "url": f"/{title}/", "active": title == here, "group": group} for title in titles
    ]


def test_it_works() -> None:
    long = items(*"abcdefgh") + items("x", "y", group="Quản lý", here="y") + items("z")
    drawn = _folded(long)
    assert [each["title"] for each in drawn] == [*"abcdefgh", "Quản lý", "z"]
    assert [each["title"] for each in drawn[8]["lines"]] == ["x", "y"]
    assert drawn[8]["active"]


def test_a_short_menu_stays_flat() -> None:
    short = items(*"abcdefg") + items("x", "y", group="Quản lý")
    assert len(short) == FLAT
    assert _folded(short) == short


def test_a_group_of_one_is_no_group() -> None:
    long = items(*"abcdefghi") + items("x", group="Quản lý")
    assert [each["title"] for each in _folded(long)] == [*"abcdefghi", "x"]


def test_of_two_that_fit_the_nearer_is_where_one_is() -> None:
    both = [
        {"title": "ho", "url": "/ho/", "active": True, "group": ""},
        {"title": "bien-dong", "url": "/ho/bien-dong/", "active": True, "group": ""},
    ]
    assert [each["active"] for each in _folded(both)] == [False, True]


@pytest.mark.django_db
def test_the_head_finds_her_installation_under_one_name() -> None:
    answer = client_of(a_member("station_head", a_station())).get("/tai-khoan/").content.decode()
    groups = re.findall(r'<details class="menu-group".*?</details>', answer, re.DOTALL)
    (group,) = [each for each in groups if ">Quản lý</summary>" in each]
    assert 'class="is-here"' in group and 'href="/tai-khoan/" aria-current="page"' in group


@pytest.mark.django_db(transaction=True)
def test_by_keyboard(
    page: Any, live_server: Any, photograph: Callable[[Any, str], None], axe_clean: Callable[[Any], None]
) -> None:
    client: Client = client_of(a_member("station_head", a_station()))
    value = client.cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.goto(live_server.url)
    page.locator(".menu-group > summary", has_text="Quản lý").focus()
    page.keyboard.press("Enter")
    axe_clean(page)
    photograph(page, "menu-open")
    page.keyboard.press("Escape")
    assert not page.locator(".menu-group[open]").count()
    page.keyboard.press("Enter")
    first = page.locator(".menu-group[open] a").first.get_attribute("href")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert first and page.url.endswith(first)
