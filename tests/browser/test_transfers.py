"""Two stations by keyboard: a nurse asks for a man who has come, his former station gives him with his wife,
he is taken in; somebody told by mistake is answered as not come. Every page photographed.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.accounts.models import User
from apps.core import scope
from apps.facilities.models import Facility, Hamlet
from apps.households.models import Household, Transfer, TransferAsk
from apps.households.moving import members_depart
from apps.households.places import Elsewhere
from apps.patients import projections
from apps.patients.models import Person
from tests.factories.accounts import a_member
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.patients import a_card, a_person, a_station, scope_at

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
SINCE = TODAY - dt.timedelta(days=12)
NUMBER = "051068000777"
AsUser = Callable[[User], Any]


@pytest.fixture
def here() -> Facility:
    """Where he has always lived."""
    lists = ["code_lists", "ethnic_groups", "occupations", "nationalities", "parameters"]
    call_command("load_catalogues", only=lists, verbosity=0)
    return a_station()


@pytest.fixture
def there(here: Facility) -> Facility:
    """Where he lives now."""
    return a_station("23293", "Trạm Y tế xã Đăk Cấm")


@pytest.fixture
def home(here: Facility) -> Household:
    head = a_person(here, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1968, 1, 1), cccd=NUMBER)
    a_card(head, "DN4515112345678")
    home = a_household(here, head, address_text="Xóm 3")
    wife = a_person(here, "Đinh Thị Y Lan", birth_date=dt.date(1971, 5, 2))
    joins(home, wife, "01")
    joins(home, a_person(here, "Phạm Thị Nhỏ", birth_date=dt.date(2009, 8, 8)), "05")
    for person, title in ((head, "Khám lại huyết áp"), (wife, "Lấy thuốc tháng sau")):
        projections.put_due(
            person_id=person.pk,
            kind="other",
            title=title,
            due_on=TODAY + dt.timedelta(days=9),
            object_id=person.pk,
        )
    return home


def test_somebody_is_asked_for_given_and_taken_in(
    live_server: Any, as_user: AsUser, here: Facility, there: Facility, home: Household,
    photograph: Any, axe_clean: Any,
) -> None:  # fmt: skip
    asker = a_member("nurse", there, "moi", full_name="Y Thị Mới")
    keeper = a_member("nurse", here, "cu", full_name="Nguyễn Thị Thu")

    # A nurse finds nobody by the number, and asks for whoever carries it.
    page = as_user(asker)
    page.keyboard.press("/")
    page.keyboard.type(NUMBER)
    page.get_by_role("option", name="Xin chuyển hồ sơ từ trạm khác").wait_for()
    photograph(page, "transfer-search")
    page.get_by_role("option", name="Xin chuyển hồ sơ từ trạm khác").click()
    page.wait_for_selector("input[name=number]:focus")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Nhập đủ số giấy tờ.").first.wait_for()
    photograph(page, "transfer-ask-errors")
    page.goto(f"{live_server.url}/ho/xin-chuyen/moi/")
    page.wait_for_selector("input[name=number]:focus")
    page.keyboard.type(NUMBER)
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type(f"{SINCE:%d%m%Y}")
    page.get_by_label("Vì sao xin").fill("Hai vợ chồng về ở với con gái tại thôn Làng Teng")
    axe_clean(page)
    photograph(page, "transfer-ask")
    page.keyboard.press("Control+Enter")
    page.get_by_text("1 người khớp").wait_for()
    axe_clean(page)
    photograph(page, "transfer-asked")
    assert not page.get_by_text("Phạm Văn Hrê").count() and not page.get_by_text(here.name).count()

    # His station has a task, and records that he and his wife have left.
    page = as_user(keeper)
    photograph(page, "transfer-task")
    page.goto(f"{live_server.url}/ho/")
    page.get_by_role("link", name="Trạm khác xin hồ sơ (1)").click()
    photograph(page, "transfer-asked-of-us")
    page.get_by_role("link", name="Trả lời").click()
    page.wait_for_selector("input[name=people]:focus")
    page.get_by_label("Đinh Thị Y Lan").check()
    page.get_by_label("Chủ hộ mới của những người ở lại").select_option(label="Phạm Thị Nhỏ")
    axe_clean(page)
    photograph(page, "transfer-answer")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Đã ghi chuyển đi và báo cho trạm xin.").wait_for()
    photograph(page, "transfer-given")

    # They wait at the new station, which takes them in as a family of their own.
    page = as_user(asker)
    page.goto(f"{live_server.url}/ho/chuyen-den/")
    axe_clean(page)
    photograph(page, "transfer-waiting")
    page.get_by_role("link", name="Nhận vào hộ").click()
    page.wait_for_selector("input[name=people]:focus")
    page.get_by_label("Thôn, tổ của hộ mới").select_option(label=hamlet_of(there).name)
    axe_clean(page)
    photograph(page, "transfer-receive")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Đã nhận.").wait_for()
    photograph(page, "transfer-received")
    assert TransferAsk.unscoped.get().state == "given"
    assert Person.unscoped.get(full_name="Phạm Văn Hrê").station == there
    assert Household.unscoped.get(station=there).hamlet == hamlet_of(there)


def test_somebody_told_by_mistake_is_answered(
    live_server: Any, as_user: AsUser, here: Facility, there: Facility, home: Household,
    photograph: Any, axe_clean: Any,
) -> None:  # fmt: skip
    child = Person.unscoped.get(full_name="Phạm Thị Nhỏ")
    with scope.enter(scope_at(here)):
        place = Elsewhere("province", "23293", "Nhà bà ngoại")
        members_depart(household=home, people=[child], place=place, on=SINCE)
    page = as_user(a_member("nurse", there, "moi", full_name="Y Thị Mới"))
    photograph(page, "newcomer-task")
    page.goto(f"{live_server.url}/ho/chuyen-den/")
    page.get_by_role("link", name="Không về đây").click()
    page.wait_for_selector("[name=reason]:focus")
    page.keyboard.type("Cháu vẫn ở với bố mẹ tại xã Ba Tơ")
    axe_clean(page)
    photograph(page, "newcomer-decline")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Đã trả lời trạm nơi đi.").wait_for()
    photograph(page, "newcomers-nobody")
    assert Transfer.unscoped.get().state == "declined"
    page = as_user(a_member("nurse", here, "cu", full_name="Nguyễn Thị Thu"))
    page.goto(f"{live_server.url}/ho/{home.pk}/lich-su/")
    page.get_by_text("không về địa bàn (Cháu vẫn ở với bố mẹ").wait_for()
    axe_clean(page)
    photograph(page, "newcomer-answer-read")


def hamlet_of(station: Facility) -> Hamlet:
    return Hamlet.objects.get(catchments__facility=station)
