"""A list of people comes in: read, judged line by line, written family by family."""

import csv
import datetime as dt
import hashlib
import io
import zipfile
from unittest import mock

import pytest
from django.db import IntegrityError

from apps.core.errors import Refused
from apps.core.models import AuditEntry, ReadEntry
from apps.core.workbooks import TextWorkbook
from apps.households import imports, sheet, writing
from apps.households.models import (
    Household,
    ImportBatch,
    ImportRow,
    Membership,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.patients.models import Identifier, InsuranceCard, Person
from tests.benchmarks import importing
from tests.factories.patients import a_person, a_station
from tests.households.lists import CON, HEADS, HOA, as_csv, as_xlsx, bring_in, check, facts, states

pytestmark = pytest.mark.usefixtures("code_lists")


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_it_works(at_station, make):
    batch = bring_in(make(HOA, CON), "a.xlsx" if make is as_xlsx else "a.csv")
    assert batch.counts == {"added": 2, "updated": 0, "same": 0, "refused": 0}
    assert batch.content is None and not ImportRow.objects.exists()
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
    done = AuditEntry.objects.values_list("action", flat=True)
    assert {"people.import_sent", "people.import_checked", "people.imported"} <= set(done)
    assert list(done).count("person.created") == 2 and list(done).count("household.event.created") == 1


def test_a_list_makes_what_the_forms_make(at_station):
    """The quick way of a list leaves the same rows as entering people one by one."""
    bring_in(as_csv(HOA, CON))
    quick = facts(), [person.tokens.replace(person.code.lower(), "") for person in everybody()]
    for model in (ResidenceEventPerson, ResidenceEvent, Membership, Household):
        model.unscoped.all().delete()
    Identifier.unscoped.all().delete()
    InsuranceCard.unscoped.all().delete()
    Person.unscoped.all().delete()
    with mock.patch.object(writing, "people_create", side_effect=IntegrityError):  # family by family
        bring_in(as_csv(HOA, CON))
    assert (facts(), [person.tokens.replace(person.code.lower(), "") for person in everybody()]) == quick


def everybody():
    return list(Person.objects.order_by("sort_key"))


def test_the_same_file_twice_changes_nothing(at_station):
    bring_in(as_csv(HOA, CON))
    batch, rows = check(as_csv(HOA, CON))
    assert states(batch) == {"same": 2}, [(row.reasons, row.changes, row.candidates) for row in rows]
    before, versions = facts(), list(Person.objects.values_list("pk", "version"))
    assert bring_in(as_csv(HOA, CON)).counts == {"added": 0, "updated": 0, "same": 2, "refused": 0}
    assert facts() == before and list(Person.objects.values_list("pk", "version")) == versions


def test_a_changed_line_changes_what_it_says_and_nothing_else(at_station):
    bring_in(as_csv(HOA, CON))
    said = as_csv(["", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "", "", "", "0987654321"])
    _, (row,) = check(said)
    assert (row.state, row.changes) == ("changed", ["số điện thoại"])
    bring_in(said)
    hoa = Person.objects.get(full_name="Nguyễn Thị Hòa")
    assert (hoa.phone, hoa.ethnicity) == ("0987654321", "01")


def test_a_newcomer_joins_a_stored_household(at_station):
    bring_in(as_csv(HOA))
    code = Household.objects.get().code
    bring_in(as_csv([code, *CON[1:]]))
    assert Membership.objects.count() == 2
    assert Household.objects.count() == 1


WRONG = [
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
    (["1", "=1+1", "1990", "Nữ", "Chủ hộ", "Thôn Làng Teng"], "công thức"),
    (["1", "@SUM(A1)", "1990", "Nữ", "Chủ hộ", "Thôn Làng Teng"], "công thức"),
    (["1", "Hòa", "1990", "Nữ", "Chủ hộ", "\u202eThôn Lạ\u200b"], "“Thôn Lạ”"),
]


@pytest.mark.parametrize(("row", "sentence"), WRONG)
def test_a_wrong_line_is_rejected_with_its_reason(at_station, row, sentence):
    batch, (found,) = check(as_csv(row))
    assert found.state == "rejected"
    assert sentence in " ".join(found.reasons)
    assert states(batch) == {"rejected": 1}


def test_a_wrong_line_hinders_no_other(at_station):
    batch = bring_in(as_csv(*(row for row, _ in WRONG[:7]), ["9", *HOA[1:]]))
    assert batch.counts["added"] == 1 and batch.counts["refused"] == 7
    assert [row.place for row in ImportRow.objects.order_by("place")] == [2, 3, 4, 5, 6, 7, 8]


def test_lines_that_contradict_each_other_are_rejected(at_station):
    _, rows = check(
        as_csv(HOA, ["1", "Trần Văn Ba", "1980", "Nam", "Con đẻ", "Thôn Làng Teng", "", "", "051190000111"])
    )
    assert rows[1].reasons == ["Trùng số hoặc mã với dòng 2."]
    _, rows = check(as_csv(HOA, HOA))
    assert rows[1].state == "rejected"
    _, rows = check(as_csv(HOA, ["1", "Trần Văn Ba", "1980", "Nam", "Chủ hộ", "Thôn Làng Teng"]))
    assert "có hơn một chủ hộ" in rows[0].reasons[0]


def test_a_code_that_is_somebody_elses_here_is_not_believed(at_station):
    a_person(at_station, "Trần Văn Bình", sex="male")
    heads = [*HEADS[:2], "Mã người", *HEADS[2:]]
    _, (row,) = check(as_csv(["", "Nguyễn Thị Hòa", "P0000001", "5/3/1990", "Nữ"], heads=heads))
    assert "của người khác" in row.reasons[0]


def test_a_parent_is_found_by_code_only_where_it_can_be(at_station):
    mother = a_person(at_station)
    uncle = a_person(at_station, "Lê Ba", sex="male")
    heads = [*HEADS, "Mã mẹ"]
    for name, code, parent in (("An", mother.code, mother), ("Ba", uncle.code, None), ("Ca", "P9", None)):
        said = as_csv(
            ["", f"Nguyễn Thị {name}", "2020", "Nữ", "", "Thôn Làng Teng", *[""] * 6, code], heads=heads
        )
        _, (row,) = check(said)
        assert bool(row.notes) == (parent is None)
        bring_in(said)
        assert Person.objects.get(full_name=f"Nguyễn Thị {name}").mother == parent


def test_parents_are_found_within_the_file_before_and_after(at_station):
    heads = [*HEADS[:6], "Mã người", "Mã mẹ", "Mã bố"]
    rows = [
        ["", "Nguyễn Thị Con", "2015", "Nữ", "", "Thôn Làng Teng", "C1", "M1", "B1"],
        ["", "Trần Thị Mẹ", "1990", "Nữ", "", "Thôn Làng Teng", "M1", "", ""],
        ["", "Nguyễn Văn Bố", "1988", "Nam", "", "Thôn Làng Teng", "B1", "", ""],
    ]
    with mock.patch.object(writing, "FAMILIES", 1):
        assert bring_in(as_csv(*rows, heads=heads)).counts["added"] == 3
    child = Person.objects.get(full_name="Nguyễn Thị Con")
    assert (child.mother.full_name, child.father.full_name) == ("Trần Thị Mẹ", "Nguyễn Văn Bố")
    batch, rows_ = check(as_csv(*rows, heads=heads))
    assert states(batch) == {"same": 3}, [(row.reasons, row.changes, row.parents) for row in rows_]


def test_a_circle_of_parents_is_refused(at_station):
    heads = [*HEADS[:6], "Mã người", "Mã mẹ"]
    _, rows = check(
        as_csv(
            ["", "Nguyễn Thị A", "", "Nữ", "", "Thôn Làng Teng", "A1", "B1"],
            ["", "Trần Thị B", "", "Nữ", "", "Thôn Làng Teng", "B1", "C1"],
            ["", "Lê Thị C", "", "Nữ", "", "Thôn Làng Teng", "C1", "A1"],
            ["", "Phạm Thị D", "", "Nữ", "", "Thôn Làng Teng", "D1", "A1"],
            heads=heads,
        )
    )
    assert [("thành vòng" in " ".join(row.reasons)) for row in rows] == [True, True, True, False]


def test_odd_lines_are_taken_and_noted(at_station):
    row = [*HOA]
    row[8] = "051090000111"
    _, (found,) = check(as_csv(row))
    assert "giới tính" in found.notes[0]
    assert bring_in(as_csv(row)).counts["added"] == 1
    assert "sex_mismatch" in AuditEntry.objects.filter(action="person.created").first().data["warnings"]


def test_a_number_held_elsewhere_fails_its_family_and_no_other(at_station):
    a_person(a_station("21490", "Trạm Y tế xã Ba Vì"), "Lê Ba", cccd="051190000111")
    other = ["2", "Trần Văn Ba", "1980", "Nam", "Chủ hộ", "Thôn Làng Teng"]
    batch = bring_in(as_csv(HOA, CON, other))
    assert batch.counts["refused"] == 2
    assert [person.full_name for person in Person.objects.all()] == ["Trần Văn Ba"]
    assert "đang thuộc về một người khác" in ImportRow.objects.first().reasons[0]
    assert ReadEntry.objects.filter(screen="person.number").exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "trống"),
        ("a.pdf", b"x", "Chỉ nhận"),
        ("a.xlsx", b"PK\x03\x04 broken", "không phải bảng tính"),
        ("a.csv", "Họ tên".encode("utf-16"), "UTF-8"),
        ("a.csv", b"x" * 16_000_000, "lớn quá"),
        ("a.csv", as_csv(*([["1", "Hoa", "1990", "Nu"]] * 60_000)), "60.000 dòng"),
        ("a.csv", as_csv(heads=["Họ tên", "họ  tên", "Họ tên"]), "cùng tên"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_a_sentence(at_station, name, content, sentence):
    with pytest.raises(Refused, match=sentence):
        imports.batch_create(file_name=name, content=content)
    assert not ImportBatch.objects.exists()


def test_a_file_that_breaks_off_or_holds_nobody_is_told_on_its_page(at_station):
    batch, rows = check(as_csv())
    assert (batch.state, rows) == ("refused", []) and "chưa có người nào" in batch.refusal
    batch, rows = check(as_csv(*[HOA] * 20) + b'"open quote')
    assert batch.state == "refused" and "hỏng" in batch.refusal and batch.content is None


def test_60_000_rows_of_a_workbook_are_counted_before_they_are_read(at_station):
    content = io.BytesIO()
    with TextWorkbook(content, title="x", headings=HEADS) as book:
        for number in range(60_000):
            book.add([hashlib.sha256(b"%d" % number).hexdigest()])
    with pytest.raises(Refused, match=r"60\.000 dòng, mỗi lần tối đa 50\.000"):
        imports.batch_create(file_name="a.xlsx", content=content.getvalue())


def test_a_zip_bomb_is_refused(at_station):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 50_000_000)
    with pytest.raises(Refused, match="bất thường"):
        imports.batch_create(file_name="a.xlsx", content=out.getvalue())


def test_headings_are_recognised_without_accents_and_by_other_names():
    columns = sheet.recognise(["HO TEN", "năm sinh", "Giới", "Cột lạ", "cccd"])
    assert columns == {"full_name": 0, "birth": 1, "sex": 2, "cccd": 4}
    assert sheet.recognise(["Cột lạ", "Giới"], {"cot la": "full_name", "gioi": ""}) == {"full_name": 0}


def test_the_heading_is_found_below_the_title_of_the_list(at_station):
    rows = [["ỦY BAN NHÂN DÂN XÃ BA TƠ"], [], ["DANH SÁCH NHÂN KHẨU"], ["STT", *HEADS], ["1", *HOA]]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    batch, (row,) = check(out.getvalue().encode())
    assert (batch.head_at, row.place, row.state) == (4, 5, "new")


def test_the_list_of_the_measurement_is_taken_whole(at_station):
    """tests/benchmarks/importing.py measures what it means to measure."""
    rows = importing.lines(40, ["Thôn Làng Teng"])
    assert bring_in(importing.as_file(rows, "xlsx"), "a.xlsx").counts["added"] == 40
    assert Person.objects.filter(mother__isnull=False).count() == 20
