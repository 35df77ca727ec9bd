"""Herbal formulas of a visit."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.catalogues import codes
from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.encounters import page
from apps.encounters.forms import ReasonForm
from apps.encounters.herbs import HERBS, paid_count
from apps.encounters.models import HerbalFormula
from apps.encounters.ordering import traditional
from apps.encounters.ordering.forms import FormulaForm
from apps.encounters.views.visit import visit_or_404


@require_http_methods(["GET", "POST"])
@needs("prescriptions.enter")
@idempotent
def formula(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Prescribe a herbal formula on an open visit."""
    scope, visit = current(), visit_or_404(pk)
    form = FormulaForm(request.POST or None)
    asked: list[Warning] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            traditional.formula_save(
                visit_id=visit.pk,
                herbs=form.herbs(),
                packets=data["packets"],
                usage=data["usage"],
                name=data["name"],
                note=data["note"],
                override=data["override"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needs_reason:
            asked = needs_reason.warnings
        else:
            messages.success(request, "Đã kê bài thuốc thang.")
            return redirect("encounters:orders", visit.pk)
    readlog.record("order.visit", [visit.person_id])
    context = page.banner(scope, visit.person) | {
        "visit": visit,
        "form": form,
        "asked": asked,
        "herbs": [name for _, name in codes.choices(HERBS, visit.on)],
        "paid": paid_count(visit.on),
    }
    return render(
        request, "encounters/orders/formula.html", context, status=422 if form.errors or asked else 200
    )


@require_http_methods(["GET", "POST"])
@needs("prescriptions.enter")
@idempotent
def formula_in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that a formula should not have been written, and why."""
    scope, found = current(), formula_or_404(pk)
    if not scope.reaches(found.visit.facility_id):
        raise PermissionDenied("formula")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            traditional.formula_in_error(formula_id=found.pk, reason=form.cleaned_data["reason"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã ghi là nhập nhầm.")
            return redirect("encounters:orders", found.visit_id)
    readlog.record("order.visit", [found.visit.person_id])
    context = page.banner(scope, found.visit.person) | {
        "visit": found.visit,
        "form": form,
        "title": "Ghi bài thuốc thang là nhập nhầm",
        "what": found.name,
    }
    return render(request, "encounters/orders/take_back.html", context, status=422 if form.errors else 200)


def formula_or_404(pk: UUID) -> HerbalFormula:
    """The formula when this scope sees its visit; else a 404 that tells nothing."""
    found = (
        HerbalFormula.objects.select_related(
            "visit__person__hamlet__commune", "visit__facility", "prescriber"
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found
