"""What lies where: the balance list."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.catalogues import codes
from apps.core.access import needs
from apps.core.scope import current
from apps.stock import reading
from apps.stock.forms import programmes


@require_safe
@needs("stock.view")
def balances(request: HttpRequest) -> HttpResponse:
    """Items by name with what lies there, what may be used, what expires and what is short."""
    scope, on = current(), timezone.localdate()
    places = reading.places(scope)
    asked = asked_of(request, [place.pk for place in places])
    page, lines = reading.balances(scope, asked, on, request.GET.get("c", ""))
    return render(
        request,
        "stock/balances.html",
        {
            "page": page,
            "lines": [_with_programme(line) for line in lines],
            "asked": asked,
            "places": places,
            "programmes": programmes(),
            "shows": list(reading.SHOWS.items()),
            "drafts": reading.drafts(scope),
            "may_enter": scope.can("stock.enter"),
            "may_edit": scope.can("stock.edit"),
        },
    )


def asked_of(request: HttpRequest, places: list[UUID]) -> reading.Asked:
    """The filters of the address; what cannot be read is the usual."""
    show = request.GET.get("xem", "")
    location = next((pk for pk in places if str(pk) == request.GET.get("kho")), None)
    programme = request.GET.get("ct", "")
    return reading.Asked(
        text=request.GET.get("q", "").strip()[:100],
        location_id=location,
        programme=programme if codes.get("stock_programme", programme) else "",
        show=show if show in reading.SHOWS else "",
    )


def _with_programme(line: reading.ItemLine) -> dict[str, Any]:
    ordinary = line.item.programme == "ordinary"
    return {
        "line": line,
        "programme": "" if ordinary else codes.label("stock_programme", line.item.programme),
    }
