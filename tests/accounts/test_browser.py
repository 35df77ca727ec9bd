"""From the door to the day's work by keyboard alone, and the pages of accounts read by axe."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.accounts.models import User
from tests.factories.accounts import PASSWORD, a_member, a_post, a_user
from tests.factories.facilities import a_point, a_station

pytestmark = pytest.mark.django_db(transaction=True)


def at_cursor(page: Any, label: str) -> Any:
    """The keyboard, once the cursor stands in this box: autofocus comes a moment after the page's load."""
    expect(page.get_by_role("textbox", name=label)).to_be_focused()
    return page.keyboard


def open_door(page: Any, base: str, username: str, password: str = PASSWORD) -> None:
    """Given the sign-in page, type the name and the password; Enter goes on and then in."""
    page.goto(f"{base}/dang-nhap/")
    at_cursor(page, "Tên đăng nhập").type(username)
    page.keyboard.press("Enter")
    at_cursor(page, "Mật khẩu").type(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_from_the_door_to_work_by_keyboard(
    page: Any, live_server: Any, axe_clean: Callable[[Any], None], photograph: Callable[[Any, str], None]
) -> None:
    user, near, far = a_user("binh.tv", "Trần Văn Bình"), a_station(), a_station("21490", "Ba Vì")
    a_point(near)
    a_post(user, "doctor", near)
    a_post(user, "doctor", far)
    open_door(page, live_server.url, "BÌNH.tv")
    assert page.url.endswith("/noi-lam-viec/")
    axe_clean(page)
    photograph(page, "workplace")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Điểm trạm Ba Chùa" in page.locator(".workplace").inner_text()


def test_a_wrong_password_is_told_and_the_name_stays(
    page: Any, live_server: Any, axe_clean: Callable[[Any], None], photograph: Callable[[Any, str], None]
) -> None:
    a_member("nurse", a_station(), "hoa.nt")
    open_door(page, live_server.url, "hoa.nt", "sai-mat-khau")
    assert "không đúng" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Tên đăng nhập").input_value() == "hoa.nt"
    assert page.get_by_label("Mật khẩu").input_value() == ""
    axe_clean(page)
    photograph(page, "sign-in-wrong")


def test_a_slip_is_made_used_and_its_password_changed(
    page: Any,
    new_context: Any,
    live_server: Any,
    axe_clean: Callable[[Any], None],
    photograph: Callable[[Any, str], None],
) -> None:
    station = a_station()
    a_member("station_head", station, "truong.pv", "Phạm Văn Trưởng")
    nurse = a_member("nurse", station, "hoa.nt")
    User.objects.filter(pk=nurse.pk).update(password="!")
    open_door(page, live_server.url, "truong.pv")
    for path, name in (
        ("/tai-khoan/", "accounts"),
        ("/tai-khoan/moi/", "account-new"),
        ("/co-so/", "places"),
    ):
        page.goto(live_server.url + path)
        axe_clean(page)
        photograph(page, name)
    page.goto(f"{live_server.url}/co-so/{station.pk}/")
    axe_clean(page)
    photograph(page, "facility")
    page.goto(f"{live_server.url}/tai-khoan/{nurse.pk}/")
    axe_clean(page)
    with page.expect_navigation():
        page.get_by_role("button", name="In phiếu đăng nhập").click()
    axe_clean(page)
    photograph(page, "slip")
    password = page.locator("dd.figure-big").nth(1).inner_text()
    hers = new_context().new_page()
    open_door(hers, live_server.url, "hoa.nt", password)
    assert hers.url.endswith("/doi-mat-khau/")
    axe_clean(hers)
    at_cursor(hers, "Mật khẩu đang dùng")
    for typed in (password, "nuoc chay da mon", "nuoc chay da mon"):
        hers.keyboard.type(typed)
        if hers.get_by_label("Nhập lại mật khẩu mới").input_value():
            with hers.expect_navigation():
                hers.keyboard.press("Enter")
        else:
            hers.keyboard.press("Enter")
    assert hers.url == f"{live_server.url}/"
