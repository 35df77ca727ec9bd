"""Gói dự phòng, nhập bù, and what was back-entered. Thin: services and queries do the work."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import fields, guarded, paper
from apps.core.access import needs
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import claim, idempotent
from apps.core.ids import uuid7
from apps.core.rates import limited
from apps.core.scope import Scope, current
from apps.outage import exports, printing, queries, rules, services
from apps.outage.kinds import BackEntryKind, RowProblems, columns_of, kinds, names_of
from apps.outage.models import BackEntry, Slip
from apps.outage.queries import Asked

ROWS = 10  # empty rows of the grid: what fits on a screen; the page gives ten more
DAYS = 30  # the list looks so far back when nothing was asked
LONGEST = 366


# --- gói dự phòng


class PackForm(FormKeyMixin):
    """A pack made by hand: for which day, with how many blank slips of each kind."""

    on = fields.DateField(label="Cho ngày")

    def __init__(self, *args: Any, usual: Mapping[str, int], most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()
        for kind in kinds:
            self.fields[f"slips_{kind.key}"] = forms.IntegerField(
                label=f"Phiếu trắng: {kind.title.lower()}",
                min_value=0,
                max_value=most,
                initial=usual[kind.key],
                required=False,
            )

    def clean_on(self) -> dt.date:
        on: dt.date = self.cleaned_data["on"]
        today = timezone.localdate()
        if not today <= on <= today + dt.timedelta(days=31):
            raise forms.ValidationError("Lập gói cho hôm nay hoặc một ngày trong tháng tới.")
        return on

    def counts(self) -> dict[str, int]:
        return {kind.key: self.cleaned_data[f"slips_{kind.key}"] or 0 for kind in kinds}


@require_http_methods(["GET", "POST"])
@needs("outage.view")
@idempotent
def index(request: HttpRequest) -> HttpResponse:
    """The station's packs, and making one now."""
    scope = current()
    usual, most = services.slip_numbers(timezone.localdate())
    form = PackForm(request.POST or None, usual=usual, most=most)
    at_station = queries.at_station(scope)
    if request.method == "POST":
        scope.require("outage.enter")
        if not at_station or scope.workplace_id is None:
            raise Http404
        if form.is_valid():
            try:
                pack = services.pack_make(
                    facility_id=scope.workplace_id, on=form.cleaned_data["on"], slips=form.counts()
                )
            except Refused as refused:
                add_refusal(form, refused)
            else:
                messages.success(request, f"Đã lập gói cho ngày {pack.on:%d/%m/%Y}. Hãy tải về và in.")
                return redirect("outage:index")
    context = {
        "form": form,
        "packs": queries.packs(scope) if at_station else [],
        "left": queries.slips_left(scope) if at_station else 0,
        "at_station": at_station,
        "today": timezone.localdate(),
        "may_enter": scope.can("outage.enter") and at_station,
        "kinds": _open_kinds(scope),
        "count_fields": [form[f"slips_{kind.key}"] for kind in kinds],
    }
    return render(request, "outage/index.html", context, status=422 if form.errors else 200)


def _open_kinds(scope: Scope) -> list[BackEntryKind]:
    return [kind for kind in kinds if scope.can(kind.right)]


@require_GET
@needs("outage.enter")
def pack_paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The pack as PDF: who is expected as of now, the slips as they were reserved."""
    scope = current()
    pack = queries.pack(scope, pk)
    if pack is None:
        raise Http404
    services.pack_printed(pack)

    def address(slip: Slip) -> str:
        return request.build_absolute_uri(reverse("outage:slip", args=[slip.code]))

    context = printing.pack_context(scope, pack, address)
    return paper.pdf_response(
        "print/outage_pack.html", context, filename=f"goi-du-phong-{pack.on:%Y-%m-%d}.pdf"
    )


class VoidForm(FormKeyMixin):
    """Slips that hold nothing, by the numbers that stand on them."""

    numbers = forms.CharField(label="Phiếu số", max_length=200)
    reason = forms.CharField(label="Lý do hủy", max_length=200)

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most

    def clean_numbers(self) -> list[int]:
        try:
            return rules.read_numbers(self.cleaned_data["numbers"], self.most)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


@require_http_methods(["GET", "POST"])
@needs("outage.enter")
@idempotent
def slips(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The slips of a pack: entered, voided, still out; and voiding those that hold nothing."""
    scope = current()
    pack = queries.pack(scope, pk)
    if pack is None:
        raise Http404
    lines = queries.slips(scope, pack)
    form = VoidForm(request.POST or None, most=len(lines))
    if request.method == "POST" and form.is_valid():
        try:
            count = services.slips_void(pack=pack, **_wanted(form))
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã hủy {count} phiếu.")
            return redirect("outage:slips", pk=pack.pk)
    left = sum(1 for line in lines if line.entry is None and line.slip.voided_at is None)
    context = {
        "pack": pack,
        "lines": lines,
        "left": left,
        "form": form,
    }
    return render(request, "outage/slips.html", context, status=422 if form.errors else 200)


def _wanted(form: VoidForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("numbers", "reason")}


# --- nhập bù


@require_GET
@needs("outage.enter")
@limited("look_up", "GET")  # a code is tried by opening its address
def slip(request: HttpRequest, code: str) -> HttpResponse:
    """A scanned slip: leads to its record, to its pack when it was voided, else to the grid with its code."""
    scope = current()
    found = Slip.objects.filter(code=rules.read_code(code), pack__facility_id__in=scope.facility_ids).first()
    kind = kinds.get(found.kind) if found else None
    if found is None or kind is None:
        raise Http404
    entry = BackEntry.objects.filter(slip=found).first()
    if found.voided_at is not None:
        return redirect("outage:slips", pk=found.pack_id)
    if entry is None:
        return redirect(f"{reverse('outage:enter', args=[kind.key])}?phieu={found.code}")
    told = kind.about(scope, [entry.object_id]).get(entry.object_id)
    return redirect(told.url if told else "outage:entries")


def _kind(key: str) -> BackEntryKind:
    kind = kinds.get(key)
    if kind is None or not current().can(kind.right):
        raise Http404
    return kind


@require_GET
@needs("outage.enter")
def enter(request: HttpRequest, kind: str) -> HttpResponse:
    """The grid: a row a slip, each saved by itself when it is left."""
    scope, found = current(), _kind(kind)
    if not queries.at_station(scope):
        raise Http404
    code = rules.read_code(request.GET.get("phieu", ""))
    today = f"{timezone.localdate():%d/%m/%Y}"
    columns = columns_of(found, queries.staff(scope), scope)
    rows = [_empty_row(columns, today) for _ in range(ROWS)]
    if code:
        rows[0]["cells"] = {"day": today, "slip": rules.shown_code(code)}
    grid = {
        "name": found.key,
        "caption": f"Nhập bù {found.title.lower()}",
        "save_url": reverse("outage:row", args=[found.key]),
        "columns": columns,
        "rows": rows,
        "across": True,
    }
    return render(request, "outage/enter.html", {"kind": found, "grid": grid, "code": code})


def _empty_row(columns: list[dict[str, Any]], today: str) -> dict[str, Any]:
    key = str(uuid7())
    pickers = {
        column["name"]: {
            "name": column["name"],
            "placeholder": column["placeholder"],
            "url": reverse("catalogues:pick", args=[column["picker"]]),
            "attrs": {"id": f"{column['name']}-{key}", "aria-label": column["label"]},
        }
        for column in columns
        if column["picker"]
    }
    return {"key": key, "version": 0, "cells": {"day": today}, "pickers": pickers}


@require_POST
@needs("outage.enter")
@limited("look_up")
def row(request: HttpRequest, kind: str) -> HttpResponse:
    """One row of the grid: saved whole, or 422 with a sentence for each wrong cell and nothing written."""
    found = _kind(kind)
    try:
        key = UUID(request.POST.get("row", ""))
    except ValueError:
        return JsonResponse({"errors": {"": "Dòng không đọc được. Hãy tải lại trang."}}, status=422)
    cells = {name: request.POST.get(name, "")[:1000] for name in names_of(found, current())}
    try:
        with transaction.atomic():
            claim(key, request)  # the same row at the same moment waits here, and is then told what it became
            entry = services.entry_save(kind=found, key=key, cells=cells)
    except RowProblems as wrong:
        return JsonResponse({"errors": wrong.errors}, status=422)
    except Refused as refused:
        return JsonResponse({"message": refused.message}, status=409)
    told = found.about(current(), [entry.object_id]).get(entry.object_id)
    answer = {"version": 1, "message": entry.message, "done": True, "url": told.url if told else ""}
    if entry.slip is not None:
        answer["values"] = {"slip": entry.slip.shown}  # a scanner types the whole address
    return JsonResponse(answer)


# --- what was back-entered


@require_GET
@needs("outage.view")
def entries(request: HttpRequest) -> HttpResponse:
    """What was entered afterwards, and how late; by station and by the days on which it happened."""
    scope = current()
    asked = _asked(request, scope)
    stations = queries.stations(scope)
    page = queries.page(scope, asked, request.GET.get("c", ""))
    context = {
        "page": page,
        "lines": queries.lines(scope, page.items, screen="outage.list"),
        "asked": asked,
        "stations": stations if len(stations) > 1 or scope.level != "station" else [],
        "may_export": scope.can("outage.export"),
        "may_enter": scope.can("outage.enter"),
        "kinds": _open_kinds(scope),
    }
    return render(request, "outage/entries.html", context)


class ExportForm(FormKeyMixin):
    reason = fields.CleanCharField(
        label="Lý do xuất", max_length=300, error_messages={"required": "Hãy ghi lý do xuất danh sách."}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("outage.export")
@idempotent
def export(request: HttpRequest) -> HttpResponse:
    """The list as a guarded file, against a reason."""
    asked = _asked(request, current())
    title = f"Danh sách nhập bù từ {asked.since:%d/%m/%Y} đến {asked.until:%d/%m/%Y}"
    form = ExportForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            guarded.export(
                exports.KIND, reason=form.cleaned_data["reason"], args=exports.as_args(asked), title=title
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    filters = {"tu": f"{asked.since:%d/%m/%Y}", "den": f"{asked.until:%d/%m/%Y}", "tram": asked.station or ""}
    context = {"form": form, "about": title, "back": f"{reverse('outage:entries')}?{urlencode(filters)}"}
    return render(request, "outage/export.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest, scope: Scope) -> Asked:
    """The filters of the address; what cannot be read is the usual."""
    until = _day(request.GET.get("den", "")) or timezone.localdate()
    since = _day(request.GET.get("tu", "")) or until - dt.timedelta(days=DAYS)
    if not dt.timedelta(0) <= until - since <= dt.timedelta(days=LONGEST):
        since = until - dt.timedelta(days=DAYS)
    try:
        station = UUID(request.GET.get("tram", ""))
    except ValueError:
        station = None
    return Asked(since, until, station if scope.reaches(station) else None)


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None
