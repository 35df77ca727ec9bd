import csv
import datetime as dt
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Job, ReadEntry
from apps.households import exports, imports, sheet
from apps.households.models import Household, ImportBatch, Membership
from apps.patients.models import Identifier, InsuranceCard, Person
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.catalogues import a_code
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_card, a_person, a_station, scope_at

HEADS = [
    "Mã hộ", "Họ và tên", "Ngày sinh", "Giới tính", "Quan hệ với chủ hộ", "Thôn", "Dân tộc", "SĐT", "Số CCCD",
    "Thẻ BHYT", "Từ ngày", "Đến ngày",
]  # fmt: skip
HOA = [
    "1", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "Chủ hộ", "Thôn Làng Teng", "Kinh", "912345678", "51190000111",
    "DN4515112345678", "01/01/2026", "31/12/2026",
]  # fmt: skip
CON = ["1", "Nguyễn Văn Con", "2015", "Nam", "Con đẻ", "Thôn Làng Teng", "Hrê"]


@pytest.fixture(autouse=True)
def lists(db):
    for list_name, rows in {
        "relationship_to_head": {"00": "Chủ hộ", "01": "Vợ", "05": "Con đẻ"},
        "ethnic_groups": {"01": "Kinh", "12": "Hrê"},
        "nationalities": {"VN": "Việt Nam"},
    }.items():
        for code, name in rows.items():
            a_code(list_name, code, name)


def as_csv(*rows, heads=HEADS):
    out = io.StringIO()
    csv.writer(out).writerows([heads, *rows])
    return out.getvalue().encode()


def as_xlsx(*rows, heads=HEADS):
    book = Workbook()
    book.active.append(heads)
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def check(content, name="danh sach.csv"):
    batch = imports.batch_create(file_name=name, content=content)
    return batch, imports.plan_of(batch)


def bring_in(content, name="danh sach.csv"):
    batch, _ = check(content, name)
    job = Job(args={"batch": str(batch.pk)})
    original = imports.jobs.progress
    imports.jobs.progress = lambda *args, **kwargs: None
    try:
        imports.run(job)
    finally:
        imports.jobs.progress = original
    batch.refresh_from_db()
    return batch


def facts():
    """Everything that a list tells, of all people, without the codes given here."""
    rows = []
    for person in Person.objects.order_by("sort_key", "birth_date"):
        home = Membership.objects.filter(person=person, valid_to=None).select_related("household").first()
        numbers = Identifier.objects.filter(person=person).values_list("kind", "value")
        cards = InsuranceCard.objects.filter(person=person).values_list("number", "valid_from", "valid_to")
        rows.append(
            (
                *(
                    getattr(person, name)
                    for name in ("full_name", "birth_words", "sex", "ethnicity", "phone")
                ),
                person.hamlet.name,
                sorted(numbers),
                sorted(cards),
                home and (home.relation, home.is_head, home.household.poverty, home.household.address_text),
            )
        )
    return rows


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_it_works(at_station, make):
    batch = bring_in(make(HOA, CON), "a.xlsx" if make is as_xlsx else "a.csv")
    assert batch.counts == {
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "rejected": 0,
        "failed": 0,
        "failures": [],
    }
    assert batch.lines == []
    hoa, con = Person.objects.order_by("code")
    assert (hoa.phone, hoa.birth_date, con.birth_precision, con.ethnicity) == (
        "0912345678", dt.date(1990, 3, 5), "year", "12",
    )  # fmt: skip
    assert Identifier.objects.get().value == "051190000111"
    assert InsuranceCard.objects.get().valid_to == dt.date(2026, 12, 31)
    household = Household.objects.get()
    assert set(Membership.objects.values_list("person", "household", "is_head")) == {
        (hoa.pk, household.pk, True), (con.pk, household.pk, False),
    }  # fmt: skip
    assert AuditEntry.objects.filter(action="people.imported").exists()


def test_the_same_file_twice_changes_nothing(at_station):
    bring_in(as_csv(HOA, CON))
    _, plan = check(as_csv(HOA, CON))
    assert plan.counts == {"new": 0, "changed": 0, "unchanged": 2, "rejected": 0}
    before = facts()
    bring_in(as_csv(HOA, CON))
    assert facts() == before


def test_a_changed_line_changes_what_it_says_and_nothing_else(at_station):
    bring_in(as_csv(HOA, CON))
    _, plan = check(as_csv(["", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "", "", "", "0987654321"]))
    (line,) = plan.lines
    assert (line.state, line.changes, line.change_words) == (
        "changed",
        {"phone": "0987654321"},
        ["số điện thoại"],
    )
    bring_in(as_csv(["", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "", "", "", "0987654321"]))
    hoa = Person.objects.get(full_name="Nguyễn Thị Hòa")
    assert (hoa.phone, hoa.ethnicity) == ("0987654321", "01")


def test_a_newcomer_joins_a_stored_household(at_station):
    bring_in(as_csv(HOA))
    code = Household.objects.get().code
    bring_in(as_csv([code, *CON[1:]]))
    assert Membership.objects.count() == 2
    assert Household.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (["1", "", "5/3/1990", "Nữ", "Chủ hộ", "Thôn Làng Teng"], "Thiếu họ và tên"),
        (["1", "Hòa", "31/02/1990", "Nữ", "Chủ hộ", "Thôn Làng Teng"], "không có ngày 31"),
        (["1", "Hòa", "1/1/2190", "Nữ", "Chủ hộ", "Thôn Làng Teng"], "tương lai"),
        (["1", "Hòa", "1990", "Gái", "Chủ hộ", "Thôn Làng Teng"], "không hiểu được"),
        (["1", "Hòa", "1990", "Nữ", "Cụ tổ", "Thôn Làng Teng"], "không có trong danh mục"),
        (["1", "Hòa", "1990", "Nữ", "Chủ hộ", "Thôn Lạ"], "không có trong địa bàn"),
        (["1", "Hòa", "1990", "Nữ", "Chủ hộ", ""], "Thiếu thôn"),
        (["1", "Hòa", "1990", "Nữ", "Con đẻ", "Thôn Làng Teng"], "thiếu chủ hộ"),
        (["1", "Hòa", "1990", "Nữ", "Chủ hộ", "Thôn Làng Teng", "Kinh", "12"], "Số điện thoại"),
        (["1", "Hòa", "1990", "Nữ", "Chủ hộ", "Thôn Làng Teng", "Kinh", "", "12"], "CCCD"),
        (["1", "Hòa", "1990", "Nữ", "Chủ hộ", "Thôn Làng Teng", "Kinh", "", "", "XX"], "thẻ"),
        (["1", "Ă" * 200, "1990", "Nữ", "Chủ hộ", "Thôn Làng Teng"], "tối đa là 100"),
        (["1", "😀", "1990", "Nữ", "Chủ hộ", "Thôn Làng Teng"], "họ và tên"),
    ],
)
def test_a_wrong_line_is_rejected_with_its_reason(at_station, row, sentence):
    _, plan = check(as_csv(row))
    (line,) = plan.lines
    assert line.state == "rejected"
    assert sentence in " ".join(line.reasons)


def test_lines_that_contradict_each_other_are_rejected(at_station):
    _, plan = check(
        as_csv(HOA, ["1", "Trần Văn Ba", "1980", "Nam", "Con đẻ", "Thôn Làng Teng", "", "", "051190000111"])
    )
    assert plan.lines[1].reasons == ["Trùng số hoặc mã với dòng 2."]
    _, plan = check(as_csv(HOA, HOA))
    assert plan.lines[1].state == "rejected"
    _, plan = check(as_csv(HOA, ["1", "Trần Văn Ba", "1980", "Nam", "Chủ hộ", "Thôn Làng Teng"]))
    assert "có hơn một chủ hộ" in plan.lines[0].reasons[0]


def test_a_code_that_is_somebody_elses_here_is_not_believed(at_station):
    a_person(at_station, "Trần Văn Bình", sex="male")
    heads = [*HEADS[:2], "Mã người", *HEADS[2:]]
    _, plan = check(as_csv(["", "Nguyễn Thị Hòa", "P0000001", "5/3/1990", "Nữ"], heads=heads))
    assert "của người khác" in plan.lines[0].reasons[0]


def test_a_parent_is_found_by_code_only_where_it_can_be(at_station):
    mother = a_person(at_station)
    uncle = a_person(at_station, "Lê Ba", sex="male")
    heads = [*HEADS, "Mã mẹ"]
    for name, code, parent in (("An", mother.code, mother), ("Ba", uncle.code, None), ("Ca", "P9", None)):
        row = ["", f"Nguyễn Thị {name}", "2020", "Nữ", "", "Thôn Làng Teng", *[""] * 6, code]
        _, plan = check(as_csv(row, heads=heads))
        assert bool(plan.lines[0].notes) == (parent is None)
        bring_in(as_csv(row, heads=heads))
        assert Person.objects.get(full_name=row[1]).mother == parent


def test_odd_lines_are_taken_and_noted(at_station):
    row = [*HOA]
    row[8] = "051090000111"
    _, plan = check(as_csv(row))
    assert "giới tính" in plan.lines[0].notes[0]
    assert bring_in(as_csv(row)).counts["new"] == 1


def test_a_number_held_elsewhere_fails_its_family_and_no_other(at_station):
    a_person(a_station("21490", "Trạm Y tế xã Ba Vì"), "Lê Ba", cccd="051190000111")
    other = ["2", "Trần Văn Ba", "1980", "Nam", "Chủ hộ", "Thôn Làng Teng"]
    batch = bring_in(as_csv(HOA, CON, other))
    assert batch.counts["failed"] == 2
    assert [person.full_name for person in Person.objects.all()] == ["Trần Văn Ba"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "trống"),
        ("a.pdf", b"x", "Chỉ nhận"),
        ("a.xlsx", b"PK\x03\x04 broken", "không phải bảng tính"),
        ("a.csv", "Họ tên".encode("utf-16"), "UTF-8"),
        ("a.csv", b"a,b\n1,2\n", "thiếu cột"),
        ("a.csv", as_csv(), "chưa có người nào"),
        ("a.xlsx", as_xlsx(["1", "=1+1", "1990", "Nam"]), "công thức"),
        ("a.csv", b"x" * 16_000_000, "lớn quá"),
        ("a.csv", as_csv(*([["1", "Hoa", "1990", "Nu"]] * 60_000)), "Chia tệp"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_a_sentence(at_station, name, content, sentence):
    with pytest.raises(Refused, match=sentence):
        imports.batch_create(file_name=name, content=content)
    assert not ImportBatch.objects.exists()


def test_a_zip_bomb_is_refused(at_station):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 50_000_000)
    with pytest.raises(Refused, match="bất thường"):
        imports.batch_create(file_name="a.xlsx", content=out.getvalue())


def test_headings_are_recognised_without_accents_and_by_other_names():
    columns, unknown = sheet.recognise(["HO TEN", "năm sinh", "Giới", "Cột lạ", "cccd"])
    assert columns == {"full_name": "HO TEN", "birth": "năm sinh", "sex": "Giới", "cccd": "cccd"}
    assert unknown == ["Cột lạ"]


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
    _, plan = check(exports.export_people(reason="Sao lưu"), "a.xlsx")
    assert [(line.reasons, line.change_words) for line in plan.lines if line.state != "unchanged"] == []
    assert plan.counts["unchanged"] == 5


def test_what_goes_out_makes_the_same_people_elsewhere(commune):
    content = exports.export_people(reason="Bàn giao")
    before = facts()
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    Identifier.unscoped.all().delete()
    InsuranceCard.unscoped.all().delete()
    with scope.enter(scope_at(other)):
        batch = bring_in(content, "a.xlsx")
        assert batch.counts["new"] == 5, batch.counts
        assert facts() == before


def test_an_export_is_in_the_books_with_its_reason(commune):
    exports.export_people(reason="Gửi trung tâm y tế")
    assert AuditEntry.objects.get(action="people.exported").data == {
        "rows": 5,
        "reason": "Gửi trung tâm y tế",
    }
    assert len(ReadEntry.objects.get(screen="people.export").person_ids) == 5
    with pytest.raises(Refused):
        exports.export_people(reason=" \u200b")


def test_no_cell_of_an_export_can_compute(commune):
    sheet_ = load_workbook(io.BytesIO(exports.export_people(reason="x"))).active
    cells = [cell for row in sheet_.iter_rows() for cell in row if cell.value]
    assert all(cell.data_type == "s" for cell in cells)
    assert not [cell.value for cell in cells if str(cell.value)[0] in "=+-@"]


# --- pages


@pytest.fixture
def head_of_station(station):
    return client_of(a_user_of("station_head", station))


def test_a_list_is_sent_seen_and_brought_in(head_of_station, station, django_capture_on_commit_callbacks):
    assert head_of_station.get("/ho/nhap/").status_code == 200
    assert (
        load_workbook(io.BytesIO(head_of_station.get("/ho/nhap/mau.xlsx").content)).active["C1"].value
        == "Họ và tên"
    )
    said = {
        "form_key": str(uuid7()),
        "file": SimpleUploadedFile("danh sách.xlsx", as_xlsx(HOA, CON, ["3", "Ba"])),
    }
    response = head_of_station.post("/ho/nhap/", said)
    page = head_of_station.get(response.url).content.decode()
    assert "Thiếu giới tính" in page and "Nhập 2 người" in page
    with django_capture_on_commit_callbacks(execute=True):
        head_of_station.post(f"{response.url}chay/", {"form_key": str(uuid7())})
    assert Person.unscoped.count() == 2
    page = head_of_station.get(response.url).content.decode()
    assert "Thêm 2 người" in page
    again = head_of_station.post(f"{response.url}chay/", {"form_key": str(uuid7())}, follow=True)
    assert "đã được nhập" in again.content.decode()


@pytest.mark.parametrize("files", [{}, {"file": SimpleUploadedFile("a.xlsx", b"x")}])
def test_a_wrong_file_is_told_on_the_page(head_of_station, files):
    response = head_of_station.post("/ho/nhap/", {"form_key": str(uuid7()), **files})
    assert response.status_code == 422


def test_an_export_is_downloaded_against_a_reason(head_of_station, station):
    a_person(station)
    assert head_of_station.get("/ho/xuat/").status_code == 200
    assert head_of_station.post("/ho/xuat/", {"reason": ""}).status_code == 422
    response = head_of_station.post("/ho/xuat/", {"reason": "Báo cáo"})
    assert "attachment" in response.headers["Content-Disposition"]
    assert load_workbook(io.BytesIO(response.content)).active.max_row == 2


def test_only_those_who_may_send_and_take_lists(station):
    nurse = client_of(a_user_of("nurse", station))
    assert nurse.get("/ho/xuat/").status_code == 403
    other = client_of(a_user_of("station_head", a_station("21490", "Trạm Y tế xã Ba Vì"), username="khac"))
    with scope.enter(scope_at(station)):
        batch = imports.batch_create(file_name="a.csv", content=as_csv(HOA))
    assert other.get(f"/ho/nhap/{batch.pk}/").status_code == 404
    assert other.post(f"/ho/nhap/{batch.pk}/chay/", {"form_key": str(uuid7())}).status_code == 404
