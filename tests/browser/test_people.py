"""People and families, played by keyboard: found, entered, put into a household; every page photographed."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.core.ids import uuid7
from apps.patients import projections
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.patients import a_card, a_person, a_station, an_allergy
from tests.patients.test_scan import CARD

pytestmark = pytest.mark.django_db(transaction=True)

BORN = dt.date(1950, 1, 1)
FAMILY = [
    ("Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh", "01", dt.date(1952, 4, 30), "female"),
    ("Phạm Văn Đinh Xuân Trường", "05", dt.date(1980, 12, 5), "male"),
    ("Đinh Thị Y Nhung", "07", dt.date(1984, 2, 9), "female"),
    ("Phạm Đinh Gia Bảo", "09", dt.date(2012, 8, 20), "male"),
    ("Phạm Đinh Ngọc Hân", "09", dt.date(2018, 10, 1), "female"),
    ("Phạm Đinh Minh Khôi", "09", dt.date(2026, 1, 15), "male"),
    ("Phạm Thị Hồng Nhung", "05", dt.date(1983, 6, 6), "female"),
    ("Nguyễn Hoàng Long", "08", dt.date(1979, 1, 1), "male"),
    ("Nguyễn Phạm Bảo Châu", "10", dt.date(2010, 3, 3), "female"),
    ("Nguyễn Phạm Bảo Trâm", "10", dt.date(2015, 3, 3), "female"),
    ("Phạm Thị Sáu", "14", dt.date(1949, 1, 1), "female"),
]


@pytest.fixture
def station():
    call_command("load_catalogues", only=["code_lists", "ethnic_groups", "occupations", "nationalities"])
    return a_station()


@pytest.fixture
def family(station):
    """Twelve people of four generations."""
    head = a_person(
        station, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1950, 1, 1), birth_precision="year"
    )
    household = a_household(station, head, address_text="Xóm 3, đường Trần Phú", poverty="near_poor")
    a_card(head, "HN2515100000001")
    an_allergy(head, "Penicillin", reaction="mày đay, khó thở")
    for number, (name, relation, born, sex) in enumerate(FAMILY):
        person = a_person(station, name, sex=sex, birth_date=born, ethnicity="12")
        joins(household, person, relation)
        if number % 2:
            a_card(person, f"DN45151000000{number:02d}")
        if born.year > 2010:
            projections.put_due(
                person_id=person.pk, kind="immunization", object_id=person.pk,
                title="Sởi – rubella (MR) mũi 2", due_on=dt.date(2026, 11, 1 + number),
                overdue_on=dt.date(2026, 11, 10),
            )  # fmt: skip
    for number in range(24):
        projections.put_timeline(
            person_id=head.pk, kind="paper", object_id=uuid7(), facility_id=station.pk,
            at=timezone.now() - dt.timedelta(days=30 * number),
            title="Khám bệnh: Tăng huyết áp vô căn (nguyên phát), kèm đái tháo đường típ 2",
        )  # fmt: skip
    return household


@pytest.fixture
def nurse(page, live_server, station):
    """Signed in at the station."""
    client = client_of(a_member("station_head", station, full_name="Nguyễn Thị Thu"))
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    page.goto(live_server.url)
    return page


def test_a_person_is_found_entered_and_put_into_a_family_by_keyboard(
    nurse, live_server, family, photograph, axe_clean
):
    page = nurse
    # The search box answers while she types; Enter opens the first.
    page.keyboard.press("/")
    page.keyboard.type("pham van hre")
    page.wait_for_selector(".search-results a")
    photograph(page, "people-search")
    axe_clean(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(".banner")
    photograph(page, "people-person")
    axe_clean(page)

    # An unknown card opens the filled form; a hint of the number's sex asks for nothing here.
    page.keyboard.press("/")
    page.keyboard.type(CARD)
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=cccd]")
    assert page.input_value("input[name=full_name]") == "Nguyễn Văn An"
    photograph(page, "people-scanned")
    axe_clean(page)
    page.select_option("select[name=hamlet]", label="Thôn Làng Teng")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".banner")
    an = Person.unscoped.get(full_name="Nguyễn Văn An")
    assert an.identifiers(manager="unscoped").count() == 2

    # The family, and a newborn entered into it.
    page.goto(f"{live_server.url}/ho/")
    photograph(page, "households-list")
    axe_clean(page)
    page.goto(f"{live_server.url}/ho/{family.pk}/")
    photograph(page, "households-family")
    axe_clean(page)
    page.click("text=Thêm người mới")
    page.wait_for_selector("select[name=relation]")
    page.focus("select[name=relation]")
    page.keyboard.type("Cháu n")
    page.keyboard.press("Enter")
    page.keyboard.type("Phạm Đinh Bé Na")
    page.keyboard.press("Enter")
    page.keyboard.type("20112026")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{live_server.url}/ho/{family.pk}/")
    assert "Phạm Đinh Bé Na" in page.content()


def test_every_form_speaks_when_something_is_wrong(nurse, live_server, family, photograph, axe_clean):
    page = nurse
    page.goto(f"{live_server.url}/nguoi/moi/")
    photograph(page, "people-create")
    page.fill("input[name=full_name]", "😀")
    page.fill("input[name=birth_date]", "31/02/1990")
    page.fill("input[name=phone]", "12")
    page.fill("input[name=cccd]", "123")
    page.fill("input[name=bhyt]", "XX")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "people-create-errors")
    axe_clean(page)
    page.goto(f"{live_server.url}/nguoi/moi/")
    if page.get_by_role("button", name="Bỏ phần chưa lưu").count():  # what was wrong had been kept
        with page.expect_navigation():
            page.get_by_role("button", name="Bỏ phần chưa lưu").click()
    page.fill("input[name=full_name]", "Pham Van Hre")
    page.fill("input[name=birth_date]", "1950")
    page.check("input[name=sex][value=male]")
    page.select_option("select[name=hamlet]", label="Thôn Làng Teng")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=có thể người này đã có hồ sơ")
    photograph(page, "people-create-duplicates")
    axe_clean(page)
    for name, address in (
        ("households-create", "/ho/moi/"),
        ("households-add", f"/ho/{family.pk}/thanh-vien/"),
    ):
        page.goto(f"{live_server.url}{address}")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".has-error")
        photograph(page, name)
        axe_clean(page)


def test_a_list_is_previewed_and_brought_in(nurse, live_server, station, photograph, axe_clean, tmp_path):
    page = nurse
    file = tmp_path / "danh sách thôn Làng Teng.csv"
    heads = "Mã hộ,Họ và tên,Ngày sinh,Giới tính,Quan hệ với chủ hộ,Thôn,Số CCCD"
    people = [
        "1,Phạm Văn Hrê,1950,Nam,Chủ hộ,Thôn Làng Teng,",
        "1,Đinh Thị Y Nhung,9/2/1984,Nữ,Con dâu,Thôn Làng Teng,051084000111",
        "1,Phạm Đinh Gia Bảo,31/02/2012,Nam,Cháu nội,Thôn Làng Teng,",
        "2,Nguyễn Hoàng Long,1979,Trai,Chủ hộ,Thôn Xa,12",
    ]
    file.write_text("\n".join([heads, *people]), encoding="utf-8")
    # Listened for from the start: a browser that is first asked to by the key itself may open its own window.
    page.on("filechooser", lambda chooser: None)
    page.goto(f"{live_server.url}/ho/nhap/")
    photograph(page, "households-import")
    axe_clean(page)
    assert page.locator(".file-box").inner_text().split("\n") == ["Chọn tệp", "Chưa chọn tệp nào"]
    assert page.get_attribute("input[name=file]", "title") == "Chọn tệp", "else the browser's own words"
    page.focus("input[name=file]")
    button = page.locator(".file-box .button")
    assert button.evaluate("node => getComputedStyle(node).outlineStyle") == "solid", "focus is seen"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    page.wait_for_selector("text=danh sách thôn Làng Teng.csv")
    page.click("text=Gửi để kiểm tra")
    page.wait_for_selector("text=Không nhận")
    photograph(page, "households-import-preview")
    axe_clean(page)
    assert page.locator("text=31/02/2012").count() or page.locator("text=không có ngày 31").count()
    page.click("text=Nhập 2 người")
    page.wait_for_selector("text=Thêm 2 người")
    photograph(page, "households-import-done")
    axe_clean(page)
    page.goto(f"{live_server.url}/ho/xuat/")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "households-export")
    axe_clean(page)


def test_pages_without_anything(nurse, live_server, station, photograph, axe_clean):
    page = nurse
    page.goto(f"{live_server.url}/ho/")
    photograph(page, "households-empty")
    axe_clean(page)
    person = a_person(station, ethnicity="", birth_date=None, sex="unknown")
    page.goto(f"{live_server.url}/nguoi/{person.pk}/")
    photograph(page, "people-empty")
    axe_clean(page)
    for name in ("sua", "the-bhyt", "di-ung", "giay-to"):
        page.goto(f"{live_server.url}/nguoi/{person.pk}/{name}/")
        photograph(page, f"people-{name}")
        axe_clean(page)
