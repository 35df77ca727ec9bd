"""A family's story, by keyboard: it moves in, splits, a daughter marries out, and that is corrected."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.core.ids import uuid7
from apps.households.models import Household, Membership, ResidenceEvent
from apps.patients import projections
from apps.patients.models import Person
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.households import a_household, a_member, a_person_status, a_status, a_survey
from tests.factories.patients import a_card, a_person, a_station, an_allergy

pytestmark = pytest.mark.django_db(transaction=True)
DAY = (timezone.localdate() - dt.timedelta(days=40)).strftime("%d%m%Y")
LATER = (timezone.localdate() - dt.timedelta(days=10)).strftime("%d%m%Y")


@pytest.fixture
def station():
    lists = ["code_lists", "ethnic_groups", "occupations", "nationalities", "parameters", "admin_units"]
    call_command("load_catalogues", only=lists, verbosity=0)
    return a_station()


@pytest.fixture
def nurse(page, live_server, station):
    client = client_of(a_user_of("nurse", station, full_name="Nguyễn Thị Thu"))
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    page.goto(live_server.url)
    return page


def pick(page, field, text):
    """Types into a picker and takes its first answer."""
    box = page.locator(f"[data-picker][data-name={field}] .picker-box")
    box.click()
    box.press_sequentially(text, delay=20)
    page.wait_for_selector(f"[data-picker][data-name={field}] [role=option]")
    page.keyboard.press("Enter")


def save(page):
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")


def test_a_familys_story(nurse, live_server, station, photograph, axe_clean):
    page = nurse
    # It moves in from another commune.
    page.goto(f"{live_server.url}/ho/moi/")
    page.select_option("select[name=hamlet]", label="Thôn Làng Teng")
    page.fill("input[name=address_text]", "Xóm 3")
    page.fill("input[name=since]", DAY)
    page.select_option("select[name=reach]", "country")
    page.fill("input[name=place_text]", "Phường Hòa Khánh")
    page.fill("input[name=head-full_name]", "Phạm Văn Hrê")
    page.fill("input[name=head-birth_date]", "1968")
    page.check("input[name=head-sex][value=male]")
    photograph(page, "family-arrives")
    axe_clean(page)
    save(page)
    home = Household.unscoped.get()
    for name, relation, born, sex in (
        ("Đinh Thị Y Nhung", "01", "1970", "female"),
        ("Phạm Đinh Gia Bảo", "05", "1994", "male"),
        ("Phạm Đinh Ngọc Hân", "05", "1998", "female"),
    ):
        page.goto(f"{live_server.url}/ho/{home.pk}/nguoi-moi/")
        page.select_option("select[name=relation]", relation)
        page.fill("input[name=since]", DAY)
        page.select_option("select[name=reach]", "country")
        page.fill("input[name=full_name]", name)
        page.fill("input[name=birth_date]", born)
        page.check(f"input[name=sex][value={sex}]")
        save(page)
    assert ResidenceEvent.unscoped.filter(kind="arrived").count() == 4

    # The son lives on his own.
    page.goto(f"{live_server.url}/ho/{home.pk}/")
    page.click("summary:has-text('Biến động')")
    photograph(page, "family-menu")
    with page.expect_navigation():
        page.click("text=Tách hộ")
    son = Membership.unscoped.get(person__full_name="Phạm Đinh Gia Bảo")
    save(page)
    assert page.locator(".has-error").count(), "nobody was chosen"
    page.check(f"input[name=people][value='{son.pk}']")
    page.select_option(f"select[name=relation_{son.pk.hex}]", "00")
    page.fill("input[name=on]", LATER)
    photograph(page, "family-split")
    axe_clean(page)
    save(page)
    assert "Đã tách hộ" in page.content()

    # The daughter marries out of the commune.
    daughter = Membership.unscoped.get(person__full_name="Phạm Đinh Ngọc Hân")
    page.goto(f"{live_server.url}/ho/{home.pk}/")
    menu = page.locator("tr", has_text="Phạm Đinh Ngọc Hân").locator("details")
    menu.locator("summary").press("Enter")  # opens the menu, not the row's page
    wedding = menu.get_by_role("link", name="Kết hôn")
    wedding.wait_for()
    photograph(page, "family-member-menu")
    page.keyboard.press("Control+Enter")  # saves a form that is open; here there is none
    page.keyboard.press("Escape")
    wedding.wait_for(state="hidden")  # closed, and still on the family's page
    menu.locator("summary").press("Enter")
    wedding.press("Enter")
    page.wait_for_url(f"**/{daughter.pk}/ket-hon/")
    daughter.refresh_from_db()
    assert not daughter.is_head
    page.fill("input[name=spouse_text]", "Trần Văn Xa")
    page.fill("input[name=on]", LATER)
    page.select_option("select[name=moves]", "away")
    page.select_option("select[name=reach]", "province")
    pick(page, "unit", "duc pho")
    photograph(page, "family-wedding")
    axe_clean(page)
    save(page)
    person = Person.unscoped.get(full_name="Phạm Đinh Ngọc Hân")
    assert (person.marital_status, person.life_status) == ("2", "moved")

    # That was a mistake.
    page.goto(f"{live_server.url}/ho/{home.pk}/lich-su/")
    photograph(page, "family-history")
    axe_clean(page)
    with page.expect_navigation():
        page.locator("li:has-text('Kết hôn') >> text=Rút lại (ghi nhầm)").last.click()
    page.fill("input[name=reason]", "Nhầm với người cùng tên")
    photograph(page, "family-withdraw")
    axe_clean(page)
    save(page)
    photograph(page, "family-corrected")
    person.refresh_from_db()
    assert (person.marital_status, person.life_status) == ("", "alive")
    assert Membership.unscoped.get(person=person, valid_to=None).household == home


@pytest.mark.slow
def test_pages_with_a_large_family(nurse, live_server, station, photograph, axe_clean):
    page = nurse
    head = a_person(
        station, "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh", birth_date=dt.date(1950, 1, 1)
    )
    home = a_household(station, head, address_text="Xóm 3, đường Trần Phú", poverty="near_poor")
    an_allergy(head, "Penicillin")
    for number in range(11):
        person = a_person(
            station, f"Phạm Đinh Gia Bảo {'ABCDEGHIKLM'[number]}", birth_date=dt.date(2010, 1, 1)
        )
        a_member(home, person, "09")
        a_card(person, f"TE15151000000{number:02d}")
        projections.put_due(
            person_id=person.pk, kind="x", object_id=uuid7(), title="Sởi – rubella (MR) mũi 2",
            due_on=timezone.localdate() + dt.timedelta(days=number * 3 - 10),
            overdue_on=timezone.localdate() + dt.timedelta(days=number * 3 - 5),
        )  # fmt: skip
    for name, path in (
        ("page", ""), ("depart", "chuyen-di/"), ("absence", "tam-vang/"), ("merge", "nhap-vao/"),
        ("relocate", "doi-cho-o/"), ("person-status", "dien/nguoi/"), ("household-status", "dien/ho/"),
        ("survey", "dieu-kien-song/"), ("member-add", "thanh-vien/"),
    ):  # fmt: skip
        page.goto(f"{live_server.url}/ho/{home.pk}/{path}")
        photograph(page, f"household-{name}")
        axe_clean(page)
        if path:
            save(page)
            photograph(page, f"household-{name}-wrong")
            axe_clean(page)


def test_the_family_on_one_page(nurse, live_server, station, photograph, axe_clean):
    """Statuses, how they live, and the text that goes to the family by one click."""
    page = nurse
    head = a_person(station, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1950, 1, 1))
    home = a_household(station, head, address_text="Xóm 3, đường Trần Phú", poverty="near_poor")
    child = a_person(station, "Phạm Đinh Minh Khôi", birth_date=dt.date(2026, 1, 15))
    a_member(home, child, "09")
    a_person_status(head, "merit", "4", document="QĐ 112/QĐ-SLĐTBXH", valid_from=dt.date(2005, 1, 1))
    a_person_status(head, "disability", "1", degree="2")
    a_status(home, "near_poor", valid_from=dt.date(2026, 1, 1), document="QĐ 30/QĐ-UBND")
    a_survey(home, water="3", latrine="2", latrine_hygienic=True, waste="3", stove="4", livestock="2")
    projections.put_due(
        person_id=child.pk, kind="x", object_id=uuid7(), title="Sởi mũi 1", due_on=timezone.localdate()
    )
    page.goto(f"{live_server.url}/ho/{home.pk}/")
    page.click("summary:has-text('Lời nhắn')")
    page.click("text=Chép lời nhắn")
    page.wait_for_selector(".toast:has-text('Đã chép')")
    photograph(page, "household-family")
    axe_clean(page)
    page.goto(f"{live_server.url}/ho/{home.pk}/dien/")
    photograph(page, "household-statuses")
    axe_clean(page)
    page.locator("text=Kết thúc, rút lại").first.click()
    page.wait_for_selector("input[name=last]")
    photograph(page, "household-status-end")
    axe_clean(page)
    page.goto(f"{live_server.url}/ho/{home.pk}/dieu-kien-song/")
    photograph(page, "household-surveys")
    axe_clean(page)
