"""Where stock lies: the list of places, the form of one."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.facilities.queries import points_of
from apps.stock import keeping, reading
from apps.stock.forms import PlaceForm
from apps.stock.models import StockLocation

METHODS = ["GET", "HEAD", "POST"]


@require_safe
@needs("stock.view")
def listed(request: HttpRequest) -> HttpResponse:
    """The workplace's places, those out of use too."""
    scope = current()
    rows = StockLocation.objects.filter(station_id=scope.workplace_id).select_related("parent", "point")
    places = list(rows.order_by("-is_active", "created_at", "pk"))
    context = {"places": places, "may_edit": scope.can("stock.edit")}
    return render(request, "stock/places.html", context)


def _form(data: object, exclude: UUID | None, **initial: object) -> PlaceForm:
    scope = current()
    return PlaceForm(
        data,
        initial=initial or None,
        places=[place for place in reading.places(scope) if place.pk != exclude],
        points=list(points_of(scope.facility_ids, timezone.localdate())),
    )


@require_http_methods(METHODS)
@needs("stock.edit")
@idempotent
def add(request: HttpRequest) -> HttpResponse:
    form = _form(request.POST or None, None)
    if request.method == "POST" and form.is_valid():
        try:
            place = keeping.place_add(data=form.data_of())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã thêm {place.name}.")
            return redirect("stock:places")
    return render(request, "stock/place_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(METHODS)
@needs("stock.edit")
@idempotent
@conflict_page(("name", "kind", "dispenses", "is_active"))
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    place: StockLocation | None = StockLocation.objects.filter(pk=pk).first()
    if place is None:
        raise Http404
    form = _form(
        request.POST or None,
        place.pk,
        name=place.name,
        kind=place.kind,
        parent=str(place.parent_id or ""),
        point=str(place.point_id or ""),
        dispenses=place.dispenses,
        is_active=place.is_active,
        version=place.version,
    )
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or place.version
        try:
            keeping.place_change(place_id=place.pk, data=form.data_of(), expected_version=version)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã lưu.")
            return redirect("stock:places")
    context = {"form": form, "place": place}
    return render(request, "stock/place_form.html", context, status=422 if form.errors else 200)
