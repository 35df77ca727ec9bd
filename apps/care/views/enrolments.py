"""Programmes: the list of one, a person's way in, one enrolment with its ends."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.care import enrolling
from apps.care import programmes as queries
from apps.care.forms.enrolments import EndForm, EnrolForm, WhyForm, programmes
from apps.care.models import Enrolment, EnrolmentState
from apps.care.views.measurements import banner, person_or_404
from apps.core import readlog
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.facilities.queries import hamlets_of

SCREEN = "enrolment.page"


@require_safe
@needs("care.view")
def listed(request: HttpRequest) -> HttpResponse:
    """The people of one programme."""
    scope, today = current(), timezone.localdate()
    offered = dict(programmes(scope))
    programme = request.GET.get("ma", "")
    programme = programme if programme in offered else next(iter(offered), "")
    state = request.GET.get("muc", "")
    state = state if state in queries.STATES else ""
    hamlets = list(hamlets_of(scope.facility_ids, today))
    chosen = next((row for row in hamlets if str(row.pk) == request.GET.get("thon", "")), None)
    page = queries.of_programme(
        scope,
        programme,
        state=state,
        hamlet_id=chosen.pk if chosen else None,
        cursor=request.GET.get("c", ""),
    )
    readlog.record("enrolment.list", [row.person_id for row in page.items])
    counts = queries.counts(scope)
    context = {
        "page": page,
        "lines": queries.lines(scope, programme, page.items),
        "has_figure": programme in queries.FIGURES,
        "title": offered.get(programme, ""),
        "programme": programme,
        "state": state,
        "states": queries.STATES,
        "hamlets": hamlets,
        "chosen": chosen,
        "tabs": [
            {
                "title": name,
                "url": f"{reverse('care:programmes')}?{urlencode({'ma': code})}",
                "active": code == programme,
                "count": counts.get(code, 0),
            }
            for code, name in offered.items()
        ],
    }
    return render(request, "care/programmes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("care.enter")
@idempotent
def enrol(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a person into a programme."""
    person, scope = person_or_404(pk), current()
    form = EnrolForm(request.POST or None, scope=scope)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            made = enrolling.enrol(
                person=person, programme=data["programme"], since=data["since"], note=data["note"]
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã đưa vào quản lý, số {made.number}.")
            return redirect("patients:person", pk)
    readlog.record(SCREEN, [pk])
    context = {**banner(person), "form": form, "lines": queries.of_person(scope, pk)}
    return render(request, "care/enrol.html", context, status=422 if form.errors else 200)


def _enrolment(pk: UUID) -> Enrolment:
    found = Enrolment.objects.select_related("person__hamlet", "facility").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _own(pk: UUID) -> Enrolment:
    found = _enrolment(pk)
    if not current().reaches(found.facility_id):
        raise Http404
    return found


@require_safe
@needs("care.view")
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One enrolment: from when, to when, with what end."""
    found, scope = _enrolment(pk), current()
    readlog.record(SCREEN, [found.person_id])
    may_edit = scope.can("care.edit") and scope.reaches(found.facility_id)
    context = {
        **banner(found.person),
        "row": found,
        "line": queries.line(found),
        "may_end": may_edit and found.state == EnrolmentState.ACTIVE,
        "may_reopen": may_edit and found.state == EnrolmentState.ENDED and not found.closed_by,
        "may_error": may_edit and found.state != EnrolmentState.ENTERED_IN_ERROR,
    }
    return render(request, "care/enrolment.html", context)


def _changed(
    request: HttpRequest, found: Enrolment, form: Any, save: Any, done: str, **context: Any
) -> HttpResponse:
    if form.is_bound and form.is_valid():
        try:
            save(form.cleaned_data)
        except Refused as refused:
            if refused.field is None:
                messages.warning(request, refused.message)
                return redirect("care:enrolment", found.pk)
            add_refusal(form, refused)
        else:
            messages.success(request, done)
            return redirect("care:enrolment", found.pk)
    readlog.record(SCREEN, [found.person_id])
    context |= {**banner(found.person), "form": form, "row": found, "line": queries.line(found)}
    return render(request, "care/enrolment_change.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("care.edit")
@conflict_page(("state", "until", "outcome"), screen=SCREEN)
@idempotent
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """She is not followed here any more."""
    found = _own(pk)

    def save(data: dict[str, Any]) -> None:
        enrolling.discharge(
            enrolment_id=pk,
            expected_version=data["version"] or 0,
            until=data["until"],
            outcome=data["outcome"],
            place=data["place"],
            note=data["note"],
        )

    form = EndForm(request.POST or None, version=found.version)
    return _changed(
        request,
        found,
        form,
        save,
        "Đã kết thúc quản lý.",
        title="Kết thúc, chuyển quản lý",
        yes="Lưu kết thúc",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("care.edit")
@conflict_page(("state", "until", "outcome"), screen=SCREEN)
@idempotent
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The end was written by mistake."""
    found = _own(pk)

    def save(data: dict[str, Any]) -> None:
        enrolling.reopen(enrolment_id=pk, expected_version=data["version"] or 0, why=data["why"])

    form = WhyForm(request.POST or None, initial={"version": found.version})
    return _changed(
        request,
        found,
        form,
        save,
        "Đã mở lại: người này vẫn đang được quản lý.",
        title="Mở lại: ghi kết thúc nhầm",
        yes="Mở lại",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("care.edit")
@conflict_page(("state", "until", "outcome"), screen=SCREEN)
@idempotent
def in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """She never was in the programme."""
    found = _own(pk)

    def save(data: dict[str, Any]) -> None:
        enrolling.in_error(enrolment_id=pk, expected_version=data["version"] or 0, why=data["why"])

    form = WhyForm(request.POST or None, initial={"version": found.version})
    return _changed(
        request,
        found,
        form,
        save,
        "Đã ghi: đưa vào quản lý nhầm. Số trong sổ vẫn giữ.",
        title="Đưa vào quản lý nhầm",
        yes="Ghi nhập nhầm",
        danger=True,
    )
