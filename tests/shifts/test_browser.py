"""An hour on paper and the day's end, played by keyboard: a visit with two medicines, a stock paper, the
day's end, the hand-over to the next shift."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.catalogues.models import Drug
from apps.encounters.models import PrescriptionLine, Visit
from apps.facilities.models import Facility
from apps.outage.models import Pack, Slip
from apps.shifts.models import ShiftHandover
from apps.stock.models import StockBalance, StockDocument
from tests.accounts.test_browser import open_door
from tests.factories import encounters as make
from tests.factories.accounts import PASSWORD, a_member, a_post, a_user
from tests.factories.catalogues import a_drug
from tests.factories.money import a_receipt, till
from tests.factories.patients import a_person, a_station
from tests.factories.stock import a_lot, a_place, an_item
from tests.stock.test_backdated import moved

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station() -> Facility:
    make.catalogues()
    Drug.objects.all().delete()
    a_drug("TD001.1", "Paracetamol")  # as the catalogue has them: found by what is typed
    a_drug("TD028.1", "Amoxicilin")
    till()
    station = a_station()
    user = a_user("binh.tv", "Trần Văn Bình")
    hers = make.a_practitioner(station, "Trần Văn Bình", user=user)
    a_post(user, "station_head", station, practitioner=hers)
    a_member("nurse", station, "lan.tt", "Trần Thị Lan")
    a_person(station, "Đinh Thị Vân Kiều")
    item, place = (
        an_item(station, label="PARA", code="TD001.1"),
        a_place(station, "Quầy cấp phát", dispenses=True),
    )
    moved(a_lot(item, number="A12"), place, 200, 10)
    amoxicillin = an_item(station, "Amoxicilin 500mg", label="AMO", code="TD028.1", minimum=100)
    moved(a_lot(amoxicillin, number="B7"), place, 60, 10)
    morphine = an_item(station, "Morphin 10mg", label="MOR", controlled="narcotic")
    moved(a_lot(morphine, number="M1"), place, 5, 10)
    a_receipt(make.a_finished_visit(a_person(station, "Đinh Văn Trả"), hers))
    make.a_visit(a_person(station, "Đinh Văn Chờ"), hers)
    return station


def test_an_hour_on_paper_and_the_end_of_the_day(
    page: Any, live_server: Any, station: Facility, axe_clean: Callable[[Any], None], photograph: Any
) -> None:
    # Given a pack with a slip for a visit and one for the stock
    open_door(page, live_server.url, "binh.tv")
    page.goto(f"{live_server.url}/du-phong/")
    page.get_by_label("Phiếu trắng: lượt khám").fill("1")
    page.get_by_label("Phiếu trắng: phiếu kho").fill("1")
    page.get_by_role("button", name="Lập gói").click()
    page.get_by_text("Đã lập gói cho ngày").wait_for()
    pack = Pack.unscoped.get()
    assert page.request.get(f"{live_server.url}/du-phong/{pack.pk}/goi.pdf").ok
    visit_slip, stock_slip = Slip.unscoped.filter(pack=pack).order_by("number")
    earlier = timezone.localtime() - dt.timedelta(minutes=90)
    keys = page.keyboard

    def write(*texts: str) -> None:
        for text in texts:
            keys.type(text)
            keys.press("Enter")

    def pick(text: str) -> None:
        box = page.locator("input:focus").get_attribute("id")
        keys.type(text)
        page.locator(f"#{box}_list .option.is-active").wait_for()
        keys.press("Enter")
        page.wait_for_function("id => document.activeElement.id !== id", arg=box)

    # When the slip of the visit is scanned and entered, with its two medicines
    page.goto(f"{live_server.url}/nhap-bu/phieu/{visit_slip.code}/")
    page.locator('input[name="time"]:focus').wait_for()  # slip and day stand there already
    keys.press("Shift+Enter")
    write(f"{earlier:%d%m%Y}", f"{earlier:%Hh%M}")
    keys.type("T")
    keys.press("Enter")
    pick("kieu")
    write("", "Ho, sốt", "92", "38,2", "120/80", "", "97", "52", "")
    pick("nhiem trung")
    write("Uống nhiều nước", "")
    pick("parac")
    write("1 x 2 x 5")
    pick("amox")
    write("1 x 3 x 5")
    write("", "", "", "")  # no third and fourth
    keys.type("Q")  # handed out at the desk
    keys.press("Enter")
    write("", "", "", "")
    row = page.locator("tr[data-key]").first
    row.locator(".row-state a").wait_for()
    photograph(page, "outage-medicines")
    assert PrescriptionLine.unscoped.filter(prescription__visit__entry_mode="back_entered").count() == 2

    # and the slip of the stock
    page.goto(f"{live_server.url}/nhap-bu/phieu/{stock_slip.code}/")
    page.locator('input[name="time"]:focus').wait_for()  # slip and day stand there already
    keys.press("Shift+Enter")
    write(f"{earlier:%d%m%Y}", f"{earlier:%Hh%M}")
    keys.type("T")
    keys.press("Enter")
    keys.type("X")  # 'Xuất ra'
    keys.press("Enter")
    keys.press("Enter")  # the one place
    write("Thôn Làng Dút", "cấp thôn")
    pick("parac")
    write("1 hộp", "", "", "", "", "", "", "", "", "")
    page.locator("tr[data-key]").first.locator(".row-state a").wait_for()
    axe_clean(page)
    photograph(page, "outage-stock")
    paper = StockDocument.unscoped.get()
    assert paper.state == "posted"
    left = StockBalance.unscoped.filter(quantity__gt=0).values_list("lot__number", "quantity")
    assert dict(left) == {"A12": 200 - 10 - 100, "B7": 60 - 15, "M1": 5}
    page.goto(f"{live_server.url}/kho/phieu/{paper.pk}/")
    assert "Nhập bù từ giấy" in page.locator("main").inner_text()

    # Then the day's end tells what is left, and each line leads to exactly that
    page.goto(f"{live_server.url}/cuoi-ngay/")
    axe_clean(page)
    photograph(page, "shifts-day")
    page.get_by_role("link", name="Thuốc kiểm soát đặc biệt chưa đếm").click()
    assert "Morphin" in page.locator("main").inner_text()

    # When she hands over, she is asked about the cash and goes on with a reason
    page.goto(f"{live_server.url}/cuoi-ngay/")
    keys.press("F4")
    page.get_by_label("Ghi chú bàn giao").fill("Theo dõi lượt 2026-000002, hẹn gọi lại 16 giờ.")
    page.get_by_role("button", name="Ghi bàn giao").click()
    page.locator("[name=override]:focus").wait_for()
    keys.type("Thủ quỹ đếm sáng mai")
    photograph(page, "shifts-asked")
    page.get_by_role("button", name="Ghi bàn giao").click()
    page.locator("#id_second_name:focus").wait_for()
    photograph(page, "shifts-confirm")
    pick("lan")
    keys.type(PASSWORD)
    keys.press("Control+Enter")
    page.get_by_text("Trần Thị Lan đã nhận bàn giao").wait_for()
    page.locator("a:has-text('In biên bản'):focus").wait_for()
    axe_clean(page)
    photograph(page, "shifts-handover")

    # Then it stands in the book under two names, and on paper
    found = ShiftHandover.unscoped.get()
    assert (found.given_by_name, found.taken_by_name) == ("Trần Văn Bình", "Trần Thị Lan")
    assert page.request.get(f"{live_server.url}/cuoi-ngay/ban-giao/{found.pk}/ban-giao.pdf").ok
    page.goto(f"{live_server.url}/cuoi-ngay/so-ban-giao/")
    axe_clean(page)
    photograph(page, "shifts-book")
    page.goto(f"{live_server.url}/")
    photograph(page, "shifts-home")
    assert Visit.unscoped.filter(entry_mode="back_entered").count() == 1
