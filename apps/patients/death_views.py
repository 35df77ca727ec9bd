"""The pages of a death: recording, amending, taking back, its earlier versions, its review."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.catalogues import codes
from apps.core import drafts, ports, readlog, registry
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.dates import parse_date
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.patients import death_data, death_forms, death_register, death_review, death_rules, deaths, queries
from apps.patients.lines import home_of
from apps.patients.models import Death, DeathCause, DeathPlace, DeathVersion, MaternalReview, Person
from apps.patients.models.deaths import REVIEW_RIGHT

DRAFT = "death-new"
COMPARED = [
    *("died_on", "died_time", "entered_on", "place", "place_text", "attended", "certified_by"),
    *("certificate_no", "certificate_on", "informant", "autopsy", "maternal", "pregnancy_ended_on"),
    *("injury_cause", "note"),
]


def _person(pk: UUID) -> Person:
    """A person of one's own catchment: her own station keeps the register that she stands in."""
    found = queries.get_person(pk)
    if found is None:
        raise Http404
    if not current().reaches(found.station_id):
        raise PermissionDenied("deaths.enter")
    return found


def _death(pk: UUID) -> Death:
    found = (
        Death.objects.select_related("person__hamlet__commune", "person__station", "moved_to")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _causes(death: Death) -> list[DeathCause]:
    return list(DeathCause.objects.filter(death=death).order_by("line", "position"))


def _banner(person: Person) -> dict[str, Any]:
    return {
        "person": person,
        "household": home_of(person),
        "place": person.hamlet.name if person.hamlet else "Ngoài địa bàn",
        "allergies": queries.active_allergies([person.pk]).get(person.pk, []),
    }


# --- recording


@require_http_methods(["GET", "HEAD", "POST"])
@needs("deaths.enter")
@idempotent
@keeps_draft(DRAFT, of="pk")
def record(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form of a death. Who has one already is shown it."""
    person = _person(pk)
    if known := deaths.standing_of(pk):
        return redirect("patients:death", known.pk)
    draft = None if request.method == "POST" else drafts.take(DRAFT, pk)
    said = _told_by_visit(request) if request.method != "POST" else {}
    if person.died_on:  # in her record, of a list mostly
        said["died_on"] = person.died_on
    initial = death_forms.fresh() | said | _pregnancy(person) | drafts.initial_of(draft)
    asks = death_data.asks_maternal(person, timezone.localdate())
    form = death_forms.DeathForm(request.POST or None, person=person, asks=asks, initial=initial)

    def save(data: death_data.DeathData, reason: str) -> Death:
        return deaths.death_record(person=person, data=data, reason=reason)

    saved, ask = _tried(form, save)
    if saved is not None:
        drafts.drop(DRAFT, pk)
        messages.success(request, "Đã ghi tử vong. Việc đến hạn và lịch hẹn của người này đã khép.")
        return redirect("patients:death", saved.pk)
    return _form_page(request, person, form, ask=ask, draft=draft)


def _told_by_visit(request: HttpRequest) -> dict[str, Any]:
    """What the visit that ended with the death knows: `ngay`, its day, and `noi`, where she died."""
    said: dict[str, Any] = {}
    try:
        said["died_on"] = parse_date(request.GET["ngay"])
    except (KeyError, ValueError):
        pass
    if request.GET.get("noi") in DeathPlace.values:
        said["place"] = request.GET["noi"]
    return said


def _pregnancy(person: Person) -> dict[str, Any]:
    """What the room of pregnancies knows, where there is one; else it is asked."""
    pregnancies = ports.get(ports.PregnancyStatus)
    if pregnancies and pregnancies.open_for([person.pk], timezone.localdate()):
        return {"maternal": "pregnant"}
    return {}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("deaths.edit")
@idempotent
def amend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same form over a stored death; a reason is always asked for."""
    death = _death(pk)
    person = _person(death.person_id)
    if not death.stands or not deaths.may_read_causes(death):
        messages.error(request, "Ghi nhận này không sửa đổi được.")
        return redirect("patients:death", pk)
    initial = death_forms.initial_of(death, deaths.data_of(death))
    asks = death_data.asks_maternal(person, death.died_on)
    form = death_forms.DeathForm(request.POST or None, person=person, asks=asks, initial=initial)
    form.fields["reason"].label = "Lý do sửa đổi"
    form.fields["reason"].required = True

    def save(data: death_data.DeathData, reason: str) -> Death:
        expected = form.cleaned_data["version"] or 0
        return deaths.death_amend(death=death, data=data, expected_version=expected, reason=reason)

    try:
        with transaction.atomic():
            saved, _ = _tried(form, save)
    except StaleVersion:
        return _outrun(request, person, form, death)
    if saved is not None:
        messages.success(request, "Đã lưu sửa đổi; bản trước vẫn xem được.")
        return redirect("patients:death", pk)
    return _form_page(request, person, form, ask=True, death=death)


def _outrun(request: HttpRequest, person: Person, form: death_forms.DeathForm, death: Death) -> HttpResponse:
    """Somebody amended it meanwhile: hers and theirs side by side, causes too; she saves against theirs."""
    stored = _death(death.pk)
    theirs, mine = deaths.as_json(deaths.data_of(stored)), deaths.as_json(form.data_of().cleaned())
    differing = [row for row in _compared(theirs, mine) if row["differs"]]
    form.data = {**request.POST.dict(), "codes_two": request.POST.getlist("codes_two")}
    form.data["version"] = str(stored.version)
    return _form_page(request, person, form, ask=True, death=stored, outrun=differing)


def _tried(form: death_forms.DeathForm, save: Callable[..., Death]) -> tuple[Death | None, bool]:
    """The saved death, or None with what is wrong beside its fields, and whether a reason is asked for."""
    if not form.is_bound or not form.is_valid():
        return None, bool(form.is_bound and form["reason"].value())
    try:
        return save(form.data_of(), form.cleaned_data["reason"]), False
    except deaths.DeathProblems as problems:
        for refusal in problems.refusals:
            name = form.own_field(refusal.field)
            if name not in form.errors:
                form.add_error(name if name in form.fields else None, refusal.message)
        return None, bool(form["reason"].value())
    except Refused as refused:
        add_refusal(form, refused)
        return None, bool(form["reason"].value())
    except NeedsReason as needed:
        here = [replace(warning, field=form.own_field(warning.field)) for warning in needed.warnings]
        add_warnings(form, NeedsReason(here))
        return None, True


def _form_page(
    request: HttpRequest, person: Person, form: death_forms.DeathForm, **context: Any
) -> HttpResponse:
    readlog.record("death.form", [person.pk])
    return render(
        request,
        "patients/death_form.html",
        {**_banner(person), "form": form, "asks": form.asks, "title": _title(context), **context},
        status=409 if context.get("outrun") is not None else 422 if form.errors else 200,
    )


def _title(context: dict[str, Any]) -> str:
    return "Sửa đổi ghi nhận tử vong" if context.get("death") else "Ghi tử vong"


# --- a stored death


@require_safe
@needs("deaths.view")
def death(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is recorded of a death."""
    found = _death(pk)
    scope = current()
    readlog.record("death.page", [found.person_id])
    readable = deaths.may_read_causes(found)
    own = scope.reaches(found.person.station_id)
    causes = _causes(found)
    review = MaternalReview.objects.filter(death=found).first() if scope.can(REVIEW_RIGHT) else None
    return render(
        request,
        "patients/death.html",
        {
            **_banner(found.person),
            "death": found,
            "causes": [
                {
                    "line": cause.get_line_display(),
                    "words": death_register.cause_words(cause),
                    "code": cause.icd_code,
                    "name": cause.icd_name if cause.text else "",
                    "interval": death_register.interval_words(cause),
                    "underlying": cause.underlying,
                }
                for cause in causes
            ],
            "readable": readable,
            "written": _facts(found, readable),
            "child": death_rules.child_words(
                found.person.birth_date, found.died_on, found.person.birth_precision
            ),
            "review": review,
            "versions": found.versions(manager="objects").count() if readable else 0,
            "may_amend": own and found.stands and readable and scope.can("deaths.edit"),
            "panels": registry.panels_for("death", scope, found),
            "may_correct": own and found.stands and scope.can("deaths.edit"),
        },
    )


def _facts(found: Death, readable: bool) -> list[tuple[str, str]]:
    time = f" lúc {found.died_time:%H:%M}" if found.died_time else ""
    maternal = found.get_maternal_display() if found.maternal else ""
    rows = [
        ("Ngày tử vong", f"{found.died_on:%d/%m/%Y}{time}"),
        ("Ngày ghi sổ", f"{found.entered_on:%d/%m/%Y}"),
        ("Nơi tử vong", ": ".join(filter(None, [found.get_place_display(), found.place_text]))),
        ("Được chăm sóc y tế trước khi chết", found.get_attended_display() if found.attended else ""),
        ("Xác nhận", death_register.certified_words(found)),
        ("Người báo tin", found.informant),
        ("Mổ tử thi", found.get_autopsy_display() if found.autopsy else ""),
    ]
    if readable:
        ended = found.pregnancy_ended_on
        rows += [
            ("Thai nghén", maternal),
            ("Ngày đẻ, sảy, phá thai", f"{ended:%d/%m/%Y}" if ended else ""),
            ("Tai nạn, thương tích", codes.label("injury_cause", found.injury_cause)),
            ("Ghi chú", found.note),
            ("Giữ lại vì", found.overrides.get("reason", "")),
        ]
    return [(label, value) for label, value in rows if value]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("deaths.edit")
@idempotent
def in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """She lives, or somebody else died."""
    found = _death(pk)
    person = _person(found.person_id)
    if not found.stands:
        messages.info(request, "Ghi nhận này đã được đánh dấu là ghi nhầm.")
        return redirect("patients:death", pk)
    form = death_forms.InErrorForm(request.POST or None, initial={"version": found.version})
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            right = deaths.death_in_error(
                death=found,
                expected_version=said["version"] or 0,
                reason=said["reason"],
                instead=said["instead"],
            )
        except deaths.DeathProblems as problems:
            for refusal in problems.refusals:
                form.add_error("instead", refusal.message)
        except StaleVersion:
            form.add_error(None, "Người khác vừa sửa ghi nhận này. Hãy quay lại xem rồi mới ghi nhầm.")
        except Refused as refused:
            name = "instead" if refused.field == "died_on" and said["instead"] else refused.field
            add_refusal(form, Refused(refused.message, field=name))
        else:
            moved = right.pk != pk
            messages.success(
                request,
                "Đã chuyển ghi nhận sang người kia."
                if moved
                else "Đã ghi là nhầm; việc đến hạn và lịch hẹn mở lại như trước.",
            )
            return redirect("patients:death", right.pk) if moved else redirect("patients:person", person.pk)
    readlog.record("death.page", [person.pk])
    return render(
        request,
        "patients/death_in_error.html",
        {**_banner(person), "form": form, "death": found},
        status=422 if form.errors else 200,
    )


@require_safe
@needs("deaths.view")
def versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the death said before each amendment, newest first."""
    found = _death(pk)
    readlog.record("death.versions", [found.person_id])
    rows = DeathVersion.objects.filter(death=found).order_by("-number")
    later = deaths.as_json(deaths.data_of(found)) if deaths.may_read_causes(found) else {}
    pairs = []
    for version in rows:
        pairs.append({"version": version, "rows": _compared(version.data, later)})
        later = version.data
    return render(
        request, "patients/death_versions.html", {**_banner(found.person), "death": found, "pairs": pairs}
    )


def _compared(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name in COMPARED:
        field: Any = Death._meta.get_field(name)
        was, now = _word(field, before.get(name)), _word(field, after.get(name))
        if was or now:
            rows.append({"label": field.verbose_name, "before": was, "after": now, "differs": was != now})
    was, now = _chain(before), _chain(after)
    rows.append({"label": "nguyên nhân", "before": was, "after": now, "differs": was != now})
    return rows


def _word(field: Any, value: Any) -> str:
    if value in (None, ""):
        return ""
    if field.choices:
        return str(dict(field.choices).get(value, value))
    if field.name == "injury_cause":
        return codes.label("injury_cause", value)
    if field.name.endswith("_on"):
        return f"{dt.date.fromisoformat(value):%d/%m/%Y}"
    return str(value)[:5] if field.name == "died_time" else str(value)


def _chain(data: dict[str, Any]) -> str:
    told = []
    for each in data.get("causes", []):
        unit = death_forms.UNIT_WORDS.get(each["unit"], "")
        beside = [each["code"], "" if each["value"] is None else f"{each['value']} {unit}"]
        said = " ".join(filter(None, [each["text"], f"({', '.join(filter(None, beside))})"]))
        told.append(f"{death_rules.LINE_WORDS[each['line']]}. {said.replace(' ()', '')}")
    return "; ".join(told)


# --- the review


@require_http_methods(["GET", "HEAD", "POST"])
@needs(REVIEW_RIGHT)
@conflict_page(death_review.TEXTS, screen="death.review")
@idempotent
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The review file of a possible maternal death: for the head."""
    found = _death(pk)
    file = MaternalReview.objects.filter(death=found).first()
    if file is None:
        raise Http404
    action = request.POST.get("action", "")
    form = death_forms.ReviewForm(request.POST or None, instance=file, initial={"version": file.version})
    if form.is_bound and form.is_valid():
        expected = form.cleaned_data["version"] or 0
        try:
            if action == "reopen":
                death_review.review_reopen(
                    review=file, expected_version=expected, reason=request.POST.get("reason", "")
                )
            else:
                death_review.review_save(
                    review=file, said=form.cleaned_data, expected_version=expected, close=action == "close"
                )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            said = {"reopen": "Đã mở lại biên bản.", "close": "Đã khép biên bản thẩm định."}
            messages.success(request, said.get(action, "Đã lưu biên bản."))
            return redirect("patients:death_review", pk)
    readlog.record("death.review", [found.person_id])
    return render(
        request,
        "patients/death_review.html",
        {**_banner(found.person), "death": found, "review": file, "form": form},
        status=422 if form.errors else 200,
    )
