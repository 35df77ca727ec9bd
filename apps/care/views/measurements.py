"""A person's measurements: all series, one series, a new moment, a figure put right."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.care import course, measuring, saying
from apps.care.forms.measurements import CorrectForm, MeasureForm
from apps.care.growth import queries as growths
from apps.care.models import FactState, Measurement
from apps.core import readlog
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.patients import queries as patients
from apps.patients.lines import home_of
from apps.patients.models import Person

SCREEN = "care.measurements"


def person_or_404(pk: UUID) -> Person:
    """Somebody the scope sees; a stranger is a 404 that tells nothing."""
    found = patients.get_person(pk)
    if found is None:
        raise Http404
    return found


def banner(person: Person) -> dict[str, Any]:
    """What the head of a page about a person shows. Two queries."""
    return {
        "person": person,
        "household": home_of(person),
        "place": person.hamlet.name if person.hamlet else "Ngoài địa bàn",
        "allergies": patients.active_allergies([person.pk]).get(person.pk, []),
    }


@require_safe
@needs("care.view")
def overview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every series of a person with its picture and the last figures."""
    person, scope, today = person_or_404(pk), current(), timezone.localdate()
    readlog.record(SCREEN, [pk])
    rows = course.drawn(scope, pk)
    growth, said = None, None
    if growths.is_young(person, today):
        known = growths.limits()
        growth = growths.growth_of(person, rows, known)
        said = growths.verdicts(growth.child, rows, known)
    context = {
        **banner(person),
        "growth": growth,
        "growth_charts": growth.charts(table=False, only=("waz",)) if growth else [],
        "courses": course.courses_of(rows, person, course.limits_on(today), said),
        "may_add": scope.can("care.enter") and scope.workplace_id is not None,
        "may_edit": scope.can("care.edit"),
    }
    return render(request, "care/measurements.html", context)


@require_safe
@needs("care.view")
def series(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """One series with every row, also those entered in error."""
    person, scope = person_or_404(pk), current()
    found = course.BY_SERIES.get(key)
    if found is None:
        raise Http404
    readlog.record(SCREEN, [pk])
    today = timezone.localdate()
    limits = course.limits_on(today)
    page = course.series_page(scope, pk, found, request.GET.get("c", ""))
    said = None
    if found.key in course.GROWING and growths.is_young(person, today):
        said = growths.verdicts(growths.child_of(person), page.items, growths.limits())
    context = {
        **banner(person),
        "series": found,
        "page": page,
        "rows": course.lines_of(found, page.items, limits, said),
        "trend": course.picture(found, course.drawn_rows(scope, pk, found), person, limits),
        "may_add": scope.can("care.enter") and scope.workplace_id is not None,
        "may_edit": scope.can("care.edit"),
        "may_confirm": scope.can("care.enter"),
    }
    return render(request, "care/series.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("care.enter")
@idempotent
def add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was measured at one moment."""
    person = person_or_404(pk)
    form = MeasureForm(request.POST or None, age_days=person.age_days(timezone.localdate()))
    ask_reason = False
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            rows = measuring.measurements_add(
                person=person,
                values=form.figures(),
                at=form.at,
                source=data["source"],
                method=data["method"],
                note=data["note"],
                reason=data["reason"],
                readings=form.readings(),
                oedema=data["oedema"],
            )
        except Refused as refused:
            add_refusal(form, Refused(refused.message, field=form.field_of(refused.field)))
        except NeedsReason as needed:
            add_warnings(form, needed)
            ask_reason = True
        else:
            messages.success(request, f"Đã lưu {len(rows)} số đo.")
            return redirect("care:measurements", pk)
    readlog.record(SCREEN, [pk])
    return render(
        request,
        "care/measure.html",
        {**banner(person), "form": form, "ask_reason": ask_reason},
        status=422 if form.errors else 200,
    )


@require_POST
@needs("care.enter")
def said(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What figures say while they are being typed: of today, the form says nothing else yet."""
    person = person_or_404(pk)
    now = timezone.now()
    told = saying.said(person, now, request.POST, saying.Known.on(timezone.localdate(now)))
    return render(request, "care/said.html", {"said": told})


def _measurement(pk: UUID, measurement: UUID) -> Measurement:
    """A figure of that person that may be changed from here."""
    row = Measurement.objects.filter(pk=measurement, person_id=pk).select_related("performer").first()
    if row is None or not row.by_hand or not current().reaches(row.facility_id):
        raise Http404
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@needs("care.edit")
@conflict_page(("value", "state", "error_reason"), screen=SCREEN)
@idempotent
def correct(request: HttpRequest, pk: UUID, measurement: UUID) -> HttpResponse:
    """Put a figure right, or take it back; the old one stays to be read."""
    person, row = person_or_404(pk), _measurement(pk, measurement)
    shown = course.OF_CODE[row.code]
    if row.state == FactState.ENTERED_IN_ERROR:
        messages.warning(request, "Số đo này đã được ghi là nhập nhầm.")
        return redirect("care:series", pk, shown.key)
    form = CorrectForm(request.POST or None, initial={"version": row.version})
    ask_reason = False
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        expected = data["version"] or 0
        try:
            if request.POST.get("action") == "error":
                measuring.measurement_in_error(
                    measurement_id=measurement, expected_version=expected, why=data["why"]
                )
                done = "Đã ghi: số đo nhập nhầm, không tính nữa."
            elif data["value"] is None:
                raise Refused("Hãy ghi giá trị đúng, hoặc bấm Nhập nhầm.", field="value")
            else:
                measuring.measurement_correct(
                    measurement_id=measurement,
                    expected_version=expected,
                    value=data["value"],
                    why=data["why"],
                    reason=data["reason"],
                )
                done = "Đã sửa số đo. Số cũ vẫn xem được ở danh sách của chỉ số này."
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            ask_reason = True
        else:
            messages.success(request, done)
            return redirect("care:series", pk, shown.key)
    readlog.record(SCREEN, [pk])
    context = {**banner(person), "form": form, "row": row, "series": shown, "ask_reason": ask_reason}
    return render(request, "care/correct.html", context, status=422 if form.errors else 200)


@require_POST
@needs("care.enter")
@conflict_page(("value", "state"), screen=SCREEN)
@idempotent
def confirm(request: HttpRequest, pk: UUID, measurement: UUID) -> HttpResponse:
    """What was measured at home has been looked at."""
    row = _measurement(pk, measurement)
    version = request.POST.get("version", "")
    try:
        measuring.measurement_confirm(
            measurement_id=row.pk,
            expected_version=int(version)
            if version.isascii() and version.isdecimal() and len(version) < 9
            else 0,
        )
    except Refused as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, "Đã xác nhận số đo.")
    return redirect("care:series", pk, course.OF_CODE[row.code].key)
