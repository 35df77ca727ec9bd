"""A morning at the station, played: who comes, what is given, paid and printed, and an hour without the line.

At noon register A1, the cash book and the shelf must say the same as the table written by hand below.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone

from apps.core.scope import system
from apps.encounters.models import Receipt, Visit
from apps.facilities.models import Practitioner
from apps.households.models import Membership
from apps.outage.models import Slip
from apps.outage.services import pack_make, pack_printed
from apps.patients.models import Person
from apps.stock.models import Lot, StockBalance
from tests.browser.test_orders import pick, seat, staff
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories import ncd
from tests.factories.catalogues import a_drug, an_icd10
from tests.factories.certificates import HOSPITAL, a_hospital
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.money import EXAM, till
from tests.factories.patients import a_card, a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)

CATALOGUES = [
    *("parameters", "code_lists", "reception", "bhyt_objects", "care_programmes", "imci_classes"),
    *("restricted_data", "drug_routes", "exam_organs", "certificates"),
]

# By hand: who stands in register A1 at noon, with the diagnosis, in the order of the day.
A1 = [
    ("Phạm Thị Hồng Nhung", "J06.9"),
    ("Phạm Văn Hrê", "I10"),
    ("Đinh Gia Bảo", "J06.9"),
    ("Đinh Văn Một", "J06.9"),
    ("Nguyễn Thị Lan", "J06.9"),  # her visit was written under Nguyễn Thị Làn
    ("Đinh Thị Vân Kiều", "J06.9"),  # on paper
]
# Tablets that left the shelf: 10 for the mother, 10 on paper; Một's 10 came back with the cancelled act.
PARACETAMOL_LEFT, AMLODIPINE_LEFT = 100 - 10 - 10, 60 - 30
PICKED = ("main", "line__0__drug")
CASH = 2 * EXAM  # the mother and Một pay themselves; the others are insured


@dataclass
class Station:
    """Who works, who comes, what lies on the shelf."""

    nurse: Practitioner
    doctor: Practitioner
    pharmacist: Practitioner
    head: Practitioner
    mother: Person
    child: Person
    grandfather: Person
    one: Person
    lan: Person
    lan_too: Person
    kieu: Person
    paracetamol: Lot
    amlodipine: Lot


@pytest.fixture
def station() -> Station:
    call_command("load_catalogues", only=CATALOGUES)
    an_icd10("J06.9", "Nhiễm trùng đường hô hấp trên cấp")
    an_icd10("I10", "Tăng huyết áp vô căn (nguyên phát)", flags={"long_rx_max_days": 90})
    an_icd10("I10", "Tăng huyết áp vô căn (nguyên phát)", edition="qd4469")
    a_drug()
    a_drug("TD060.1", "Amlodipin", "5mg")
    till()
    give.rules()
    place = a_station()
    a_hospital(place)
    doctor = staff(place, "doctor", "binh.tv", "Trần Văn Bình")
    today = timezone.localdate()
    mother = a_person(place, "Phạm Thị Hồng Nhung", birth_date=dt.date(1990, 6, 6))
    child = a_person(place, "Đinh Gia Bảo", sex="male", birth_date=today - dt.timedelta(days=760))
    grandfather = a_person(place, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1940, 1, 1))
    household = a_household(place, mother)
    joins(household, child)
    joins(household, grandfather)
    for number, person in enumerate((child, grandfather), 1):
        a_card(person, f"GD451510000012{number}", valid_from=None, valid_to=None)
    ncd.an_old_enrolment(grandfather)
    ncd.a_finished_follow_up(grandfather, doctor, 152, 94, days_ago=31, adherence="all", smoker=False)
    desk = give.a_desk(place)
    return Station(
        nurse=staff(place, "nurse", "lan.tt", "Trần Thị Lan", grade="nurse", can_sign=False),
        doctor=doctor,
        pharmacist=staff(place, "pharmacist", "duoc.lt", "Lê Thị Dược", grade="pharmacist", can_sign=False),
        head=staff(place, "station_head", "truong.pv", "Phạm Văn Trưởng"),
        mother=mother,
        child=child,
        grandfather=grandfather,
        one=a_person(place, "Đinh Văn Một", sex="male", birth_date=dt.date(1975, 1, 1)),
        lan=a_person(place, "Nguyễn Thị Lan", birth_date=dt.date(1985, 4, 12)),
        lan_too=a_person(place, "Nguyễn Thị Làn", birth_date=dt.date(1951, 1, 1)),
        kieu=a_person(place, "Đinh Thị Vân Kiều", birth_date=dt.date(1990, 3, 8)),
        paracetamol=give.a_stock(desk, 100),
        amlodipine=give.a_stock(desk, 60, "TD060.1", "Amlodipin 5mg"),
    )


class Morning:
    """One computer, to which each of them sits down."""

    def __init__(self, page: Any, live_server: Any, station: Station) -> None:
        self.page, self.live_server, self.station = page, live_server, station

    def sits(self, who: Practitioner, path: str) -> None:
        seat(self.page, self.live_server, who)
        self.page.goto(f"{self.live_server.url}{path}")

    def sees(self, words: str) -> None:
        self.page.wait_for_selector(f"text={words}")

    def visit_of(self, person: Person) -> Visit:
        return Visit.unscoped.get(person=person, on=timezone.localdate())

    def examine(self, person: Person, *, end: bool = True, **boxes: str) -> Visit:
        """The doctor opens the waiting visit, fills in these boxes, ends it."""
        visit = self.visit_of(person)
        self.sits(self.station.doctor, f"/kham/{visit.pk}/")
        self.page.wait_for_selector("#visit-form")
        for name, value in boxes.items():
            if name in PICKED:
                self.pick(name.replace("__", "-"), value)
            else:
                self.page.fill(f"[name={name.replace('__', '-')}]", value)
        if end:
            self.end()
        return visit

    def pick(self, box: str, words: str) -> None:
        """Find a code by words; Enter takes the first line of the list."""
        self.page.focus(f"#id_{box}")
        pick(self.page, words)

    def end(self) -> None:
        self.page.keyboard.press("Control+Shift+Enter")
        self.sees("Đã hoàn tất lượt khám")

    def pays(self, visit: Visit) -> None:
        """The nurse takes the exact sum: two keys from the visit's page."""
        self.sits(self.station.head, f"/kham/{visit.pk}/")
        self.page.keyboard.press("F2")
        self.page.wait_for_selector("input[name=given]:focus")
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/bien-lai/**")

    def gets_medicines(self, visit: Visit) -> None:
        """The pharmacist gives out all that was prescribed, by Enter."""
        self.sits(self.station.pharmacist, f"/kham/{visit.pk}/cap-phat/")
        self.page.wait_for_selector("button:focus")
        self.page.keyboard.press("Enter")
        self.sees("Đã cấp thuốc, kho đã trừ.")


def test_a_morning(
    page: Any, live_server: Any, station: Station, photograph: Any, axe_clean: Callable[[Any], None]
) -> None:
    page.set_default_timeout(8000)
    morning = Morning(page, live_server, station)
    the_family_is_received(morning)
    the_mother_is_seen_pays_and_gets_her_medicine(morning)
    the_child_is_sent_on(morning)
    the_grandfather_gets_his_medicines_for_a_month(morning)
    a_prescription_is_cancelled(morning)
    a_visit_was_written_under_another_name(morning)
    the_mothers_visit_is_amended(morning)
    an_hour_on_paper_is_entered(morning)
    at_noon_everything_agrees(morning, photograph, axe_clean)


def the_family_is_received(morning: Morning) -> None:
    # Given the family's page, when all three are received with one reason,
    page, family = morning.page, morning.station
    household = Membership.unscoped.get(person=family.mother).household_id
    morning.sits(family.nurse, f"/ho/{household}/")
    page.wait_for_selector('[data-key="F2"]')
    page.keyboard.press("F2")
    page.wait_for_selector("#family-form")
    for line in page.locator("#family-form tbody tr").all():
        line.locator("[name$=-tick]").check()
    hers = page.locator("#family-form tbody tr", has_text=family.mother.full_name)
    hers.locator("[name$=-payer]").select_option(label="Thu phí")
    page.fill("#id_reason", "Ho, sốt")
    page.keyboard.press("Control+Enter")
    # then each has a number, the child and the old man before the mother.
    morning.sees("Đã tiếp nhận 3 người")
    ranks = {visit.person_id: visit.rank for visit in Visit.unscoped.filter(on=timezone.localdate())}
    assert ranks[family.child.pk] < ranks[family.mother.pk]
    assert ranks[family.grandfather.pk] < ranks[family.mother.pk]


def the_mother_is_seen_pays_and_gets_her_medicine(morning: Morning) -> None:
    page, mother = morning.page, morning.station.mother
    visit = morning.examine(
        mother,
        end=False,
        pulse="92",
        temperature="38,2",
        pressure="120/80",
        weight="52",
        examination="Họng đỏ, phổi không ran",
        main="J06.9",
        line__0__drug="paracetamol",
        line__0__dose="1",
        line__0__times="2",
        line__0__days="5",
        advice="Uống nhiều nước",
    )
    morning.end()
    morning.pays(visit)
    morning.gets_medicines(visit)
    assert left(morning.station.paracetamol) == 90
    assert page.locator("text=Đã cấp đủ").count() >= 0


def the_child_is_sent_on(morning: Morning) -> None:
    # Given fever and a cough, when the mother says that he cannot be woken,
    page, child = morning.page, morning.station.child
    morning.examine(
        child, end=False, temperature="39,1", breathing="46", weight="9,6", length="84", main="J06.9"
    )
    page.keyboard.press("F6")
    page.wait_for_selector("[name=imci-unable_drink]:focus")
    page.focus("[name=imci-lethargic]")
    page.keyboard.press("Space")
    # then the form warns at once and proposes the referral,
    page.wait_for_selector("#sick-alert [role=alert]")
    page.locator("[data-choose=outcome]").press("Enter")
    page.wait_for_selector("[name=outcome]:focus")
    morning.end()
    # whose paper begins with what the visit found.
    page.click("a:has-text('Giấy chuyển cơ sở')")
    page.wait_for_selector("input[name=destination]:focus")
    page.keyboard.type(HOSPITAL)
    page.fill("textarea[name=treatment]", "Hạ sốt, thở oxy 2 lít/phút")
    page.fill("textarea[name=condition]", "Li bì, mạch 150 lần/phút")
    page.fill("textarea[name=plan]", "Nhập viện theo dõi, điều trị")
    page.fill("input[name=transport]", "Xe cứu thương")
    page.fill("input[name=escort]", "Trần Thị Lan")
    page.fill("input[name=escort_title]", "Điều dưỡng")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/kham/giay/**")


def the_grandfather_gets_his_medicines_for_a_month(morning: Morning) -> None:
    page, he = morning.page, morning.station.grandfather
    visit = morning.examine(he, end=False, pressure="144/86", weight="55", main="I10")
    page.keyboard.press("F4")
    morning.sees("Đã chép 1 thuốc của đơn ngày")
    page.keyboard.press("F3")
    page.wait_for_selector("#follow-form")
    page.keyboard.press("Control+Enter")
    morning.sees("Đã lưu phiếu theo dõi")
    page.goto(f"{morning.live_server.url}/kham/{visit.pk}/")
    page.wait_for_selector("#visit-form")
    morning.end()
    morning.gets_medicines(visit)
    assert left(morning.station.amlodipine) == AMLODIPINE_LEFT


def a_prescription_is_cancelled(morning: Morning) -> None:
    # Given a signed prescription, paid and given out,
    page, one = morning.page, morning.station.one
    visit = make.a_finished_visit(one, morning.station.doctor, payer="fee")
    morning.pays(visit)
    morning.gets_medicines(visit)
    assert left(morning.station.paracetamol) == 80
    # when he has brought his own from home and the act is cancelled, then the shelf has all of it again.
    page.locator("a[href$='/huy/']").first.click()
    page.wait_for_selector("input:focus")
    page.keyboard.type("Người bệnh đã có thuốc ở nhà")
    page.keyboard.press("Control+Enter")
    morning.sees("Đã hủy lần cấp")
    assert left(morning.station.paracetamol) == 90


def a_visit_was_written_under_another_name(morning: Morning) -> None:
    page, station = morning.page, morning.station
    wrong = make.a_finished_visit(station.lan_too, station.doctor, data=replace(make.USUAL, lines=[]))
    morning.sits(station.head, f"/kham/{wrong.pk}/nham-nguoi/")
    page.wait_for_selector("#id_person:focus")
    pick(page, station.lan.code)
    page.fill("[name=reason]", "Gọi nhầm người cùng tên")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".banner:has-text('Nguyễn Thị Lan')")
    wrong.refresh_from_db()
    assert wrong.state == "entered_in_error"


def the_mothers_visit_is_amended(morning: Morning) -> None:
    page, visit = morning.page, morning.visit_of(morning.station.mother)
    morning.sits(morning.station.doctor, f"/kham/{visit.pk}/sua-doi/")
    page.fill("textarea[name=advice]", "Uống nhiều nước; khám lại ngay nếu khó thở")
    page.fill("input[name=amend_reason]", "Dặn thêm dấu hiệu cần khám lại")
    page.keyboard.press("Control+Enter")
    morning.sees("Đã sửa đổi")


def an_hour_on_paper_is_entered(morning: Morning) -> None:
    # Given a slip that was filled in while the line was down,
    page, station = morning.page, morning.station
    with system("test"):
        pack = pack_make(
            facility_id=station.nurse.facility_id, on=timezone.localdate(), slips={"kham": 2, "kho": 0}
        )
        pack_printed(pack)
    slip = Slip.unscoped.filter(pack=pack, kind="kham").earliest("number")
    at = timezone.localtime() - dt.timedelta(minutes=60)
    morning.sits(station.head, "/nhap-bu/kham/")
    page.locator('input[name="slip"]:focus').wait_for()
    row = page.locator("tr[data-key]").first
    for name, value in (
        ("slip", slip.shown), ("day", f"{at:%d%m%Y}"), ("time", f"{at:%Hh%M}"), ("visit_reason", "Ho, sốt"),
        ("temperature", "37,8"), ("use1", "1 x 2 x 5"),
    ):  # fmt: skip
        row.locator(f"[name='{name}']").fill(value)
    for column, words in (("person", station.kieu.code), ("main", "nhiem trung"), ("drug1", "paracetamol")):
        row.locator(f"[data-name={column}] input[role=combobox]").click()
        pick(page, words)
    row.locator("[name=who]").select_option(str(station.doctor.pk))
    row.locator("[name=given]").select_option(label="Quầy cấp phát")
    page.keyboard.press("Control+Enter")
    # when it is entered, then it is a visit of that hour, and its medicines have left the shelf.
    row.locator(".row-state a").wait_for()
    visit = morning.visit_of(station.kieu)
    assert (visit.entry_mode, visit.state) == ("back_entered", "finalised")
    assert left(station.paracetamol) == PARACETAMOL_LEFT


def at_noon_everything_agrees(morning: Morning, photograph: Any, axe_clean: Callable[[Any], None]) -> None:
    page, station = morning.page, morning.station
    morning.sits(station.head, "/kham/so-a1/")
    lines = [row.inner_text() for row in page.locator("table.register tbody tr:not(.register-day)").all()]
    assert len(lines) == len(A1), lines
    for line, (name, code) in zip(lines, A1, strict=True):
        assert name in line and code in line and "Trần Văn Bình" in line, line
    photograph(page, "morning-a1")
    axe_clean(page)

    page.goto(f"{morning.live_server.url}/kham/so-quy/")
    assert Receipt.unscoped.filter(state="paid").aggregate(Sum("payable"))["payable__sum"] == CASH
    morning.sees(f"{CASH:,}".replace(",", "."))
    photograph(page, "morning-cash")

    page.goto(f"{morning.live_server.url}/kho/")
    photograph(page, "morning-stock")
    assert left(station.paracetamol) == PARACETAMOL_LEFT
    assert left(station.amlodipine) == AMLODIPINE_LEFT
    give.agrees()

    page.goto(f"{morning.live_server.url}/cuoi-ngay/")
    axe_clean(page)
    photograph(page, "morning-end")
    page.keyboard.press("F4")
    page.wait_for_selector("select[name=shift]:focus")


def left(lot: Lot) -> int:
    """What the shelf has of it."""
    return int(StockBalance.unscoped.filter(lot=lot).aggregate(Sum("quantity"))["quantity__sum"] or 0)
