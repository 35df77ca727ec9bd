"""A doctor orders two tests and an injection, a nurse enters the results, the doctor ends the visit."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.core.scope import enter
from apps.encounters.models import Order, ProcedureSheet, Result, Visit
from apps.encounters.ordering import procedures
from apps.encounters.ordering.procedures import RowInput
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = ["parameters", "service_orders", "services", "lab_tests", "restricted_data"]


@pytest.fixture
def station():
    call_command("load_catalogues", only=LISTS)
    make.catalogues()
    return a_station()


def staff(station, role, username, name, **fields):
    user = a_user(username, name)
    practitioner = make.a_practitioner(station, name, user=user, **fields)
    a_post(user, role, station, practitioner=practitioner)
    return practitioner


def seat(page, live_server, practitioner):
    """The same desk, another hand."""
    value = client_of(practitioner.user).cookies["tramyte"].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])


def at(live_server, name, pk):
    return live_server.url + reverse(f"encounters:{name}", args=[pk])


def pick(page, words):
    """Find a service by words without accents; Enter takes the first."""
    page.keyboard.type(words)
    box = page.evaluate("document.activeElement.id")
    page.wait_for_selector(f"#{box}_list [role=option]")
    page.wait_for_function(
        "box => document.getElementById(box).dataset.answered === document.getElementById(box).value", arg=box
    )
    page.keyboard.press("Enter")


def test_two_tests_and_an_injection(page, live_server, station, photograph, axe_clean):
    # Given: somebody being examined by a doctor, and a nurse beside.
    doctor = staff(station, "doctor", "binh.tv", "Trần Văn Bình")
    nurse = staff(station, "nurse", "sen.vt", "Võ Thị Sen", grade="nurse", can_sign=False)
    visit = make.an_examined_visit(a_person(station, "Nguyễn Thị Lan"), doctor)

    # When: the doctor orders by keyboard.
    seat(page, live_server, doctor)
    page.goto(at(live_server, "orders", visit.pk))
    page.wait_for_selector("input:focus")
    for words in ("duong mau mao mach", "hbsag", "tiem bap"):
        pick(page, words)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã chỉ định 3 dịch vụ")
    # the cursor waits for the next one, and nothing lies over what was ordered
    page.wait_for_selector("#id_codes:focus")
    assert page.locator("#id_codes_list").is_hidden()
    photograph(page, "orders-visit")
    axe_clean(page)

    # Then: the nurse finds them waiting and enters both results, one of them critical.
    glucose = Order.unscoped.get(code="01.0281.1510")
    hbsag = Order.unscoped.get(code="24.0117.1646")
    shot = Order.unscoped.get(code="03.2389.0212")
    seat(page, live_server, nurse)
    page.goto(live_server.url + reverse("encounters:orders_waiting"))
    photograph(page, "orders-waiting")
    axe_clean(page)
    page.goto(at(live_server, "order", glucose.pk))
    page.wait_for_selector("[name='test-GLU_CAP']:focus")
    page.keyboard.type("2,4")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Báo ngay bác sĩ")
    photograph(page, "orders-critical")
    page.goto(at(live_server, "order", hbsag.pk))
    page.select_option("[name='test-HBSAG']", "Âm tính")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã lưu, chờ duyệt.")

    # And: the injection, watched for half an hour.
    page.goto(at(live_server, "order", shot.pk))
    page.wait_for_selector("[name='box-drug']:focus")
    page.keyboard.type("Diclofenac 75 mg, 1 ống")
    page.select_option("[name='box-route']", "Bắp")
    page.select_option("[name='box-history']", "Không có tiền sử dị ứng")
    page.select_option("[name='box-kit']", "Có, đủ thuốc")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Ghi dòng theo dõi")
    began = timezone.now() - dt.timedelta(minutes=31)
    ProcedureSheet.unscoped.update(started_at=began)
    with enter(make.scope_of(nurse)):
        for minute in (0, 15, 30):
            look = RowInput(at=began + dt.timedelta(minutes=minute), text="Tỉnh, không khó chịu")
            procedures.row_add(order_id=shot.pk, data=look)
    page.reload()
    photograph(page, "orders-injection")
    axe_clean(page)

    # Then: the doctor sees the danger on the visit, verifies, and ends it.
    seat(page, live_server, doctor)
    page.goto(at(live_server, "visit", visit.pk))
    page.wait_for_selector("text=2,4 mmol/L thấp nguy hiểm")
    for order in (glucose, hbsag):
        page.goto(at(live_server, "order", order.pk))
        page.click("text=Duyệt như trên")
        page.wait_for_selector("text=Đã duyệt.")
    assert Result.unscoped.filter(state="final", verifier=doctor).count() == 2
    page.goto(at(live_server, "visit", visit.pk))
    page.click("button:has-text('Hoàn tất')")
    page.wait_for_selector("text=Đã hoàn tất lượt khám")
    assert Visit.unscoped.get().state == "finalised"

    # And: the papers print.
    for name, pk in (
        ("order_slip", visit.pk),
        ("result_slip", visit.pk),
        ("order_paper", shot.pk),
    ):
        answer = page.request.get(at(live_server, name, pk))
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
