"""What takes controlled drugs out of the book is done by two names: one sends the paper, another agrees.

While it waits the paper stays as it is; whoever changes it sends it anew.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from apps.core import approvals
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.stock import outgoing
from apps.stock.drafting import draft_lock
from apps.stock.models import DocumentKind, DocumentLine, StockDocument
from apps.stock.posting import BACK_BY_TWO, BY_TWO, POST, reverse, to_reverse

CHANGE, BACK = "stock.second", "stock.second_back"
SHOWN = 40  # lines that the second person is told


def needs_second(document: StockDocument) -> bool:
    """Whether two names must stand under the paper, or under taking it back. One query."""
    kinds = BY_TWO if document.is_draft else BACK_BY_TWO
    return document.kind in kinds and document.lines.exclude(item__controlled="").exists()


@transaction.atomic
def second_ask(*, document_id: UUID, expected_version: int, confirmed: bool = False) -> PendingChange:
    """Send a draft to a second person, who posts it by agreeing. What is lacking is asked for here: the
    second person cannot write it.
    """
    current().require("stock.enter")
    document = draft_lock(document_id, expected_version)
    if not needs_second(document):
        raise Refused("Phiếu này không có thuốc kiểm soát đặc biệt, ghi sổ được ngay.", code="one-is-enough")
    lines = list(document.lines.select_related("item", "lot").order_by("position"))
    if document.kind == DocumentKind.COUNT:
        outgoing.check_count(document, lines, confirmed)
    else:
        lines = outgoing.planned(document, lines)
    args = {"version": document.version, "confirmed": confirmed}
    return _ask(CHANGE, document, lines, document.get_kind_display(), args, document.reason)


@transaction.atomic
def back_ask(*, document_id: UUID, expected_version: int, reason: str) -> PendingChange:
    """Ask a second person to let a posted paper be taken back."""
    current().require("stock.edit")
    document, reason = to_reverse(document_id, reason)
    if document.version != expected_version:
        raise StaleVersion(current=document, mine=document)
    lines = list(document.lines.select_related("item", "lot").order_by("position"))
    what = f"Hủy ghi sổ {document}"
    return _ask(BACK, document, lines, what, {"version": document.version}, reason)


def _ask(
    kind: str,
    document: StockDocument,
    lines: Sequence[DocumentLine],
    what: str,
    args: dict[str, int | bool],
    reason: str,
) -> PendingChange:
    said = []
    for line in [line for line in lines if line.item.controlled][:SHOWN]:
        was = "" if line.expected is None else line.item.words(line.expected)
        lot = line.lot or line.lot_number
        name = f"{line.item.name}, lô {lot}" if lot else line.item.name
        said.append((name, was, line.item.words(line.quantity or 0)))
    return approvals.ask(
        kind,
        object_id=document.pk,
        facility_id=document.station_id,
        title=f"{what} ngày {document.on:%d/%m/%Y}, {document.location.name}",
        lines=said,
        args=args,
        reason=reason,
    )


def approved(change: PendingChange) -> None:
    """The second person agrees: the paper is posted under both names. Refused when it changed meanwhile."""
    document = _as_sent(change)
    more = {"confirmed": change.args["confirmed"]} if document.kind == DocumentKind.COUNT else {}
    POST[document.kind](
        document_id=document.pk,
        expected_version=document.version,
        second=(change.asked_by, change.asked_by_name),
        **more,
    )


def back_approved(change: PendingChange) -> None:
    """The second person agrees: the posted paper is taken back. Refused when it changed meanwhile."""
    document = _as_sent(change)
    reverse(
        document_id=document.pk,
        expected_version=document.version,
        reason=change.reason,
        second=(change.asked_by, change.asked_by_name),
    )


def _as_sent(change: PendingChange) -> StockDocument:
    document = StockDocument.objects.filter(pk=change.object_id).first()
    if document is None or document.version != change.args["version"]:
        raise Refused("Phiếu đã được sửa sau khi gửi. Người lập cần gửi lại.", code="changed")
    return document
