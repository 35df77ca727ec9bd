"""Pickers under a fast hand on a slow line: Enter waits for its own list, words not chosen stay."""

import pytest
from django.core.management import call_command

from apps.patients.models import Person
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.catalogues import a_drug, an_icd10
from tests.factories.patients import a_person, a_station, an_allergy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(page, live_server):
    """A visit opened by its doctor, the cursor in the main diagnosis."""
    make.catalogues()
    call_command("load_catalogues", only=["parameters"])
    for code, name in (
        ("J02.9", "Viêm họng cấp tính, không xác định"),
        ("J31.2", "Viêm họng mạn tính"),
        ("M54.5", "Đau thắt lưng"),
    ):
        an_icd10(code, name, common=True)
    station = a_station()
    doctor = make.a_practitioner(station, user=a_user("binh.tv", "Trần Văn Bình"))
    a_post(doctor.user, "doctor", station, practitioner=doctor)
    visit = make.a_visit(a_person(station), doctor, reason="Đau họng")
    value = client_of(doctor.user).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.goto(f"{live_server.url}/kham/{visit.pk}/")
    begin(page)
    return page


def begin(page):
    page.focus("#id_main")
    page.wait_for_selector("#id_main_list [role=option]")


class SlowLine:
    """Questions of pickers wait until they are let through."""

    def __init__(self, page):
        self.page, self.held = page, []
        page.route("**/danh-muc/chon/**", lambda route: self.held.append(route))

    def wait(self, count=1):
        while len(self.held) < count:
            self.page.wait_for_timeout(20)

    def let_through(self):
        for route in self.held:
            route.continue_()
        self.held.clear()


def chosen(page):
    return page.locator("[data-name=main] .picked").evaluate_all("all => all.map(one => one.dataset.code)")


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_enter_before_the_list_waits_for_its_own_answer(desk):
    line = SlowLine(desk)
    desk.keyboard.type("dau that lung")
    desk.keyboard.press("Enter")
    line.wait()
    assert focused(desk) == "id_main" and chosen(desk) == []
    line.let_through()
    desk.wait_for_selector("#id_secondary:focus")
    assert chosen(desk) == ["M54.5"]
    # Nor does a list open over what was just chosen, until it is asked for.
    desk.wait_for_timeout(400)
    assert not line.held and desk.locator("#id_secondary_list").is_hidden()
    desk.keyboard.press("Alt+ArrowDown")
    line.wait()
    line.let_through()
    desk.wait_for_selector("#id_secondary_list [role=option]")

    # Never the first row of an older list; what is typed meanwhile goes to the fields that come after.
    desk.locator("[data-name=main] .picked-remove").click()
    line.wait()
    line.let_through()
    desk.keyboard.type("viem hong")
    line.wait()
    line.let_through()
    desk.wait_for_selector("#id_main_list .option.is-active")
    desk.keyboard.type(" man tinh")
    desk.keyboard.press("Enter")
    desk.keyboard.type("dau thax")
    desk.keyboard.press("Backspace")
    desk.keyboard.press("Enter")
    line.wait()
    assert desk.input_value("#id_main") == "viem hong man tinh" and chosen(desk) == []
    line.let_through()
    line.wait()  # the words that were held ask for themselves
    assert chosen(desk) == ["J31.2"] and focused(desk) == "id_secondary"
    line.let_through()
    desk.wait_for_selector("[data-name=secondary] .picked[data-code='M54.5']")

    # Escape gives it up, and what was held with it.
    desk.keyboard.type("viem")
    desk.keyboard.press("Enter")
    desk.keyboard.type("xyz")
    desk.keyboard.press("Escape")
    line.wait()
    line.let_through()
    desk.wait_for_selector("#id_secondary_list [role=option]")
    assert desk.input_value("#id_secondary") == "viem"
    assert desk.locator("[data-name=secondary] .picked").count() == 1


def test_a_whole_line_of_medicine_may_be_typed_ahead(desk):
    a_drug("TD901.1", "Amoxicilin", unit="viên")
    line = SlowLine(desk)
    desk.focus("#id_line-0-drug")
    line.wait()
    line.let_through()
    for part in ("amoxicilin 500", "1", "2", "5"):
        desk.keyboard.type(part)
        desk.keyboard.press("Enter")
    line.wait()
    desk.wait_for_selector("#id_line-0-drug[aria-busy=true]")
    line.let_through()
    desk.wait_for_selector("#line-0-sum b")
    assert desk.inner_text("#line-0-sum b") == "10 viên"
    assert focused(desk) == "id_line-1-drug"


def test_words_that_were_not_chosen_are_told_and_stay(desk, axe_clean):
    desk.keyboard.type("viem hong cap zzz")
    desk.wait_for_selector("#id_main_list [data-near]")
    desk.keyboard.press("Enter")  # nearest is not what was typed
    assert chosen(desk) == []
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("[data-unchosen]")
    assert "viem hong cap zzz" in desk.inner_text("[data-unchosen]")
    assert desk.input_value("#id_main") == "viem hong cap zzz" and focused(desk) == "id_main"
    axe_clean(desk)
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#id_secondary:focus")
    assert chosen(desk) == ["J02.9"] and desk.locator("[data-unchosen]").count() == 0
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("text=Đã lưu")


def test_an_allergy_is_red_under_the_line_when_the_medicine_is_chosen(desk, axe_clean, photograph):
    a_drug("TD900.1", "Paracetamol", unit="viên")
    an_allergy(Person.unscoped.get(), "Paracetamol", reaction="mày đay")
    desk.focus("#id_line-0-drug")
    desk.keyboard.type("paracetamol")
    desk.wait_for_selector("#id_line-0-drug_list .option.is-active")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#line-0-said .said-danger")
    assert "dị ứng Paracetamol" in desk.inner_text("#line-0-said")
    # The figures come; what cannot be is told with its own words, and goes when it is mended.
    for figure in ("1", "2", "400"):
        desk.keyboard.type(figure)
        desk.keyboard.press("Enter")
    desk.wait_for_selector("#line-0-said :text('quá 90 ngày')")
    photograph(desk, "visit-line-said")
    axe_clean(desk)
    desk.fill("#id_line-0-days", "5")
    desk.keyboard.press("Tab")
    desk.wait_for_selector("#line-0-sum b")
    assert "90 ngày" not in desk.inner_text("#line-0-said")


def test_enter_goes_on_from_an_empty_line_of_a_long_text(desk):
    desk.focus("[name=history]")
    desk.keyboard.press("Enter")
    assert desk.evaluate("() => document.activeElement.name") == "examination"
    desk.keyboard.type("Họng đỏ")
    desk.keyboard.press("Enter")
    desk.keyboard.type("Phổi trong")
    desk.keyboard.press("Enter")
    assert desk.evaluate("() => document.activeElement.name") == "examination"
    desk.keyboard.press("Enter")
    assert focused(desk) == "id_main"
    assert desk.input_value("[name=examination]") == "Họng đỏ\nPhổi trong"
