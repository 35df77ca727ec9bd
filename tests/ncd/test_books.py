"""The yearly books 97-II-01A and 97-II-01B: columns, months, paper, file, strangers."""

import datetime as dt
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core.scope import enter
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import Visit
from apps.facilities import registers
from apps.facilities.models import FacilityPast
from apps.facilities.registers import Asked
from apps.ncd import books
from apps.ncd.books import A, B
from tests.factories import encounters as make
from tests.factories import ncd
from tests.factories.patients import a_card, a_person

TODAY = timezone.localdate()
YEAR = Asked(dt.date(TODAY.year, 1, 1), dt.date(TODAY.year, 12, 31), "since")
LAST_MONTH = TODAY.replace(day=1) - dt.timedelta(days=5)


def lines(doctor, book=A, asked=YEAR):
    with enter(ncd.scope_of(doctor)) as scope:
        return registers.page(book, scope, asked)[1]


@pytest.fixture
def old(lan, doctor):
    ncd.an_old_enrolment(lan, days_ago=700)
    a_card(lan, valid_to=TODAY + dt.timedelta(days=300))
    return ncd.a_finished_follow_up(lan, doctor, 148, 92, days_ago=(TODAY - LAST_MONTH).days)


def test_it_works(lan, old, doctor):
    ncd.a_finished_follow_up(lan, doctor, 132, 84)
    (line,) = lines(doctor, asked=year_of(TODAY))
    assert line.cells[0] == "Phạm Thị Lan" and line.cells[4] == "DN4515112345678"
    month = line.months[TODAY.month - 1]
    assert month == (
        "Trạm Y tế xã Ba Tơ", f"{TODAY:%d/%m/%Y}", "Trạm Y tế xã Ba Tơ", "132", "84", "1", "Amlodipin 5mg",
    )  # fmt: skip
    (line,) = lines(doctor, asked=year_of(LAST_MONTH))
    assert line.months[LAST_MONTH.month - 1][3:6] == ("148", "92", "0")
    assert len(line.cells) == len(A.all_columns()) == 8 + 12 * 7


def year_of(day):
    return Asked(dt.date(day.year, 1, 1), dt.date(day.year, 12, 31), "since")


PERSON = [
    "Họ và tên", "Ngày sinh", "Giới", "Số định danh cá nhân", "Số thẻ BHYT", "Địa chỉ", "Dân tộc",
    "Nghề nghiệp",
]  # fmt: skip
PLACE = ["CSYT quản lý", "Ngày khám", "Nơi khám"]


def test_columns_are_those_of_the_books():
    assert list(A.columns) == list(B.columns) == PERSON
    assert list(A.months) == [*PLACE, "HA tâm thu", "HA tâm trương", "Đạt HA mục tiêu", "Thuốc điều trị"]
    assert list(B.months) == [*PLACE, "Đường máu (mmol/L)", "Đạt mục tiêu", "Thuốc điều trị"]


def test_the_last_visit_of_a_month_counts(lan, old, doctor):
    ncd.a_finished_follow_up(lan, doctor, 136, 80, days_ago=(TODAY - LAST_MONTH).days - 1)
    (line,) = lines(doctor, asked=year_of(LAST_MONTH))
    assert line.months[LAST_MONTH.month - 1][3:6] == ("136", "80", "1")


def test_what_is_not_finished_does_not_stand_there(lan, enrolment, doctor):
    visit = ncd.a_pressed_visit(lan, doctor)
    ncd.a_follow_up(visit, doctor)
    (line,) = lines(doctor)
    assert not any(month[1] for month in line.months)
    with enter(ncd.scope_of(doctor)):
        stored = Visit.unscoped.get(pk=visit.pk)
        done = visits.visit_finalise(visit_id=visit.pk, expected_version=stored.version, override="đã xem")
    assert lines(doctor)[0].months[TODAY.month - 1][3] == "148"
    with enter(ncd.scope_of(doctor)):
        visits.visit_entered_in_error(visit_id=visit.pk, expected_version=done.version, reason="nhầm")
    assert not any(month[1] for month in lines(doctor)[0].months)


def test_who_was_followed_in_the_year(lan, station, doctor):
    row = ncd.an_old_enrolment(lan, days_ago=800)
    row.state, row.until, row.outcome = "ended", TODAY - dt.timedelta(days=500), "moved"
    row.save()
    wrong = ncd.an_old_enrolment(a_person(station, "Phạm Thị Nhầm"))
    wrong.state = "entered_in_error"
    wrong.save()
    assert lines(doctor, asked=year_of(TODAY)) == []
    assert len(lines(doctor, asked=year_of(row.until))) == 1


def test_the_book_of_diabetes(lan, doctor):
    ncd.an_old_enrolment(lan, "diabetes")
    data = VisitInput(fields={"reason": "Tái khám"}, diagnoses=[DiagnosisInput("E11", "main")])
    visit = make.an_examined_visit(lan, doctor, data)
    ncd.a_follow_up(visit, doctor, "diabetes", glucose=D("6.8"), glucose_kind="fasting")
    with enter(ncd.scope_of(doctor)):
        stored = Visit.unscoped.get(pk=visit.pk)
        visits.visit_finalise(visit_id=visit.pk, expected_version=stored.version, override="đã xem")
    (line,) = lines(doctor, B)
    assert line.months[TODAY.month - 1][3:] == ("6,8", "1", "")
    assert lines(doctor, A) == []


def test_a_place_has_the_name_of_its_day(lan, old, doctor, station):
    FacilityPast.objects.create(
        facility=station, name="Trạm Y tế xã Ba Tơ cũ", kind="station", unit=station.unit,
        valid_to=LAST_MONTH + dt.timedelta(days=1),
    )  # fmt: skip
    (line,) = lines(doctor, asked=year_of(LAST_MONTH))
    assert line.months[LAST_MONTH.month - 1][0] == "Trạm Y tế xã Ba Tơ cũ"


def test_the_page_its_paper_and_its_file(client, head_client, lan, old, doctor):
    page = client.get(reverse("ncd:book_a") + f"?nam={LAST_MONTH.year}").content.decode()
    assert "97-II-01A" in page and "148" in page and "Xuất Excel" not in page
    assert client.get(reverse("ncd:book_a_paper")).status_code == 403
    assert client.get(reverse("ncd:book_a") + "?nam=9999&thon=x").status_code == 200
    page = head_client.get(reverse("ncd:book_a")).content.decode()
    assert "Xuất Excel" in page
    assert head_client.get(reverse("ncd:book_a_paper"))["content-type"] == "application/pdf"
    assert head_client.get(reverse("ncd:book_b_paper"))["content-type"] == "application/pdf"
    assert head_client.get(reverse("ncd:book_b")).status_code == 200
    assert head_client.get(reverse("ncd:book_a_export")).status_code == 200
    with enter(ncd.scope_of(doctor)):
        kind = registers.export_kind(A)
        args = registers.as_args(year_of(LAST_MONTH))
        sheet = kind.sheet(args)
        ((_, cells),) = list(sheet.rows)
    assert kind.count is not None and len(sheet.headings) == len(cells) == 92
    assert sheet.headings[8] == "Tháng 1: CSYT quản lý" and sheet.headings[91] == "Tháng 12: Thuốc điều trị"


def test_the_same_queries_for_many(client, station, doctor):
    def cost():
        client.get(reverse("ncd:book_a"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("ncd:book_a"))
        return len(queries)

    for number in range(2):
        person = a_person(station, f"Phạm Thị {number}", birth_date=dt.date(1960, 1, 1))
        ncd.an_old_enrolment(person)
        ncd.a_finished_follow_up(person, doctor)
    two = cost()
    for number in range(2, 8):
        person = a_person(station, f"Phạm Thị {number}", birth_date=dt.date(1960, 1, 1))
        ncd.an_old_enrolment(person)
        ncd.a_finished_follow_up(person, doctor)
    assert cost() == two


def test_another_stations_book(elsewhere, lan, old):
    assert "Phạm Thị Lan" not in elsewhere.get(reverse("ncd:book_a")).content.decode()
    assert A.most_printed == books.MOST_PRINTED
