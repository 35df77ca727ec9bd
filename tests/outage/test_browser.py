"""An outage hour, played: the pack is printed, slips are filled in, then entered by keyboard."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.encounters.models import Visit
from apps.facilities.models import Facility
from apps.outage.models import BackEntry, Pack, Slip
from tests.accounts.test_browser import open_door
from tests.factories.accounts import a_post, a_user
from tests.factories.catalogues import an_icd10
from tests.factories.encounters import a_practitioner, catalogues
from tests.factories.facilities import a_station
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db(transaction=True)

KIEU, HAI = "Đinh Thị Vân Kiều", "Đinh Văn Hai"


@pytest.fixture
def station() -> Facility:
    catalogues()
    an_icd10()
    an_icd10("J20.9", "Viêm phế quản cấp, không phân loại")
    station = a_station()
    user = a_user("hoa.nt", "Nguyễn Thị Hòa")
    hers = a_practitioner(
        station, "Nguyễn Thị Hòa", user=user, grade="nurse", can_sign=False, licence_no="77"
    )
    a_post(user, "nurse", station, practitioner=hers)
    a_practitioner(station, "Trần Văn Bình")
    a_person(station, KIEU)
    a_person(station, HAI)
    return station


def a_row(
    page: Any, slip: str, at: dt.datetime, person: str, reason: str, figures: list[str], icd: str
) -> None:
    """One slip, by keyboard alone: Enter goes on from cell to cell, pickers take their first line."""
    keys = page.keyboard

    def write(text: str) -> None:
        keys.type(text)
        keys.press("Enter")

    def pick(text: str) -> None:
        box = page.locator("input:focus")
        keys.type(text)
        page.locator(f"#{box.get_attribute('id')}_list .option.is-active").wait_for()
        keys.press("Enter")
        page.wait_for_function("id => document.activeElement.id !== id", arg=box.get_attribute("id"))

    write(slip)
    write(f"{at:%d%m%Y}")
    write(f"{at:%Hh%M}")
    keys.type("T")  # the doctor's name in the list
    keys.press("Enter")
    pick(person)
    write("")  # no allergy
    write(reason)
    pulse, temperature, pressure, weight = figures
    for figure in (pulse, temperature, pressure, "", "", weight):
        write(figure)
    write("")  # the examination
    pick(icd)
    write("Uống nhiều nước, hạ sốt")
    write("")  # no day to come back
    keys.press("Enter")  # 'Hoàn tất'
    keys.press("Enter")


def test_an_outage_hour(
    page: Any, live_server: Any, station: Facility, axe_clean: Callable[[Any], None], photograph: Any
) -> None:
    # Given a pack that was made and printed while the line was good
    open_door(page, live_server, "hoa.nt")
    page.goto(f"{live_server.url}/du-phong/")
    page.get_by_label("Phiếu trắng: lượt khám").fill("4")
    page.get_by_role("button", name="Lập gói").click()
    page.get_by_text("Đã lập gói cho ngày").wait_for()
    pack = Pack.unscoped.get()
    answer = page.request.get(f"{live_server.url}/du-phong/{pack.pk}/goi.pdf")
    assert answer.ok and answer.body().startswith(b"%PDF")
    page.reload()
    axe_clean(page)
    photograph(page, "outage-packs")
    slips = list(Slip.unscoped.filter(pack=pack).order_by("number"))

    # When the hour is over, and two slips are entered by keyboard
    page.get_by_role("link", name="Nhập bù lượt khám").first.click()
    page.locator('input[name="slip"]:focus').wait_for()  # the grid begins there by itself
    earlier = timezone.localtime() - dt.timedelta(minutes=90)
    a_row(
        page,
        slips[0].shown.lower(),
        earlier,
        "kieu",
        "Ho, sốt hai ngày",
        ["92", "38,2", "120/80", "52"],
        "viem hong",
    )
    # a scanner types the whole address
    scanned = f"{live_server.url}/nhap-bu/phieu/{slips[1].code}/"
    page.locator('tr[data-key] input[name="slip"]').nth(1).focus()
    a_row(page, scanned, earlier, "hai", "Đau đầu", ["80", "37", "150/90", "61"], "viem phe quan")
    page.locator('tr[data-key] input[name="slip"]').nth(2).focus()
    first, second = page.locator("tr[data-key]").nth(0), page.locator("tr[data-key]").nth(1)
    first.locator(".row-state a").wait_for()
    second.locator(".row-state a").wait_for()
    # and a third with a code that was used
    page.keyboard.type(slips[0].code)
    page.keyboard.press("Control+Enter")
    page.locator("tr[data-key]").nth(2).get_by_text("đã được").wait_for()
    axe_clean(page)
    photograph(page, "outage-grid")
    assert Visit.unscoped.count() == 2

    # Then they stand in the list as back-entered, with how late
    page.goto(f"{live_server.url}/nhap-bu/")
    text = page.locator("main").inner_text()
    assert KIEU in text and HAI in text
    assert len(re.findall(r"1 giờ 3\d phút", text)) == 2
    axe_clean(page)
    photograph(page, "outage-list")
    # and in the day's list
    page.goto(f"{live_server.url}/kham/?on={earlier:%d/%m/%Y}")
    assert page.locator("main .chip", has_text="Nhập bù").count() == 2
    entry = BackEntry.unscoped.order_by("recorded_at").first()
    assert entry is not None and entry.slip == slips[0]
    assert {visit.performer.full_name for visit in Visit.unscoped.all()} == {"Trần Văn Bình"}

    # Then one that was written wrongly is voided, by the number that stands on it
    page.goto(f"{live_server.url}/du-phong/{pack.pk}/")
    page.locator('input[name="numbers"]:focus').wait_for()
    page.keyboard.type("3-4")
    page.keyboard.press("Enter")
    page.keyboard.type("Viết hỏng")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Đã hủy 2 phiếu").wait_for()
    axe_clean(page)
    photograph(page, "outage-slips")
