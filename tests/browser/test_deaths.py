"""A death played by keyboard: recorded with its chain, printed in register A6, taken back; photographed."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.patients import projections
from apps.patients.death_rules import Cause
from apps.patients.models import Death, DueItem
from tests import places
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import an_icd10
from tests.factories.deaths import a_death
from tests.factories.households import a_household
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station():
    call_command(
        "load_catalogues",
        only=["code_lists", "injury_causes", "ethnic_groups", "occupations", "nationalities"],
    )
    for code, name in (
        ("O72.1", "Chảy máu khác ngay sau đẻ"),
        ("R57.1", "Sốc giảm thể tích"),
        ("I21.9", "Nhồi máu cơ tim cấp, không đặc hiệu"),
        ("I10", "Tăng huyết áp vô căn (nguyên phát)"),
        ("J18.9", "Viêm phổi, không đặc hiệu"),
        ("J96.0", "Suy hô hấp cấp"),
    ):
        an_icd10(code, name)
    return a_station()


@pytest.fixture
def head(page, live_server, station):
    """Signed in at the station."""
    client = client_of(a_member("station_head", station, full_name="Nguyễn Thị Thu"))
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    page.goto(live_server.url)
    return page


def pick(page, name, text):
    """A code by its name without accents; the cursor goes on by itself."""
    page.keyboard.type(text)
    box = page.evaluate("document.activeElement.id")
    page.wait_for_function(
        "box => document.getElementById(box).dataset.answered === document.getElementById(box).value",
        arg=box,
    )
    page.wait_for_selector(f"#{box}_list [role=option][aria-selected=true]")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-picker][data-name={name}] .picked")


def test_a_death_by_keyboard_and_its_correction(head, live_server, station, photograph, axe_clean):
    page = head
    mother = a_person(station, "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết", birth_date=dt.date(1996, 2, 9))
    a_household(station, mother)
    projections.put_due(
        person_id=mother.pk,
        kind="test",
        title="Tái khám",
        due_on=timezone.localdate(),
        object_id=mother.pk,
    )
    page.goto(f"{live_server.url}/nguoi/{mother.pk}/")
    page.click("text=Ghi tử vong")
    page.wait_for_selector("#death-form")
    photograph(page, "death-form-empty")
    axe_clean(page)

    # An empty form says what is missing, all of it at once.
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".has-error")
    photograph(page, "death-form-errors")
    axe_clean(page)

    yesterday = timezone.localdate() - dt.timedelta(days=1)
    page.focus("input[name=died_on]")
    page.keyboard.type(f"{yesterday:%d%m%Y}")
    page.keyboard.press("Tab")
    page.keyboard.type("2h30")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # at a facility
    page.focus("[data-name=a_code] input")
    pick(page, "a_code", "soc giam")
    page.focus("input[name=a_value]")
    page.keyboard.type("3")
    page.select_option("select[name=a_unit]", "hour")
    page.focus("[data-name=b_code] input")
    pick(page, "b_code", "chay mau khac")
    page.focus("input[name=b_value]")
    page.keyboard.type("5")
    page.select_option("select[name=b_unit]", "hour")
    page.select_option("select[name=maternal]", "within42")
    page.fill("input[name=pregnancy_ended_on]", f"{yesterday:%d/%m/%Y}")
    page.fill("input[name=certified_by]", "Bác sĩ Trần Văn Bình")
    photograph(page, "death-form-filled")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Nguyên nhân")
    page.wait_for_url("**/tu-vong/*/")
    photograph(page, "death-page")
    axe_clean(page)
    death = Death.unscoped.get()
    assert DueItem.unscoped.get().state == "dropped"

    # The head's home page tells of the task; the file is written and closed.
    page.goto(live_server.url)
    assert page.locator("text=Báo cáo và thẩm định tử vong mẹ").count() >= 1
    page.goto(f"{live_server.url}/tu-vong/{death.pk}/tham-dinh/")
    page.fill("textarea[name=course]", "Đẻ tại nhà lúc 21 giờ, chảy máu nhiều, gia đình gọi trạm lúc 23 giờ.")
    page.fill("input[name=delay_decide]", "Gia đình đợi gần 2 giờ")
    photograph(page, "death-review")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast")

    # Register A6.
    old = a_person(
        station, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1938, 1, 1), birth_precision="year"
    )
    a_death(
        old,
        causes=(
            Cause("a", "I21.9", "", 2, "hour"),
            Cause("b", "I10", "Tăng huyết áp nhiều năm không điều trị đều", 12, "year"),
            Cause("o", "J18.9"),
        ),
        attended="yes",
        certified_by="Y sĩ Đinh Thị Y Nhung",
        certificate_no="07/2026",
    )
    page.goto(f"{live_server.url}/tu-vong/")
    page.wait_for_selector("table.register")
    photograph(page, "death-register")
    axe_clean(page)

    pdf = page.context.request.get(f"{live_server.url}/tu-vong/so-a6.pdf")
    folder = places.SCREENS
    (folder / "death-register.pdf").write_bytes(pdf.body())

    # It was somebody else: what was closed is open again.
    page.goto(f"{live_server.url}/tu-vong/{death.pk}/")
    page.click("text=Ghi nhầm")
    page.wait_for_selector("input[name=reason]")
    page.keyboard.type("Nhầm với người cùng tên ở thôn bên")
    photograph(page, "death-in-error")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Tái khám")
    photograph(page, "death-corrected")
    assert DueItem.unscoped.get(person=mother).state == "open"
    mother.refresh_from_db()
    assert mother.life_status == "alive"


def test_who_is_dead_on_a_list_alone_is_recorded_by_keyboard(
    head, live_server, station, photograph, axe_clean
):
    # Given: a list of an earlier system said that two are dead, of one without the day.
    page = head
    an_icd10("J96.0", "Suy hô hấp cấp", edition="qd4469")
    man = a_person(
        station,
        "Phạm Văn Hrê",
        sex="male",
        birth_date=dt.date(1941, 2, 3),
        life_status="dead",
        died_on=dt.date(2026, 3, 4),
    )
    a_person(station, "Đinh Thị Rêu", birth_date=dt.date(1938, 1, 1), life_status="dead")

    # When: register A6 says so, and the list leads to the form.
    page.goto(f"{live_server.url}/tu-vong/")
    page.get_by_text("2 người ghi trong hồ sơ là đã mất").wait_for()
    photograph(page, "death-register-unrecorded")
    page.get_by_role("link", name="Xem và ghi tử vong").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tu-vong/chua-ghi/")
    axe_clean(page)
    photograph(page, "death-unrecorded")
    page.goto(f"{live_server.url}/nguoi/{man.pk}/")
    page.get_by_text("mà chưa có ghi nhận tử vong").wait_for()
    photograph(page, "death-unrecorded-person")
    page.go_back()
    page.get_by_role("link", name="Ghi tử vong: Phạm Văn Hrê").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#death-form")
    assert page.input_value("input[name=died_on]") == "04/03/2026", "the day of the list is kept"
    photograph(page, "death-unrecorded-form")
    page.locator("input[name=place]").first.focus()
    page.keyboard.press("Space")
    page.focus("[data-name=a_code] input")
    pick(page, "a_code", "suy ho hap")  # of the catalogue of that day
    page.keyboard.press("Control+Enter")

    # Then: he stands in the register and on the list no more.
    page.wait_for_url("**/tu-vong/*-*/")
    page.goto(f"{live_server.url}/tu-vong/chua-ghi/")
    page.get_by_text("Đinh Thị Rêu").wait_for()
    assert not page.get_by_text("Phạm Văn Hrê").count()
