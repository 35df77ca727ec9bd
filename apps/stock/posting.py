"""A paper becomes stock: one function a kind, each draft -> posted; and posted -> reversed.

Everything happens in one transaction, with the paper and its items locked: what cannot be done whole is not
done at all.
"""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit, numbering
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.stock import ledger
from apps.stock.drafting import document_lock, draft_lock
from apps.stock.events import StockMoved
from apps.stock.ledger import Source
from apps.stock.lots import moves_in
from apps.stock.models import (
    DocumentKind,
    DocumentState,
    StockDocument,
    StockMovement,
)
from apps.stock.outgoing import counted, moves_out

SOURCE = "document"
NUMBERS = {
    DocumentKind.RECEIPT: "stock.in",
    DocumentKind.OPENING: "stock.opening",
    DocumentKind.TRANSFER: "stock.out",
    DocumentKind.ISSUE: "stock.out",
    DocumentKind.DISCARD: "stock.discard",
    DocumentKind.COUNT: "stock.count",
}
# Papers about controlled drugs that two people answer for: what leaves the station's book. Taking any paper
# back that changed the book is the same, the other way round.
BY_TWO = frozenset({DocumentKind.COUNT, DocumentKind.DISCARD, DocumentKind.ISSUE})
BACK_BY_TWO = frozenset(DocumentKind) - {DocumentKind.TRANSFER}

Second = tuple[UUID, str]  # account and name of the second person


def receive_post(*, document_id: UUID, expected_version: int) -> StockDocument:
    """Goods have come: each line becomes a lot of its item, or more of the same lot."""
    return _post(document_id, expected_version, DocumentKind.RECEIPT)


def opening_post(*, document_id: UUID, expected_version: int) -> StockDocument:
    """What was there when the system began. A lot that has been counted in already is refused."""
    return _post(document_id, expected_version, DocumentKind.OPENING)


def transfer_post(*, document_id: UUID, expected_version: int) -> StockDocument:
    """From one place of the station to another; lines without a lot first expired first."""
    return _post(document_id, expected_version, DocumentKind.TRANSFER)


def issue_post(*, document_id: UUID, expected_version: int, second: Second | None = None) -> StockDocument:
    """Out of the station: to a hamlet, back to who sent it, to another station. Controlled drugs by two
    names.
    """
    return _post(document_id, expected_version, DocumentKind.ISSUE, second=second)


def discard_post(*, document_id: UUID, expected_version: int, second: Second | None = None) -> StockDocument:
    """Broken, spoilt, expired: out of the book with a reason. Controlled drugs by two names."""
    return _post(document_id, expected_version, DocumentKind.DISCARD, second=second)


def count_post(
    *, document_id: UUID, expected_version: int, second: Second | None = None, confirmed: bool = False
) -> StockDocument:
    """What was found becomes what the book says; each difference is an adjustment with its reason.

    NeedsReason (code 'moved') when stock moved since the sheet was made: `confirmed` says it was looked at
    again. Controlled drugs by two names.
    """
    return _post(document_id, expected_version, DocumentKind.COUNT, second=second, confirmed=confirmed)


POST: dict[str, Callable[..., StockDocument]] = {
    DocumentKind.RECEIPT: receive_post,
    DocumentKind.OPENING: opening_post,
    DocumentKind.TRANSFER: transfer_post,
    DocumentKind.ISSUE: issue_post,
    DocumentKind.DISCARD: discard_post,
    DocumentKind.COUNT: count_post,
}


@transaction.atomic
def _post(
    document_id: UUID,
    expected_version: int,
    kind: DocumentKind,
    *,
    second: Second | None = None,
    confirmed: bool = False,
) -> StockDocument:
    scope = current()
    scope.require("stock.enter" if second is None else "stock.approve")
    document = draft_lock(document_id, expected_version)
    if document.kind != kind:
        raise Refused("Phiếu này thuộc loại khác.", code="kind")
    ledger.check_day(document.on)
    lines = list(document.lines.select_related("lot").order_by("position"))
    if not lines:
        raise Refused("Phiếu chưa có dòng nào.", code="empty")
    ledger.place_of(document.location_id, station_id=document.station_id)
    if document.to_location_id:
        ledger.place_of(document.to_location_id, station_id=document.station_id)
    items = ledger.items_lock({line.item_id for line in lines})
    for line in lines:
        line.item = items[line.item_id]
    if second is None and kind in BY_TWO and any(line.item.controlled for line in lines):
        raise Refused(
            "Phiếu có thuốc kiểm soát đặc biệt: cần người thứ hai xác nhận trước khi ghi sổ.", code="second"
        )
    if kind in (DocumentKind.RECEIPT, DocumentKind.OPENING):
        moves = moves_in(document, lines)
    elif kind == DocumentKind.COUNT:
        moves = counted(document, lines, confirmed)
    else:
        moves = moves_out(document, lines)
    written = ledger.write(moves, source=Source(SOURCE, document.pk), on=document.on)
    document.state = DocumentState.POSTED
    document.posted_at = timezone.now()
    if second is None:
        document.posted_by, document.posted_by_name = scope.user_id, scope.shown_name
    else:
        document.posted_by, document.posted_by_name = second
        document.second_by, document.second_by_name = scope.user_id, scope.shown_name
    document.number = numbering.take(
        NUMBERS[kind], facility_id=document.station_id, on=document.on, object_id=document.pk
    )
    save_versioned(document, expected=expected_version)
    _told("stock.posted", document, len(written))
    return document


@transaction.atomic
def reverse(
    *, document_id: UUID, expected_version: int, reason: str, second: Second | None = None
) -> StockDocument:
    """Take a posted paper back: each of its rows again with the other sign, today. Both stay readable.

    Refused when what it brought has gone on meanwhile. Controlled drugs by two names.
    """
    scope = current()
    scope.require("stock.edit" if second is None else "stock.approve")
    document, reason = to_reverse(document_id, reason)
    lines = document.lines.exclude(item__controlled="")
    if second is None and document.kind in BACK_BY_TWO and lines.exists():
        raise Refused(
            "Phiếu có thuốc kiểm soát đặc biệt: cần người thứ hai xác nhận trước khi hủy ghi sổ.",
            code="second",
        )
    rows = StockMovement.objects.filter(source_kind=SOURCE, source_id=document.pk, reverses=None)
    moved = list(rows.select_related("lot").order_by("pk"))
    ledger.items_lock({row.lot.item_id for row in moved})
    ledger.write(ledger.opposite(moved, reason), source=Source(SOURCE, document.pk), on=timezone.localdate())
    document.state = DocumentState.REVERSED
    document.reversed_at, document.reverse_reason = timezone.now(), reason
    document.reversed_by, document.reversed_by_name = second or (scope.user_id, scope.shown_name)
    save_versioned(document, expected=expected_version)
    _told("stock.reversed", document, len(moved))
    return document


def to_reverse(document_id: UUID, reason: str) -> tuple[StockDocument, str]:
    """A posted paper, locked, and why it is taken back."""
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do hủy ghi sổ.", field="reason", code="no-reason")
    document = document_lock(document_id)
    if document.state != DocumentState.POSTED:
        raise Refused("Chỉ hủy được phiếu đang ghi sổ.", code="state")
    return document, reason


def _told(action: str, document: StockDocument, lines: int) -> None:
    audit.record(
        action,
        object_id=document.pk,
        facility_id=document.station_id,
        data={"kind": document.get_kind_display().lower(), "number": document.number, "lines": lines},
    )
    publish(
        StockMoved(station_id=document.station_id, source_kind=SOURCE, source_id=document.pk, on=document.on)
    )
