"""The pages of a birth, a name given later, somebody nobody can name, a number's correction."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.core import readlog
from apps.core.access import needs
from apps.core.dates import PartialDate
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.patients import births, life_forms, missing, naming, numbers, queries
from apps.patients.models import Identifier, InsuranceCard, MissingReport, Person
from apps.patients.numbers import note_taken

METHODS = ["GET", "HEAD", "POST"]
OUTRUN = "Người khác vừa sửa hồ sơ này. Hãy mở lại trang rồi ghi lại."


def _own(pk: UUID, right: str) -> Person:
    """A person of one's own catchment."""
    found = queries.get_person(pk)
    if found is None:
        raise Http404
    if not current().reaches(found.station_id):
        raise PermissionDenied(right)
    return found


def _tried(form: Any, act: Callable[[], Any], fields: dict[str, str] | None = None) -> tuple[Any, bool]:
    """What `act` gave, and whether a reason is asked for; what is wrong stands beside its field."""
    elsewhere = fields or {}
    if not (form.is_bound and form.is_valid()):
        return None, False
    try:
        with transaction.atomic():
            return act(), False
    except StaleVersion:
        form.add_error(None, OUTRUN)
    except Refused as refused:
        note_taken(refused)
        name = elsewhere.get(refused.field or "", refused.field)
        add_refusal(form, Refused(refused.message, field=name))
    except NeedsReason as needed:
        for warning in needed.warnings:
            name = elsewhere.get(warning.field or "", warning.field)
            form.add_error(name if name in form.fields else None, warning.sentence)
        return None, True
    return None, False


def _page(
    request: HttpRequest, template: str, form: Any, person: Person | None, ask: bool, **context: Any
) -> HttpResponse:
    if person is not None:
        readlog.record("person.edit", [person.pk])
    return render(
        request,
        template,
        {"form": form, "person": person, "ask_reason": ask, **context},
        status=422 if form.errors else 200,
    )


# --- births


@require_http_methods(METHODS)
@needs("people.enter")
@idempotent
def newborn(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The children of one birth, from their mother's page or her family's."""
    mother = _own(pk, "people.enter")
    if mother.sex == "male":
        raise Http404
    initial = {"ethnicity": mother.ethnicity}
    form = life_forms.NewbornForm(request.POST or None, mother=mother, initial=initial)

    def act() -> list[Person]:
        said = form.cleaned_data
        return births.newborns_record(
            mother=mother, father=said["father"], data=form.data_of(), reason=said["reason"]
        )

    at = {"weight_g": "weight_1", "birth_date": "born_on", "full_name": "reason"}
    made, ask = _tried(form, act, at)
    if made:
        names = " và ".join(child.code for child in made)
        messages.success(request, f"Đã ghi trẻ mới sinh {names}, kèm mã tạm.")
        return redirect("patients:person", made[0].pk if len(made) == 1 else mother.pk)
    return _page(request, "patients/newborn.html", form, mother, ask)


@require_http_methods(METHODS)
@needs("people.edit")
@idempotent
def name_give(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A newborn's or an unknown person's own name, with the number of the birth registration."""
    found = _own(pk, "people.edit")
    if not found.identity:
        messages.info(request, "Người này đã có tên.")
        return redirect("patients:person", pk)
    born = PartialDate(found.birth_date, found.birth_precision) if found.birth_date else None  # type: ignore[arg-type]
    initial = {"birth_date": born, "sex": found.sex, "ethnicity": found.ethnicity, "version": found.version}
    form = life_forms.NameForm(request.POST or None, initial=initial)

    def act() -> Person:
        said = form.cleaned_data
        return naming.name_give(
            person=found,
            data=naming.named(found, **form.said_of()),
            expected_version=said["version"] or 0,
            number=said["cccd"],
            reason=said["reason"],
        )

    saved, ask = _tried(form, act, {"value": "cccd"})
    if saved:
        messages.success(request, "Đã ghi tên. Tên tạm trước đây vẫn tìm được.")
        return redirect("patients:person", pk)
    return _page(request, "patients/name_give.html", form, found, ask)


@require_http_methods(METHODS)
@needs("people.enter")
@idempotent
def unknown(request: HttpRequest) -> HttpResponse:
    """Somebody nobody can name, or an abandoned child."""
    form = life_forms.UnknownForm(request.POST or None, initial={"hamlet": "outside"})

    def act() -> Person:
        return naming.unknown_record(found=form.found_of(), carer=form.carer_of())

    at = {"guardian_number": "carer_number", "guardian_name": "carer_name"}
    made, ask = _tried(form, act, at)
    if made:
        messages.success(request, f"Đã lưu hồ sơ {made.code}, kèm mã tạm.")
        return redirect("patients:person", made.pk)
    return _page(request, "patients/unknown.html", form, None, ask)


@require_POST
@needs("people.edit")
@idempotent
def temporary_key(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A key for somebody without any paper."""
    found = _own(pk, "people.edit")
    try:
        naming.temporary_key_give(person=found)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã cấp mã tạm.")
    return redirect("patients:person", pk)


@require_http_methods(METHODS)
@needs("people.edit")
@idempotent
def missing_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Reports her missing; of whoever is, says that she was found."""
    found = _own(pk, "people.edit")
    report = missing.open_report(found)
    if report is None:
        form: Any = life_forms.MissingForm(request.POST or None)

        def act() -> MissingReport:
            said = form.cleaned_data
            return missing.missing_record(
                person=found, since=said["since"], last_seen=said["last_seen"], told_by=said["told_by"]
            )
    else:
        form = life_forms.FoundForm(request.POST or None, initial={"version": report.version})

        def act() -> MissingReport:
            said = form.cleaned_data
            return missing.missing_found(
                report=report, on=said["on"], note=said["note"], expected_version=said["version"] or 0
            )

    done, ask = _tried(form, act)
    if done:
        messages.success(request, "Đã ghi tìm thấy." if done.found_on else "Đã báo mất tích.")
        return redirect("patients:person", pk)
    return _page(request, "patients/missing.html", form, found, ask, report=report)


# --- numbers


@require_http_methods(METHODS)
@needs("people.edit")
@idempotent
def identifier_change(request: HttpRequest, pk: UUID, number: UUID) -> HttpResponse:
    """A number was typed wrong, or holds no longer."""
    found = _own(pk, "people.edit")
    row = Identifier.objects.filter(pk=number, person=found).first()
    if row is None:
        raise Http404
    row.person = found
    form = life_forms.NumberChangeForm(request.POST or None, identifier=row, initial={"version": row.version})

    def act() -> bool:
        said = form.cleaned_data
        version = said["version"] or 0
        if said["action"] == "end":
            numbers.identifier_end(
                identifier=row, on=said["on"], reason=said["reason"], expected_version=version
            )
        else:
            numbers.identifier_in_error(
                identifier=row,
                reason=said["reason"],
                expected_version=version,
                right=said["right"],
                odd_reason=said["odd_reason"],
            )
        return True

    done, ask = _tried(form, act, {"value": "right"})
    if done:
        messages.success(request, "Đã ghi. Số cũ vẫn tìm được người này.")
        return redirect("patients:person", pk)
    return _page(request, "patients/number_change.html", form, found, ask, number=row)


@require_http_methods(METHODS)
@needs("people.edit")
@idempotent
def card_end(request: HttpRequest, pk: UUID, card: UUID) -> HttpResponse:
    """A card is good no longer."""
    found = _own(pk, "people.edit")
    row = InsuranceCard.objects.filter(pk=card, person=found).first()
    if row is None:
        raise Http404
    row.person = found
    form = life_forms.CardEndForm(request.POST or None, initial={"version": row.version})

    def act() -> InsuranceCard:
        said = form.cleaned_data
        return numbers.card_end(
            card=row, on=said["on"], reason=said["reason"], expected_version=said["version"] or 0
        )

    done, ask = _tried(form, act)
    if done:
        messages.success(request, "Đã ghi thẻ hết hiệu lực.")
        return redirect("patients:person", pk)
    return _page(request, "patients/card_end.html", form, found, ask, card=row)
