"""The pages of those who come from another station: who waits, taken in, not come."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.households import event_forms, newcomers, transfers
from apps.households.event_pages import METHODS

SCREEN = "household.newcomers"


@require_safe
@needs("households.view")
def newcomer_list(request: HttpRequest) -> HttpResponse:
    """Who has left another station for ours and waits, the oldest first."""
    scope = current()
    page = newcomers.waiting(scope, request.GET.get("c", ""))
    readlog.record(SCREEN, [row.part.person_id for row in page.items])
    context = {"page": page, "may_edit": scope.can("households.edit")}
    return render(request, "households/newcomers.html", context)


def _waiting(departure: UUID) -> list[Any]:
    rows = newcomers.waiting_rows(departure)
    if not rows:
        raise Http404
    return rows


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def newcomer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the people of one departure in."""
    rows = _waiting(pk)
    parts = [row.part for row in rows]
    before = newcomers.relations_before(rows)
    together = {event_forms.relation_field(part.pk): before.get(part.person_id, "") for part in parts}
    form = event_forms.NewcomersForm(request.POST or None, rows=parts, initial=_initial(rows) | together)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            event = transfers.newcomers_receive(
                departure=pk,
                joining=form.joining(),
                on=said["on"],
                into=said["into"],
                hamlet_id=said["hamlet"],
                address_text=said["address_text"],
                head=form.head(),
                note=said["note"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã nhận. Việc đến hạn và lịch hẹn sắp tới nay là của trạm này.")
            return redirect("households:household", event.household_id)
    return _page(request, "households/newcomer.html", rows, form)


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def newcomer_decline(request: HttpRequest, pk: UUID) -> HttpResponse:
    """They have not come to us."""
    rows = _waiting(pk)
    parts = [row.part for row in rows]
    form = event_forms.DeclineForm(request.POST or None, rows=parts, initial=_initial(rows))
    if form.is_bound and form.is_valid():
        chosen = set(form.cleaned_data["people"])
        try:
            transfers.newcomers_decline(
                departure=pk,
                people=[part.person_id for part in parts if str(part.pk) in chosen],
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã trả lời trạm nơi đi.")
            return redirect("households:newcomers")
    return _page(request, "households/newcomer_decline.html", rows, form)


def _initial(rows: list[Any]) -> dict[str, Any]:
    return {"on": rows[0].part.event.on, "people": [str(row.part.pk) for row in rows]}


def _page(request: HttpRequest, template: str, rows: list[Any], form: Any) -> HttpResponse:
    readlog.record(SCREEN, [row.part.person_id for row in rows])
    context = {"departure": rows[0].part.event, "from_station": rows[0].from_station, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)
