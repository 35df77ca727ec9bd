"""The pages of who works in the hamlets, for a phone on a slow line: small, without a script of their own."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalogues import codes
from apps.core import drafts, readlog
from apps.core.access import needs
from apps.core.drafts import keeps_draft
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.paging import keyset
from apps.core.rates import limited
from apps.core.scope import Scope, current
from apps.facilities.models import Hamlet
from apps.facilities.queries import hamlets_in
from apps.field import proposals, queries
from apps.field.forms import TellForm
from apps.field.models import Proposal
from apps.field.rules import week_end
from apps.field.said import KINDS
from apps.households.models import Household


def today_in_hamlets(scope: Scope) -> dict[str, Any]:
    """What the home page of a village worker, and the panel of the house's, show."""
    due = queries.due_within(scope, week_end(timezone.localdate()))
    told = list(queries.mine(scope)[: queries.MINE_ROWS])
    people = {line.person_id for line in (*due.week, *due.late)}
    people |= {row.person_id for row in told if row.person_id}
    if people:
        readlog.record("field.home", sorted(people))
    return {
        "hamlets": [
            {
                "line": line,
                "due": due.counts.get(line.hamlet.pk, 0),
                "due_words": f"{due.counts.get(line.hamlet.pk, 0)} lượt đến hạn",
            }
            for line in queries.hamlet_lines(scope)
        ],
        "due": due,
        "more_due": due.weeks - len(due.week),
        "more_late": due.lates - len(due.late),
        "told": told,
        "may_tell": scope.can("field.enter"),
    }


@require_safe
@needs("field.view")
def home(request: HttpRequest) -> HttpResponse:
    """This week in her hamlets: who is to come, what she told, the ways on."""
    return render(request, "field/home.html", today_in_hamlets(current()))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("field.view")
@limited("search")
def households(request: HttpRequest) -> HttpResponse:
    """The families of a hamlet; a search is posted, so that no name stands in an address."""
    scope = current()
    hamlets = list(hamlets_in(scope, timezone.localdate()))
    context: dict[str, Any] = {"hamlets": hamlets, "kind": _asked_kind(request)}
    if request.method == "POST":
        text = request.POST.get("q", "").strip()[:100]
        found = queries.search(scope, text) if text else []
        if found:
            readlog.record("field.search", [each.line.id for each in found])
        return render(request, "field/found.html", context | {"q": text, "found": found})
    chosen = _chosen_hamlet(request, hamlets)
    page = queries.households(scope, hamlet_id=chosen.pk if chosen else None, cursor=request.GET.get("c", ""))
    heads = [head.person_id for row in page for head in row.heads]
    if heads:
        readlog.record("field.households", heads)
    return render(request, "field/households.html", context | {"page": page, "chosen": chosen})


def _asked_kind(request: HttpRequest) -> Any:
    """The news that she is about to tell and seeks the family for (`?bao=`)."""
    return KINDS.get(request.GET.get("bao", ""))


def _chosen_hamlet(request: HttpRequest, hamlets: list[Hamlet]) -> Hamlet | None:
    asked = request.GET.get("thon", "")
    return next((hamlet for hamlet in hamlets if str(hamlet.pk) == asked), None)


def _household(pk: UUID) -> Household:
    found = queries.get_household(current(), pk)
    if found is None:
        raise Http404
    return found


@require_safe
@needs("field.view")
def household(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A family on the phone: who they are, whom to call, who is to come when."""
    scope = current()
    found = _household(pk)
    members = queries.household_members(scope, found)
    readlog.record("field.household", [member.person.pk for member in members])
    return render(
        request,
        "field/household.html",
        {
            "household": found,
            "members": [
                {
                    "person": member.person,
                    "relation": "Chủ hộ"
                    if member.membership.is_head
                    else codes.label("relationship_to_head", member.membership.relation),
                    "due": member.due,
                }
                for member in members
            ],
            "kinds": [kind for kind in KINDS.values() if kind.about] if scope.can("field.enter") else [],
            "asked": _asked_kind(request),
        },
    )


# --- telling


@require_http_methods(["GET", "HEAD", "POST"])
@needs("field.enter")
@idempotent
def tell_of(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """News about a family."""
    if kind not in KINDS or not KINDS[kind].about:
        raise Http404
    found = _household(pk)
    return keeps_draft(f"proposal-{kind}", of="pk")(_tell)(request, kind=kind, pk=pk, household=found)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("field.enter")
@idempotent
def tell(request: HttpRequest, kind: str) -> HttpResponse:
    """News about a hamlet, or about somebody whose family is not known here yet."""
    if kind not in KINDS or KINDS[kind].about not in ("", "household"):
        raise Http404
    return keeps_draft(f"proposal-{kind}")(_tell)(request, kind=kind, pk=None, household=None)


def _tell(request: HttpRequest, *, kind: str, pk: UUID | None, household: Household | None) -> HttpResponse:
    scope = current()
    draft_kind, draft_object = f"proposal-{kind}", pk or scope.workplace_id
    members = [member.person for member in queries.household_members(scope, household)] if household else []
    hamlets = [] if household else list(hamlets_in(scope, timezone.localdate()))
    if not household and not hamlets:
        raise Http404  # without a hamlet of her own there is nothing to tell about
    draft = None if request.method == "POST" else drafts.take(draft_kind, draft_object)
    initial = {"person": request.GET.get("nguoi", ""), **drafts.initial_of(draft)}
    form = TellForm(request.POST or None, kind=kind, members=members, hamlets=hamlets, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            made = proposals.proposal_make(
                kind=kind,
                said=form.said(),
                hamlet=household.hamlet if household else form.hamlet,
                household=household,
                person=form.person,
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            drafts.drop(draft_kind, draft_object)
            messages.success(request, "Đã gửi trạm. Trạm trả lời thì hiện ở đây.")
            return redirect("field:proposal", made.pk)
    if members:
        readlog.record("field.household", [person.pk for person in members])
    return render(
        request,
        "field/tell.html",
        {
            "form": form,
            "kind": KINDS[kind],
            "household": household,
            "draft": draft,
            "draft_kind": draft_kind,
            "draft_object": draft_object,
        },
        status=422 if form.errors else 200,
    )


# --- what was told


@require_safe
@needs("field.view")
def told(request: HttpRequest) -> HttpResponse:
    """All that she told, newest first."""
    page = keyset(queries.mine(current()), order=("-id",), cursor=request.GET.get("c", ""), size=queries.PAGE)
    people = [row.person_id for row in page if row.person_id]
    if people:
        readlog.record("field.told", people)
    return render(request, "field/told.html", {"page": page})


def proposal_of(pk: UUID) -> Proposal:
    found = queries.proposal(current(), pk)
    if found is None:
        raise Http404
    return found


@require_safe
@needs("field.view")
def proposal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One piece of news and what the station said to it."""
    found = proposal_of(pk)
    if found.person_id:
        readlog.record("field.told", [found.person_id])
    return render(
        request,
        "field/proposal.html",
        {
            "proposal": found,
            "lines": found.said.lines(),
            "may_withdraw": found.waits and found.made_by == current().user_id,
        },
    )


@require_POST
@needs("field.enter")
@idempotent
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = proposal_of(pk)
    return answered(request, lambda: proposals.proposal_withdraw(proposal_id=found.pk), found, "Đã rút lại.")


def answered(
    request: HttpRequest, act: Callable[[], object], found: Proposal, done: str, *, to: str = "field:proposal"
) -> HttpResponse:
    """One press that ends a proposal; who comes second reads who was first."""
    try:
        act()
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, done)
    return redirect(to, found.pk)
