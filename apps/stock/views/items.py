"""One item: its lots, its stock card, the form; the state of a lot."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.catalogues import codes
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.stock import keeping, reading, sources
from apps.stock.forms import ItemForm, LotForm, item_initial
from apps.stock.models import Lot, StockItem

METHODS = ["GET", "HEAD", "POST"]


def item_or_404(pk: UUID) -> StockItem:
    found = reading.item_of(current(), pk)
    if found is None:
        raise Http404
    return found


@require_safe
@needs("stock.view")
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where its lots lie, in the order in which they are taken, and every movement (thẻ kho)."""
    scope, on = current(), timezone.localdate()
    item = item_or_404(pk)
    places = reading.places(scope)
    location = next((place for place in places if str(place.pk) == request.GET.get("kho")), None)
    card = reading.card(
        scope, item, location_id=location.pk if location else None, cursor=request.GET.get("c", "")
    )
    sources.tell(scope, card.lines)
    lots = reading.lots_of(scope, item, on)
    return render(
        request,
        "stock/item.html",
        {
            "item": item,
            "programme": codes.label("stock_programme", item.programme),
            "lots": lots,
            "total": sum(line.row.quantity for line in lots),
            "usable": sum(line.row.quantity for line in lots if not line.why_not),
            "card": card,
            "page": card.page,
            "places": places,
            "location": location,
            "may_edit": scope.can("stock.edit"),
        },
    )


@require_http_methods(METHODS)
@needs("stock.enter")
@idempotent
def add(request: HttpRequest) -> HttpResponse:
    """An item that no catalogue has; those of the catalogues come in with their first receipt."""
    form = ItemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            item = keeping.item_add(data=form.data_of())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã thêm {item.name}.")
            return redirect("stock:item", pk=item.pk)
    return _form(request, form, None)


@require_http_methods(METHODS)
@needs("stock.edit")
@idempotent
@conflict_page(("name", "unit", "minimum", "programme", "controlled", "note", "is_active"))
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Name, packs, minimum level, programme of an item."""
    item = item_or_404(pk)
    form = ItemForm(request.POST or None, item=item, initial=item_initial(item))
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or item.version
        try:
            keeping.item_change(item_id=item.pk, data=form.data_of(), expected_version=version)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã lưu mặt hàng.")
            return redirect("stock:item", pk=item.pk)
    return _form(request, form, item)


def _form(request: HttpRequest, form: ItemForm, item: StockItem | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "item": item}
    return render(request, "stock/item_form.html", context, status=422 if form.errors else 200)


@require_http_methods(METHODS)
@needs("stock.edit")
@idempotent
@conflict_page(("state", "use_first"))
def lot(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hold, quarantine, block or free a lot."""
    found: Lot | None = Lot.objects.select_related("item").filter(pk=pk).first()
    if found is None:
        raise Http404
    initial = {"state": found.state, "use_first": found.use_first, "version": found.version}
    form = LotForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            keeping.lot_state_set(
                lot_id=found.pk,
                state=said["state"],
                use_first=said["use_first"],
                reason=said["reason"],
                expected_version=said["version"] or found.version,
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã lưu tình trạng của lô.")
            return redirect("stock:item", pk=found.item_id)
    context = {"form": form, "lot": found, "item": found.item}
    return render(request, "stock/lot_form.html", context, status=422 if form.errors else 200)
