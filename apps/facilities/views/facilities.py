"""Facilities with their points, hamlets, catchments and staff."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone

from apps.core import registry
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.idempotency import idempotent
from apps.core.paging import keyset
from apps.core.scope import current
from apps.facilities import queries, services, standing
from apps.facilities.forms.facilities import (
    CatchmentForm,
    FacilityForm,
    HamletForm,
    PointForm,
    PractitionerForm,
)
from apps.facilities.models import Facility, FacilityKind, Hamlet, Practitioner
from apps.facilities.views.saving import form_page, kept


@needs("facilities.view")
def facility_list(request: HttpRequest) -> HttpResponse:
    """Facilities of the scope by name, 50 a page, by kind; a search is posted."""
    text = request.POST.get("q", "").strip()[:100]
    kind = request.GET.get("loai", "")
    kind = kind if kind in FacilityKind.values else ""
    cursor = request.POST.get("c", "") or request.GET.get("c", "")
    lacking = request.GET.get("thieu") == "tai-khoan" and current().can("users.view")
    rows = queries.facility_list(current(), text=text, kind=kind)
    if lacking:
        rows = rows.filter(pk__in=standing.without_accounts(current()).values("pk"))
    # A station's own people see it before its points: "station" stands behind "point" in the alphabet.
    order = ("-kind", "sort_key", "pk") if current().level == "station" else ("sort_key", "pk")
    page = keyset(rows, order=order, cursor=cursor)
    kinds = [(value, label, value == kind) for value, label in FacilityKind.choices]
    context = {"page": page, "q": text, "kind": kind, "kinds": kinds, "fields": [("q", text)]}
    context["lacking"] = lacking
    context["may_arrange"] = current().can("facilities.edit") and current().level in ("province", "system")
    return render(request, "facilities/list.html", context)


@needs("facilities.view")
def standing_page(request: HttpRequest) -> HttpResponse:
    """All stations of the scope with what the rooms count of them."""
    page, rows = standing.station_page(current(), cursor=request.GET.get("c", ""))
    context = {"page": page, "rows": rows, "figures": registry.station_figures.all()}
    return render(request, "facilities/standing.html", context)


def _facility(pk: UUID) -> Facility:
    """The facility if the scope reaches it, else the 404 of one that does not exist."""
    rows = queries.visible_facilities(current()).select_related("part_of", "unit__parent")
    return get_object_or_404(rows, pk=pk)


def _station(pk: UUID) -> Facility:
    """The station itself, also when a point of it was asked for; 404 for other kinds."""
    facility = _facility(pk)
    station = facility.part_of or facility
    return get_object_or_404(Facility, pk=station.pk, kind=FacilityKind.STATION)


@needs("facilities.view")
def facility_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    scope, today = current(), timezone.localdate()
    facility = queries.facility_page(scope, pk)
    if facility is None:
        facility = _facility(pk)
    is_local = facility.level == "station"
    context: dict[str, Any] = {
        "facility": facility,
        "is_station": facility.kind == FacilityKind.STATION,
        "is_local": is_local,
        "today": today,
        "pasts": list(facility.past.select_related("unit").order_by("-valid_to")),
        "catchments": list(queries.catchment_rows(facility, today)) if is_local else [],
        "practitioners": [(each, each.in_force(today)) for each in queries.practitioners_of(facility)],
        "posts": list(queries.posts_at(facility, today)) if scope.can("users.view") else None,
        "may_enter": scope.can("facilities.enter"),
        "may_edit": scope.can("facilities.edit"),
        "may_staff": scope.can("users.enter"),
    }
    return render(request, "facilities/page.html", context)


@needs("facilities.edit")
@conflict_page(["address", "phone"])
@idempotent
def facility_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    facility = _facility(pk)
    form = FacilityForm(request.POST or None, instance=facility, initial={"version": facility.version})

    def save(said: dict[str, Any]) -> None:
        services.facility_update(
            facility=form.instance, expected_version=said["version"] or 0, fields=_changed(form)
        )

    if kept(request, form, save, "Đã lưu."):
        return redirect("facilities:page", pk=pk)
    return form_page(request, form, f"Sửa {facility.name}", resolve_url("facilities:page", pk=pk))


@needs("facilities.enter")
@idempotent
def point_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    station = _station(pk)
    form = PointForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        services.facility_create(
            name=said["name"],
            kind=FacilityKind.POINT,
            unit=station.unit,
            part_of=station,
            valid_from=said["valid_from"],
            address=said["address"],
            phone=said["phone"],
        )

    if kept(request, form, save, "Đã thêm điểm trạm."):
        return redirect("facilities:page", pk=station.pk)
    return form_page(
        request, form, f"Thêm điểm trạm của {station.name}", resolve_url("facilities:page", pk=station.pk)
    )


@needs("facilities.enter")
@idempotent
def hamlet_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    station = _station(pk)
    form = HamletForm(request.POST or None, station=station)

    def save(said: dict[str, Any]) -> None:
        services.hamlet_create(
            commune=station.unit,
            name=said["name"],
            code=said["code"],
            kind=said["kind"],
            sort_order=said["sort_order"],
            valid_from=said["valid_from"],
            facility=said["facility"],
        )

    if kept(request, form, save, "Đã thêm thôn, tổ."):
        return redirect("facilities:page", pk=station.pk)
    return form_page(
        request, form, f"Thêm thôn, tổ của {station.unit}", resolve_url("facilities:page", pk=station.pk)
    )


def _hamlet(pk: UUID) -> tuple[Hamlet, Facility]:
    """A hamlet of the scope and the station that cares for it, else 404."""
    hamlet = get_object_or_404(queries.visible_hamlets(current()), pk=pk)
    station = queries.station_of(hamlet.pk, timezone.localdate())
    return hamlet, _facility(station.pk if station else UUID(int=0))


@needs("facilities.edit")
@conflict_page(["name", "kind", "code", "sort_order", "valid_from"])
@idempotent
def hamlet_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    hamlet, station = _hamlet(pk)
    form = HamletForm(
        request.POST or None, instance=hamlet, station=station, initial={"version": hamlet.version}
    )
    del form.fields["facility"]

    def save(said: dict[str, Any]) -> None:
        services.hamlet_update(
            hamlet=form.instance, expected_version=said["version"] or 0, fields=_changed(form)
        )

    if kept(request, form, save, "Đã lưu."):
        return redirect("facilities:page", pk=station.pk)
    return form_page(request, form, f"Sửa {hamlet.name}", resolve_url("facilities:page", pk=station.pk))


@needs("facilities.edit")
@idempotent
def catchment_change(request: HttpRequest, pk: UUID) -> HttpResponse:
    hamlet, station = _hamlet(pk)
    form = CatchmentForm(request.POST or None, station=station)

    def save(said: dict[str, Any]) -> None:
        services.catchment_open(facility=said["facility"], hamlet=hamlet, valid_from=said["valid_from"])

    if kept(request, form, save, "Đã giao địa bàn."):
        return redirect("facilities:page", pk=station.pk)
    return form_page(
        request, form, f"Giao {hamlet.name} cho cơ sở khác", resolve_url("facilities:page", pk=station.pk)
    )


@needs("facilities.enter")
@idempotent
def practitioner_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    station = _station(pk)
    form = PractitionerForm(request.POST or None, station=station)

    def save(said: dict[str, Any]) -> None:
        services.practitioner_create(**{name: said[name] for name in PractitionerForm.Meta.fields})

    if kept(request, form, save, "Đã thêm người hành nghề."):
        return redirect("facilities:page", pk=station.pk)
    return form_page(
        request,
        form,
        f"Thêm người hành nghề của {station.name}",
        resolve_url("facilities:page", pk=station.pk),
    )


@needs("facilities.edit")
@conflict_page(PractitionerForm.Meta.fields)
@idempotent
def practitioner_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    person: Practitioner = get_object_or_404(queries.visible_practitioners(current()), pk=pk)
    station = person.facility.part_of or person.facility
    form = PractitionerForm(
        request.POST or None, instance=person, station=station, initial={"version": person.version}
    )

    def save(said: dict[str, Any]) -> None:
        services.practitioner_update(
            practitioner=form.instance, expected_version=said["version"] or 0, fields=_changed(form)
        )

    if kept(request, form, save, "Đã lưu."):
        return redirect("facilities:page", pk=station.pk)
    return form_page(request, form, f"Sửa {person.full_name}", resolve_url("facilities:page", pk=station.pk))


def _changed(form: Any) -> list[str]:
    """The fields whose values changed, for the audit row: names, no values."""
    return [name for name in form.changed_data if name not in ("form_key", "version")]
