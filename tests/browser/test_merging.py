"""Two records of one woman, played by keyboard: found, listed, compared, merged, and taken back."""

import datetime as dt
from uuid import UUID

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.core import scope
from apps.core.ids import uuid7
from apps.patients import duplicates, projections
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.patients import a_card, a_person, a_station, an_allergy

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh"


@pytest.fixture
def station():
    call_command("load_catalogues", only=["code_lists", "ethnic_groups", "occupations", "nationalities"])
    return a_station()


@pytest.fixture
def twice(station):
    """Phạm Thị Hrê, entered by two nurses; others whose names are alike; a long name."""
    first = a_person(station, "Phạm Thị Hrê", ethnicity="12", phone="0912345678", note="Nói chậm, nghe kém")
    a_household(station, first, address_text="Xóm 3")
    second = a_person(
        station, "Pham Thi Hre", ethnicity="01", cccd="051190000111", occupation="63",
        blood_group="O+", note="Nhà có chó dữ",
    )  # fmt: skip
    an_allergy(second, "Penicillin", reaction="mày đay")
    a_card(second, "HN2515100000001")
    for number in range(3):
        projections.put_timeline(
            person_id=second.pk, kind="visit", object_id=uuid7(), facility_id=station.pk,
            at=timezone.now() - dt.timedelta(days=30 * number), title="Khám bệnh: Tăng huyết áp",
        )  # fmt: skip
    for number in range(8):
        born = dt.date(1950 + 5 * number, 2, 1 + number)
        for name in (LONG, LONG.replace("Phương Anh", "Phương  Ánh")) if number == 0 else ("Đinh Văn Y",) * 2:
            a_person(station, name, birth_date=born, sex="male" if number else "female")
    with scope.system("test"):
        duplicates.find(timezone.localdate())
    return first, second


@pytest.fixture
def nurse(page, live_server, station):
    client = client_of(a_member("nurse", station, full_name="Nguyễn Thị Thu"))
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    return page


def tab_to(page, selector):
    """Tab until the focus stands there."""
    for _ in range(80):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector}")


def found(page):
    """The people whom the search box offers."""
    links = page.locator(".search-results a[href^='/nguoi/']").evaluate_all("all => all.map(a => a.pathname)")
    return {UUID(link.split("/")[2]) for link in links if len(link) > 30}


def test_from_the_search_to_one_record_and_back_by_keyboard(nurse, live_server, twice, photograph, axe_clean):
    page, (first, second) = nurse, twice
    # Given two hits of one woman in the search box
    page.goto(live_server.url)
    assert "9 cặp" in page.content()
    photograph(page, "merging-home")
    page.keyboard.press("/")
    page.keyboard.type("pham thi hre")
    page.wait_for_selector(".search-results a")
    assert found(page) == {first.pk, second.pk}
    # When she opens the list and compares the two
    page.goto(f"{live_server.url}/nguoi/trung/")
    photograph(page, "merging-worklist")
    axe_clean(page)
    row = page.locator("tr", has_text="Phạm Thị Hrê").locator("th a")
    tab_to(page, f"a[href='{row.get_attribute('href')}']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".conflict")
    photograph(page, "merging-compare")
    axe_clean(page)
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("ArrowRight")
    chosen = page.evaluate("document.activeElement.value")
    assert chosen == "old"
    page.keyboard.press("Control+Enter")
    # Then one record is left, with all that both knew
    page.wait_for_selector(".banner")
    assert "Đã gộp hồ sơ" in page.content() and "Penicillin" in page.content()
    photograph(page, "merging-kept")
    axe_clean(page)
    first.refresh_from_db()
    assert (first.full_name, first.blood_group) == ("Pham Thi Hre", "O+")
    page.keyboard.press("/")
    page.keyboard.type(second.code)
    page.wait_for_selector(".search-results a")
    assert found(page) == {first.pk}

    # She is worked with: weighed, and what both records said of her is put into better words
    page.goto(f"{live_server.url}/nguoi/{first.pk}/chi-so/them/")
    page.wait_for_selector("input[name=pressure]:focus")
    page.fill("input[name=weight]", "48,5")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{live_server.url}/nguoi/{first.pk}/chi-so/")
    page.goto(f"{live_server.url}/nguoi/{first.pk}/sua/")
    page.fill("textarea[name=note]", "Nói chậm, nghe kém; đã có máy trợ thính")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã lưu hồ sơ")

    # The old record is a pointer that leads there, and back
    page.goto(f"{live_server.url}/nguoi/{second.pk}/")
    photograph(page, "merging-pointer")
    axe_clean(page)
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"/nguoi/{first.pk}/"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=reason]")
    assert "1 chỉ số đo được" in page.content(), "what was done meanwhile is told before it is taken back"
    photograph(page, "merging-undo")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".notice-danger, input:invalid")
    page.focus("input[name=reason]")
    page.keyboard.type("Hai chị em họ cùng tên")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".banner")
    assert "Đã tách lại hồ sơ" in page.content()
    assert "Có 1 mục đã sửa từ sau khi gộp nên giữ nguyên." in page.content()
    # Two people again: each with what is hers, and what was done meanwhile with the one who was kept
    assert "Penicillin" in page.content() and "Khám bệnh: Tăng huyết áp" in page.content()
    assert "máy trợ thính" not in page.content() and "Nhà có chó dữ" in page.content()
    photograph(page, "merging-undone-old")
    axe_clean(page)
    page.goto(f"{live_server.url}/nguoi/{first.pk}/")
    assert "48,5" in page.content() and "máy trợ thính" in page.content()
    assert "Penicillin" not in page.content() and "Khám bệnh: Tăng huyết áp" not in page.content()
    photograph(page, "merging-undone-kept")
    axe_clean(page)
    assert Person.unscoped.get(pk=second.pk).merged_into_id is None
    first.refresh_from_db()
    assert first.full_name == "Phạm Thị Hrê"


def test_what_stands_against_a_merge_is_told(nurse, live_server, station, twice, photograph, axe_clean):
    page, (first, _) = nurse, twice
    other = a_person(station, "Phạm Thị Hrê", sex="male", birth_date=dt.date(1961, 1, 1))
    page.goto(f"{live_server.url}/nguoi/{first.pk}/trung/")
    photograph(page, "merging-of-person")
    axe_clean(page)
    page.fill("input[name=other][type=text]", other.code)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".conflict")
    photograph(page, "merging-odd")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".notice-danger")
    photograph(page, "merging-refused")
    axe_clean(page)
    assert not Person.unscoped.filter(merged_into__isnull=False).exists()


def test_an_empty_list_says_so(nurse, live_server, photograph, axe_clean):
    nurse.goto(f"{live_server.url}/nguoi/trung/")
    photograph(nurse, "merging-empty")
    axe_clean(nurse)
