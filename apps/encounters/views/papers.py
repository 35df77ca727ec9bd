"""The papers of a visit as PDF: phiếu khám bệnh, đơn thuốc. Every print is logged; a reprint says so."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core import paper, papers, readlog
from apps.core.access import needs
from apps.core.scope import current
from apps.encounters import dosing, page, printing, queries, states
from apps.encounters.models import Visit
from apps.encounters.views.visit import visit_or_404


@require_GET
@needs("visits.view")
def exam_slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Phiếu khám bệnh."""
    visit = _printable(pk)
    context = printing.exam_slip(visit) | mark(request, visit, "exam_slip", visit.pk)
    return paper.pdf_response("print/exam_slip.html", context, filename="phieu-kham.pdf")


@require_GET
@needs("prescriptions.view")
def prescription(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Đơn thuốc; `loai` n, h or y asks for the sheet of that kind, without it the first there is."""
    visit = _printable(pk)
    kind = request.GET.get("loai", "")
    sheets = [sheet for sheet in queries.sheets(visit) if kind in ("", sheet.kind)]
    if not sheets or (kind and kind not in dosing.KINDS):
        raise Http404
    context = printing.prescription(visit, sheets[0]) | mark(request, visit, "prescription", sheets[0].pk)
    return paper.pdf_response("print/prescription.html", context, filename="don-thuoc.pdf")


def _printable(pk: UUID) -> Visit:
    visit = visit_or_404(pk)
    if "print" not in page.allowed(current(), visit) or not states.allows(visit.state, "print"):
        raise Http404
    return visit


def mark(request: HttpRequest, visit: Visit, kind: str, object_id: UUID) -> dict[str, Any]:
    """The QR and the number of the copy; the print stands in the read log and in the audit."""
    readlog.record("visit.paper", [visit.person_id])
    code = papers.code_for(kind, object_id)
    copy = papers.count_copy(code, person_id=visit.person_id, facility_id=visit.facility_id)
    address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
    return {"qr": paper.qr_svg(address), "copy": copy}
