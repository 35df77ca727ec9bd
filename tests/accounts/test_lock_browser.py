"""Three nurses at one computer: the key that blanks the screen, PINs, and each one's own draft."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.core.models import Draft
from apps.encounters.models import Visit
from tests.factories.accounts import a_post, a_user
from tests.factories.encounters import a_practitioner, a_visit, catalogues
from tests.factories.facilities import a_station
from tests.factories.patients import a_person

from .test_browser import open_door

pytestmark = pytest.mark.django_db(transaction=True)

PINS = {"hoa.nt": "204816", "lan.tt": "739150"}
PATIENT = "Đinh Thị Vân Kiều"


@pytest.fixture
def visit() -> Visit:
    catalogues()
    station = a_station()
    for username, name in (("hoa.nt", "Nguyễn Thị Hòa"), ("lan.tt", "Trần Thị Lan")):
        user = a_user(username, name)
        a_post(user, "midwife", station, practitioner=a_practitioner(station, name, user=user))
    return a_visit(a_person(station, PATIENT), a_practitioner(station))


def set_pin(page: Any, live_server: Any, username: str) -> None:
    open_door(page, live_server.url, username)
    page.goto(f"{live_server.url}/ma-pin/")
    page.get_by_label("Mật khẩu đang dùng").fill("mua-gat-thang-muoi")
    page.get_by_label("Mã PIN mới").fill(PINS[username])
    page.get_by_label("Nhập lại mã PIN").fill(PINS[username])
    with page.expect_navigation():
        page.keyboard.press("Enter")


def blank(page: Any, key: str = "F9") -> None:
    page.keyboard.press(key)
    page.wait_for_url("**/khoa/")


def change_to(page: Any, name: str, username: str) -> None:
    page.get_by_label(name).check()
    page.keyboard.type(PINS[username])  # choosing a name has put the cursor into the box
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_each_finds_her_own_draft_again(
    page: Any, live_server: Any, visit: Visit, axe_clean: Callable[[Any], None], photograph: Any
) -> None:
    set_pin(page, live_server, "lan.tt")
    blank(page)
    set_pin(page, live_server, "hoa.nt")

    # Hòa types and blanks the screen in the middle of a word.
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    page.locator("#id_reason").fill("Ho ba ngay cua Hoa")
    blank(page)
    axe_clean(page)
    photograph(page, "lock")
    assert PATIENT not in page.content()
    assert Draft.unscoped.get().data["reason"] == ["Ho ba ngay cua Hoa"]

    # Lan does not see it, types her own, and goes.
    change_to(page, "Trần Thị Lan", "lan.tt")
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    assert page.locator("#id_reason").input_value() == ""
    page.locator("#id_reason").fill("Sot hai ngay cua Lan")
    blank(page, "Control+Alt+l")

    # Hòa is back on her page, with her own words.
    change_to(page, "Nguyễn Thị Hòa", "hoa.nt")
    assert page.url.endswith(f"/kham/{visit.pk}/")
    assert page.locator("#id_reason").input_value() == "Ho ba ngay cua Hoa"
    assert Draft.unscoped.count() == 2


def test_ten_minutes_without_a_touch_do_the_same(page: Any, live_server: Any, visit: Visit) -> None:
    set_pin(page, live_server, "hoa.nt")
    page.clock.install()
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    page.clock.fast_forward("09:00")
    assert PATIENT in page.content()
    page.mouse.move(200, 200)
    page.clock.fast_forward("09:00")
    assert PATIENT in page.content(), "a touch begins the ten minutes anew"
    page.clock.fast_forward("02:00")
    page.wait_for_url("**/khoa/")
    assert PATIENT not in page.content()


def test_the_key_blanks_at_once_and_leaves_nothing(page: Any, live_server: Any, visit: Visit) -> None:
    """Before the server has answered, and should it never answer."""
    set_pin(page, live_server, "hoa.nt")
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    page.locator("#id_reason").fill("Ho ba ngay")
    assert PATIENT in page.content()
    waiting: list[Any] = []
    page.route(
        lambda address: True, lambda route: waiting.append(route)
    )  # the line is dead: nothing is answered
    page.keyboard.press("F9")
    page.wait_for_function("document.title === 'Đã khóa'")
    assert page.inner_text("body").strip() == "", "the screen is blank"
    left = page.evaluate(
        """() => [document.documentElement.outerHTML,
                  ...[...document.querySelectorAll('input, textarea')].map((box) => box.value),
                  ...Object.values(localStorage), ...Object.values(sessionStorage),
                  location.href].join('\\n')"""
    )
    for word in (PATIENT, "Kiều", "Ho ba ngay", "Nguyễn Thị Hòa", visit.number):
        assert word not in left, word
    for route in waiting:
        route.abort()


def test_back_after_the_lock_shows_nothing(page: Any, live_server: Any, visit: Visit) -> None:
    set_pin(page, live_server, "hoa.nt")
    page.goto(f"{live_server.url}/nguoi/{visit.person_id}/")
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    blank(page)
    for go in (page.go_back, page.go_back, page.go_forward):
        go()
        page.wait_for_load_state()
        assert PATIENT not in page.content()
        assert page.get_by_label("Mã PIN").or_(page.get_by_label("Mật khẩu")).count(), "only the door opens"


# What a script would send when the page offers no PIN any more.
SEND = """async ([person, pin]) => {
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  const body = new URLSearchParams({ csrfmiddlewaretoken: token, person, pin });
  const answer = await fetch("/khoa/mo/", { method: "POST", body });
  return answer.text();
}"""


def test_a_wrong_pin_ten_times_is_refused_with_a_sentence(page: Any, live_server: Any, visit: Visit) -> None:
    set_pin(page, live_server, "hoa.nt")
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    blank(page)
    person = page.locator('input[name="person"]').input_value()
    said = []
    for number in range(5):
        page.locator("input.pin").fill(f"48159{number}")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        said.append(page.inner_text("body"))
    assert "Còn 4 lần thử" in said[0]
    assert "Xin đăng nhập đầy đủ bằng mật khẩu" in said[4]
    assert not page.locator("input.pin").count(), "after five the page offers no PIN"
    for number in range(5):
        assert "Xin đăng nhập đầy đủ bằng mật khẩu" in page.evaluate(SEND, [person, f"58159{number}"])
    assert "Xin đăng nhập đầy đủ" in page.evaluate(SEND, [person, PINS["hoa.nt"]]), (
        "the right one is too late"
    )
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    assert PATIENT not in page.content(), "nor is the right page open"
