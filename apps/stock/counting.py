"""A count: a sheet of what the book says lies in a place, filled in without looking at the book."""

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.stock import units
from apps.stock.drafting import LineProblems, draft_lock
from apps.stock.ledger import check_day, place_of
from apps.stock.models import DocumentKind, DocumentLine, StockBalance, StockDocument

Found = tuple[int | None, str]  # what was found in base units (None: not counted yet), why it differs


@transaction.atomic
def count_open(
    *, location_id: UUID, on: dt.date, programme: str = "", controlled: bool = False
) -> StockDocument:
    """A sheet of every lot that lies in the place (of one programme; of controlled drugs alone).

    What the book says is kept beside each line and not shown until it has been counted.
    """
    scope = current()
    scope.require("stock.enter")
    place = place_of(location_id)
    check_day(on)
    rows = StockBalance.objects.filter(location=place, quantity__gt=0)
    if programme:
        rows = rows.filter(lot__item__programme=programme)
    if controlled:
        rows = rows.exclude(lot__item__controlled="")
    there = list(
        rows.select_related("lot__item").order_by("lot__item__folded", "lot__expiry", "lot__number", "pk")
    )
    if not there:
        raise Refused(f"{place.name} không có gì để đếm.", code="empty")
    document = StockDocument(
        station_id=place.station_id,
        kind=DocumentKind.COUNT,
        on=on,
        location=place,
        made_by=scope.user_id,
        made_by_name=scope.shown_name,
    )
    document.save(force_insert=True)
    DocumentLine.unscoped.bulk_create(  # unscoped: of what was read through the scope
        DocumentLine(
            document=document,
            position=position,
            item=row.lot.item,
            lot=row.lot,
            lot_number=row.lot.number,
            expiry=row.lot.expiry,
            month_only=row.lot.month_only,
            pack=row.lot.item.unit,
            expected=row.quantity,
        )
        for position, row in enumerate(there)
    )
    return document


@transaction.atomic
def count_save(
    *,
    document_id: UUID,
    expected_version: int,
    found: Mapping[UUID, Found],
    reason: str | None = None,
) -> StockDocument:
    """Keep what was counted so far, by the ids of the sheet's lines. Nothing moves."""
    current().require("stock.enter")
    document = draft_lock(document_id, expected_version)
    if document.kind != DocumentKind.COUNT:
        raise Refused("Phiếu này không phải biên bản kiểm kê.", code="kind")
    lines = list(document.lines.order_by("position"))
    cells = {
        place: {"quantity": f"Số đếm được phải từ 0 đến {units.MOST}."}
        for place, line in enumerate(lines)
        if (count := found.get(line.pk, (None, ""))[0]) is not None and not 0 <= count <= units.MOST
    }
    if cells:
        raise LineProblems(cells)
    changed = [line for line in lines if line.pk in found]
    for line in changed:
        line.quantity, said = found[line.pk]
        line.count = line.quantity
        line.reason = clean(said)[:300]
    # unscoped: of the sheet above
    DocumentLine.unscoped.bulk_update(changed, ["quantity", "count", "reason"])
    if reason is not None:
        document.reason = clean(reason)[:300]
    return save_versioned(document, expected=expected_version)


@transaction.atomic
def count_put(*, document_id: UUID, line_id: UUID, found: Found) -> DocumentLine | None:
    """Keep one line of the sheet; None when it has no such line. Of two who count it the last stands."""
    current().require("stock.enter")
    document = draft_lock(document_id, None)
    if not document.lines.filter(pk=line_id).exists():
        return None
    count_save(document_id=document.pk, expected_version=document.version, found={line_id: found})
    return document.lines.select_related("item").get(pk=line_id)
