"""The grids in which papers are filled in: columns, rows, and the answer to a row of a count."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.text import clean
from apps.core.words import quantity_words
from apps.stock import counting, drafting, lines, outgoing, picking
from apps.stock.forms import sources
from apps.stock.models import DocumentKind, DocumentLine, StockDocument

EMPTY_ROWS = 10
_COLUMNS: dict[str, dict[str, Any]] = {
    "item": {"label": "Mặt hàng", "kind": "pick", "placeholder": "Tên không dấu hoặc mã"},
    "lot_number": {"label": "Số lô", "kind": "text"},
    "lot": {"label": "Số lô", "kind": "text", "placeholder": "Trống: lô hết hạn sớm nhất"},
    "expiry": {"label": "Hạn dùng", "kind": "text", "placeholder": "06/2027"},
    "count": {"label": "Số lượng", "kind": "number"},
    "pack": {"label": "Đơn vị", "kind": "text", "placeholder": "Hộp 100"},
    "price": {"label": "Đơn giá", "unit": "đ", "kind": "number"},
    "source": {"label": "Nguồn", "kind": "select"},
    "manufacturer": {"label": "Nhà sản xuất", "kind": "text", "seldom": True},
    "diluent": {"label": "Lô dung môi", "kind": "text", "placeholder": "Số lô", "seldom": True},
    "reason": {"label": "Lý do", "kind": "text", "wide": True},
}


def grid_of(document: StockDocument, rows: Sequence[DocumentLine]) -> dict[str, Any]:
    """A draft's lines and room for more."""
    save_url = reverse("stock:row", args=[document.pk])
    if document.kind == DocumentKind.COUNT:
        return _count_grid(rows, save_url)
    columns = [{"name": name, **_COLUMNS[name]} for name in lines.COLUMNS[document.kind]]
    for column in columns:
        if column["name"] == "source":
            column["choices"] = [("", "—"), *sources()]
        if column["name"] == "lot" and document.kind == DocumentKind.DISCARD:
            column["placeholder"] = "Ghi số lô"
    shown = [_row(str(line.pk), line.version, lines.cells_of(line), line.item.name) for line in rows]
    shown += [_row(str(uuid7()), 0, {}, "") for _ in range(EMPTY_ROWS)]
    return {
        "name": "dong",
        "caption": str(document.get_kind_display()),
        "save_url": save_url,
        "columns": columns,
        "rows": shown,
        "across": True,
    }


def _row(key: str, version: int, cells: Mapping[str, Any], item_name: str) -> dict[str, Any]:
    picked = cells.get("item")
    picker = {
        "name": "item",
        "placeholder": _COLUMNS["item"]["placeholder"],
        "url": reverse("catalogues:pick", args=[picking.KIND]),
        "attrs": {"id": f"item-{key}", "aria-label": "Mặt hàng"},
        "chosen": [{"code": picked, "name": item_name}] if picked else [],
    }
    return {"key": key, "version": version, "cells": cells, "pickers": {"item": picker}}


def _count_grid(rows: Sequence[DocumentLine], save_url: str) -> dict[str, Any]:
    """What the book says is not shown: the sheet is counted blind."""
    return {
        "name": "dem",
        "begin": True,
        "caption": "Biên bản kiểm kê",
        "save_url": save_url,
        "columns": [
            {"name": "item", "label": "Mặt hàng", "kind": "fixed"},
            {"name": "lot", "label": "Số lô", "kind": "fixed"},
            {"name": "expiry", "label": "Hạn dùng", "kind": "fixed"},
            {"name": "unit", "label": "Đơn vị", "kind": "fixed"},
            {"name": "quantity", "label": "Đếm được", "kind": "number"},
            {"name": "reason", "label": "Lý do nếu lệch", "kind": "text", "wide": True},
        ],
        "rows": [
            {
                "key": str(line.pk),
                "version": line.version,
                "cells": {
                    "item": line.item.name,
                    "lot": line.lot_number,
                    "expiry": line.expiry_words,
                    "unit": line.item.unit,
                    "quantity": quantity_words(line.quantity),
                    "reason": line.reason,
                },
            }
            for line in rows
        ],
    }


@transaction.atomic
def line_row(document: StockDocument, key: UUID, version: int, cells: Mapping[str, str]) -> dict[str, Any]:
    """Keep one row of a paper; of one that takes, only what lies there. Raises as lines.line_put does."""
    saved = lines.line_put(document_id=document.pk, line_id=key, expected_version=version, cells=cells)
    answer: dict[str, Any] = {"version": saved.version, "message": saved.message}
    if saved.line is None:
        return answer
    if document.kind in drafting.COMES_IN:
        more = lines.price_note(saved.line)
    else:
        try:
            more = outgoing.there_words(document, saved.line)
        except Refused as short:
            raise drafting.LineProblems({0: {"count": short.message}}) from short
    shown = lines.cells_of(saved.line)
    answer["values"] = {name: shown[name] for name in ("pack", "expiry", "count", "price")}
    answer["message"] = " · ".join(filter(None, (saved.message, more)))
    return answer


def count_row(document: StockDocument, key: UUID, cells: Mapping[str, str]) -> dict[str, Any]:
    """Keep what was counted in one row. Raises LineProblems, Refused."""
    text = clean(cells.get("quantity", ""))
    plain = text.replace(".", "").replace(" ", "")
    if text and not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise drafting.LineProblems({0: {"quantity": "Ghi số nguyên theo đơn vị của dòng; hết thì ghi 0."}})
    found = (int(plain) if text else None, cells.get("reason", ""))
    line = counting.count_put(document_id=document.pk, line_id=key, found=found)
    if line is None:
        raise Refused("Dòng này không thuộc biên bản. Hãy tải lại trang.", code="elsewhere")
    said = "" if line.quantity is None else line.item.words(line.quantity)
    return {"version": line.version, "message": said, "values": {"quantity": quantity_words(line.quantity)}}
