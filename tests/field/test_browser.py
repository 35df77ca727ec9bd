"""A birth told from the phone, answered at the desk, read on the phone again; every page looked at."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from apps.field.models import Proposal
from apps.patients.models import Person
from tests.accounts.test_browser import open_door
from tests.conftest import SIZES
from tests.factories.accounts import a_member
from tests.factories.catalogues import a_code
from tests.factories.encounters import catalogues
from tests.factories.field import a_proposal
from tests.factories.households import a_household
from tests.factories.households import a_member as a_family_member
from tests.factories.patients import a_person
from tests.field.conftest import Hamlets, due

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = SIZES["390x844"]


@pytest.fixture
def commune(hamlets: Hamlets) -> Hamlets:
    """Long names, a family of twelve, somebody overdue."""
    catalogues()
    a_code("relationship_to_head", "05", "Con đẻ")
    long = "Nguyễn Thị Hoàng Phương Uyên Thảo Ngọc Khánh Linh Đan Thanh"
    for number, name in enumerate([long, "Đinh Văn Út", "Đinh Thị Hồng", "Đinh Văn Tám"] * 2):
        person = a_person(hamlets.station, name, hamlet=hamlets.here, phone=f"091234560{number}")
        a_family_member(hamlets.household, person)
        due(person, days=number - 2)
    for name in ("Phạm Văn Bảy", "Hồ Thị Chín", "Đinh Thị Mười"):
        a_household(
            hamlets.station, a_person(hamlets.station, name, hamlet=hamlets.here), hamlet=hamlets.here
        )
    a_proposal(hamlets.station, hamlets.here, "cluster", made_by=hamlets.worker)
    a_proposal(
        hamlets.station,
        hamlets.here,
        "pregnancy",
        made_by=hamlets.worker,
        person=hamlets.wife,
        household=hamlets.household,
        state="refused",
        reason="Chị đã khám ở trạm tuần trước, không có thai",
        decided_by_name="Nguyễn Thị Hòa",
    )
    return hamlets


def test_a_birth_from_the_hamlet_to_the_station_and_back(
    page: Any, live_server: Any, commune: Hamlets, axe_clean: Callable[[Any], None], photograph: Any
) -> None:
    page.set_viewport_size(PHONE)
    open_door(page, live_server, "be.dv")
    page.get_by_role("heading", name="Thôn của tôi").wait_for()
    looked_at(page, axe_clean, photograph, "field-home")
    page.get_by_role("link", name="Sinh con").click()
    page.get_by_label("Tìm người trong thôn").fill("pham thi hoa")
    page.get_by_role("button", name="Tìm").click()
    looked_at(page, axe_clean, photograph, "field-found")
    page.get_by_role("link", name="Phạm Thị Hoa").click()
    page.get_by_role("button", name="Gửi trạm").click()
    page.get_by_text("Chưa lưu").first.wait_for()
    looked_at(page, axe_clean, photograph, "field-tell-wrong")
    page.get_by_label("Phạm Thị Hoa").check()
    page.get_by_label("Ngày sinh").fill("hôm nay")
    page.get_by_label("Ngày sinh").fill("")
    page.get_by_label("Ngày sinh").fill(today())
    page.get_by_label("Nữ").check()
    page.get_by_label("Họ và tên trẻ").fill("Đinh Thị Mới")
    page.get_by_label("Tại nhà").check()
    page.get_by_role("button", name="Gửi trạm").click()
    page.get_by_text("Chờ trạm xem").wait_for()
    looked_at(page, axe_clean, photograph, "field-proposal")
    sign_out(page)

    page.set_viewport_size(SIZES["1366x768"])
    open_door(page, live_server, "hoa.nt")
    page.get_by_role("link", name="Sinh con: Phạm Thị Hoa").click()
    looked_at(page, axe_clean, photograph, "field-decide")
    page.keyboard.press("Control+Enter")  # opens the filled sheet; answering without entering is folded away
    assert page.get_by_label("Họ và tên").first.input_value() == "Đinh Thị Mới"
    page.get_by_role("button", name="Lưu", exact=True).click()
    page.wait_for_url(f"**/ho/{commune.household.pk}/")
    child = Person.unscoped.get(full_name="Đinh Thị Mới")
    assert child.mother_id == commune.wife.pk
    assert Proposal.unscoped.get(kind="birth").result_id == child.pk
    sign_out(page)

    page.set_viewport_size(PHONE)
    open_door(page, live_server, "be.dv")
    page.get_by_role("link", name="Sinh con: Phạm Thị Hoa").click()
    page.get_by_text("Trạm đã nhận").first.wait_for()
    page.get_by_text("Nguyễn Thị Hòa").first.wait_for()


@pytest.mark.slow
def test_the_other_pages(
    page: Any, live_server: Any, commune: Hamlets, axe_clean: Callable[[Any], None], photograph: Any
) -> None:
    page.set_viewport_size(PHONE)
    open_door(page, live_server, "be.dv")
    for path, name in (
        ("/thon/", "field-hamlets"),
        ("/thon/ho/", "field-households"),
        (f"/thon/ho/{commune.household.pk}/", "field-household"),
        ("/thon/bao/cluster/", "field-cluster"),
        ("/thon/da-bao/", "field-told"),
        (f"/thon/da-bao/{Proposal.unscoped.get(kind='pregnancy').pk}/", "field-refused"),
    ):
        page.goto(f"{live_server.url}{path}")
        looked_at(page, axe_clean, photograph, name)
        small = page.evaluate(
            "() => [...document.querySelectorAll('main a, main button, main input:not([type=hidden])')]"
            ".filter(e => e.offsetParent && e.closest('.due-title, p, .toasts') === null)"
            ".map(e => [(e.closest('label') || e).getBoundingClientRect().height, e.outerHTML.slice(0, 80)])"
            ".filter(([height]) => height < 43.5)"
        )
        assert not small, (path, small)
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 390, f"{path} scrolls sideways: {wide}"
    sign_out(page)
    open_door(page, live_server, "hoa.nt")
    page.set_viewport_size(SIZES["1366x768"])
    page.goto(f"{live_server.url}/thon/de-xuat/")
    looked_at(page, axe_clean, photograph, "field-inbox")
    page.goto(f"{live_server.url}/thon/de-xuat/{Proposal.unscoped.get(kind='cluster').pk}/")
    looked_at(page, axe_clean, photograph, "field-decide-cluster")
    head = a_member("station_head", commune.station, "truong", "Phạm Văn Trưởng")
    assert head.pk
    sign_out(page)
    open_door(page, live_server, "truong")
    page.goto(f"{live_server.url}/tai-khoan/{commune.worker.pk}/")
    looked_at(page, axe_clean, photograph, "field-account")
    page.get_by_role("link", name="Chọn thôn").click()
    looked_at(page, axe_clean, photograph, "field-account-hamlets")


def today() -> str:
    from django.utils import timezone

    return f"{timezone.localdate():%d/%m/%Y}"


def looked_at(page: Any, axe_clean: Callable[[Any], None], photograph: Any, name: str) -> None:
    axe_clean(page)
    photograph(page, name)


def sign_out(page: Any) -> None:
    page.context.clear_cookies()


def test_the_book_by_keyboard_and_on_the_phone(
    page: Any, live_server: Any, commune: Hamlets, axe_clean: Callable[[Any], None], photograph: Any
) -> None:
    for code, name in (("1", "Dụng cụ tử cung (vòng)"), ("2", "Thuốc uống tránh thai"), ("5", "Bao cao su")):
        a_code("a0_contraception", code, name)
    for number, name in enumerate(("Hồ Thị Chín", "Đinh Thị Mười", "Nguyễn Thị Hoàng Phương Uyên Thảo")):
        a_person(
            commune.station,
            name,
            hamlet=commune.here,
            marital_status="2",
            birth_date=dt.date(1990 + number, 5, 1),
        )
    page.set_viewport_size(PHONE)
    open_door(page, live_server, "be.dv")
    page.goto(f"{live_server.url}/thon/so-a0/tranh-thai/")
    page.get_by_role("link", name="Ghi tháng này").click()
    page.get_by_label("Hồ Thị Chín").select_option("2")
    looked_at(page, axe_clean, photograph, "field-month")
    page.get_by_role("button", name="Lưu").click()
    page.get_by_text("Đã lưu 1 ô.").wait_for()
    for path, name in (
        ("/thon/so-a0/", "field-book"),
        ("/thon/so-a0/thay-doi/", "field-changes"),
    ):
        page.goto(f"{live_server.url}{path}")
        looked_at(page, axe_clean, photograph, name)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390, path
    sign_out(page)

    page.set_viewport_size(SIZES["1366x768"])
    midwife = a_member("midwife", commune.station, "ho.sinh", "Hồ Thị Sinh")
    assert midwife.pk
    open_door(page, live_server, "ho.sinh")
    page.goto(f"{live_server.url}/thon/so-a0/tranh-thai/")
    first = page.locator("input.field-cell").first
    first.focus()
    page.keyboard.type("1")
    page.keyboard.press("Tab")
    page.keyboard.type("5")
    looked_at(page, axe_clean, photograph, "field-months")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Đã lưu 2 ô.").wait_for()
    page.get_by_role("link", name="Hồ Thị Chín").click()
    page.get_by_role("heading", name="Hồ Thị Chín").wait_for()
    looked_at(page, axe_clean, photograph, "field-history")
