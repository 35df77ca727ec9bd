"""A keyboard scanner: into a wrong field of a form, and the card of somebody whose record says otherwise."""

import datetime as dt

import pytest
from django.core.management import call_command

from apps.facilities.models import Facility
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_person, a_station
from tests.patients.test_scan import CARD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nurse(page, live_server):
    call_command("load_catalogues", only=["code_lists", "ethnic_groups", "nationalities"])
    cookie = client_of(a_member("nurse", a_station())).cookies["tramyte"]
    page.context.add_cookies([{"name": "tramyte", "value": cookie.value, "url": live_server.url}])
    return page


def test_a_scan_into_the_name_goes_to_the_search_box_and_opens_the_filled_form(nurse, live_server):
    page = nurse
    page.goto(f"{live_server.url}/nguoi/moi/")
    page.focus("input[name=full_name]")
    page.keyboard.type(CARD)
    assert page.input_value("input[name=full_name]") == ""
    assert page.input_value("#search-q") == CARD
    page.keyboard.press("Enter")
    page.wait_for_url("**/nguoi/moi/the/")
    assert page.input_value("input[name=full_name]") == "Nguyễn Văn An"


def test_a_garbled_scan_into_a_field_is_told(nurse, live_server, photograph, axe_clean):
    page = nurse
    page.goto(f"{live_server.url}/nguoi/moi/")
    page.focus("input[name=address_text]")
    page.keyboard.type(CARD.replace("Nguyễn Văn An", "Nguyeenx Vawn An"))
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Tắt bộ gõ rồi quét lại")
    photograph(page, "scan-garbled")
    axe_clean(page)


def test_differences_are_taken_or_left_by_keyboard(nurse, live_server, photograph, axe_clean):
    page = nurse
    an = a_person(
        Facility.objects.get(),
        "Nguyễn Văn Anh",
        sex="male",
        birth_date=dt.date(1989, 3, 5),
        cccd="001088000101",
    )
    page.goto(live_server.url)
    page.keyboard.press("/")
    page.keyboard.type(CARD)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Thẻ khác hồ sơ")
    page.click("text=Thẻ khác hồ sơ")
    page.wait_for_selector("h1:has-text('Thẻ vừa quét khác hồ sơ')")
    photograph(page, "scan-compare")
    axe_clean(page)
    page.keyboard.press("ArrowRight")  # the name as on the card
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã ghi theo thẻ: họ và tên")
    stored = Person.unscoped.get(pk=an.pk)
    assert (stored.full_name, stored.birth_date) == ("Nguyễn Văn An", dt.date(1989, 3, 5))


def test_the_commune_on_the_card_is_taken_by_one_press(nurse, live_server, photograph, axe_clean):
    page = nurse
    page.goto(live_server.url)
    page.keyboard.press("/")
    page.keyboard.type(CARD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/nguoi/moi/the/")
    assert page.locator("input[name=permanent_unit]").count() == 0
    offer = page.locator("[data-pick-into=permanent_unit]")
    offer.scroll_into_view_if_needed()
    photograph(page, "scan-commune")
    axe_clean(page)
    offer.click()
    assert page.input_value("input[name=permanent_unit]") == "21484"
