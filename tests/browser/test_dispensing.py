"""A doctor prescribes, a pharmacist gives out a part, the rest, takes back, cancels; the stock agrees."""

from dataclasses import replace

import pytest
from django.urls import reverse

from apps.encounters.models import Dispensing, Visit
from tests.browser.test_orders import at, seat, staff
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.catalogues import a_code
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station():
    make.catalogues()
    make.a_drug("TD001.9", "Paracetamol", name="Hapacol", strength="250mg")
    give.rules()
    a_code("yhct_herb", "YH023", "Đương quy")
    a_code("yhct_herb", "YH080", "Xuyên khung")
    a_code("yhct_herb", "YH083", "Mã tiền", extra={"kind": "toxic"})
    return a_station()


def test_a_prescription_given_out(page, live_server, station, photograph, axe_clean):
    # Given: a desk with two lots of paracetamol, another brand, few capsules of amoxicillin.
    doctor = staff(station, "doctor", "binh.tv", "Trần Văn Bình")
    pharmacist = staff(station, "pharmacist", "duoc.lt", "Lê Thị Dược", grade="pharmacist", can_sign=False)
    desk = give.a_desk(station)
    para = give.a_stock(desk, 100, expiry=give.in_days(300), price="450")
    early = give.a_stock(desk, 6, item=para.item, number="B0127", expiry=give.in_days(40), price="450")
    other = give.a_stock(desk, 50, "TD001.9", "Hapacol 250mg")
    amoxi = give.a_stock(desk, 4, "TD028.1", "Amoxicilin 500mg", price="1200")
    store = give.a_place(station, "Kho chính")
    give.a_stock(store, 100, item=amoxi.item)
    quy = give.a_herb(desk, 900, price="180")
    toxic = give.a_herb(desk, 40, "YH083", "Mã tiền", price="90")

    # When: the doctor prescribes, she sees at each line what the desk has; she ends the visit.
    visit = make.an_examined_visit(
        a_person(station, "Nguyễn Thị Lan"),
        doctor,
        data=replace(make.USUAL, lines=[make.PARACETAMOL, give.SIX_TABLETS]),
    )
    give.a_formula(visit, doctor, [("YH023", "12"), ("YH080", "8"), ("YH083", "0.5")], 5)
    seat(page, live_server, doctor)
    page.goto(at(live_server, "visit", visit.pk))
    page.wait_for_selector("text=còn 1 hộp 6 viên")
    page.wait_for_selector("text=không đủ: Quầy cấp phát còn 4 viên")
    photograph(page, "dispensing-prescribing")
    axe_clean(page)
    page.click("button[value=finalise]")
    page.wait_for_selector("text=Đã hoàn tất")

    # Then: the pharmacist finds her waiting and gives out what there is, by keyboard.
    seat(page, live_server, pharmacist)
    page.goto(live_server.url + reverse("encounters:dispensing_waiting"))
    page.wait_for_selector("a:focus")
    photograph(page, "dispensing-waiting")
    axe_clean(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("button:focus")
    photograph(page, "dispensing-visit")
    axe_clean(page)
    # what ends it is in sight however long the prescription is
    page.set_viewport_size({"width": 390, "height": 400})
    page.evaluate("scrollTo(0, 0)")
    assert page.locator(".actions button:has-text('Cấp thuốc')").bounding_box()["y"] < 400
    page.set_viewport_size({"width": 1366, "height": 768})

    # And: of the five packets two, without the herb that the desk has not; the grams follow.
    page.wait_for_selector("text=dược liệu độc")
    page.wait_for_selector("text=Kho khác còn 1 hộp (Kho chính)")
    page.fill("[name$='-packets']", "2")
    page.click("text=Tính lại số gam")
    page.wait_for_selector("[value='24']")
    page.locator(".give-formula").scroll_into_view_if_needed()
    photograph(page, "dispensing-formula")
    axe_clean(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Đã cấp thuốc, kho đã trừ.")
    photograph(page, "dispensing-act")
    axe_clean(page)
    assert (give.at(early), give.at(para), give.at(amoxi)) == (0, 96, 0)
    assert (give.at(quy), give.at(toxic)) == (876, 39)

    # And: of the amoxicillin the rest is bought elsewhere.
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Cấp phát thuốc')")
    line = give.line_of(visit, "TD028.1").pk
    page.fill(f"[name='{line}-outside']", "2")
    page.check("[name$='-outside'][type=checkbox]")
    photograph(page, "dispensing-rest")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã cấp thuốc, kho đã trừ.")

    # And: three tablets come back from home, they lie apart.
    first = Dispensing.unscoped.order_by("occurred_at").first()
    page.goto(at(live_server, "dispensing_back", first.pk))
    page.wait_for_selector("input:focus")
    page.keyboard.type("3")
    page.fill("[name=reason]", "Uống vào bị mẩn ngứa")
    photograph(page, "dispensing-back")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã nhận thuốc trả lại.")
    photograph(page, "dispensing-returned")

    # Then: the visit's page tells it all, the other act is cancelled, the ledger agrees to the unit.
    second = Dispensing.unscoped.order_by("occurred_at").last()
    page.goto(at(live_server, "dispensing_cancel", second.pk))
    page.wait_for_selector("input:focus")
    page.keyboard.type("Chưa mua")
    photograph(page, "dispensing-cancel")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã hủy lần cấp")
    page.wait_for_selector("text=Các lần cấp")
    page.goto(at(live_server, "visit", visit.pk))
    photograph(page, "dispensing-record")
    axe_clean(page)
    page.keyboard.press("F6")
    page.wait_for_selector("h1:has-text('Cấp phát thuốc')")
    give.agrees()
    assert (give.at(para), give.at(other), give.at(amoxi)) == (96, 50, 0)
    assert Visit.unscoped.get().state == "finalised"
