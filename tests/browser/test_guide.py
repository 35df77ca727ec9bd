"""The handbook in the browser: F1 opens the page's own part beside it, and every chapter is looked at."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.core import registry
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(page: Any, live_server: Any) -> Any:
    """A station head's browser, signed in."""
    value = client_of(a_member("station_head", a_station())).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.goto(live_server.url)
    return page


def test_f1_opens_the_part_of_the_page_beside_it(desk: Any) -> None:
    desk.goto(desk.url + "nguoi/moi/")
    desk.wait_for_selector("input[name=full_name]:focus")
    desk.keyboard.type("Đinh Thị Y")
    with desk.context.expect_page() as opened:
        desk.keyboard.press("F1")
    assert opened.value.url.endswith("/huong-dan/nguoi-dan/#nguoi-moi")
    assert desk.url.endswith("/nguoi/moi/"), "what is being typed stays where it is"
    assert desk.evaluate("document.activeElement.value") == "Đinh Thị Y"


@pytest.mark.slow
def test_every_chapter_is_looked_at(
    desk: Any, photograph: Callable[[Any, str], None], axe_clean: Callable[[Any], None]
) -> None:
    home = desk.url
    desk.goto(home + "huong-dan/")
    axe_clean(desk)
    photograph(desk, "guide")
    for chapter in registry.guide:
        desk.goto(f"{home}huong-dan/{chapter.key}/")
        # lazy pictures load when they come into sight
        desk.evaluate("document.querySelectorAll('img').forEach((each) => { each.loading = 'eager'; })")
        desk.wait_for_function(
            "() => [...document.images].every((each) => each.complete && each.naturalWidth)"
        )
        axe_clean(desk)
        photograph(desk, f"guide-{chapter.key}")
