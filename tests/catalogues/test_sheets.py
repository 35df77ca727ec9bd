"""Files that somebody sends are never trusted."""

import datetime as dt
import io
import zipfile

import pytest
from openpyxl import Workbook

from apps.catalogues import sheets
from apps.core.errors import Refused


def workbook(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def refused(name, content):
    with pytest.raises(Refused) as caught:
        sheets.read_upload(name, content)
    assert caught.value.field == "file"
    return caught.value.message


def test_it_works():
    content = workbook([["Code", "name"], ["01", "Kinh"], [2, None], [None, None], [3.0, "Thái"]])
    assert sheets.read_upload("a.xlsx", content) == [
        {"code": "01", "name": "Kinh"},
        {"code": "2", "name": ""},
        {"code": "3", "name": "Thái"},
    ]


def test_csv_with_bom_and_semicolons():
    assert sheets.read_upload("A.CSV", "\ufeffcode;name\r\n01;Kinh\r\n".encode()) == [
        {"code": "01", "name": "Kinh"}
    ]


def test_dates_of_excel():
    content = workbook([["code", "valid_from"], ["01", dt.date(2026, 7, 1)]])
    assert sheets.read_upload("a.xlsx", content)[0]["valid_from"] == "2026-07-01"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.4", b"PK\x03\x04broken", archive({"word/document.xml": "<a/>"})]
)
def test_not_a_workbook(content):
    assert "không phải bảng tính Excel" in refused("a.xlsx", content)


def test_a_broken_workbook():
    content = archive({"xl/workbook.xml": "<broken", "[Content_Types].xml": "<x/>"})
    assert "hỏng" in refused("a.xlsx", content)


def test_a_zip_bomb():
    content = archive({"xl/workbook.xml": "<a/>", "xl/worksheets/sheet1.xml": "0" * 20_000_000})
    assert "nén bất thường" in refused("a.xlsx", content)


def test_macros():
    assert "macro" in refused("a.xlsx", archive({"xl/workbook.xml": "<a/>", "xl/vbaProject.bin": "x"}))


def test_formulas():
    content = workbook([["code", "name"], ["01", '=HYPERLINK("http://x")']])
    assert "Ô B2 có công thức" in refused("a.xlsx", content)


def test_an_entity_bomb():
    with zipfile.ZipFile(io.BytesIO(workbook([["code"], ["01"]]))) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    grown = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    parts["xl/workbook.xml"] = f'<!DOCTYPE x [<!ENTITY l0 "lol">{grown}]><x>&l8;</x>'.encode()
    assert "hỏng" in refused("a.xlsx", archive(parts))


def test_too_large(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_BYTES", 1_000_000)
    assert "lớn quá 1 MB" in refused("a.csv", b"x" * 1_000_001)
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    assert "dài quá 3 dòng" in refused("a.csv", b"code\n1\n2\n3\n")


def test_wide_and_deep_cells():
    assert "quá 60 cột" in refused("a.csv", (",".join(f"c{n}" for n in range(61)) + "\n1\n").encode())
    assert "dài quá 5000 ký tự" in refused("a.csv", b"code\n" + b"x" * 5001)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Tệp trống"),
        (b"\n\n", "Tệp trống"),
        ("mã,tên\n1,Hoà".encode("utf-16"), "UTF-8"),
        (b"code\n\0\n", "ký tự lạ"),
        (b'code\n"abc\n', "hỏng"),
        (b"code,code\n1,2\n", "trùng tên"),
        (b"code\n1,2\n", "nhiều ô hơn"),
    ],
)
def test_broken_csv(content, sentence):
    assert sentence in refused("a.csv", content)


def test_other_kinds():
    for name in ("a.xls", "a.xlsm", "a.ods", "a", "a.xlsx.exe"):
        assert "Chỉ nhận tệp Excel" in refused(name, b"x")
