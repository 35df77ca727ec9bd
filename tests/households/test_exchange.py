"""Lists of people and households go out and come back; the pages of both ways."""

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from apps.core import scope
from apps.core.ids import uuid7
from apps.core.models import GuardedExport, ReadEntry
from apps.facilities.models import Catchment
from apps.households import exports, imports, sheet
from apps.patients.models import Identifier, InsuranceCard, Person
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_card, a_hamlet, a_person, a_station, scope_at
from tests.households.lists import CON, HEADS, HOA, as_csv, as_xlsx, bring_in, check, exported, facts, states

pytestmark = pytest.mark.usefixtures("code_lists")

# --- out, and in again


@pytest.fixture
def commune(at_station):
    """Two families and somebody alone, with all that a list tells."""
    place = "-12 ngõ =3"
    head = a_person(
        at_station, "H'Hen Niê", ethnicity="12", cccd="051190000111", phone="0912345678", address_text=place
    )
    a_card(head)
    family = a_household(at_station, head, poverty="poor", address_text=place)
    for name, born in (("Nguyễn Văn Một", dt.date(2015, 5, 5)), ("Nguyễn Văn Hai", dt.date(2018, 1, 1))):
        a_member(family, a_person(at_station, name, sex="male", birth_date=born, address_text=place))
    a_household(
        at_station, a_person(at_station, "Lê Văn Tám", birth_date=dt.date(1940, 1, 1), birth_precision="year")
    )
    a_person(at_station, "Trần Văn Cô", sex="unknown", birth_date=None, blood_group="AB+", note="Dòng một")
    return at_station


def test_what_goes_out_changes_nothing_when_it_comes_back(commune):
    batch, rows = check(exported(), "a.xlsx")
    assert [(row.reasons, row.changes, row.candidates) for row in rows if row.state != "same"] == []
    assert states(batch) == {"same": 5}


def test_what_goes_out_makes_the_same_people_elsewhere(commune):
    content = exported()
    before = facts()
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    Identifier.unscoped.all().delete()
    InsuranceCard.unscoped.all().delete()
    with scope.enter(scope_at(other)):
        batch = bring_in(content, "a.xlsx")
        assert batch.counts["added"] == 5, batch.counts
        assert facts() == before


def test_no_cell_of_an_export_can_compute(commune):
    sheet_ = load_workbook(io.BytesIO(exported())).active
    cells = [cell for row in sheet_.iter_rows() for cell in row if cell.value]
    assert all(cell.data_type == "s" for cell in cells)
    assert not [cell.value for cell in cells if str(cell.value)[0] in "=+-@"]


# --- pages


@pytest.fixture
def head_of_station(station):
    return client_of(a_user_of("station_head", station))


def test_a_list_is_sent_seen_and_brought_in(head_of_station, station, django_capture_on_commit_callbacks):
    assert head_of_station.get("/ho/nhap/").status_code == 200
    template = load_workbook(io.BytesIO(head_of_station.get("/ho/nhap/mau.xlsx").content)).active
    assert template["C1"].value == "Họ và tên"
    said = {
        "form_key": str(uuid7()),
        "file": SimpleUploadedFile("danh sách.xlsx", as_xlsx(HOA, CON, ["3", "Ba"])),
    }
    with django_capture_on_commit_callbacks(execute=True):
        response = head_of_station.post("/ho/nhap/", said)
    page = head_of_station.get(response.url).content.decode()
    assert "Thiếu giới tính" in page and "Nhập 2 người" in page
    page = head_of_station.get(f"{response.url}?loai=new").content.decode()
    assert "Nguyễn Thị Hòa" in page
    with django_capture_on_commit_callbacks(execute=True):
        head_of_station.post(f"{response.url}chay/", {"form_key": str(uuid7())})
    assert Person.unscoped.count() == 2
    page = head_of_station.get(response.url).content.decode()
    assert "Thêm 2 người" in page
    again = head_of_station.post(f"{response.url}chay/", {"form_key": str(uuid7())}, follow=True)
    assert "đã được nhập" in again.content.decode()
    result = load_workbook(io.BytesIO(head_of_station.get(f"{response.url}khong-nhan.xlsx").content)).active
    rows = list(result.iter_rows(values_only=True))
    assert rows[0] == ("Dòng", *HEADS, "Lý do không nhận")
    assert rows[1][:3] == ("4", "3", "Ba") and "Thiếu giới tính" in rows[1][-1]


@pytest.mark.parametrize("files", [{}, {"file": SimpleUploadedFile("a.xlsx", b"x")}])
def test_a_wrong_file_is_told_on_the_page(head_of_station, files):
    response = head_of_station.post("/ho/nhap/", {"form_key": str(uuid7()), **files})
    assert response.status_code == 422


def test_an_export_is_downloaded_against_a_reason(
    head_of_station, station, django_capture_on_commit_callbacks
):
    person = a_person(station)
    assert head_of_station.get("/ho/xuat/").status_code == 200
    assert head_of_station.post("/ho/xuat/", {"form_key": str(uuid7()), "reason": ""}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        response = head_of_station.post("/ho/xuat/", {"form_key": str(uuid7()), "reason": "Báo cáo"})
    assert response.url == "/tep-da-xuat/"
    made = GuardedExport.unscoped.get()
    response = head_of_station.get(f"/tep-da-xuat/{made.pk}/")
    assert "danh-sach-dan-" in response.headers["Content-Disposition"]
    rows = list(load_workbook(io.BytesIO(response.content)).active.iter_rows(values_only=True))
    assert rows[0] == tuple(sheet.EXPORTED.values())
    assert rows[1][2] == person.full_name
    assert ReadEntry.objects.get(screen="people.export").person_ids == [person.pk]


def test_an_export_of_one_hamlet_holds_its_people_alone(at_station):
    a_person(at_station)
    other = a_hamlet(at_station.unit, "Thôn Khác")
    Catchment.objects.create(facility=at_station, hamlet=other)
    far = a_person(at_station, "Lê Xa", hamlet=other)
    listed = exports.sheet({"hamlet": str(other.pk)})
    assert [person_id for person_id, _ in listed.rows] == [far.pk] and exports.count(
        {"hamlet": str(other.pk)}
    ) == 1


def test_the_export_asks_as_often_for_20_people_as_for_2(at_station):
    counts = []
    for number in range(20):
        a_household(at_station, a_person(at_station, f"Nguyễn Thị {chr(65 + number)}"))
        if number in (0, 1, 19):  # the first look fills the code lists
            with CaptureQueriesContext(connection) as looked:
                assert len(list(exports.sheet({}).rows)) == number + 1
            counts.append(len(looked))
    assert counts[1] == counts[2]


def test_only_those_who_may_send_and_take_lists(station):
    nurse = client_of(a_user_of("nurse", station))
    assert nurse.get("/ho/xuat/").status_code == 403
    other = client_of(a_user_of("station_head", a_station("21490", "Trạm Y tế xã Ba Vì"), username="khac"))
    with scope.enter(scope_at(station)):
        batch = imports.batch_create(file_name="a.csv", content=as_csv(HOA))
    assert other.get(f"/ho/nhap/{batch.pk}/").status_code == 404
    for act in ("chay", "cot", "chon", "tiep"):
        assert other.post(f"/ho/nhap/{batch.pk}/{act}/", {"form_key": str(uuid7())}).status_code == 404
    assert other.get(f"/ho/nhap/{batch.pk}/khong-nhan.xlsx").status_code == 404
