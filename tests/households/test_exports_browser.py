"""A list leaves as a file, played by keyboard: reason, download; with two people when it is long."""

import io

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from apps.core import guarded
from apps.core.models import GuardedExport, Parameter
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station():
    call_command("load_catalogues", only=["code_lists", "ethnic_groups", "occupations", "nationalities"])
    made = a_station()
    for name in ("Phạm Văn Hrê", "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh", "Đinh Thị Y Nhung"):
        a_household(made, a_person(made, name))
    return made


def sign_in(page, live_server, user):
    cookie = client_of(user).cookies["tramyte"]
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "tramyte", "value": cookie.value, "url": live_server.url}])


@pytest.fixture
def head(station):
    return a_member("station_head", station, "truong.tram", "Nguyễn Thị Trưởng")


def ask(page, live_server, reason):
    page.goto(f"{live_server.url}/ho/xuat/")
    page.focus("select[name=hamlet]")
    page.keyboard.press("Enter")
    page.keyboard.type(reason)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("h1:text-is('Tệp đã xuất')")


def test_a_list_is_taken_out_by_keyboard(page, live_server, head, photograph, axe_clean):
    sign_in(page, live_server, head)
    page.goto(f"{live_server.url}/tep-da-xuat/")
    photograph(page, "exports-empty")
    axe_clean(page)
    ask(page, live_server, "Gửi trung tâm y tế đối chiếu dân số quý 4")
    photograph(page, "exports-ready")
    axe_clean(page)
    with page.expect_download() as waited:
        page.focus("text=Tải tệp")
        page.keyboard.press("Enter")
    rows = load_workbook(io.BytesIO(waited.value.path().read_bytes())).active
    assert rows.max_row == 4
    GuardedExport.unscoped.update(expires_at="2026-01-01T00:00:00+07:00")
    page.goto(f"{live_server.url}/tep-da-xuat/{GuardedExport.unscoped.get().pk}/")
    page.wait_for_selector("text=đã hết hạn và đã xóa")
    photograph(page, "exports-expired")
    axe_clean(page)


def test_a_long_list_is_agreed_to_by_a_second_person(page, live_server, station, head, photograph, axe_clean):
    Parameter.objects.filter(key=guarded.TWO_ABOVE).update(value=2)
    sign_in(page, live_server, head)
    ask(page, live_server, "Gửi trung tâm y tế đối chiếu dân số quý 4")
    page.wait_for_selector("text=Chờ người thứ hai duyệt")
    photograph(page, "exports-asked")
    sign_in(page, live_server, a_member("doctor", station, "bac.si", "Lê Văn Bác"))
    page.goto(f"{live_server.url}/cho-duyet/")
    photograph(page, "exports-approve")
    axe_clean(page)
    page.click("button:text-is('Duyệt')")
    page.wait_for_selector("text=Đã duyệt")
    sign_in(page, live_server, head)
    page.goto(f"{live_server.url}/tep-da-xuat/")
    page.wait_for_selector("text=Lê Văn Bác đã duyệt")
    photograph(page, "exports-agreed")
    axe_clean(page)
