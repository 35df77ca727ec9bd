"""One visit while it is open: the form and its end. Thin: services do the work."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from apps.care import saying
from apps.care.forms.figures import FiguresForm
from apps.core import drafts, readlog, three_way
from apps.core.access import needs
from apps.core.conflict import Keyed, conflict_page
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.models import Draft
from apps.core.scope import Scope, current
from apps.encounters import (
    case_forms,
    checking,
    copying,
    organs,
    page,
    prescribing,
    queries,
    rules,
    services,
    states,
    templating,
    two_at_once,
    undoing,
)
from apps.encounters.forms import TEXTS, LineForm, ReasonForm, VisitForm, line_key, lines_of
from apps.encounters.models import ExamTemplate, Visit
from apps.encounters.ordering import queries as order_queries
from apps.encounters.sick_child import reading, sheet
from apps.encounters.sick_child.boxes import Boxes
from apps.encounters.writing import Limits, Problems, vital_problems


def _organ_titles(found: Visit) -> dict[str, str]:
    return {organ.key: organ.title for organ in organs.listed(found.on)}


def _sign_titles(found: Visit) -> dict[str, str]:
    signs = sheet.SIGNS.get(reading.sheet_for(found.person, found.on), {})
    return {key: sign.title for key, sign in signs.items()}


def _sign_words(found: Visit, key: str, value: str) -> str:
    return sheet.words(key, value, reading.sheet_for(found.person, found.on))


COMPARED = (
    *TEXTS,
    Keyed("findings", organs.BOX, _organ_titles),
    Keyed("sick_child", sheet.BOX, _sign_titles, _sign_words),
    "follow_up_on",
    "state",
)


SIGNING = dt.timedelta(minutes=10)  # so long after a signature the next one is offered


def visit_or_404(pk: UUID) -> Visit:
    """The visit when this scope sees it; else a 404 that tells nothing."""
    found = queries.visit_page(pk)
    if found is None:
        raise Http404
    return found


def to_visit(pk: UUID) -> HttpResponse:
    return redirect("encounters:visit", pk)


@require_http_methods(["GET", "POST"])
@needs("visits.view")
@idempotent
@keeps_draft(services.DRAFT, of="pk")
@conflict_page(COMPARED, screen="visit.page", how=two_at_once.HOW)
def visit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The visit: a form while it is open, a record afterwards. Posting saves, or saves and ends it."""
    scope, found = current(), visit_or_404(pk)
    if request.method == "POST":
        return _save(request, scope, found)
    readlog.record("visit.page", [found.person_id])
    if not found.is_open or "save" not in page.allowed(scope, found):
        return _record(request, scope, found)
    draft = drafts.take(services.DRAFT, pk)
    parts = checking.parts(found)
    form = page.form_for(found, drafts.typed_of(draft) if draft else None, parts)
    form.begin()
    return form_page(request, scope, found, form, draft=draft, known=parts)


def _record(request: HttpRequest, scope: Scope, found: Visit) -> HttpResponse:
    context = page.beside(scope, found) | page.endings(found)
    context |= {
        "sheets": queries.sheets(found),
        "formulas": order_queries.formulas(found) if scope.can("prescriptions.view") else [],
        "revisions": queries.revisions(found),
        "sign_form": ReasonForm(initial={"version": found.version}),
        "reopen_form": ReasonForm(initial={"version": found.version}),
        "undo_form": ReasonForm(initial={"version": found.version}),
        "template_form": FormKeyMixin(),
        "prescribes": scope.can("prescriptions.enter"),
        "undo_until": undoing.offered(found, scope, timezone.now()),
        "death_url": page.death_url(scope, found),
        "refer_url": page.refer_url(context["panels"], found),
        "next_unsigned": _next_unsigned(scope, found),
    }
    return render(request, "encounters/record.html", context)


def _next_unsigned(scope: Scope, found: Visit) -> Visit | None:
    """After one's signature the visit that has waited longest for the next. One query, none elsewhere."""
    now = timezone.now()
    if found.signed_by is None or found.signed_by != scope.user_id or not scope.can("visits.approve"):
        return None
    if found.signed_at is None or now - found.signed_at > SIGNING:
        return None
    return next(iter(queries.unsigned_first(scope, 1)), None)


def form_page(
    request: HttpRequest,
    scope: Scope,
    found: Visit,
    form: VisitForm,
    *,
    draft: Draft | None = None,
    known: checking.Parts | None = None,
    asked: Sequence[Warning] = (),
    **more: Any,
) -> HttpResponse:
    """The visit's form with what stands beside it; a form sent back is a 422."""
    if request.method == "POST":
        readlog.record("visit.page", [found.person_id])
    known = known or checking.parts(found)
    context = page.beside(scope, found, known)
    if request.method == "GET" and draft is None:
        prescribing.stored_put(form, found, known, context["cover"], context["remarks"])
    else:
        prescribing.typed_put(form.filled, found, form.data)
    context |= {
        "form": form,
        # Of the figures in the boxes: those of a draft, or of a form sent back, are not stored yet.
        "said": saying.said(found.person, found.occurred_at, form.data, context["judged_by"]),
        "beside": case_forms.beside(found, form.data, live=bool(form.errors)),
        **(_filled_by(scope, found, form.data) if form.prescribes else {}),
        "draft": draft,
        "seen": _seen(request, found, form, known, saved="saved" in more),
        "outrun": draft is not None and draft.of_version != found.version,
        "asked": [warning for warning in asked if not warning.apart],
        "asked_apart": (apart := [warning for warning in asked if warning.apart]),
        # Of all that is asked it is answered by one press: the cursor stands on the button.
        "asks_refer": not apart and any(warning.code == rules.REFERRAL for warning in asked),
        **more,
    }
    if form.sick_child.answers and (draft is not None or form.errors):
        context |= _sick(found, form.data)  # what a draft or a form sent back says is not stored yet
    return render(request, "encounters/visit.html", context, status=422 if request.method == "POST" else 200)


def _seen(request: HttpRequest, found: Visit, form: VisitForm, known: checking.Parts, *, saved: bool) -> str:
    """What the form began with: what is stored, or what an earlier form said that is gone on with."""
    version = str(form["version"].value() or "")
    if version == str(found.version) and (request.method == "GET" or saved):
        return three_way.marks(page.stored(found, known), two_at_once.HOW)
    return str(form.data.get(three_way.SEEN, ""))


def _filled_by(scope: Scope, found: Visit, data: QueryDict) -> dict[str, Any]:
    """What may fill the visit by one key, for the diagnosis that stands in the form. Two queries."""
    main = case_forms.main_code(data)
    return {
        "main": main,
        "templates": templating.offered(scope, main),
        "before": copying.offered(scope, found, main),
    }


def _save(request: HttpRequest, scope: Scope, found: Visit) -> HttpResponse:
    form, action = page.form_for(found, request.POST), request.POST.get("action", "")
    if not form.is_valid():
        # All that is wrong is told at once.
        for problem in vital_problems(found, form.figures(), Limits.on(found.on)):
            form.add_remark(problem.field, problem.sentence)
        return form_page(request, scope, found, form)
    try:
        saved = services.visit_save(
            visit_id=found.pk,
            expected_version=form.cleaned_data["version"] or 0,
            data=form.visit_input(),
            ends=action == "finalise",
        )
    except Problems as problems:
        form.add_problems(problems)
        return form_page(request, scope, found, form)
    except Refused as refused:
        add_refusal(form, refused)
        return form_page(request, scope, found, form)
    if action.startswith("copy:"):
        return _copy(request, saved, action.removeprefix("copy:"))
    if action.startswith("template:"):
        return _fill(request, saved, action.removeprefix("template:"))
    then = request.POST.get("then", "")
    if action == "save" and url_has_allowed_host_and_scheme(then, allowed_hosts=None):  # a path of this site
        return redirect(then)
    if action != "finalise":
        waits = saved.state == states.WAITING
        messages.success(request, "Đã lưu. Người bệnh vẫn chờ khám." if waits else "Đã lưu.")
        return to_visit(found.pk)
    return _finalise(request, scope, saved, form)


def _fill(request: HttpRequest, saved: Visit, key: str) -> HttpResponse:
    """Fill a visit that was just saved from a template."""
    try:
        filled = templating.template_apply(
            visit_id=saved.pk, expected_version=saved.version, template_id=UUID(key)
        )
    except (ValueError, ExamTemplate.DoesNotExist):
        messages.error(request, "Đã lưu. Mẫu khám này không còn.")
    except Refused as refused:
        messages.error(request, f"Đã lưu, chưa điền: {refused.message}")
    else:
        messages.success(request, "Đã lưu và điền. Xem lại từng thuốc trước khi hoàn tất.")
        for sentence in filled.left:
            messages.warning(request, sentence)
    return to_visit(saved.pk)


def _copy(request: HttpRequest, saved: Visit, key: str) -> HttpResponse:
    """Copy the medicines of an earlier visit into one that was just saved."""
    try:
        copied = copying.prescription_copy(
            visit_id=saved.pk, expected_version=saved.version, of_visit=UUID(key)
        )
    except ValueError:
        messages.error(request, f"Đã lưu, chưa chép: {copying.NO_LAST}")
    except Refused as refused:
        messages.error(request, f"Đã lưu, chưa chép: {refused.message}")
    else:
        page.copied_say(request, copied)
    return to_visit(saved.pk)


def _finalise(request: HttpRequest, scope: Scope, saved: Visit, form: VisitForm) -> HttpResponse:
    try:
        ended = services.visit_finalise(
            visit_id=saved.pk,
            expected_version=saved.version,
            override=form.cleaned_data["override"],
            apart=form.cleaned_data["override_apart"],
        )
    except Problems as problems:
        again = _again(request, saved)
        again.add_problems(problems)
        return form_page(request, scope, again.visit, again, saved=True)
    except NeedsReason as needs_reason:
        again = _again(request, saved)
        return form_page(request, scope, again.visit, again, saved=True, asked=needs_reason.warnings)
    if ended.state == states.AWAITING_SIGNATURE:
        messages.info(request, "Đã lưu. Lượt khám chờ bác sĩ ký.")
    else:
        messages.success(request, f"Đã hoàn tất lượt khám {ended.number}.")
    return to_visit(ended.pk)


def _again(request: HttpRequest, saved: Visit) -> VisitForm:
    """The form of a visit that was saved but not ended, against the version it now has."""
    data = request.POST.copy()
    data["version"] = str(saved.version)
    form = page.form_for(visit_or_404(saved.pk), data)
    form.is_valid()
    return form


@require_POST
@needs("visits.enter")
def said(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the vital signs say while they are being typed."""
    found = visit_or_404(pk)
    told = saying.said(found.person, found.occurred_at, request.POST, saying.Known.on(found.on))
    return render(request, "encounters/vitals_said.html", {"said": told, "live": True})


@require_POST
@needs("visits.enter")
def sick_child(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the sick-child form comes to with the figures beside it, while both are being filled in."""
    found = visit_or_404(pk)
    wrong = Boxes(request.POST, reading.sheet_for(found.person, found.on)).wrong.values()
    context = _sick(found, request.POST) | {"wrong": wrong, "live": True}
    return render(request, "encounters/sick_said.html", context)


def _sick(found: Visit, data: QueryDict) -> dict[str, Any]:
    """What the answers and figures of a form come to, and how she is then sent away."""
    boxes = Boxes(data, reading.sheet_for(found.person, found.on))
    figures = FiguresForm(data)
    figures.is_valid()  # a figure that cannot be read is told beside its own box
    judged = reading.judged(
        found.person,
        found.occurred_at,
        {} if boxes.wrong else boxes.answers,
        figures.figures(),
        oedema=figures.cleaned_data.get("oedema", False),
    )
    sick = page.sick_child(judged, found.on)
    return {"sick": sick, "refer": page.refer_code(found.on) if sick["pink"] else ""}


@require_POST
@needs("visits.enter")
def line(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a line of medicine comes to while it is being typed, and what is to be looked at in all of them:
    without `key` after another box, the weight.
    """
    found = visit_or_404(pk)
    lines = lines_of(request.POST, names=dict)
    asked = [line for line in lines if str(line.key) == request.POST.get("key")]
    if "key" in request.POST and not asked:
        return HttpResponse()
    prescribing.typed_put(lines, found, request.POST)
    context = {"sum": asked[0].sum if asked else None, "lines": lines}
    return render(request, "encounters/line_told.html", context)


@require_POST
@needs("visits.enter")
def cases(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What stands under the diagnoses, as they are being chosen."""
    found = visit_or_404(pk)
    scope, context = current(), {"beside": case_forms.beside(found, request.POST, live=True)}
    if scope.can("prescriptions.enter"):
        context["may_prescribe"] = True  # her form alone has a place for what fills it
        context |= _filled_by(scope, found, request.POST)
    return render(request, "encounters/cases.html", context)


@require_POST
@needs("visits.enter")
def more_lines(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One more empty line of medicine, numbered after the last."""
    found = visit_or_404(pk)
    keys = [key for text in request.POST.getlist("line") if (key := line_key(text)) is not None]
    fresh = LineForm(QueryDict(), key=max(keys, default=-1) + 1, names=dict)
    return render(request, "encounters/line.html", {"line": fresh, "visit": found})
