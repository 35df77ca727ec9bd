"""The papers of the stock as PDF: phiếu nhập, phiếu xuất, biên bản, thẻ kho, báo cáo xuất nhập tồn."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.catalogues import codes
from apps.core import audit, paper, papers, readlog
from apps.core.access import needs
from apps.core.scope import current
from apps.core.words import date_words
from apps.facilities.letterheads import letterhead
from apps.stock import controlled, drafting, periods, reading, sources
from apps.stock.models import DocumentKind, DocumentState, StockDocument
from apps.stock.views.items import item_or_404
from apps.stock.views.papers import paper_or_404

SHEET = "stock.paper"
CARD_ROWS = 400  # of one card on paper: about ten pages
TITLES = {
    DocumentKind.RECEIPT: "Phiếu nhập kho",
    DocumentKind.OPENING: "Bảng kê tồn kho đầu kỳ",
    DocumentKind.TRANSFER: "Phiếu xuất kho kiêm chuyển kho nội bộ",
    DocumentKind.ISSUE: "Phiếu xuất kho",
    DocumentKind.DISCARD: "Biên bản hủy thuốc, vật tư",
    DocumentKind.COUNT: "Biên bản kiểm kê",
}
SIGNERS = {
    DocumentKind.RECEIPT: ("Người lập phiếu", "Người giao hàng", "Thủ kho", "Trưởng trạm"),
    DocumentKind.OPENING: ("Người lập", "Thủ kho", "Trưởng trạm"),
    DocumentKind.TRANSFER: ("Người lập phiếu", "Người nhận hàng", "Thủ kho", "Trưởng trạm"),
    DocumentKind.ISSUE: ("Người lập phiếu", "Người nhận hàng", "Thủ kho", "Trưởng trạm"),
    DocumentKind.DISCARD: ("Người lập", "Người chứng kiến", "Trưởng trạm"),
    DocumentKind.COUNT: ("Người kiểm kê", "Người thứ hai", "Trưởng trạm"),
}


@require_GET
@needs("stock.view")
def sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A paper that is in the book, with its QR; a draft says so and carries no number."""
    scope, document = current(), paper_or_404(pk)
    lines = reading.lines_of_paper(document)
    context: dict[str, Any] = {
        "title": TITLES[DocumentKind(document.kind)],
        "landscape": document.kind in drafting.COMES_IN,  # prices need the room
        **letterhead(scope, document.on, facility=document.station),
        "number": document.number,
        "document": document,
        "lines": lines,
        "total": drafting.total_of(lines),
        "is_count": document.kind == DocumentKind.COUNT,
        "blank": blank_of(document),
        "is_priced": document.kind in drafting.COMES_IN,
        "signers": SIGNERS[DocumentKind(document.kind)],
    }
    if document.state != DocumentState.DRAFT:
        code = papers.code_for(SHEET, document.pk)
        context["copy"] = papers.count_copy(code, person_id=None, facility_id=document.station_id)
        address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
        context["qr"] = paper.qr_svg(address)
    return paper.pdf_response("print/stock_paper.html", context, filename="phieu-kho.pdf")


def blank_of(document: StockDocument) -> bool:
    """A count on paper is counted blind as well: the columns of the book stay empty until it is posted."""
    return document.kind == DocumentKind.COUNT and document.state == DocumentState.DRAFT


@require_GET
@needs("stock.view")
def card(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Thẻ kho: the latest rows of an item, oldest first as on the card of cardboard."""
    scope, item = current(), item_or_404(pk)
    places = reading.places(scope)
    location = next((place for place in places if str(place.pk) == request.GET.get("kho")), None)
    found = reading.card(scope, item, location_id=location.pk if location else None, size=CARD_ROWS)
    sources.tell(scope, found.lines)
    audit.record("stock.card_printed", object_id=item.pk, data={"name": item.name, "lines": len(found.lines)})
    context = {
        "title": "Thẻ kho",
        **letterhead(scope, timezone.localdate()),
        "item": item,
        "programme": codes.label("stock_programme", item.programme),
        "location": location,
        "lines": found.lines[::-1],
        "cut": bool(found.page.next_cursor),
        "at": timezone.now(),
    }
    return paper.pdf_response("print/stock_card.html", context, filename="the-kho.pdf")


@require_GET
@needs("stock.view")
def balance(request: HttpRequest) -> HttpResponse:
    """Báo cáo xuất, nhập, tồn of the period that is asked for."""
    scope = current()
    asked = periods.asked_of(scope, request.GET)
    rows = periods.rows(scope, asked)
    audit.record(
        "stock.balance_printed",
        data={"since": date_words(asked.since), "until": date_words(asked.until), "lines": len(rows)},
    )
    context = {
        "title": "Báo cáo xuất, nhập, tồn thuốc và vật tư",
        "landscape": True,
        **letterhead(scope, asked.until),
        "asked": asked,
        "rows": rows,
        "at": timezone.now(),
    }
    return paper.pdf_response("print/stock_balance.html", context, filename="xuat-nhap-ton.pdf")


@require_GET
@needs("stock.view")
def controlled_book(request: HttpRequest) -> HttpResponse:
    """Sổ theo dõi thuốc gây nghiện, hướng thần, tiền chất of a period, a part for each drug."""
    scope = current()
    asked = replace(periods.asked_of(scope, request.GET), controlled=True)
    parts = controlled.book(scope, asked)
    people = sources.tell_receivers(scope, [line for part in parts for line in part.lines])
    if people:
        readlog.record("stock.controlled", people)
    audit.record(
        "stock.controlled_printed",
        data={"since": date_words(asked.since), "until": date_words(asked.until), "drugs": len(parts)},
    )
    context = {
        "title": "Sổ theo dõi thuốc gây nghiện, hướng thần, tiền chất",
        "landscape": True,
        **letterhead(scope, asked.until),
        "asked": asked,
        "parts": parts,
        "at": timezone.now(),
    }
    return paper.pdf_response("print/stock_controlled.html", context, filename="so-kiem-soat.pdf")


def link_of(object_id: UUID) -> str:
    """Where the QR of a paper leads."""
    return reverse("stock:paper", args=[object_id])
