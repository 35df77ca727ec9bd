"""A birth of twins played by keyboard, the naming of one; somebody nobody can name; photographed."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.patients.models import Identifier, Person
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station():
    call_command("load_catalogues", only=["code_lists", "ethnic_groups", "occupations", "nationalities"])
    return a_station()


@pytest.fixture
def nurse(page, live_server, station):
    client = client_of(a_member("midwife", station, full_name="Nguyễn Thị Thu"))
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    page.goto(live_server.url)
    return page


def test_twins_are_born_and_one_is_named(nurse, live_server, station, photograph, axe_clean):
    page = nurse
    head = a_person(station, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1960, 1, 1))
    household = a_household(station, head)
    mother = a_person(station, "Đinh Thị Y Nhung", birth_date=dt.date(1998, 2, 9), ethnicity="12")
    joins(household, mother, "07")

    page.goto(f"{live_server.url}/nguoi/{mother.pk}/")
    page.click("text=Thêm trẻ mới sinh")
    page.wait_for_selector("#newborn-form")
    photograph(page, "newborn-empty")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "newborn-errors")
    axe_clean(page)

    yesterday = timezone.localdate() - dt.timedelta(days=1)
    page.focus("input[name=born_on]")
    page.keyboard.type(f"{yesterday:%d%m%Y}")
    page.keyboard.press("Tab")
    page.keyboard.type("0215")
    page.keyboard.press("Tab")
    assert page.input_value("input[name=born_time]") == "02:15", "shown as it was understood"
    page.keyboard.press("Space")  # at the station
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # a boy
    page.keyboard.press("Tab")
    page.keyboard.type("2450")
    page.click("summary:has-text('Sinh đôi')")
    page.check("input[name=sex_2][value=female]")
    page.fill("input[name=weight_2]", "2300")
    photograph(page, "newborn-filled")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/nguoi/{mother.pk}/")
    assert Person.unscoped.filter(identity="newborn").count() == 2

    page.goto(f"{live_server.url}/ho/{household.pk}/")
    assert page.locator("text=Con bà Đinh Thị Y Nhung").count() == 2
    photograph(page, "newborn-household")
    axe_clean(page)
    page.click("text=Con bà Đinh Thị Y Nhung (1)")
    page.wait_for_selector(".banner")
    photograph(page, "newborn-person")
    axe_clean(page)
    page.click("text=Ghi tên thật")
    page.wait_for_selector("#name-form")
    page.keyboard.type("Phạm Đinh Minh Khôi")
    page.fill("input[name=cccd]", f"051226{yesterday:%d%m}22")
    photograph(page, "newborn-naming")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("h1:has-text('Phạm Đinh Minh Khôi')", state="attached")
    photograph(page, "newborn-named")
    child = Person.unscoped.get(full_name="Phạm Đinh Minh Khôi")
    assert child.identity == ""
    assert Identifier.unscoped.filter(person=child, valid_to__isnull=True).get().kind == "cccd"

    # She is found by the old name.
    page.keyboard.press("/")
    page.keyboard.type("con ba dinh thi y nhung")
    page.wait_for_selector(".search-results a:has-text('Minh Khôi')")


def test_somebody_nobody_can_name(nurse, live_server, photograph, axe_clean):
    page = nurse
    page.goto(f"{live_server.url}/nguoi/chua-ro/")
    photograph(page, "unknown-empty")
    axe_clean(page)
    page.check("input[name=sex][value=male]")
    page.fill("input[name=years]", "40")
    page.fill("textarea[name=marks]", "Cao khoảng 1m65, áo xanh công nhân, sẹo dài ở má trái")
    page.fill("input[name=where]", "Quốc lộ 24, cầu Sông Liên, 22 giờ")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".banner")
    photograph(page, "unknown-person")
    axe_clean(page)
    person = Person.unscoped.get(identity="unknown")
    number = Identifier.unscoped.get(person=person)
    page.goto(f"{live_server.url}/nguoi/{person.pk}/giay-to/{number.pk}/")
    photograph(page, "number-change")
    axe_clean(page)
