"""The follow-up form of a visit: filled, said while it is typed, shown, amended."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.care.models import Enrolment
from apps.core import readlog
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.encounters import page, states
from apps.encounters.models import Visit
from apps.encounters.writing import Problems
from apps.ncd import figures, judging, limits, queries, services, target
from apps.ncd.forms import FollowUpForm, initial_of
from apps.ncd.models import FollowUp, Programme

SCREEN = "ncd.form"
COMPARED = ("adherence", "side_effects", "medicine_days", "cholesterol")
FIELD_OF = {
    "glucose_fasting": "glucose",
    "glucose_random": "glucose",
    "follow_up_on": "next_on",
    "aim_systolic": "aim_pressure",
}


def _visit(pk: UUID) -> Visit:
    found = Visit.objects.select_related("person__hamlet", "facility").filter(pk=pk).first()
    if found is None or not current().reaches(found.facility_id):
        raise Http404
    return found


def _enrolment(visit: Visit, pk: UUID) -> Enrolment:
    """One of the visit's person, in a programme that has a form."""
    found = Enrolment.objects.filter(pk=pk, person_id=visit.person_id, programme__in=Programme.values).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@needs("ncd.enter")
@conflict_page(COMPARED, screen=SCREEN)
@idempotent
def follow(request: HttpRequest, visit_pk: UUID, pk: UUID) -> HttpResponse:
    """The form of an open visit; of a finished one that has none it is added with a reason."""
    scope, visit = current(), _visit(visit_pk)
    enrolment = _enrolment(visit, pk)
    opened = queries.opening(scope, visit, enrolment)
    if visit.is_open:
        return _form(request, visit, enrolment, opened)
    if opened.form:
        return redirect("ncd:form", opened.form.pk)
    if visit.state == states.FINALISED and scope.can("ncd.edit"):
        return _form(request, visit, enrolment, opened, amends=True)
    return redirect("encounters:visit", visit.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("ncd.edit")
@conflict_page(COMPARED, screen=SCREEN)
@idempotent
def amend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form of a finished visit says something else, with a reason."""
    form = _shown(pk)
    visit = _visit(form.visit_id)
    if visit.state != states.FINALISED:
        return redirect("ncd:form", pk)
    opened = queries.opening(current(), visit, form.enrolment)
    return _form(request, visit, form.enrolment, opened, amends=True)


def _form(
    request: HttpRequest, visit: Visit, enrolment: Enrolment, opened: queries.Opening, *, amends: bool = False
) -> HttpResponse:
    shared: dict[str, Any] = {
        "on": visit.on,
        "programme": enrolment.programme,
        "limits": opened.limits.ncd,
    }
    versions = {"visit_version": visit.version, "version": opened.form.version if opened.form else None}
    if request.method == "POST":
        form = FollowUpForm(request.POST, **shared)
        if form.is_valid() and (saved := _saved(form, visit, enrolment, amends=amends)):
            return _onwards(request, visit, saved, amends=amends)
        # What was refused because the visit was saved elsewhere goes through against what stands now.
        form.data = request.POST.copy()
        form.data["visit_version"] = str(visit.version)
    else:
        form = FollowUpForm(None, initial=initial_of(opened.data) | versions, **shared)
    readlog.record(SCREEN, [visit.person_id])
    context = {
        "visit": visit,
        **page.banner(current(), visit.person),
        "enrolment": enrolment,
        "programme": Programme(enrolment.programme),
        "is_diabetes": enrolment.programme == Programme.DIABETES,
        "form": form,
        "opened": opened,
        "said": _judged(visit, enrolment.programme, opened, form),
        "amends": amends,
        "may_refill": not amends and bool(opened.last_lines) and current().can("prescriptions.enter"),
        "back": reverse("ncd:form", args=[opened.form.pk])
        if amends and opened.form
        else reverse("encounters:visit", args=[visit.pk]),
    }
    return render(request, "ncd/follow_up.html", context, status=422 if form.errors else 200)


def _saved(form: FollowUpForm, visit: Visit, enrolment: Enrolment, *, amends: bool) -> FollowUp | None:
    data = form.cleaned_data
    try:
        return services.follow_up_put(
            visit_id=visit.pk,
            programme=enrolment.programme,
            visit_version=data["visit_version"] or 0,
            expected_version=data["version"] or 0,
            data=form.follow_up_input(),
            reason=data["reason"] if amends else "",
        )
    except Problems as problems:
        for problem in problems.problems:
            field = FIELD_OF.get(problem.field, problem.field)
            form.add_error(field if field in form.fields else None, problem.sentence)
    except NeedsReason as needed:
        for warning in needed.warnings:
            form.add_error(None, warning.sentence)
    except Refused as refused:
        field = FIELD_OF.get(refused.field or "", refused.field)
        add_refusal(form, Refused(refused.message, field=field))
    return None


def _onwards(request: HttpRequest, visit: Visit, saved: FollowUp, *, amends: bool) -> HttpResponse:
    """Back to the visit, or to the form of the other programme that has none yet."""
    words = f"Đã lưu phiếu theo dõi: {saved.get_target_display().lower()}."
    messages.success(request, "Đã sửa đổi phiếu theo dõi. Bản trước vẫn giữ." if amends else words)
    if amends:
        return redirect("ncd:form", saved.pk)
    for row in queries.beside_visit(current(), visit):
        if row.enrolment_id and not row.form_id:
            return redirect("ncd:follow", visit.pk, row.enrolment_id)
    return redirect("encounters:visit", visit.pk)


def _judged(visit: Visit, programme: str, opened: queries.Opening, form: FollowUpForm) -> dict[str, Any]:
    """What the figures come to as they stand, or as they are being typed."""
    found, complications = opened.found, list(opened.data.complications)
    smoker, cholesterol = opened.data.smoker, opened.data.cholesterol
    aim = target.Aim(opened.data.aim_systolic, opened.data.aim_diastolic, opened.data.aim_hba1c)
    if form.is_bound:
        form.is_valid()
        data = form.cleaned_data
        found = target.Figures(
            found.systolic,
            found.diastolic,
            data.get("glucose"),
            data.get("glucose_kind") or target.FASTING,
            data.get("hba1c"),
        )
        complications = data.get("complications") or []
        smoker = {"yes": True, "no": False}.get(data.get("smoker", ""))
        cholesterol, aim = data.get("cholesterol"), form.aim()
    comorbid = judging.comorbid_at(visit, complications, programme, opened.limits)
    judged = target.judge(
        programme,
        found,
        visit.on,
        comorbid=comorbid,
        born=visit.person.birth_date,
        aim=aim,
        ncd=opened.limits.ncd,
        control=opened.limits.control,
    )
    risk = judging.risk_of(
        visit.person, visit.on, programme, found, smoker, cholesterol, comorbid, opened.limits
    )
    return {"target": judged, "chip": FollowUp(target=judged.code).chip, "risk": risk}


@require_POST
@needs("ncd.enter")
def said(request: HttpRequest, visit_pk: UUID, pk: UUID) -> HttpResponse:
    """Target and risk while the form is being typed."""
    visit = _visit(visit_pk)
    enrolment = _enrolment(visit, pk)
    known = limits.on(visit.on)
    form = FollowUpForm(request.POST, on=visit.on, programme=enrolment.programme, limits=known.ncd)
    opened = queries.Opening(
        services.FollowUpInput(), None, None, figures.judged(figures.of_visit(visit)), [], [], known
    )
    return render(request, "ncd/said.html", {"said": _judged(visit, enrolment.programme, opened, form)})


@require_POST
@needs("ncd.enter")
@idempotent
def take_in(request: HttpRequest, visit_pk: UUID) -> HttpResponse:
    """One click on the page of a visit: into the programme, then to the form."""
    visit = _visit(visit_pk)
    try:
        made = services.take_in(visit_id=visit.pk, programme=request.POST.get("programme", ""))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("encounters:visit", visit.pk)
    messages.success(request, f"Đã đưa vào quản lý, số {made.number}.")
    if visit.is_open:
        return redirect("ncd:follow", visit.pk, made.pk)
    return redirect("encounters:visit", visit.pk)


@require_POST
@needs("ncd.enter")
@idempotent
def refill(request: HttpRequest, visit_pk: UUID, pk: UUID) -> HttpResponse:
    """The medicines of the last time, copied into the visit; back to the form."""
    visit = _visit(visit_pk)
    enrolment = _enrolment(visit, pk)
    given = request.POST.get("visit_version", "")
    last = queries.opening(current(), visit, enrolment).last
    try:
        copied = services.refill(
            visit_id=visit.pk,
            visit_version=int(given) if given.isascii() and given.isdigit() else 0,
            of_visit=last.visit_id if last else None,
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        page.copied_say(request, copied)
    return redirect("ncd:follow", visit.pk, enrolment.pk)


def _shown(pk: UUID) -> FollowUp:
    found = queries.shown(pk)
    if found is None:
        raise Http404
    return found


@require_safe
@needs("ncd.view")
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One form as it stands, with its earlier versions."""
    form, scope = _shown(pk), current()
    readlog.record(SCREEN, [form.person_id])
    here = scope.reaches(form.facility_id) and form.state == "current"
    known = limits.on(form.on)
    context = {
        "form": form,
        **page.banner(scope, form.person),
        "visit": form.visit,
        "target_words": queries.target_words(form),
        "complications": [
            known.ncd["complications"].get(key, {"word": key})["word"] for key in form.complications
        ],
        "revisions": list(form.revisions.all()),
        "may_amend": here and form.visit.state == states.FINALISED and scope.can("ncd.edit"),
        "may_save": here and form.visit.is_open and scope.can("ncd.enter"),
    }
    return render(request, "ncd/form.html", context)
