"""Orders: those of a visit, taking them back, the station's sets, what waits to be done."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import readlog
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.encounters import page
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.forms import ReasonForm
from apps.encounters.models import Order, OrderKind, OrderSet, Visit
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import orders
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.forms import AttachForm, PlaceForm, SetForm
from apps.encounters.views.visit import visit_or_404


def order_or_404(pk: UUID) -> Order:
    """The order when this scope sees it; else a 404 that tells nothing."""
    found = order_queries.order_page(pk)
    if found is None:
        raise Http404
    return found


@require_GET
@needs("results.view")
def of_visit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was ordered on a visit and what came of it; the place to order more."""
    scope, visit = current(), visit_or_404(pk)
    return orders_page(request, scope, visit)


@require_POST
@needs("prescriptions.enter")
@idempotent
def place(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Order what was chosen."""
    scope, visit = current(), visit_or_404(pk)
    form = PlaceForm(request.POST, sets=order_queries.order_sets(scope))
    if form.is_valid():
        try:
            placed = orders.orders_place(
                visit_id=visit.pk, items=form.items(), override=form.cleaned_data["override"]
            )
        except NeedsReason as needs_reason:
            add_warnings(form, needs_reason)
            return orders_page(request, scope, visit, form, ask=True)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã chỉ định {len(placed)} dịch vụ.")
            return redirect("encounters:orders", visit.pk)
    return orders_page(request, scope, visit, form)


def orders_page(
    request: HttpRequest,
    scope: Scope,
    visit: Visit,
    form: PlaceForm | None = None,
    *,
    ask: bool = False,
    attach: AttachForm | None = None,
) -> HttpResponse:
    """The page of a visit's orders; a form sent back is a 422."""
    readlog.record("order.visit", [visit.person_id])
    here = scope.reaches(visit.facility_id)
    may_order = (
        here
        and visit.is_open
        and scope.can("prescriptions.enter")
        and not why_not("order", own_practitioner(scope))
    )
    if form is None and may_order:
        form = PlaceForm(sets=order_queries.order_sets(scope))
    rows = order_queries.of_visit(scope, visit)
    if form is not None and rows:
        form.fields["codes"].widget.attrs["data-still"] = "once"  # its list would lie over what was ordered
    context = page.banner(scope, visit.person) | {
        "visit": visit,
        "orders": rows,
        "live": [row for row in rows if row.is_live],
        "resulted": any(row.state == order_states.RESULTED and not row.restricted for row in rows),
        "form": form,
        "ask": ask,
        "may_order": may_order,
        "may_enter": here and scope.can("results.enter"),
        "may_prescribe": may_order and scope.can("prescriptions.enter"),
        "may_see_formulas": scope.can("prescriptions.view"),
        "may_sets": scope.can("results.edit"),
        "formulas": order_queries.formulas(visit) if scope.can("prescriptions.view") else [],
        "attachments": order_queries.attachments(scope, visit),
        "attach_form": attach or AttachForm(),
    }
    return render(
        request, "encounters/orders/visit.html", context, status=422 if request.method == "POST" else 200
    )


# ---- taking back


@require_http_methods(["GET", "POST"])
@needs("results.edit")
@idempotent
@conflict_page(("state", "summary"), screen="order.page")
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel an order that nobody has begun, with the reason."""
    return _take_back(request, pk, "cancel")


@require_http_methods(["GET", "POST"])
@needs("results.edit")
@idempotent
@conflict_page(("state", "summary"), screen="order.page")
def in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that an order should never have been written, and why."""
    return _take_back(request, pk, "error")


ENDS = {
    "cancel": (orders.order_cancel, "Hủy chỉ định", "Đã hủy chỉ định."),
    "error": (orders.order_in_error, "Ghi chỉ định là nhập nhầm", "Đã ghi là nhập nhầm."),
}


def _take_back(request: HttpRequest, pk: UUID, action: str) -> HttpResponse:
    scope, order = current(), order_or_404(pk)
    service, title, said = ENDS[action]
    if not scope.reaches(order.facility_id):
        raise PermissionDenied(action)
    form = ReasonForm(request.POST or None, initial={"version": order.version})
    if request.method == "POST" and form.is_valid():
        try:
            service(
                order_id=order.pk,
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, said)
            return redirect("encounters:orders", order.visit_id)
    readlog.record("order.page", [order.person_id])
    context = page.banner(scope, order.visit.person) | {
        "order": order,
        "visit": order.visit,
        "form": form,
        "title": title,
    }
    return render(request, "encounters/orders/take_back.html", context, status=422 if form.errors else 200)


# ---- what waits


@require_GET
@needs("results.view")
def waiting(request: HttpRequest) -> HttpResponse:
    """What the laboratory, the technician, the nurse have still to do: today's, or of the last weeks."""
    scope, today = current(), timezone.localdate()
    kind = request.GET.get("loai", "")
    kind = kind if kind in OrderKind.values else ""
    all_days = request.GET.get("ngay") == "tat-ca"
    since = today - dt.timedelta(days=order_queries.EARLIER_DAYS) if all_days else today
    found = order_queries.waiting(scope, kind=kind, since=since, cursor=request.GET.get("c", ""))
    readlog.record("order.waiting", [order.person_id for order in found.items])
    counts = order_queries.waiting_counts(scope, since)
    context = {
        "page": found,
        "kind": kind,
        "all_days": all_days,
        "days": order_queries.EARLIER_DAYS,
        "today": today,
        "total": sum(counts.values()),
        "tabs": [{"key": key, "title": title, "count": counts[key]} for key, title in OrderKind.choices],
    }
    return render(request, "encounters/orders/waiting.html", context)


# ---- the station's sets


@require_http_methods(["GET", "POST"])
@needs("results.edit")
@idempotent
def sets(request: HttpRequest) -> HttpResponse:
    """The station's sets of orders, and a new one."""
    return _sets_page(request, None)


@require_http_methods(["GET", "POST"])
@needs("results.edit")
@idempotent
def set_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a set, or take it out of use."""
    return _sets_page(request, _set_or_404(pk))


def _set_or_404(pk: UUID) -> OrderSet:
    found = OrderSet.objects.filter(pk=pk, is_active=True).first()
    if found is None:
        raise Http404
    return found


def _sets_page(request: HttpRequest, row: OrderSet | None) -> HttpResponse:
    if row is not None and request.POST.get("action") == "drop":
        orders.order_set_drop(set_id=row.pk)
        messages.success(request, "Đã bỏ nhóm.")
        return redirect("encounters:order_sets")
    form = SetForm(
        request.POST or None, initial={"name": row.name, "codes": row.codes} if row is not None else None
    )
    if request.method == "POST" and form.is_valid():
        try:
            orders.order_set_save(
                name=form.cleaned_data["name"],
                codes=form.cleaned_data["codes"],
                set_id=row.pk if row is not None else None,
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã lưu nhóm.")
            return redirect("encounters:order_sets")
    rows = order_queries.order_sets(current())
    context = {"form": form, "row": row, "sets": rows, "names": _set_names(rows)}
    return render(request, "encounters/orders/sets.html", context, status=422 if form.errors else 200)


def _set_names(rows: list[OrderSet]) -> list[tuple[OrderSet, list[str]]]:
    names = order_catalogue.names([code for row in rows for code in row.codes])
    return [(row, [names.get(code, code) for code in row.codes]) for row in rows]
