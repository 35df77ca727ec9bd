"""A health record filled by keyboard, gone through, printed; every page photographed."""

import datetime as dt

import pytest
from django.core.management import call_command

from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.patients.health_record import saving
from apps.patients.health_record.parts import PARTS
from apps.patients.models import HealthRecord, OwnDisease, RiskFactors
from tests import places
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.households import a_household
from tests.factories.patients import a_card, a_person, a_station, an_allergy, scope_at

pytestmark = pytest.mark.django_db(transaction=True)

RIGHTS = frozenset({"people.view", "people.edit", "records.view", "records.edit", "restricted.view"})


@pytest.fixture
def station():
    lists = ["parameters", "code_lists", "restricted_data", "ethnic_groups", "occupations", "nationalities"]
    call_command("load_catalogues", only=lists, verbosity=0)
    return a_station()


@pytest.fixture
def person(station):
    found = a_person(
        station, "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh", birth_date=dt.date(1968, 4, 30),
        cccd="051168000111", phone="0912345678", occupation="63", blood_group="O+", ethnicity="12",
    )  # fmt: skip
    a_household(station, found)
    a_card(found, "HN2515100000001")
    an_allergy(found, "Penicillin", reaction="mày đay, khó thở")
    return found


@pytest.fixture
def midwife(page, live_server, station):
    user = a_user("thu.nt", "Nguyễn Thị Thu")
    a_post(user, "midwife", station)
    client = client_of(user)
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    page.goto(live_server.url)
    return page, client


def test_a_record_is_filled_gone_through_and_printed(
    midwife, live_server, station, person, photograph, axe_clean
):
    page, client = midwife
    home = f"{live_server.url}/nguoi/{person.pk}/ho-so/"
    page.goto(f"{live_server.url}/nguoi/{person.pk}/")
    page.click("text=Mở hồ sơ sức khỏe")
    page.wait_for_url(home)
    photograph(page, "record-empty")
    axe_clean(page)

    # B.1 and B.2: Enter goes on, Ctrl+Enter saves, the folded section opens again with what was said.
    page.goto(f"{home}luc-sinh/")
    for _ in range(3):  # đẻ thường; không thiếu tháng; không ngạt
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
    page.keyboard.type("35")
    photograph(page, "record-birth")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "record-birth-error")
    axe_clean(page)
    page.fill("input[name=weight_g]", "3200")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('dd:text("3.200 g")')
    page.goto(f"{home}nguy-co/")
    photograph(page, "record-risks")
    axe_clean(page)
    page.keyboard.type("Kh")
    page.focus("select[name=alcohol]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("1,5")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('dd:text("1,5 ly, cốc/ngày")')
    assert RiskFactors.unscoped.get().tobacco == "0"

    # B.3: a line, and another one straight after it.
    page.goto(f"{home}benh-tat/them/")
    photograph(page, "record-disease")
    axe_clean(page)
    page.keyboard.type("2.")
    page.keyboard.press("Enter")
    page.keyboard.type("2015")
    page.click("text=Lưu và thêm dòng nữa")
    page.wait_for_selector("text=Đã thêm vào B.3")
    page.wait_for_selector("[autofocus]:focus")
    page.keyboard.type("3.")
    page.keyboard.press("Enter")
    page.keyboard.type("2019")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('details[open] li:has-text("Đái tháo đường, từ năm 2019")')
    assert OwnDisease.unscoped.count() == 2
    page.get_by_role("button", name="Không khuyết tật").click()
    page.wait_for_selector('li:has-text("Không khuyết tật, hỏi ngày")')

    # The rest by the services; then the whole is gone through.
    with enter(scope_at(station, RIGHTS)):
        for part, values in (
            ("phau-thuat", {"text": "Cắt ruột thừa", "year": 2009, "place": "BVĐK tỉnh"}),
            ("gia-dinh", {"code": "02", "relative": "01"}),
            ("gia-dinh", {"code": "A1", "relative": "02", "text": "Streptomycin"}),
            ("benh-tat", {"code": "10", "text": "Mất ngủ, lo âu kéo dài"}),
            ("khac", {"text": "Đang dùng máy trợ thính tai trái"}),
        ):
            saving.line_add(person=person, part=PARTS[part], values=values)
        saving.section_save(
            person=person, part=PARTS["sinh-san"], expected_version=0,
            values={"deliveries": 3, "normal": 3, "term": 3, "preterm": 0, "living_children": 3,
                    "pregnancies": 4, "miscarriages": 1, "abortions": 0, "last_pregnancy_year": 1999},
        )  # fmt: skip
    page.goto(f"{home}sinh-san/")
    photograph(page, "record-reproductive")
    axe_clean(page)
    page.goto(home)
    page.get_by_role("button", name="Đã rà soát năm nay").click()
    page.wait_for_selector("text=Còn hạn")
    assert HealthRecord.unscoped.get().reviewed_by_name == "Nguyễn Thị Thu"
    photograph(page, "record-full")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    photograph(page, "record-unfolded")
    axe_clean(page)

    # Two people at once, and what was said before.
    said = {"form_key": str(uuid7()), "version": "1", "weight_g": "3000", "method": "0"}
    client.post(f"/nguoi/{person.pk}/ho-so/luc-sinh/", said)
    outrun = page.context.new_page()
    outrun.goto(f"{home}luc-sinh/")
    outrun.fill("input[name=weight_g]", "2900")
    client.post(
        f"/nguoi/{person.pk}/ho-so/luc-sinh/",
        {"form_key": str(uuid7()), "version": "2", "weight_g": "3100", "method": "1", "preterm": "1"},
    )
    outrun.keyboard.press("Control+Enter")
    outrun.wait_for_selector("text=Hồ sơ này vừa được người khác sửa")
    photograph(outrun, "record-conflict")
    axe_clean(outrun)
    outrun.close()
    page.goto(f"{home}cac-ban/")
    photograph(page, "record-versions")
    axe_clean(page)

    # The paper.
    answer = client.get(f"/nguoi/{person.pk}/ho-so/in.pdf")
    assert answer.content.startswith(b"%PDF")
    (places.SCREENS / "record.pdf").write_bytes(answer.content)


def test_who_is_due(midwife, live_server, station, person, photograph, axe_clean):
    page, client = midwife
    for number in range(12):
        made = a_person(station, f"Phạm Thị Hồng Nhung {number}", birth_date=dt.date(1950 + number, 1, 1))
        HealthRecord.unscoped.create(
            person=made, reviewed_on=dt.date(2025, 1, 1 + number), reviewed_by_name="Nguyễn Thị Thu"
        )
    page.click("nav >> text=Dân cư")
    page.click("nav >> text=Hồ sơ sức khỏe")
    page.wait_for_selector("text=đến hạn rà soát")
    photograph(page, "record-due")
    axe_clean(page)
    page.select_option("select[name=muc]", "chua")
    page.get_by_role("button", name="Xem").click()
    page.wait_for_selector("tbody tr")
    assert page.locator("tbody tr").count() == 1
    answer = client.get("/nguoi/ho-so/den-han/in.pdf")
    (places.SCREENS / "record-due.pdf").write_bytes(answer.content)
