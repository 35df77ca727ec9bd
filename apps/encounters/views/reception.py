"""Reception of one person, of a family, of somebody nobody can name; what was said there, changed later."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.care.queries import expected
from apps.core import drafts, parameters, readlog
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.rates import limited
from apps.core.scope import Scope, current
from apps.encounters import checks, page, queries, reasons, services
from apps.encounters.desk import cards, emergency, family, gateway, priority, queue, receiving, reception
from apps.encounters.desk.forms import EmergencyForm, FamilyForm, MemberForm, ReceptionForm
from apps.encounters.models import Visit
from apps.encounters.states import NOT_COUNTED
from apps.encounters.views.visit import visit_or_404
from apps.households.models import Household, Membership
from apps.patients.models import InsuranceCard, Person
from apps.patients.naming import Found

STATION_PERCENT = "cards.station_percent"


def _person(pk: UUID) -> Person:
    found = Person.objects.select_related("hamlet__commune").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _judged(people: list[UUID], on: Any) -> dict[UUID, list[cards.JudgedCard]]:
    """Every card of these people, judged on that day. One query."""
    found: dict[UUID, list[InsuranceCard]] = {pk: [] for pk in people}
    for card in InsuranceCard.objects.filter(person_id__in=people):
        found[card.person_id].append(card)
    return {pk: cards.judged(rows, on) for pk, rows in found.items()}


@require_http_methods(["GET", "POST"])
@needs("visits.enter")
@idempotent
@keeps_draft("visit-open", of="person_id")
def open_visit(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Receive a person: reason, payer, priority; then her number, or at once her visit's page."""
    scope, person = current(), _person(person_id)
    today = timezone.localdate()
    judged = _judged([person.pk], today)[person.pk]
    draft = drafts.take("visit-open", person_id) if request.method == "GET" else None
    initial = drafts.initial_of(draft) or (_expected(person) if request.method == "GET" else {})
    rooms = queue.rooms(scope) if scope.workplace_id else []
    form = ReceptionForm(request.POST or None, initial=initial, on=today, cards=judged, rooms=rooms)
    ask = False
    if request.method == "POST" and form.is_valid():
        try:
            visit = services.visit_open(
                person=person, opening=form.opening(), override=form.cleaned_data["override"]
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
            if request.POST.get("then") == "number":
                return redirect("encounters:number", visit.pk)
            return redirect("encounters:visit", visit.pk)
    readlog.record("visit.open", [person.pk])
    earlier = queries.of_person(scope, person.pk, limit=3)
    context = page.banner(scope, person) | _beside(person, judged, today)
    context |= {
        "form": form,
        "ask": ask,
        "draft": draft,
        "earlier": earlier,
        "here_today": [row for row in earlier if _counts_here(scope, row, today)],
    }
    return render(request, "encounters/open.html", context, status=422 if form.errors else 200)


def _counts_here(scope: Scope, visit: Visit, on: dt.date) -> bool:
    return visit.on == on and visit.facility_id in scope.facility_ids and visit.state not in NOT_COUNTED


def _expected(person: Person) -> dict[str, Any]:
    """Who is expected today comes for that. One query."""
    due = expected(current(), timezone.localdate()).filter(person=person)
    return {"kind": "follow_up"} if due.exists() else {}


def _beside(person: Person, judged: list[cards.JudgedCard], on: Any) -> dict[str, Any]:
    """What the page of reception shows beside its form: the cards, the priority, the usual reasons."""
    rules = receiving.rules_on(on)
    place = receiving.priorities([person], on, (), rules)[person.pk]
    return {
        "judged": judged,
        "station_percent": parameters.value(STATION_PERCENT, on=on),
        "connected": gateway.is_connected(),
        "absent": gateway.ABSENT,
        "priority": [priority.words(reason, rules) for reason in place.reasons],
        "suggestions": reasons.suggestions(current().workplace_id),
        "outside": person.hamlet_id is None or person.station_id not in current().facility_ids,
    }


@require_POST
@needs("visits.enter")
@limited("look_up")
def look_up(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Ask the gateway about the chosen card; the answer goes into the open form, which nothing waits for."""
    person, today = _person(person_id), timezone.localdate()
    chosen = request.POST.get("card", "")
    card = next(
        (each for each in InsuranceCard.objects.filter(person=person) if str(each.pk) == chosen), None
    )
    if card is None:
        found = gateway.LookedUp("", "Chọn thẻ BHYT trước khi tra cứu.")
    else:
        found = gateway.look_up(gateway.CardAsked(card.number, person.full_name, person.birth_words), today)
    readlog.record("visit.card", [person.pk])
    token = checks.signed(card.pk, found.code) if card and found.code else ""
    return render(request, "encounters/looked_up.html", {"found": found, "token": token})


@require_GET
@needs("visits.view")
def number(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Somebody's number, large, with why she goes first, and the ticket to print."""
    visit = visit_or_404(pk)
    readlog.record("visit.number", [visit.person_id])
    return render(request, "encounters/number.html", _numbers([visit]) | {"visit": visit})


def _numbers(visits: list[Visit]) -> dict[str, Any]:
    queries.hushed(current(), visits)
    lines = [{"visit": visit, "reasons": visit.priority_words} for visit in visits]
    tickets = f"{reverse('encounters:tickets')}?{'&'.join(f'luot={visit.pk}' for visit in visits)}"
    return {"lines": lines, "tickets": tickets, "may_enter": current().can("visits.enter")}


@require_GET
@needs("visits.view")
def numbers(request: HttpRequest) -> HttpResponse:
    """The numbers of a family that was received at once."""
    visits = chosen_visits(request)
    if not visits:
        raise Http404
    readlog.record("visit.number", [visit.person_id for visit in visits])
    return render(request, "encounters/numbers.html", _numbers(visits))


def chosen_visits(request: HttpRequest) -> list[Visit]:
    """The visits that an address names, as far as the scope sees them, by number."""
    ids = []
    for text in request.GET.getlist("luot")[: family.MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    rows = Visit.objects.filter(pk__in=ids).select_related("person", "room", "facility__unit", "point__unit")
    return list(rows.order_by("queue_no"))


# ---- a family


@require_http_methods(["GET", "POST"])
@needs("visits.enter")
@idempotent
def open_family(request: HttpRequest, household_id: UUID) -> HttpResponse:
    """Receive the ticked members of a household: each her own visit and number, all or none."""
    scope, today = current(), timezone.localdate()
    household = Household.objects.select_related("hamlet").filter(pk=household_id).first()
    if household is None:
        raise Http404
    people = _members(household)
    judged = _judged([person.pk for person in people], today)
    rooms = queue.rooms(scope) if scope.workplace_id else []
    form = FamilyForm(request.POST or None, on=today, rooms=rooms)
    members = [MemberForm(request.POST or None, person=person, cards=judged[person.pk]) for person in people]
    ask = False
    if request.method == "POST" and all([form.is_valid(), *(member.is_valid() for member in members)]):
        ticked = [(each.person, each.opening(form)) for each in members if each.cleaned_data["tick"]]
        try:
            visits = family.family_open(openings=ticked, override=form.cleaned_data["override"])
        except NeedsReason as needs_reason:
            ask = True
            for warning in needs_reason.warnings:
                form.add_error("override", warning.sentence)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, f"Đã tiếp nhận {len(visits)} người.")
            chosen = "&".join(f"luot={visit.pk}" for visit in visits)
            return redirect(f"{reverse('encounters:numbers')}?{chosen}")
    readlog.record("visit.open", [person.pk for person in people])
    context = {
        "household": household,
        "form": form,
        "members": _shown(members, people, today),
        "ask": ask,
        "suggestions": reasons.suggestions(scope.workplace_id),
    }
    wrong = form.errors or any(member.errors for member in members)
    return render(request, "encounters/family.html", context, status=422 if wrong else 200)


def _members(household: Household) -> list[Person]:
    """Who lives in it now and is alive, the head first."""
    rows = Membership.objects.filter(household=household, valid_to__isnull=True)
    rows = rows.select_related("person").order_by("-is_head", "person__birth_date", "person_id")
    return [row.person for row in rows if row.person.life_status != "dead"]


def _shown(members: list[MemberForm], people: list[Person], on: Any) -> list[dict[str, Any]]:
    rules = receiving.rules_on(on)
    places = receiving.priorities(people, on, (), rules)
    return [
        {"form": each, "reasons": [priority.words(key, rules) for key in places[each.person.pk].reasons]}
        for each in members
    ]


# ---- an emergency


@require_http_methods(["GET", "POST"])
@needs("visits.enter")
@idempotent
def open_emergency(request: HttpRequest) -> HttpResponse:
    """Somebody nobody can name, at once on the visit's page."""
    current().require("people.enter")
    form = EmergencyForm(request.POST or None, initial={"reason": "Cấp cứu"})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        found = Found(
            sex=said["sex"], years=said["years"], marks=said["marks"], brought_by=said["brought_by"]
        )
        try:
            visit = emergency.emergency_open(found=found, reason=said["reason"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã tiếp nhận cấp cứu, số {visit.queue_no}. Giấy tờ bổ sung sau.")
            return redirect("encounters:visit", visit.pk)
    suggested = reasons.suggestions(current().workplace_id)
    context = {"form": form, "suggestions": suggested}
    return render(request, "encounters/emergency.html", context, status=422 if form.errors else 200)


# ---- changed later

FIELDS = {"kind": "Loại lượt", "reason": "Lý do đến khám", "payer": "Đối tượng"}


@require_http_methods(["GET", "POST"])
@needs("visits.enter")
@idempotent
@conflict_page(FIELDS, screen="visit.open")
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what reception said; papers of an emergency are added here."""
    scope, visit = current(), visit_or_404(pk)
    if "reception" not in page.allowed(scope, visit):
        messages.error(request, "Lượt khám này không sửa phần tiếp nhận được nữa.")
        return redirect("encounters:visit", pk)
    judged = _judged([visit.person_id], visit.on)[visit.person_id]
    form = ReceptionForm(request.POST or None, initial=_said(visit), on=visit.on, cards=judged, rooms=())
    ask = False
    if request.method == "POST" and form.is_valid():
        try:
            reception.visit_reception(
                visit_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                opening=form.opening(),
                override=form.cleaned_data["override"],
            )
        except NeedsReason as needs_reason:
            ask = True
            for warning in needs_reason.warnings:
                form.add_error("override", warning.sentence)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã lưu phần tiếp nhận.")
            return redirect("encounters:number", pk)
    readlog.record("visit.open", [visit.person_id])
    context = page.banner(scope, visit.person) | _beside(visit.person, judged, visit.on)
    context |= {"form": form, "ask": ask, "visit": visit, "checks": checks.of_visit(pk)}
    return render(request, "encounters/reception.html", context, status=422 if form.errors else 200)


def _said(visit: Visit) -> dict[str, Any]:
    return {
        "version": visit.version,
        "kind": visit.kind,
        "reason": visit.reason,
        "payer": visit.payer or "fee",
        "card": str(visit.card_id or ""),
        "free_for": visit.free_for,
        "emergency": priority.EMERGENCY in visit.priority_for,
    }
