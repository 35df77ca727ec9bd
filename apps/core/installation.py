"""The pages of whoever runs an installation: its health, a printer's test page, the go-live list."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.core import doctor, golive, registry
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.models import DoctorFinding
from apps.core.paper import LETTERS, pdf_response, qr_svg
from apps.core.scope import current

# Width of the ruler on each sheet in mm: what its margins leave, in whole centimetres.
RULERS = {"A4": 170, "A5": 120, "80mm": 70}
SHEETS = {"A4": "A4", "A5": "A5", "80mm": "80 mm"}


@require_GET
@needs("operations.view")
def health(request: HttpRequest) -> HttpResponse:
    """What the last look found, gravest first, each with what to do."""
    rows = {row.key: row for row in DoctorFinding.objects.all()}
    found = [(check.title, rows[check.key]) for check in registry.checks if check.key in rows]
    found.sort(key=lambda line: doctor.GRAVE[line[1].state])
    context = {
        "lines": [{"title": title, "row": row} for title, row in found],
        "at": max((row.at for row in rows.values()), default=None),
        "bad": sum(row.state == "bad" for _, row in found),
        "warn": sum(row.state == "warn" for _, row in found),
        "printers": SHEETS.items(),
    }
    return render(request, "core/health.html", context)


@require_POST
@needs("operations.view")
@idempotent
def look_again(request: HttpRequest) -> HttpResponse:
    """Every check, now."""
    findings = doctor.look()
    if doctor.worst(findings) == "ok":
        messages.success(request, "Đã kiểm tra lại: mọi mục đều tốt.")
    else:
        messages.warning(request, "Đã kiểm tra lại: có mục cần xử lý.")
    return redirect("core:health")


@require_GET
@needs("operations.view")
def printer_test(request: HttpRequest, size: str) -> HttpResponse:
    """A sheet with rulers: does the printer keep sizes, margins and Vietnamese letters?"""
    if size not in RULERS:
        raise Http404
    context = {
        "title": f"Trang in thử {SHEETS[size]}",
        "size": size,
        "facility_name": current().label,
        "qr": qr_svg("TRANG IN THỬ"),
        "width": RULERS[size],
        "marks": _marks(RULERS[size]),
        "letters": LETTERS + LETTERS.upper(),
    }
    return pdf_response("print/printer.html", context, filename=f"in-thu-{size}.pdf")


def _marks(width: int) -> list[dict[str, Any]]:
    """The ruler's lines: a short one a millimetre, a long one with its number each centimetre."""
    ends = {0: "start", width: "end"}
    return [
        {
            "at": mm,
            "long": 6 if mm % 10 == 0 else 4 if mm % 5 == 0 else 2.5,
            "label": str(mm) if mm % 10 == 0 else "",
            "text_at": mm,
            "anchor": ends.get(mm, "middle"),
        }
        for mm in range(width + 1)
    ]


@require_GET
@needs("operations.view")
def golive_list(request: HttpRequest) -> HttpResponse:
    """What this station does before it begins, how far each is."""
    scope = current()
    lines = golive.lines(scope)
    context = {
        "lines": lines,
        "done": sum(line.complete for line in lines),
        "can_edit": scope.can("operations.edit"),
        "today": timezone.localdate(),
    }
    return render(request, "core/golive.html", context)


@require_POST
@needs("operations.edit")
@idempotent
def golive_tick(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody says that an item is done, or takes it back."""
    try:
        if request.POST.get("undo"):
            golive.untick(key=key)
        else:
            golive.tick(key=key, note=request.POST.get("note", ""), on=_today())
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("core:golive")


def _today() -> dt.date:
    return timezone.localdate()
