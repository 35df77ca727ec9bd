"""A visit that has been ended: signing, taking back, amending, entered in error, earlier versions."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import drafts, readlog
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.encounters import page, queries, revisions, services, states, two_at_once
from apps.encounters.forms import ReasonForm
from apps.encounters.models import Visit
from apps.encounters.views.visit import COMPARED, form_page, to_visit, visit_or_404
from apps.encounters.writing import Problems

CHANGED = "Lượt khám vừa được người khác sửa. Hãy xem lại rồi làm lần nữa."

UNSEEN = "Mở xem từng lượt khám trước khi ký; có lượt chưa được mở từ lần sửa cuối."


def version_of(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@require_http_methods(["GET", "POST"])
@needs("visits.approve")
@idempotent
def unsigned(request: HttpRequest) -> HttpResponse:
    """What waits for a signature; the ticked ones, each seen before, are signed, each by itself."""
    scope = current()
    if request.method == "POST":
        _sign_several(request)
        return redirect("encounters:unsigned")
    found = queries.unsigned(scope, on=timezone.localdate(), cursor=request.GET.get("c", ""))
    readlog.record("visit.unsigned", [visit.person_id for visit in found.items])
    opened = queries.opened_by(scope.user_id, found.items)
    rows = [(visit, visit.pk in opened) for visit in found.items]
    first = next((visit.pk for visit, seen in rows if seen), None)
    return render(request, "encounters/unsigned.html", {"page": found, "rows": rows, "first": first})


def _sign_several(request: HttpRequest) -> None:
    done, left = 0, []
    for ticked in request.POST.getlist("visit"):
        pk, _, version = ticked.partition(":")
        try:
            visit = visit_or_404(UUID(pk))
            if not queries.opened_by(current().user_id, [visit]):
                left.append(UNSEEN)
                continue
            services.visit_sign(visit_id=visit.pk, expected_version=int(version))
        except StaleVersion:
            left.append(CHANGED)
        except Refused as refused:
            left.append(refused.message)
        except ValueError:
            left.append("Có dòng không đọc được.")
        else:
            done += 1
    if done:
        messages.success(request, f"Đã ký {done} lượt khám.")
    elif not left:
        messages.info(request, "Chưa chọn lượt khám nào.")
    for sentence in dict.fromkeys(left):
        messages.error(request, sentence)


@require_POST
@needs("visits.approve")
@idempotent
def sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The doctor's signature on one visit."""
    return step(request, pk, services.visit_sign, said="Đã ký.")


@require_POST
@needs("visits.enter")
@idempotent
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a visit back that waits for its signature."""
    return step(request, pk, services.visit_reopen)


def step(request: HttpRequest, pk: UUID, service: Callable[..., Visit], said: str = "") -> HttpResponse:
    """One service on the visit as the page showed it, then its page with what came of it."""
    try:
        service(visit_id=visit_or_404(pk).pk, expected_version=version_of(request))
    except StaleVersion:
        messages.error(request, CHANGED)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if said:
            messages.success(request, said)
    return to_visit(pk)


@require_http_methods(["GET", "POST"])
@needs("visits.edit")
@idempotent
@keeps_draft(services.DRAFT, of="pk")
@conflict_page(COMPARED, screen="visit.page", how=two_at_once.HOW)
def amend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form of a finished visit; saving keeps the earlier version with the reason."""
    scope, found = current(), visit_or_404(pk)
    if not states.allows(found.state, "amend") or not scope.reaches(found.facility_id):
        messages.error(request, f"Lượt khám {states.TITLES[found.state]}: không sửa đổi được.")
        return to_visit(pk)
    if request.method == "GET":
        readlog.record("visit.page", [found.person_id])
        draft = drafts.take(services.DRAFT, pk)
        form = page.form_for(found, drafts.typed_of(draft) if draft else None)
        return form_page(request, scope, found, form, draft=draft, amending=True)
    form = page.form_for(found, request.POST)
    asked: list[Warning] = []
    if form.is_valid():
        try:
            services.visit_amend(
                visit_id=found.pk,
                expected_version=form.cleaned_data["version"] or 0,
                data=form.visit_input(),
                reason=form.cleaned_data["amend_reason"],
                override=form.cleaned_data["override"],
                apart=form.cleaned_data["override_apart"],
            )
        except Problems as problems:
            form.add_problems(problems)
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needs_reason:
            asked = needs_reason.warnings
        else:
            messages.success(request, "Đã sửa đổi. Bản trước vẫn xem được.")
            return to_visit(pk)
    return form_page(request, scope, found, form, amending=True, asked=asked)


@require_http_methods(["GET", "POST"])
@needs("visits.edit")
@idempotent
def in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that the visit should never have been written, and why."""
    found = visit_or_404(pk)
    if not states.allows(found.state, "error") or not current().reaches(found.facility_id):
        messages.error(request, "Không ghi nhập nhầm được cho lượt khám này.")
        return to_visit(pk)
    form = ReasonForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        try:
            services.visit_entered_in_error(
                visit_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except StaleVersion:
            form.add_error(None, ValidationError(CHANGED))
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã ghi là nhập nhầm.")
            return to_visit(pk)
    readlog.record("visit.page", [found.person_id])
    return render(
        request,
        "encounters/in_error.html",
        page.banner(current(), found.person) | {"form": form, "visit": found},
        status=422 if form.errors else 200,
    )


@require_GET
@needs("visits.view")
def versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Each earlier version beside the one that followed it, newest first."""
    found = visit_or_404(pk)
    readlog.record("visit.versions", [found.person_id])
    later = revisions.snapshot(found)
    pairs = []
    for revision in queries.revisions(found):
        pairs.append({"revision": revision, "rows": revisions.side_by_side(revision.data, later)})
        later = revision.data
    context = page.banner(current(), found.person) | {"visit": found, "pairs": pairs}
    return render(request, "encounters/versions.html", context)
