"""The station's side: what the hamlets told, one beside the stored record, taken or not taken."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import readlog
from apps.core.access import needs
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.facilities.queries import hamlets_in
from apps.field import preparing, proposals, queries
from apps.field.forms import AcceptForm, RefuseForm
from apps.field.models import Proposal, ProposalState
from apps.field.views import answered, proposal_of

HOME_ROWS = 6


def home_panel(scope: Scope) -> dict[str, Any] | None:
    """What waits for the station's answer; nothing when nothing does. Only for who answers."""
    if not proposals.may_decide(scope):
        return None
    rows = queries.waiting(scope, HOME_ROWS + 1)
    if not rows:
        return None
    people = [row.person_id for row in rows[:HOME_ROWS] if row.person_id]
    if people:
        readlog.record("field.inbox", people)
    now = timezone.now()
    for row in rows:
        row.late = row.due_at is not None and row.due_at < now
    return {"rows": rows[:HOME_ROWS], "more": len(rows) > HOME_ROWS}


@require_safe
@needs("field.approve")
def inbox(request: HttpRequest) -> HttpResponse:
    """All of one state: what waits oldest first."""
    scope = current()
    state = request.GET.get("muc", ProposalState.NEW)
    if state not in ProposalState.values:
        state = ProposalState.NEW
    hamlets = list(hamlets_in(scope, timezone.localdate()))
    asked = request.GET.get("thon", "")
    chosen = next((hamlet for hamlet in hamlets if str(hamlet.pk) == asked), None)
    page = queries.inbox(
        scope, state=state, hamlet_id=chosen.pk if chosen else None, cursor=request.GET.get("c", "")
    )
    people = [row.person_id for row in page if row.person_id]
    if people:
        readlog.record("field.inbox", people)
    return render(
        request,
        "field/inbox.html",
        {
            "page": page,
            "states": ProposalState.choices,
            "state": state,
            "hamlets": hamlets,
            "chosen": chosen,
        },
    )


def _decides() -> None:
    """Who sees some hamlets only does not answer for the station, whatever her rights."""
    if not proposals.may_decide(current()):
        raise PermissionDenied("field.approve")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("field.approve")
@idempotent
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One piece of news beside what is stored; posting takes it, with or without the ordinary form."""
    found = proposal_of(pk)
    if request.method == "POST":
        _decides()
        if request.POST.get("act") == "open" and found.waits and preparing.title_of(found):
            return redirect(preparing.prepare(found))
        form = AcceptForm(request.POST)
        if form.is_valid():
            note = form.cleaned_data["note"]
            return answered(
                request,
                lambda: proposals.proposal_accept(proposal_id=found.pk, note=note),
                found,
                "Đã nhận. Người báo đọc được câu trả lời.",
                to="field:decide",
            )
        return _page(request, found, accept=form)
    return _page(request, found)


@require_POST
@needs("field.approve")
@idempotent
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    _decides()
    found = proposal_of(pk)
    form = RefuseForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        return answered(
            request,
            lambda: proposals.proposal_refuse(proposal_id=found.pk, reason=reason),
            found,
            "Đã trả lời không nhận. Người báo đọc được lý do.",
            to="field:decide",
        )
    return _page(request, found, refusal=form)


def _page(
    request: HttpRequest,
    found: Proposal,
    *,
    accept: AcceptForm | None = None,
    refusal: RefuseForm | None = None,
) -> HttpResponse:
    alike = preparing.alike(found) if found.waits else []
    shown = [candidate.person.pk for candidate in alike] + ([found.person_id] if found.person_id else [])
    if shown:
        readlog.record("field.inbox", shown)
    wrong = (accept is not None and accept.errors) or (refusal is not None and refusal.errors)
    return render(
        request,
        "field/decide.html",
        {
            "proposal": found,
            "lines": found.said.lines(),
            "alike": alike,
            "opens": preparing.title_of(found) if found.waits else "",
            "may_decide": proposals.may_decide(current()) and found.waits,
            "accept": accept or AcceptForm(auto_id="accept_%s"),
            "refusal": refusal or RefuseForm(auto_id="refuse_%s"),
        },
        status=422 if wrong else 200,
    )
