"""Counts and discards of controlled drugs are done by two names: one sends the paper, another agrees to it.

While it waits the paper stays a draft; whoever changes it sends it anew.
"""

from uuid import UUID

from django.db import transaction

from apps.core import approvals
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.stock.drafting import draft_lock
from apps.stock.models import DocumentKind, StockDocument
from apps.stock.posting import BY_TWO, count_post, discard_post

CHANGE = "stock.second"


def needs_second(document: StockDocument) -> bool:
    """Whether two names must stand under the paper. One query."""
    return document.kind in BY_TWO and document.lines.exclude(item__controlled="").exists()


@transaction.atomic
def second_ask(*, document_id: UUID, expected_version: int, confirmed: bool = False) -> PendingChange:
    """Send a draft to a second person, who posts it by agreeing."""
    current().require("stock.enter")
    document = draft_lock(document_id, expected_version)
    if not needs_second(document):
        raise Refused("Phiếu này không có thuốc kiểm soát đặc biệt, ghi sổ được ngay.", code="one-is-enough")
    lines = document.lines.select_related("item", "lot").exclude(item__controlled="").order_by("position")
    if any(line.quantity is None for line in lines):
        raise Refused("Còn dòng chưa đếm. Không còn thì ghi 0.", code="uncounted")
    said = []
    for line in lines[:40]:
        was = "" if line.expected is None else line.item.words(line.expected)
        said.append(
            (f"{line.item.name}, lô {line.lot or line.lot_number}", was, line.item.words(line.quantity or 0))
        )
    return approvals.ask(
        CHANGE,
        object_id=document.pk,
        facility_id=document.station_id,
        title=f"{document.get_kind_display()} ngày {document.on:%d/%m/%Y}, {document.location.name}",
        lines=said,
        args={"version": document.version, "confirmed": confirmed},
        reason=document.reason,
    )


def approved(change: PendingChange) -> None:
    """The second person agrees: the paper is posted under both names. Refused when it changed meanwhile."""
    document = StockDocument.objects.filter(pk=change.object_id).first()
    if document is None or document.version != change.args["version"]:
        raise Refused("Phiếu đã được sửa sau khi gửi. Người lập cần gửi lại.", code="changed")
    asker = (change.asked_by, change.asked_by_name)
    if document.kind == DocumentKind.COUNT:
        count_post(
            document_id=document.pk,
            expected_version=document.version,
            second=asker,
            confirmed=change.args["confirmed"],
        )
    else:
        discard_post(document_id=document.pk, expected_version=document.version, second=asker)
