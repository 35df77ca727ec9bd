"""Reception and the day's list."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import drafts, readlog
from apps.core.access import needs
from apps.core.dates import parse_date
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.encounters import page, queries, services, states
from apps.encounters.forms import DayForm, OpenForm
from apps.encounters.inputs import Opening
from apps.patients.models import InsuranceCard, Person


def _person(pk: UUID) -> Person:
    found = Person.objects.select_related("hamlet__commune").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@needs("visits.enter")
@idempotent
@keeps_draft("visit-open", of="person_id")
def open_visit(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Receive a person: reason and payer, then her visit's page."""
    scope, person = current(), _person(person_id)
    today = timezone.localdate()
    cards = InsuranceCard.objects.filter(person=person).on(today).order_by("-valid_from")
    draft = drafts.take("visit-open", person_id) if request.method == "GET" else None
    form = OpenForm(request.POST or None, cards=cards, initial=drafts.initial_of(draft))
    ask = False
    if request.method == "POST" and form.is_valid():
        opening = Opening(
            reason=form.cleaned_data["reason"],
            payer=form.cleaned_data["payer"],
            card_id=form.cleaned_data["card"] or None,
        )
        try:
            visit = services.visit_open(
                person=person, opening=opening, override=form.cleaned_data["override"]
            )
        except NeedsReason as needs_reason:
            ask = True
            for warning in needs_reason.warnings:
                form.add_error("override", warning.sentence)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            drafts.drop("visit-open", person_id)
            messages.success(request, f"Đã tiếp nhận, số thứ tự {visit.queue_no}.")
            return redirect("encounters:visit", visit.pk)
    readlog.record("visit.open", [person.pk])
    context = page.banner(scope, person) | {
        "form": form,
        "ask": ask,
        "draft": draft,
        "earlier": queries.of_person(scope, person.pk, limit=3),
    }
    return render(request, "encounters/open.html", context, status=422 if form.errors else 200)


@require_GET
@needs("visits.view")
def day(request: HttpRequest) -> HttpResponse:
    """A day's visits in the order of the queue."""
    scope = current()
    form = DayForm(request.GET)
    state = form.cleaned_data.get("state", "") if form.is_valid() else ""
    on = _day(request.GET.get("on", ""))
    rows = queries.day(scope, on=on, state=state, cursor=request.GET.get("c", ""))
    queries.hushed(scope, rows.items)
    readlog.record("visit.day", [visit.person_id for visit in rows.items])
    counts = queries.counts(scope, on)
    context = {
        "page": rows,
        "on": on,
        "today": timezone.localdate(),
        "earlier": on - dt.timedelta(days=1),
        "later": on + dt.timedelta(days=1),
        "state": state,
        "tabs": [{"key": key, "title": title, "count": counts[key]} for key, title in states.TITLES.items()],
        "total": sum(counts[key] for key in states.TITLES if key != states.ENTERED_IN_ERROR),
        "unsigned": counts["unsigned"],
        "may_sign": scope.can("visits.approve"),
    }
    return render(request, "encounters/day.html", context)


def _day(text: str) -> dt.date:
    try:
        return parse_date(text) if text else timezone.localdate()
    except ValueError:
        return timezone.localdate()
