"""A visit played by keyboard, from the search box to the paper, with every key press counted."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.encounters.models import PrescriptionLine, Visit
from apps.sync import worker
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.care import a_measurement
from tests.factories.patients import a_card, a_person, a_station, an_allergy
from tests.factories.sync import warehouse
from tests.receiver.server import Receiver

pytestmark = pytest.mark.django_db(transaction=True)

SMALL_LISTS = [
    "parameters",
    "code_lists",
    "ethnic_groups",
    "occupations",
    "drug_routes",
    "exam_organs",
    "injury_causes",
]

# Of a usual visit, beside what is written in words: reason, findings, advice, names of diseases and drugs.
MOST_KEYS = 60


class Hands:
    """A nurse's hands: `press` is a key that counts, `write` are words that do not."""

    def __init__(self, page):
        self.page = page
        self.keys = 0

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def figures(self, text):
        """Figures count: they are keys like others."""
        self.page.keyboard.type(text)
        self.keys += len(text)

    def write(self, text):
        self.page.keyboard.type(text)

    def pick(self, words):
        """Find a code by words; Enter takes the first and goes on."""
        self.write(words)
        box = self.page.evaluate("document.activeElement.id")
        self.page.wait_for_selector(f"#{box}_list [role=option]")
        self.page.wait_for_function(
            "box => document.getElementById(box).dataset.answered === document.getElementById(box).value",
            arg=box,
        )
        self.press("Enter")

    def focused(self):
        return self.page.evaluate("document.activeElement.name || document.activeElement.id")


@pytest.fixture
def station():
    call_command(
        "load_catalogues",
        only=[*SMALL_LISTS, "icd10_tt06", "icd10_spoken", "icd10_common", "drugs_commune"],
    )
    return a_station()


@pytest.fixture
def doctor(station):
    station.kcb_code, station.phone = "51C01", "0255123456"
    station.address = "Thôn Làng Teng, xã Ba Tơ, tỉnh Quảng Ngãi"
    station.save()
    user = a_user("binh.tv", "Trần Văn Bình")
    practitioner = make.a_practitioner(station, "Trần Văn Bình", user=user)
    a_post(user, "doctor", station, practitioner=practitioner)
    return practitioner


@pytest.fixture
def province(db):
    """The test receiver, listening on loopback."""
    with Receiver() as running:
        warehouse(running.base_url)
        yield running


@pytest.fixture
def desk(page, live_server, doctor):
    """The doctor's browser, signed in."""
    value = client_of(doctor.user).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.goto(live_server.url)
    return page


@pytest.fixture
def lan(station, doctor):
    """Nguyễn Thị Lan, allergic to penicillin, seen before."""
    lan = a_person(station, "Nguyễn Thị Lan", birth_date=dt.date(1985, 4, 12), cccd="051185000123")
    a_card(lan, "GD4515100000123", valid_from=None, valid_to=None)
    an_allergy(lan, "Penicillin", reaction="mày đay")
    a_measurement(lan, "height", "155")
    now = timezone.now()
    for days in (100, 60, 20):  # all coded by the edition of TT 06/2026
        make.a_finished_visit(lan, doctor, at=now - dt.timedelta(days=days))
    return lan


def test_a_usual_visit_from_search_to_paper(desk, lan, station, province, photograph, axe_clean):
    # Given: two people of nearly one name, and a queue.
    a_person(station, "Nguyễn Thị Làn", birth_date=dt.date(1951, 1, 1))
    hands = Hands(desk)

    # When: found without accents, received.
    hands.press("/")
    hands.write("nguyen thi lan 1985")
    desk.wait_for_selector(".search-results a, #search-results a, .option-result")
    hands.press("Enter")
    desk.wait_for_selector(".banner")
    photograph(desk, "visit-person")
    hands.press("Enter")
    desk.wait_for_selector("input[name=reason]")
    hands.write("Ho, sốt 2 ngày, đau họng")
    photograph(desk, "visit-reception")
    axe_clean(desk)
    hands.press("Control+Shift+Enter")

    # Then: the visit's page begins at the vital signs.
    desk.wait_for_selector("#visit-form")
    assert hands.focused() == "pulse"
    for figure in ("92", "38,2", "120/80", "20", "98", "52"):
        hands.figures(figure)
        hands.press("Enter")
    assert hands.focused() == "history"
    hands.write("Sốt từ hôm kia, uống hạ sốt có đỡ")
    hands.press("Tab")
    hands.write("Họng đỏ, phổi không ran")
    hands.press("Tab", "Tab")
    assert hands.focused() == "id_main"
    hands.pick("nhiem trung ho hap tren cap")
    assert hands.focused() == "id_secondary"
    # Saved on the way, the page opens again where work goes on; the line that comes in after a medicine
    # leaves the cursor where it is.
    hands.press("Control+Enter")
    desk.wait_for_selector("text=Đã lưu")
    desk.wait_for_selector("#id_line-0-drug:focus")
    lines = desk.locator(".line").count()
    hands.pick("paracetamol 500")
    desk.wait_for_function("before => document.querySelectorAll('.line').length > before", arg=lines)
    assert hands.focused() == "line-0-dose"
    for figure in ("1", "3", "3"):
        hands.figures(figure)
        hands.press("Enter")
    desk.wait_for_selector("#line-0-sum b")
    assert desk.inner_text("#line-0-sum") == "09 viên · Ngày uống 3 lần, mỗi lần 1 viên"
    assert hands.focused().startswith("id_line-1-drug")
    hands.pick("cetirizin")
    for figure in ("1", "1", "5"):
        hands.figures(figure)
        hands.press("Enter")
    assert hands.focused().startswith("id_line-2-drug")
    hands.pick("vitamin c")
    for figure in ("1", "2", "5"):
        hands.figures(figure)
        hands.press("Enter")
    assert hands.focused().startswith("id_line-3-drug")
    hands.press("Enter")
    assert hands.focused() == "advice"
    hands.write("Uống nhiều nước, nghỉ ngơi")
    hands.press("Tab")
    hands.figures("5")
    desk.wait_for_selector("#draft-kept:not(:empty)")
    photograph(desk, "visit-form")
    axe_clean(desk)
    # And it ends: signed by the doctor, the prescription under her finger.
    hands.press("Control+Shift+Enter")
    desk.wait_for_selector("text=Đã hoàn tất lượt khám")
    photograph(desk, "visit-record")
    axe_clean(desk)
    visit = Visit.unscoped.get(state="finalised", on=timezone.localdate())
    assert visit.follow_up_on == visit.on + dt.timedelta(days=5)
    assert list(
        PrescriptionLine.unscoped.filter(prescription__visit=visit).values_list("quantity", flat=True)
    ) == [9, 5, 10]
    with desk.context.expect_event("request", lambda asked: asked.url.endswith("/don-thuoc.pdf")):
        hands.press("Enter")
    assert hands.keys <= MOST_KEYS, hands.keys

    # And the province has taken it, which the visit's own page says.
    worker.drain()
    desk.goto(desk.url)
    desk.wait_for_selector("text=tiếp nhận lúc")
    photograph(desk, "visit-sent")


@pytest.mark.slow
def test_every_page_of_visits_is_looked_at(desk, lan, station, doctor, live_server, photograph, axe_clean):
    nurse = make.a_practitioner(
        station, "Lê Thị Kim Ngân", grade="assistant", can_sign=False, licence_no="9/QNG"
    )
    names = [
        "Phạm Văn Hrê",
        "Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết Phương Anh",
        "Đinh Thị Y Nhung",
        "Phạm Gia Bảo",
    ]
    people = [a_person(station, name, birth_date=dt.date(1950 + 9 * n, 3, 5)) for n, name in enumerate(names)]
    for person in people:
        make.a_visit(person, nurse, reason="Đau bụng vùng thượng vị, buồn nôn từ sáng")
    waiting = [make.a_finished_visit(person, nurse) for person in people[:3]]
    done = make.a_finished_visit(lan, doctor)
    base = live_server.url

    for name, address in (
        ("visits-day", "/kham/"),
        ("visits-unsigned", "/kham/cho-ky/"),
        ("visits-home", "/"),
        ("visits-waiting-signature", f"/kham/{waiting[0].pk}/"),
        ("visits-amend", f"/kham/{done.pk}/sua-doi/"),
        ("visits-in-error", f"/kham/{done.pk}/nhap-nham/"),
    ):
        desk.goto(base + address)
        photograph(desk, name)
        axe_clean(desk)

    # An amendment, and both versions side by side.
    desk.goto(f"{base}/kham/{done.pk}/sua-doi/")
    desk.fill("textarea[name=advice]", "Tái khám ngay nếu khó thở")
    desk.fill("input[name=amend_reason]", "Dặn dò thêm dấu hiệu cần khám lại")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("text=Đã sửa đổi")
    desk.goto(f"{base}/kham/{done.pk}/cac-ban/")
    photograph(desk, "visits-versions")
    axe_clean(desk)

    # Wrong input in every part is told beside its field.
    opened = make.a_visit(people[0], doctor)
    desk.goto(f"{base}/kham/{opened.pk}/")
    desk.fill("input[name=temperature]", "375")
    desk.fill("input[name=pressure]", "80/120")
    desk.fill("input[name=follow_up_on]", "31/02")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector(".has-error")
    assert "Chưa lưu" in desk.content()
    photograph(desk, "visit-errors")
    axe_clean(desk)

    # What is odd is asked about.
    desk.fill("input[name=follow_up_on]", "")
    desk.fill("input[name=pressure]", "190/110")
    desk.fill("input[name=temperature]", "39")
    desk.fill("input[name=weight]", "160")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("text=Đã lưu")
    photograph(desk, "visit-dangers")
