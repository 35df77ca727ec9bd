"""A receipt out of a workbook: all of it or nothing, with a sentence for each wrong line."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from apps.stock.models import DocumentLine, StockDocument, StockItem
from tests.factories.stock import an_item
from tests.stock.conftest import Store, post
from tests.stock.test_pages import begin, received

HEAD = ["Mã", "Tên thuốc", "Số lô", "Hạn dùng", "Số lượng", "ĐVT", "Đơn giá (đ)"]


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(desk: Client, paper: StockDocument, content: bytes, name: str = "hang.xlsx") -> Any:
    return post(desk, f"/kho/phieu/{paper.pk}/tu-excel/", file=SimpleUploadedFile(name, content))


def last() -> str:
    return str(received()["expiry"])


def test_it_works(store: Store, desk: Client) -> None:
    an_item(store.station, "Bông y tế", kind="supply", unit="Cuộn", packs=[], label="R009")
    paper = begin(desk)
    assert desk.get(f"/kho/phieu/{paper.pk}/tu-excel/").status_code == 200
    content = workbook(
        ["Danh sách hàng giao"],
        HEAD,
        ["TD001.1", "", "A1", last(), "2", "Hộp 100", "25000"],
        ["", "bông y tế", "", "", "3", "", ""],
    )
    answer = send(desk, paper, content)
    assert answer.status_code == 302, answer.content.decode()
    rows = DocumentLine.unscoped.order_by("position").values_list("item__name", "quantity")
    assert list(rows) == [("Paracetamol 500mg", 200), ("Bông y tế", 3)]


def test_one_wrong_line_and_nothing_is_taken(store: Store, desk: Client) -> None:
    paper = begin(desk)
    content = workbook(
        HEAD,
        ["TD001.1", "", "A1", last(), "2", "Hộp 100", "25000"],
        ["TD001.1", "", "A2", "13/2027", "hai", "", ""],
        ["", "Thuốc lạ", "A3", last(), "1", "", ""],
    )
    answer = send(desk, paper, content)
    shown = answer.content.decode()
    assert answer.status_code == 422 and "Dòng 3:" in shown and "Dòng 4:" in shown and "Thuốc lạ" in shown
    assert not DocumentLine.unscoped.exists() and not StockItem.unscoped.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hang.xlsx", b"khong phai tep Excel"),
        ("hang.xlsx", b""),
        ("hang.exe", b"MZ"),
        ("hang.csv", b"mot,hai\n1,2\n"),
        ("hang.csv", "Mã,Số lượng\n".encode()),
    ],
)
def test_a_file_that_is_none(store: Store, desk: Client, name: str, content: bytes) -> None:
    assert send(desk, begin(desk), content, name).status_code == 422
    assert not DocumentLine.unscoped.exists()


def test_what_goes_out_is_not_taken_from_a_file(store: Store, desk: Client) -> None:
    paper = begin(desk, "xuat")
    assert send(desk, paper, workbook(HEAD, ["TD001.1", "", "", "", "2", "", ""])).status_code == 404
