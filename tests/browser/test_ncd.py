"""Somebody with hypertension comes for her medicines: form, refill, lists, book; played by keyboard."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.care.models import Appointment
from apps.encounters.models import PrescriptionLine, Visit
from apps.ncd.models import FollowUp
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories import ncd
from tests.factories.patients import a_card, a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)

MOST_KEYS = 10  # of the form, beside the pressure


@pytest.fixture
def station():
    call_command(
        "load_catalogues",
        only=["parameters", "code_lists", "care_programmes", "ethnic_groups", "occupations", "drug_routes",
              "exam_organs"],
    )  # fmt: skip
    for edition in ("tt06", "qd4469"):
        make.an_icd10("I10", "Tăng huyết áp vô căn (nguyên phát)", edition=edition)
    make.a_drug("TD060.1", "Amlodipin", strength="5mg")
    return a_station()


@pytest.fixture
def head(page, live_server, station):
    """The head of the station, who examines and signs."""
    doctor = make.a_practitioner(station, "Nguyễn Thị Thu")
    client = signed_in("station_head", doctor, "thu.nt")
    value = client.cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.doctor = doctor
    return page


@pytest.fixture
def lan(head, station):
    """Followed for more than a year, seen once a month, with a card."""
    lan = a_person(
        station, "Nguyễn Thị Lan", birth_date=dt.date(1961, 4, 12), cccd="051161000123", phone="0912345678",
        occupation="61",
    )  # fmt: skip
    a_card(lan, "GD4515100000123", valid_from=None, valid_to=None)
    ncd.an_old_enrolment(lan)
    for ago, high, low in ((155, 162, 98), (122, 156, 94), (91, 148, 92), (61, 144, 88), (31, 138, 84)):
        ncd.a_finished_follow_up(lan, head.doctor, high, low, days_ago=ago, adherence="all", smoker=False)
    late = a_person(station, "Phạm Thị Quá Hẹn", birth_date=dt.date(1958, 1, 1), phone="0987654321")
    ncd.an_old_enrolment(late)
    ncd.a_finished_follow_up(late, head.doctor, 152, 96, days_ago=45)
    gone = a_person(station, "Phạm Văn Bỏ", sex="male", birth_date=dt.date(1950, 1, 1))
    ncd.an_old_enrolment(gone)
    ncd.a_finished_follow_up(gone, head.doctor, 150, 90, days_ago=150)
    return lan


def focused(page, name):
    page.wait_for_function(
        "name => (document.activeElement.name || document.activeElement.id) === name", arg=name
    )


def test_a_refill_by_keyboard(head, lan, live_server, photograph, axe_clean):
    # Given a visit of hers under way, with today's pressure
    visit = make.a_visit(lan, head.doctor, reason="Khám, lĩnh thuốc huyết áp")
    head.goto(f"{live_server.url}/kham/{visit.pk}/")
    head.wait_for_selector(":focus")
    head.fill("[name=pressure]", "146/92 142/88")
    # when the medicines of the last time are copied, which saves the visit
    head.keyboard.press("F4")
    head.wait_for_selector("text=/Đã chép 1 thuốc của đơn ngày/")
    photograph(head, "ncd-visit")
    # then one key opens the form, filled already
    keys = 1
    head.fill("[name=advice]", "Ăn nhạt")  # what is not saved yet is saved on the way
    head.keyboard.press("F3")
    head.wait_for_selector("#follow-form")
    focused(head, "adherence")
    assert "144/90" in head.inner_text("#follow-said")
    assert Visit.unscoped.get(pk=visit.pk).advice == "Ăn nhạt"
    photograph(head, "ncd-follow-up")
    axe_clean(head)
    # and one saves it
    head.keyboard.press("Control+Enter")
    keys += 1
    head.wait_for_selector("text=Đã lưu phiếu theo dõi")
    assert keys <= MOST_KEYS
    form = FollowUp.unscoped.get(visit=visit)
    today = timezone.localdate()
    assert (form.systolic, form.diastolic, form.target, form.medicine_days) == (144, 90, 0, 30)
    assert Visit.unscoped.get(pk=visit.pk).follow_up_on == form.next_on == today + dt.timedelta(days=30)
    assert PrescriptionLine.unscoped.get(prescription__visit=visit).drug_name == "Amlodipin"
    # when the visit is ended with a diagnosis, by its page
    head.goto(f"{live_server.url}/kham/{visit.pk}/")
    photograph(head, "ncd-visit-after")
    # and her page shows the course with the target
    head.goto(f"{live_server.url}/nguoi/{lan.pk}/")
    head.wait_for_selector("text=Theo dõi huyết áp, đường huyết")
    photograph(head, "ncd-person")
    axe_clean(head)
    head.goto(f"{live_server.url}/man-tinh/phieu/{form.pk}/")
    photograph(head, "ncd-form")
    axe_clean(head)


def test_lists_and_the_book(head, lan, live_server, photograph, axe_clean):
    # Given the month's people; when the head looks who is expected, who has not come
    head.goto(f"{live_server.url}/")
    head.wait_for_selector("text=quá hẹn")
    photograph(head, "ncd-home")
    head.goto(f"{live_server.url}/man-tinh/?muc=tat-ca")
    assert head.locator("table tbody tr").count() == 3
    photograph(head, "ncd-lists")
    axe_clean(head)
    head.goto(f"{live_server.url}/man-tinh/?muc=qua-hen")
    head.wait_for_selector("text=Phạm Thị Quá Hẹn")
    assert Appointment.unscoped.filter(person__full_name="Phạm Thị Quá Hẹn").count() == 1
    # then the book of the year has a line a month
    head.click("text=Sổ năm")
    head.wait_for_selector("table.register")
    photograph(head, "ncd-book")
    axe_clean(head)
    # and paper
    for address in ("so-a/so.pdf", "danh-sach.pdf?muc=tat-ca"):
        pdf = head.context.request.get(f"{live_server.url}/man-tinh/{address}")
        assert pdf.body().startswith(b"%PDF")
