"""A request given up, for a newer one or because the page is left: nothing of that is an error."""

import pytest

from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station


@pytest.mark.django_db(transaction=True)
def test_a_request_given_up_is_no_error(page, live_server):
    value = client_of(a_member("nurse", a_station())).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.goto(live_server.url)
    page.route("**/tim/nhanh/", lambda route: None)  # never answered
    page.keyboard.press("/")
    for typed in ("nguyen", " thi", " lan"):
        with page.expect_request("**/tim/nhanh/"):
            page.keyboard.type(typed)
    page.evaluate("window.stop()")
    page.goto(f"{live_server.url}/ho/")  # the fixture fails the test for an error in the console
    page.wait_for_load_state()


def at_the_form_of_a_new_person(page, live_server):
    value = client_of(a_member("nurse", a_station())).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.goto(f"{live_server.url}/nguoi/moi/")
    page.get_by_label("Họ và tên").type("Đinh Thị Nháp")
    page.get_by_role("link", name="Hộ gia đình").first.click()


@pytest.mark.django_db(transaction=True)
def test_what_is_left_is_kept_as_a_draft_and_said_so(page, live_server):
    at_the_form_of_a_new_person(page, live_server)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("đã được giữ thành bản nháp").wait_for()
    assert not dialog.get_by_text("sẽ mất").is_visible()
    dialog.get_by_role("link", name="Rời trang", exact=True).click()
    page.wait_for_url("**/ho/")
    page.goto(f"{live_server.url}/nguoi/moi/")
    assert page.get_by_label("Họ và tên").input_value() == "Đinh Thị Nháp"


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_kept_is_said_to_be_lost(page, live_server):
    page.route("**/ban-nhap/**", lambda route: None)  # the server says nothing
    at_the_form_of_a_new_person(page, live_server)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("những gì vừa nhập sẽ mất").wait_for()
    assert dialog.get_by_role("link", name="Bỏ và rời trang").is_visible()
