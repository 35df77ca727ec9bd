"""A draft's lines as the grid saves them: a row at a time, as it was typed, whole or with its wrong cells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.core.errors import Refused
from apps.core.fields import parse_decimal_text
from apps.core.scope import current
from apps.core.text import clean, fold
from apps.core.versions import StaleVersion, save_versioned
from apps.core.words import money_words, quantity_words
from apps.stock import expiry, keeping, picking
from apps.stock.drafting import LineInput, LineProblems, draft_lock, lines_of
from apps.stock.models import DocumentKind, DocumentLine, Lot, StockBalance, StockDocument, StockItem

_WITH_FACTOR = re.compile(r"(?P<name>[^0-9]+?)\s*[x=(]?\s*(?P<factor>[0-9]+)\s*\)?")
FAR = 5  # times dearer or cheaper than the last receipt: asked about
Cells = Mapping[str, str]
COMING = ("item", "lot_number", "expiry", "count", "pack", "price", "source", "manufacturer", "diluent")
COLUMNS: dict[str, tuple[str, ...]] = {
    DocumentKind.RECEIPT: COMING,
    DocumentKind.OPENING: COMING,
    DocumentKind.TRANSFER: ("item", "count", "pack", "lot"),
    DocumentKind.ISSUE: ("item", "count", "pack", "lot"),
    DocumentKind.DISCARD: ("item", "lot", "count", "pack", "reason"),
}


@dataclass(frozen=True)
class Saved:
    """What a row has become: None when it was emptied."""

    line: DocumentLine | None
    version: int
    message: str


@transaction.atomic
def line_put(*, document_id: UUID, line_id: UUID, expected_version: int, cells: Cells) -> Saved:
    """Keep one row of a draft; an emptied row goes. Raises LineProblems, Refused, StaleVersion.

    A pack written with its number ('Hộp 100') becomes a pack of the item; an item picked out of the catalogue
    becomes one of the station's.
    """
    current().require("stock.enter")
    document = draft_lock(document_id, None)
    if document.kind == DocumentKind.COUNT:
        raise Refused("Biên bản kiểm kê được lập từ sổ kho.", code="kind")
    # unscoped: whether the key is free at all; only lines of the locked document are changed
    stored = DocumentLine.unscoped.filter(pk=line_id).first()
    if stored is not None and stored.document_id != document.pk:
        raise Refused("Dòng này thuộc phiếu khác. Hãy tải lại trang.", code="elsewhere")
    if stored is not None and stored.version != expected_version:
        raise StaleVersion(current=stored, mine=stored)
    if not any(clean(cells.get(column, "")) for column in COLUMNS[document.kind]):
        if stored is not None:
            stored.delete()
            save_versioned(document, expected=document.version)
        return Saved(None, 0, "")
    made = lines_of(document, [_read(document, cells)])[0]
    made.pk, made.document = line_id, document
    if stored is None:
        last = document.lines.aggregate(last=Max("position"))["last"]
        made.position = 0 if last is None else last + 1
        made.save(force_insert=True)
    else:
        made.position, made.created_at = stored.position, stored.created_at
        save_versioned(made, expected=stored.version)
    save_versioned(document, expected=document.version)
    return Saved(made, made.version, words_of(made))


def words_of(line: DocumentLine) -> str:
    """What a saved row says at its end: how much in base units, what it costs."""
    said = f"{quantity_words(line.quantity)} {line.item.unit.lower()}"
    if not line.amount:
        return said
    return f"{said} · {money_words(line.price)}/{line.pack.lower()} · {money_words(line.amount)}"


def price_note(line: DocumentLine) -> str:
    """A question where the price is far from what the item cost when it last came: mostly that of another
    pack. One query, none without a price.
    """
    if not line.price:
        return ""
    # unscoped: of an item that was read through the scope
    last = Lot.unscoped.filter(item=line.item, price__gt=0).order_by("-since", "-pk").first()
    if last is None or last.price is None or last.price / FAR <= line.price / line.factor <= last.price * FAR:
        return ""
    return f"xem lại giá: lần trước {money_words(last.price * line.factor)}/{line.pack.lower()}"


def cells_of(line: DocumentLine) -> dict[str, Any]:
    """A stored line as the grid shows it again."""
    return {
        "item": line.item.label,
        "lot_number": line.lot_number,
        "lot": line.lot_number,
        "expiry": expiry.shown(line.expiry, line.month_only) if line.expiry else "",
        "count": quantity_words(line.count),
        "pack": line.pack,
        "price": quantity_words(line.price) if line.price is not None else "",
        "source": line.source,
        "manufacturer": line.manufacturer,
        "diluent": line.diluent_number,
        "reason": line.reason,
    }


def _read(document: StockDocument, cells: Cells) -> LineInput:
    """The row as values. Raises LineProblems with a sentence for each cell that cannot be read."""
    wrong: dict[str, str] = {}
    said = {column: clean(cells.get(column, ""))[:300] for column in COLUMNS[document.kind]}
    item = None
    if not said["item"]:
        wrong["item"] = "Chọn mặt hàng."
    else:
        try:
            item = picking.item_of(said["item"])
        except Refused as refused:
            wrong["item"] = refused.message
    count = _number(said["count"], "count", wrong)
    if count is not None and count != count.to_integral_value():
        wrong["count"] = "Số lượng là số nguyên. Đổi ra đơn vị nhỏ nhất rồi ghi lại."
    price = _number(said.get("price", ""), "price", wrong)
    last = None
    if text := said.get("expiry", ""):
        try:
            last = expiry.parse(text)
        except ValueError as unreadable:
            wrong["expiry"] = str(unreadable)
    pack = said["pack"]
    if item is not None and pack:
        try:
            pack = _pack(item, pack)
        except Refused as refused:
            wrong["pack"] = refused.message
    lot = None
    if item is not None and said.get("lot"):
        lot = _lot(document, item, said["lot"], wrong)
    if wrong or item is None:
        raise LineProblems({0: wrong})
    return LineInput(
        item_id=item.pk,
        count=None if count is None else int(count),
        pack=pack,
        lot_id=lot.pk if lot else None,
        lot_number=lot.number if lot else said.get("lot_number", ""),
        expiry=lot.expiry if lot else last.last_day if last else None,
        month_only=lot.month_only if lot else bool(last and last.month_only),
        manufacturer=said.get("manufacturer", ""),
        diluent_number=said.get("diluent", ""),
        source=said.get("source", ""),
        price=price,
        reason=said.get("reason", ""),
    )


def _number(text: str, column: str, wrong: dict[str, str]) -> Decimal | None:
    if not text:
        return None
    # Grouped thousands as money and counts are written here: 25.000, 1.234.567
    plain = re.sub(r"[.,\s](?=[0-9]{3}(?:[.,\s]|$))", "", re.sub(r"(?i)\s*(đ|vnđ|vnd)$", "", text))
    try:
        found = Decimal(parse_decimal_text(plain))
    except InvalidOperation:
        wrong[column] = f"“{text[:20]}” không đọc được thành số."
        return None
    if not found.is_finite() or abs(found) >= 10**11:
        wrong[column] = "Số lớn quá mức có thể."
        return None
    return found


def _pack(item: StockItem, text: str) -> str:
    """The pack's name as the item has it, accents or not; 'Hộp 100' makes it when the item has none of that
    name.
    """
    named = {fold(name): name for name in (item.unit, *(pack.name for pack in item.pack_list))}
    if fold(text) in named:
        return named[fold(text)]
    found = _WITH_FACTOR.fullmatch(text)
    known = {fold(pack.name): pack for pack in item.pack_list}
    if found is None:
        packs = ", ".join(f"{pack.name.lower()} {pack.factor}" for pack in item.pack_list)
        there = f" Đang có: {packs}." if packs else ""
        raise Refused(f"Ghi kèm số lượng lần đầu, ví dụ {text} 100.{there}")
    name, factor = found["name"].strip(), int(found["factor"])
    same = known.get(fold(name))
    if same is not None and same.factor == factor:
        return same.name
    if same is not None:
        raise Refused(
            f"{same.name} của mặt hàng này là {same.factor} {item.unit.lower()}. "
            f"Hộp khác cỡ thì đặt tên khác, ví dụ {same.name} to {factor}."
        )
    keeping.pack_add(item_id=item.pk, name=name, factor=factor)
    item.refresh_from_db(fields=["packs", "version"])
    return name


def _lot(document: StockDocument, item: StockItem, text: str, wrong: dict[str, str]) -> Lot | None:
    """The lot of that number that lies in the paper's place."""
    rows = StockBalance.objects.filter(
        location=document.location, lot__item=item, lot__number__iexact=text, quantity__gt=0
    )
    there = rows.select_related("lot").order_by("lot__expiry", "pk").first()
    if there is None:
        wrong["lot"] = f"{document.location.name} không có lô {text} của mặt hàng này."
        return None
    return there.lot
