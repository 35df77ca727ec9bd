"""Files made to harm: refused quickly, with a sentence."""

import io
import os
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from openpyxl import Workbook

from apps.catalogues import sheets
from apps.core.errors import Refused
from apps.core.ids import uuid7
from tests.security.conftest import Attacker

SPREADSHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADING = f'<row r="1">{text_cell("A1", "Họ và tên")}{text_cell("B1", "Giới tính")}</row>'


def a_workbook(rows: str, before: str = "") -> bytes:
    """A workbook whose sheet is `rows`, beside bytes that do not pack, so that it is no bomb by its ratio."""
    plain = io.BytesIO()
    Workbook().save(plain)
    made = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            sheet = f'<?xml version="1.0"?>{before}<worksheet {SPREADSHEET}><sheetData>{HEADING}{rows}'
            is_sheet = name == "xl/worksheets/sheet1.xml"
            new.writestr(name, f"{sheet}</sheetData></worksheet>" if is_sheet else old.read(name))
        new.writestr("xl/media/x.bin", os.urandom(300_000))
    return made.getvalue()


def send(who: Attacker, name: str, content: bytes) -> HttpResponse:
    file = SimpleUploadedFile(name, content)
    return who.client.post("/ho/nhap/", {"form_key": str(uuid7()), "file": file})


def test_cells_far_to_the_right_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(sheets, "_cell", lambda cell: looked.append(cell) or str(cell.value or ""))
    rows = "".join(f'<row r="{place}"><c r="XFD{place}"/></row>' for place in range(2, 12))
    assert sheets.read_upload("dan.xlsx", a_workbook(rows)) == []
    assert len(looked) <= 11 * (sheets.MAX_COLUMNS + 1)


@pytest.mark.parametrize(
    "entities",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY y "ha"><!ENTITY x "&y;&y;&y;&y;">]>',
    ],
)
def test_entities_are_not_read(nurse: Attacker, entities: str) -> None:
    response = send(nurse, "dan.xlsx", a_workbook(f'<row r="2">{text_cell("A2", "&x;")}</row>', entities))
    assert response.status_code == 422
    assert "root:" not in response.content.decode()


def test_a_file_that_is_too_large_is_not_read() -> None:
    class Huge(SimpleUploadedFile):
        def read(self, *args: object) -> bytes:
            raise AssertionError("it was read")

    file = Huge("dan.xlsx", b"")
    file.size = sheets.MAX_BYTES + 1
    with pytest.raises(Refused):
        sheets.content_of(file)


def test_a_path_is_no_name(nurse: Attacker) -> None:
    response = send(nurse, "../../../tmp/x.csv", "Họ và tên,Giới tính\nĐinh Văn A,nam\n".encode())
    assert response.status_code == 302
    assert b"../" not in nurse.get(response.url).content
