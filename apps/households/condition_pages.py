"""The pages of what a family and its people are entitled to, and of how they live."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.households import condition_forms, conditions, event_forms, families, statuses
from apps.households.event_pages import household_of
from apps.households.models import Household, HouseholdStatus, LivingSurvey, PersonStatus

SEEN = {True: "yes", False: "no", None: ""}
METHODS = ["GET", "HEAD", "POST"]


@require_safe
@needs("households.view")
def status_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the family and each of its people is and was entitled to."""
    household = household_of(pk)
    page = conditions.status_page(current(), household)
    readlog.record("household.statuses", page.person_ids)
    return render(
        request,
        "households/statuses.html",
        {
            "household": household,
            "page": page,
            "may_edit": current().can("households.edit") and not household.closed,
        },
    )


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def household_status(request: HttpRequest, pk: UUID) -> HttpResponse:
    household = household_of(pk)
    form = condition_forms.HouseholdStatusForm(request.POST or None)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            statuses.household_status_put(
                household=household,
                poverty=form.poverty_said(),
                since=said["since"],
                until=said["until"],
                document=said["document"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _done(request, pk, "Đã ghi diện hộ.")
    return _form(request, household, form, f"Diện hộ {household.code}")


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def person_status(request: HttpRequest, pk: UUID) -> HttpResponse:
    current().require("people.edit")
    household = household_of(pk)
    rows = families.open_rows(household)
    wanted = event_forms.ids(request.GET.get("nguoi", ""))
    form = condition_forms.PersonStatusForm(
        request.POST or None, rows=rows, initial={"member": str(wanted[0])} if wanted else {}
    )
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        kind, category = form.kind_and_category()
        try:
            statuses.person_status_put(
                person=form.person(),
                kind=kind,
                category=category,
                degree=said["degree"],
                since=said["since"],
                until=said["until"],
                document=said["document"],
            )
        except Refused as refused:
            add_refusal(form, _at("what", "category", refused))
        else:
            return _done(request, pk, "Đã ghi diện.")
    readlog.record("household.page", [row.person_id for row in rows])
    return _form(request, household, form, f"Diện của một người trong hộ {household.code}")


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def status_end(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    household = household_of(pk)
    found = _status(household, row)
    form = condition_forms.StatusEndForm(request.POST or None, initial={"version": found.version})
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        expected = said["version"] or 0
        try:
            if said["reason"]:
                statuses.status_withdraw(row=found, reason=said["reason"], expected_version=expected)
            else:
                statuses.status_end(row=found, last=said["last"], expected_version=expected)
        except StaleVersion:
            form.add_error(None, event_forms.OUTRUN)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _done(request, pk, "Đã ghi.")
    title = f"Kết thúc hoặc rút lại: {found}"
    if isinstance(found, PersonStatus):
        readlog.record("household.statuses", [found.person_id])
        title = f"{title}, {found.person.full_name}"
    return _form(request, household, form, title)


def _status(household: Household, row: UUID) -> HouseholdStatus | PersonStatus:
    """A row of the family, or of somebody who is in it."""
    own = HouseholdStatus.objects.filter(pk=row, household=household).first()
    if own is not None:
        own.household = household
        return own
    members = {each.person_id: each.person for each in families.open_rows(household)}
    found = PersonStatus.objects.filter(pk=row, person__in=members).first()
    if found is None or (found.is_mental and not current().can("restricted.view")):
        raise Http404
    found.person = members[found.person_id]
    return found


# --- how they live


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def survey(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new look, beginning from what the last one saw; the earlier ones below."""
    household = household_of(pk)
    earlier = conditions.surveys(household)
    form = condition_forms.SurveyForm(request.POST or None, initial=_as_last_seen(earlier))
    if form.is_bound and form.is_valid():
        try:
            statuses.survey_put(household=household, on=form.cleaned_data["on"], conditions=form.conditions())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã ghi điều kiện sống.")
            return redirect("households:household", pk)
    return render(
        request,
        "households/survey.html",
        {"household": household, "form": form, "earlier": conditions.in_words(earlier)},
        status=422 if form.errors else 200,
    )


def _as_last_seen(earlier: list[LivingSurvey]) -> dict[str, Any]:
    initial: dict[str, Any] = {"on": timezone.localdate()}
    last = next((row for row in earlier if row.state == "final"), None)
    if last is not None:
        initial |= {name: getattr(last, name) for name in statuses.LISTS}
        initial["latrine_hygienic"] = SEEN[last.latrine_hygienic]
    return initial


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def survey_withdraw(request: HttpRequest, pk: UUID, survey: UUID) -> HttpResponse:
    household = household_of(pk)
    found = LivingSurvey.objects.filter(pk=survey, household=household).first()
    if found is None:
        raise Http404
    found.household = household
    form = event_forms.WithdrawForm(request.POST or None, initial={"version": found.version})
    if form.is_bound and form.is_valid():
        try:
            statuses.survey_withdraw(
                survey=found,
                reason=form.cleaned_data["reason"],
                expected_version=form.cleaned_data["version"] or 0,
            )
        except StaleVersion:
            form.add_error(None, event_forms.OUTRUN)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã rút lại phiếu ghi nhầm.")
            return redirect("households:survey", pk)
    return _form(
        request, household, form, f"Rút lại phiếu điều kiện sống ngày {found.on:%d/%m/%Y}", back="survey"
    )


# --- small steps


def _at(field: str, named: str, refused: Refused) -> Refused:
    """The refusal at the form's own field, which holds what the service calls by another name."""
    if refused.field in (named, "kind"):
        return Refused(refused.message, field=field)
    return refused


def _done(request: HttpRequest, pk: UUID, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("households:statuses", pk)


def _form(
    request: HttpRequest, household: Household, form: Any, title: str, *, back: str = "statuses"
) -> HttpResponse:
    return render(
        request,
        "households/form.html",
        {
            "form": form,
            "household": household,
            "title": title,
            "back_url": reverse(f"households:{back}", args=[household.pk]),
        },
        status=422 if form.errors else 200,
    )
