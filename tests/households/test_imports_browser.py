"""A list of an earlier system comes in by keyboard: columns named, doubts decided, written, results."""

import datetime as dt
import io

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)

HEADS = "Số sổ,Tên khai sinh,Ngày sinh,Phái tính,Quan hệ,Thôn,Điện thoại,Cột của phần mềm cũ"
PEOPLE = [
    "1,PHẠM VĂN HRÊ,1950,Nam,Chủ hộ,Thôn Làng Teng,0905111222,x1",
    "1,Đinh Thị Y Nhung,9/2/1984,Nữ,Con dâu,Thôn Làng Teng,,x2",
    "1,Phạm Đinh Gia Bảo,31/02/2012,Nam,Cháu nội,Thôn Làng Teng,,x3",
    "2,Nguyễn Thị Hoa,5/3/1990,Nữ,Chủ hộ,Thôn Làng Teng,0987654321,x4",
    "3,Lê Văn Tám,1/5/1975,Nam,Chủ hộ,Thôn Làng Teng,0911222333,x5",
    "4,Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh,1979,Gái,Chủ hộ,Thôn Xa,12,x6",
]


@pytest.fixture
def head(page, live_server):
    call_command("load_catalogues", only=["code_lists", "ethnic_groups", "occupations", "nationalities"])
    station = a_station()
    a_household(station, a_person(station, "Nguyễn Thị Hòa", phone="0912000111"))
    a_household(
        station,
        a_person(station, "Lê Văn Tám", sex="male", birth_date=dt.date(1975, 5, 1), phone="0911222000"),
    )
    cookie = client_of(a_member("station_head", station)).cookies["tramyte"]
    page.context.add_cookies([{"name": "tramyte", "value": cookie.value, "url": live_server.url}])
    return page


def test_an_earlier_systems_list_comes_in_by_keyboard(head, live_server, tmp_path, photograph, axe_clean):
    page, file = head, tmp_path / "danh sách phần mềm cũ.csv"
    file.write_text("\n".join([HEADS, *PEOPLE]), encoding="utf-8")
    page.goto(f"{live_server.url}/ho/nhap/")
    page.set_input_files("input[name=file]", file)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("h1:text-is('Mỗi cột của tệp là gì?')")
    photograph(page, "import-columns")
    axe_clean(page)
    for name, letters in (("column_0", "Mã hộ"), ("column_1", "Họ và tên"), ("column_3", "Giới")):
        page.focus(f"[name={name}]")
        page.keyboard.type(letters)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Xem trước: chưa ghi gì")
    photograph(page, "import-rejected")
    axe_clean(page)
    assert page.locator("text=không có ngày 31").count()

    page.focus("a:has-text('Có thể trùng')")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nguyễn Thị Hoa")
    photograph(page, "import-doubtful")
    axe_clean(page)
    page.focus("select[name=row_5]")
    page.keyboard.type("Cùng")
    page.focus("button:text-is('Ghi lựa chọn')")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Đã ghi cách xử lý 1 dòng")
    for title in ("Thay đổi", "Thêm mới"):
        page.click(f"a:has-text('{title}')")
        page.wait_for_selector(f"a[aria-current=page]:has-text('{title}')")
        photograph(page, f"import-{'changed' if title == 'Thay đổi' else 'new'}")
        axe_clean(page)

    page.focus("button:has-text('Nhập 4 người')")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Tải 2 dòng không nhận")
    photograph(page, "import-done")
    axe_clean(page)
    with page.expect_download() as waited:
        page.focus("text=Tải 2 dòng không nhận")
        page.keyboard.press("Enter")
    rows = list(
        load_workbook(io.BytesIO(waited.value.path().read_bytes())).active.iter_rows(values_only=True)
    )
    assert len(rows) == 3 and "không có ngày 31" in rows[1][-1] and rows[1][2] == "Phạm Đinh Gia Bảo"
    assert set(Person.unscoped.values_list("full_name", "phone")) == {
        ("Phạm Văn Hrê", "0905111222"), ("Đinh Thị Y Nhung", ""), ("Nguyễn Thị Hoa", "0987654321"),
        ("Lê Văn Tám", "0911222333"),
    }  # fmt: skip
