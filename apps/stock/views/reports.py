"""The in-out-balance on screen and as a workbook; the book of controlled drugs."""

import io
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from openpyxl import Workbook

from apps.core import audit
from apps.core.access import needs
from apps.core.excel import as_text
from apps.core.scope import current
from apps.core.words import date_words
from apps.stock import periods, reading
from apps.stock.forms import programmes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@needs("stock.view")
def balance(request: HttpRequest) -> HttpResponse:
    """What was there, came, went and is there, of a month, half a year or a year."""
    scope = current()
    asked = periods.asked_of(scope, request.GET)
    found = periods.rows(scope, asked)
    return render(
        request,
        "stock/balance.html",
        {
            "asked": asked,
            "rows": found,
            "query": urlencode(query_of(asked)),
            "places": reading.places(scope),
            "programmes": programmes(),
            "lengths": periods.LENGTHS,
            "before": urlencode(query_of(asked.before())),
            "after": urlencode(query_of(asked.after())) if asked.until < timezone.localdate() else "",
            "may_export": scope.can("stock.export"),
        },
    )


def query_of(asked: periods.Asked) -> dict[str, str]:
    """The address of a period, without anything that is the usual."""
    found = {"ky": str(asked.months), "ngay": date_words(asked.since)}
    if asked.location is not None:
        found["kho"] = str(asked.location.pk)
    if asked.programme:
        found["ct"] = asked.programme
    if asked.controlled:
        found["kiem-soat"] = "1"
    return found


@require_safe
@needs("stock.export")
def balance_book(request: HttpRequest) -> HttpResponse:
    """The same as a workbook. It tells of no person, so it needs no guard."""
    scope = current()
    asked = periods.asked_of(scope, request.GET)
    found = periods.rows(scope, asked)
    audit.record(
        "stock.balance_exported",
        data={"since": date_words(asked.since), "until": date_words(asked.until), "lines": len(found)},
    )
    book = Workbook(write_only=True)
    page = book.create_sheet("Xuất nhập tồn")
    page.freeze_panes = "A2"
    for column, width in zip("ABCDEFGHIJKL", (24, 12, 44, 12, *[12] * 8), strict=True):
        page.column_dimensions[column].width = width
    page.append(list(periods.HEADINGS))
    for row in found:
        page.append([as_text(cell) for cell in periods.cells(row)])
    out = io.BytesIO()
    book.save(out)
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="xuat-nhap-ton.xlsx"'
    return response
