"""What the pages of something that happened to a family share; its history, and what was withdrawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
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
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.households import (
    correcting,
    event_forms,
    history,
    queries,
)
from apps.households.models import (
    EventState,
    Household,
    ResidenceEvent,
)

Act = Callable[[Any], ResidenceEvent]
METHODS = ["GET", "HEAD", "POST"]


def household_of(pk: UUID) -> Household:
    found = queries.get_household(pk)
    if found is None:
        raise Http404
    return found


def event_of(pk: UUID, *, household: UUID | None = None, kind: str = "") -> ResidenceEvent:
    rows = ResidenceEvent.objects.select_related("household__hamlet__commune", "from_household")
    found = rows.filter(pk=pk).first()
    if found is None or (household and found.household_id != household) or (kind and found.kind != kind):
        raise Http404
    return found


def replaced(form: Any) -> ResidenceEvent | None:
    """The mistaken event that this one is entered in place of."""
    pk = form.cleaned_data.get("replaces")
    wrong = ResidenceEvent.objects.filter(pk=pk, state=EventState.ENTERED_IN_ERROR) if pk else None
    return wrong.first() if wrong is not None else None


def again_of(request: HttpRequest) -> dict[str, Any]:
    """The mistaken event in whose place the form is filled in, where the address names one."""
    again = event_forms.ids(request.GET.get("thay", ""))
    return {"replaces": again[0]} if again else {}


def initial_of(request: HttpRequest, rows: list[Any] | None = None) -> dict[str, Any]:
    """What the address says beforehand: who, and in place of which event."""
    said: dict[str, Any] = {"on": timezone.localdate(), **again_of(request)}
    if rows is not None:
        wanted = set(event_forms.ids(request.GET.get("nguoi", "")))
        said["people"] = [str(row.pk) for row in rows if row.pk in wanted]
    return said


def happened(form: Any) -> dict[str, Any]:
    """What every event takes from its form: the day, the note, the mistaken event that it replaces."""
    said = form.cleaned_data
    return {"on": said["on"], "note": said["note"], "replaces": replaced(form)}


@dataclass(frozen=True)
class Asked:
    """What the page of an event asks, and what an answer does. `rows` are members or parts of an event:
    whoever is shown.
    """

    form: Any
    act: Act
    title: str
    done: str
    lead: str = ""
    rows: Sequence[Any] = ()
    button: str = "Lưu"


def family_event(ask: Callable[..., Asked]) -> Callable[..., HttpResponse]:
    """The page of something that happens to the family of its address: `ask` gets the request and the family.
    An answer is recorded once and said; a refusal comes back beside its field.
    """

    @require_http_methods(METHODS)
    @idempotent
    @wraps(ask)
    def page(request: HttpRequest, pk: UUID, **of: UUID) -> HttpResponse:
        household = household_of(pk)
        asked = ask(request, household, **of)
        form, ask_reason = asked.form, False
        if form.is_bound and form.is_valid():
            try:
                event = asked.act(form)
            except Refused as refused:
                add_refusal(form, refused)
            except NeedsReason as needed:
                add_warnings(form, needed)
                ask_reason = True
            else:
                messages.success(request, asked.done)
                return redirect("households:household", event.household_id or household.pk)
        readlog.record("household.page", [row.person_id for row in asked.rows])
        context = {
            "household": household,
            "form": form,
            "asked": asked,
            "people_form": form if hasattr(form, "lines") else None,
            "ask_reason": ask_reason,
        }
        status = 422 if form.errors or ask_reason else 200
        return render(request, "households/event.html", context, status=status)

    return page


# --- read back and withdrawn


@require_safe
@needs("households.view")
def event_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What has happened to the family, newest first."""
    household = household_of(pk)
    page, lines = history.history(household, request.GET.get("c", ""))
    readlog.record("household.history", history.people_of(lines))
    return render(
        request,
        "households/history.html",
        {
            "household": household,
            "page": page,
            "lines": lines,
            "may_edit": current().can("households.edit"),
        },
    )


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def withdraw(request: HttpRequest, pk: UUID, event: UUID) -> HttpResponse:
    household = household_of(pk)
    found = event_of(event)
    if pk not in (found.household_id, found.from_household_id):
        raise Http404
    form = event_forms.WithdrawForm(request.POST or None, initial={"version": found.version})
    if form.is_bound and form.is_valid():
        try:
            correcting.event_withdraw(
                event=found,
                reason=form.cleaned_data["reason"],
                expected_version=form.cleaned_data["version"] or 0,
            )
        except StaleVersion:
            form.add_error(None, event_forms.OUTRUN)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã rút lại biến động ghi nhầm. Hộ trở lại như trước đó.")
            return redirect(reverse("households:history", args=[pk]))
    line = history.of_event(found, household)
    readlog.record("household.history", history.people_of([line]))
    return render(
        request,
        "households/withdraw.html",
        {"household": household, "event": found, "line": line, "form": form},
        status=422 if form.errors else 200,
    )
