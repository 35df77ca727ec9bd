"""Slips of the hand: an end taken back at once, a visit written under the wrong person."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.encounters import moving, page, states, undoing
from apps.encounters.forms import WrongPersonForm
from apps.encounters.views.after import CHANGED, step
from apps.encounters.views.visit import to_visit, visit_or_404
from apps.encounters.writing import Problems
from apps.patients.queries import person_by_code


@require_POST
@needs("visits.enter")
@idempotent
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open a visit again that was ended a moment ago."""
    return step(request, pk, undoing.visit_undo, said="Đã mở lại lượt khám, chưa hoàn tất.")


@require_http_methods(["GET", "POST"])
@needs("visits.edit")
@idempotent
def wrong_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move what was written to the person it is of."""
    found = visit_or_404(pk)
    if not states.allows(found.state, "error") or not current().reaches(found.facility_id):
        messages.error(request, "Lượt khám này không chuyển sang người khác được.")
        return to_visit(pk)
    form = WrongPersonForm(request.POST or None, initial={"version": found.version})
    asked: list[Warning] = []
    if request.method == "POST" and form.is_valid():
        person = person_by_code(form.cleaned_data["person"])
        if person is None:
            form.add_error("person", "Chọn người trong danh sách hiện ra.")
        else:
            try:
                new = moving.visit_move(
                    visit_id=pk,
                    expected_version=form.cleaned_data["version"] or 0,
                    person=person,
                    reason=form.cleaned_data["reason"],
                    override=form.cleaned_data["override"],
                )
            except StaleVersion:
                form.add_error(None, CHANGED)
            except Problems as problems:
                for problem in problems.problems:
                    form.add_error(None, problem.sentence)
            except NeedsReason as needs_reason:
                asked = needs_reason.warnings
            except Refused as refused:
                add_refusal(form, refused)
            else:
                messages.success(request, f"Đã chuyển sang {person.full_name}, số khám {new.number}.")
                return to_visit(new.pk)
    readlog.record("visit.page", [found.person_id])
    context = page.banner(current(), found.person) | {"form": form, "visit": found, "asked": asked}
    refused_now = bool(form.errors or asked)
    return render(request, "encounters/wrong_person.html", context, status=422 if refused_now else 200)
