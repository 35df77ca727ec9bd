"""Money by keyboard: one key to the till, Enter takes the exact sum, the change stands beside it."""

import pytest
from django.utils import timezone

from apps.encounters.models import CashDay, Receipt
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.money import EXAM
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doctor():
    make.catalogues()
    till.till()
    station = a_station()
    user = a_user("minh.nv", "Nguyễn Văn Minh")
    practitioner = make.a_practitioner(station, "Nguyễn Văn Minh", user=user)
    a_post(user, "station_head", station, practitioner=practitioner)
    return practitioner


@pytest.fixture
def desk(page, live_server, doctor):
    """The head's browser, signed in."""
    value = client_of(doctor.user).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    return page


@pytest.fixture
def visit(doctor):
    return make.a_visit(a_person(doctor.facility, "Đinh Thị Vân Kiều"), doctor, payer="fee")


def test_the_exact_sum_is_two_keys_from_the_visit(desk, live_server, visit, photograph, axe_clean):
    # given the page of a visit that she pays herself
    desk.goto(f"{live_server.url}/kham/{visit.pk}/")
    # when the nurse presses F2
    desk.keyboard.press("F2")
    desk.wait_for_selector("input[name=given]:focus")
    axe_clean(desk)
    photograph(desk, "money-bill")
    # and Enter
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/bien-lai/**")
    # then all of it is taken, and the paper is the next key
    receipt = Receipt.unscoped.get()
    assert (receipt.state, receipt.payable) == ("paid", EXAM)
    desk.wait_for_selector("a:has-text('In A5'):focus")
    axe_clean(desk)
    photograph(desk, "money-receipt")


def test_the_change_is_told_while_the_money_is_typed(desk, live_server, visit):
    # given the till's page
    desk.goto(f"{live_server.url}/kham/{visit.pk}/thu-tien/")
    desk.wait_for_selector("input[name=given]:focus")
    # when too little is typed, then more
    desk.keyboard.type("30000")
    desk.wait_for_selector("#change:has-text('Còn thiếu 6.500 đ')")
    desk.fill("input[name=given]", "50000")
    desk.wait_for_selector("#change:has-text('Trả lại 13.500 đ')")
    desk.keyboard.press("Enter")
    # then the receipt says it again
    desk.wait_for_url("**/bien-lai/**")
    desk.wait_for_selector("text=trả lại")
    assert Receipt.unscoped.get().change == 13_500


def test_a_day_is_closed(desk, live_server, visit, photograph, axe_clean):
    # given a day on which something was taken
    till.a_receipt(visit)
    desk.goto(f"{live_server.url}/kham/so-quy/")
    # when the cash is counted
    desk.click("summary:has-text('Khóa sổ')")
    desk.fill("input[name=counted]", "36500")
    axe_clean(desk)
    photograph(desk, "money-day")
    desk.click("button:has-text('Khóa sổ')")
    # then the day waits for the next one
    desk.wait_for_selector("text=chờ xác nhận")
    assert CashDay.unscoped.get().on == timezone.localdate()
