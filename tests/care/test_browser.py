"""Measurements, appointments, enrolments and target lists, played by keyboard and photographed."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.care.models import Enrolment, Measurement
from tests.factories.accounts import a_member, client_of
from tests.factories.care import a_measurement, an_appointment, an_enrolment
from tests.factories.encounters import a_practitioner
from tests.factories.households import a_household
from tests.factories.patients import a_person, a_station, an_allergy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station():
    call_command(
        "load_catalogues", only=["code_lists", "ethnic_groups", "care_programmes", "restricted_data"]
    )
    return a_station()


@pytest.fixture
def nurse(page, live_server, station):
    """Signed in at the station."""
    a_practitioner(station)
    client = client_of(a_member("station_head", station, full_name="Nguyễn Thị Thu"))
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    page.goto(live_server.url)
    return page


@pytest.fixture
def tuyet(station):
    """An old woman with a long course of pressure and sugar."""
    person = a_person(
        station, "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết", birth_date=dt.date(1952, 4, 30), phone="0912345678"
    )
    a_household(station, person)
    an_allergy(person, "Penicillin", reaction="mày đay")
    now = timezone.now()
    for month in range(24):
        at = now - dt.timedelta(days=30 * month + 1)
        high = 132 + (month * 7) % 60
        where = a_measurement(person, "systolic", str(high), at=at).source_id
        a_measurement(person, "diastolic", str(78 + (month * 5) % 34), at=at, source_id=where)
        a_measurement(person, "weight", str(58 - month / 10), at=at)
        a_measurement(person, "glucose_fasting", str(6 + (month * 13 % 60) / 10), at=at, method="capillary")
    a_measurement(person, "height", "151", at=now)
    a_measurement(person, "spo2", "96", at=now)
    a_measurement(person, "glucose_random", "13.2", at=now, source_kind="home", state="preliminary")
    return person


def test_measurements_by_keyboard(nurse, live_server, tuyet, photograph, axe_clean):
    page, pk = nurse, tuyet.pk
    page.goto(f"{live_server.url}/nguoi/{pk}/")
    photograph(page, "care-person")
    axe_clean(page)
    page.goto(f"{live_server.url}/nguoi/{pk}/chi-so/")
    photograph(page, "care-measurements")
    axe_clean(page)
    # 'Ghi số đo' has the focus; Enter opens it, the first box has the cursor, Enter goes on.
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=pressure]:focus")
    page.keyboard.type("195/112")
    page.keyboard.press("Enter")
    page.keyboard.type("88")
    page.keyboard.press("Enter")
    page.keyboard.type("575")
    photograph(page, "care-measure")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    assert "Có phải là 57,5 không?" in page.content()
    photograph(page, "care-measure-error")
    axe_clean(page)
    assert page.evaluate("document.activeElement.name") == "weight"
    page.keyboard.press("Control+a")
    page.keyboard.type("57,5")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{live_server.url}/nguoi/{pk}/chi-so/")
    assert "195/112" in page.content()
    # One series, and a figure put right.
    page.goto(f"{live_server.url}/nguoi/{pk}/chi-so/can-nang/")
    row = Measurement.unscoped.get(code="29463-7", value="57.5", recorded_by__isnull=False)
    page.goto(f"{live_server.url}/nguoi/{pk}/chi-so/{row.pk}/sua/")
    page.wait_for_selector("input[name=value]:focus")
    page.keyboard.type("57,2")
    page.keyboard.press("Enter")
    page.keyboard.type("đọc nhầm mặt cân")
    photograph(page, "care-correct")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{live_server.url}/nguoi/{pk}/chi-so/can-nang/")
    photograph(page, "care-series")
    axe_clean(page)
    page.goto(f"{live_server.url}/nguoi/{pk}/chi-so/huyet-ap/")
    photograph(page, "care-pressure")
    page.goto(f"{live_server.url}/nguoi/{pk}/chi-so/duong-huyet/")
    photograph(page, "care-glucose")
    axe_clean(page)


def test_a_child_and_nobody_measured(nurse, live_server, station, photograph, axe_clean):
    page = nurse
    child = a_person(station, "Phạm Đinh Ngọc Hân", birth_date=timezone.localdate() - dt.timedelta(days=400))
    page.goto(f"{live_server.url}/nguoi/{child.pk}/chi-so/")
    photograph(page, "care-measurements-empty")
    axe_clean(page)
    page.goto(f"{live_server.url}/nguoi/{child.pk}/chi-so/them/")
    photograph(page, "care-measure-child")
    axe_clean(page)


PEOPLE = (
    "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh",
    "Phạm Văn Đinh Xuân Trường",
    "Đinh Thị Y Nhung",
    "Phạm Đinh Gia Bảo",
    "Nguyễn Hoàng Long",
    "Hồ Thị Bảy",
    "Võ Thị Sáu",
)


@pytest.fixture
def expected(station):
    """A week of appointments: some came, some did not."""
    today = timezone.localdate()
    rows = []
    for number, name in enumerate(PEOPLE):
        phone = f"09123456{number:02d}" if number % 3 else ""
        person = a_person(station, name, birth_date=dt.date(1950 + number, 1, 1), phone=phone)
        rows.append(an_appointment(person, today, "I10 - Tăng huyết áp vô căn (nguyên phát)"))
        ago = today - dt.timedelta(days=1 + number % 4)
        state = "came" if number == 2 else "planned"
        rows.append(an_appointment(person, ago, "E11 - Đái tháo đường típ 2", state=state, kind="programme"))
        an_appointment(person, today + dt.timedelta(days=number % 5), kind="result")
    return rows


def test_the_diary_by_keyboard(nurse, live_server, expected, photograph, axe_clean):
    page = nurse
    photograph(page, "care-home")
    page.goto(f"{live_server.url}/lich-hen/")
    photograph(page, "care-diary-day")
    axe_clean(page)
    page.get_by_role("link", name="Tuần", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".week")
    photograph(page, "care-diary-week")
    axe_clean(page)
    page.get_by_role("link", name="Chưa đến", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Hẹn mà chưa đến")
    photograph(page, "care-not-come")
    axe_clean(page)
    page.get_by_role("link", name="Ghi lần gọi").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=outcome]")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "care-call-error")
    axe_clean(page)
    page.locator("input[name=outcome]").first.focus()
    page.keyboard.press("ArrowDown")  # 'Hẹn lại ngày khác'
    page.locator("input[name=come_on]").focus()
    later = timezone.localdate() + dt.timedelta(days=3)
    page.keyboard.type(f"{later:%d%m%Y}")
    photograph(page, "care-call")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/lich-hen/chua-den/")
    # Another one is made by hand.
    person = expected[0].person
    page.goto(f"{live_server.url}/nguoi/{person.pk}/hen/")
    page.wait_for_selector("input[name=on]:focus")
    page.keyboard.type("31022027")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "care-make-error")
    axe_clean(page)
    page.goto(f"{live_server.url}/lich-hen/{expected[0].pk}/doi/")
    photograph(page, "care-move")
    axe_clean(page)
    page.goto(f"{live_server.url}/lich-hen/{expected[0].pk}/huy/")
    axe_clean(page)


def test_a_diary_without_anybody(nurse, live_server, photograph, axe_clean):
    page = nurse
    for name, path in (
        ("day", "?ngay=01/01/2027"),
        ("week", "?xem=tuan&ngay=01/01/2027"),
        ("late", "chua-den/"),
    ):
        page.goto(f"{live_server.url}/lich-hen/{path}")
        photograph(page, f"care-diary-empty-{name}")
        axe_clean(page)


def test_a_programme_by_keyboard(nurse, live_server, tuyet, station, photograph, axe_clean):
    page, pk = nurse, tuyet.pk
    for number, name in enumerate(PEOPLE):
        person = a_person(
            station, name, birth_date=dt.date(1950 + number, 1, 1), phone=f"09123456{number:02d}"
        )
        an_enrolment(person)
        where = a_measurement(person, "systolic", str(128 + 9 * number)).source_id
        a_measurement(person, "diastolic", str(78 + 3 * number), source_id=where)
    page.goto(f"{live_server.url}/nguoi/{pk}/quan-ly/")
    page.wait_for_selector("select[name=programme]:focus")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "care-enrol-error")
    axe_clean(page)
    page.locator("select[name=programme]").focus()
    page.keyboard.type("Tăng")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("01112026")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{live_server.url}/nguoi/{pk}/")
    photograph(page, "care-person-enrolled")
    axe_clean(page)
    row = Enrolment.unscoped.get(person=tuyet)
    page.goto(f"{live_server.url}/chuong-trinh/?ma=hypertension")
    photograph(page, "care-programmes")
    axe_clean(page)
    page.goto(f"{live_server.url}/chuong-trinh/{row.pk}/")
    photograph(page, "care-enrolment")
    axe_clean(page)
    page.keyboard.press("Enter")  # 'Kết thúc, chuyển' has the focus
    page.wait_for_load_state()
    page.select_option("select[name=outcome]", "transferred")
    page.locator("select[name=outcome]").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Hãy ghi nơi chuyển đến")
    photograph(page, "care-enrolment-end")
    axe_clean(page)
    page.locator("input[name=place]").focus()
    page.keyboard.type("Trung tâm y tế khu vực Ba Tơ")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{live_server.url}/chuong-trinh/{row.pk}/")
    assert "Trung tâm y tế khu vực Ba Tơ" in page.content()
    page.goto(f"{live_server.url}/chuong-trinh/?ma=tb")
    photograph(page, "care-programmes-empty")
    axe_clean(page)


def test_target_lists_by_keyboard(nurse, live_server, tuyet, station, photograph, axe_clean):
    page = nurse
    today = timezone.localdate()
    for number, name in enumerate(PEOPLE):
        person = a_person(
            station, name, birth_date=dt.date(1962 + number, 1, 1), phone=f"09123456{number:02d}",
            birth_precision="year" if number % 2 else "day",
        )  # fmt: skip
        if number == 0:
            an_enrolment(person)
            a_household(station, person, poverty="poor")
        a_person(station, f"Bé {name}"[:40], birth_date=today - dt.timedelta(days=100 * number))
    page.goto(f"{live_server.url}/doi-tuong/")
    photograph(page, "care-targets")
    axe_clean(page)
    page.locator("select[name=nhom]").focus()
    page.keyboard.type("Người từ 60")
    page.locator("input[name=ngay]").fill("31/12/2026")
    page.locator("input[name=ngay]").press("Enter")
    page.wait_for_selector("h1:has-text('Người từ 60 tuổi')")
    photograph(page, "care-target-list")
    axe_clean(page)
    page.locator("summary:has-text('Số người theo thôn')").click()
    photograph(page, "care-target-hamlets")
    axe_clean(page)
    page.goto(f"{live_server.url}/doi-tuong/?nhom=free_check")
    photograph(page, "care-target-free")
    axe_clean(page)
    page.goto(f"{live_server.url}/doi-tuong/xuat/?nhom=under_1")
    page.wait_for_selector("input[name=reason]:focus")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "care-target-export")
    axe_clean(page)


def test_growth_by_keyboard(nurse, live_server, station, photograph, axe_clean):
    """A thin child of 20 months: from her page to the curves, and back by Esc."""
    page = nurse
    child = a_person(
        station, "Đinh Thị Ngọc Ánh", birth_date=timezone.localdate() - dt.timedelta(days=610), sex="female"
    )
    a_household(station, child)
    for month, weight, length in (
        (0, "3.1", "49"),
        (2, "4.9", "56.5"),
        (4, "6.2", "61.5"),
        (6, "7.0", "65"),
        (9, "7.6", "69"),
        (12, "8.0", "72.5"),
        (16, "8.3", "76"),
        (20, "7.9", "78.5"),
    ):
        at = timezone.now() - dt.timedelta(days=610 - month * 30)
        where = a_measurement(child, "weight", weight, at=at).source_id
        a_measurement(child, "length", length, at=at, source_id=where)
        a_measurement(child, "head", str(35 + month / 2), at=at, source_id=where)
    page.goto(f"{live_server.url}/nguoi/{child.pk}/chi-so/")
    photograph(page, "care-growth-overview")
    axe_clean(page)
    page.get_by_role("link", name="Các biểu đồ, bản in").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tang-truong/")
    page.wait_for_selector("text=Suy dinh dưỡng thể nhẹ cân")
    photograph(page, "care-growth")
    axe_clean(page)
    page.keyboard.press("Escape")
    page.wait_for_url("**/chi-so/")
