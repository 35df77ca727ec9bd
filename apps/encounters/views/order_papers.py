"""The papers of orders as PDF. Every print is logged; a reprint says so."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.core import paper
from apps.core.access import needs
from apps.core.scope import current
from apps.encounters.models import OrderKind
from apps.encounters.ordering import printing as order_printing
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering import states as order_states
from apps.encounters.views.orders import order_or_404
from apps.encounters.views.papers import mark
from apps.encounters.views.traditional import formula_or_404
from apps.encounters.views.visit import visit_or_404


@require_GET
@needs("results.view")
def order_slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Phiếu chỉ định of a visit; restricted tests stand on papers of their own."""
    visit = visit_or_404(pk)
    orders = order_printing.printable(order_queries.of_visit(current(), visit))
    if not orders or not current().reaches(visit.facility_id):
        raise Http404
    context = order_printing.order_slip(visit, orders) | mark(request, visit, "order_slip", visit.pk)
    return paper.pdf_response("print/order_slip.html", context, filename="phieu-chi-dinh.pdf")


@require_GET
@needs("results.view")
def result_slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Phiếu kết quả of a visit: all verified results but restricted ones."""
    visit = visit_or_404(pk)
    orders = [
        order
        for order in order_printing.printable(order_queries.of_visit(current(), visit))
        if order.has_result and order.state == order_states.RESULTED
    ]
    if not orders or not current().reaches(visit.facility_id):
        raise Http404
    context = order_printing.result_slip(visit, orders) | mark(request, visit, "result_slip", visit.pk)
    return paper.pdf_response("print/result_slip.html", context, filename="phieu-ket-qua.pdf")


@require_GET
@needs("results.view")
def order_paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One order on a paper of its own: what is to be done, or what came of it."""
    order = order_or_404(pk)
    visit = order.visit
    if order.state not in order_states.LIVE or not current().reaches(order.facility_id):
        raise Http404
    is_result = order.has_result and order.state == order_states.RESULTED
    # The result is another paper than the order that was printed before it.
    marked = mark(request, visit, "order_result" if is_result else "order_paper", order.pk)
    if is_result:
        template, context = "print/result_slip.html", order_printing.result_slip(visit, [order])
    elif order.has_result:
        template, context = "print/order_slip.html", order_printing.order_slip(visit, [order])
    elif order.kind == OrderKind.PROCEDURE:
        template, context = "print/procedure.html", order_printing.procedure_sheet(order)
    else:
        template, context = "print/course.html", order_printing.course_sheet(order)
    return paper.pdf_response(template, context | marked, filename="phieu.pdf")


@require_GET
@needs("prescriptions.view")
def formula(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Đơn thuốc thang."""
    found = formula_or_404(pk)
    if found.in_error or not current().reaches(found.visit.facility_id):
        raise Http404
    context = order_printing.formula(found) | mark(request, found.visit, "formula", found.pk)
    return paper.pdf_response("print/formula.html", context, filename="thuoc-thang.pdf")
