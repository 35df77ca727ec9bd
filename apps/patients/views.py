"""The pages of a person. Each begins by taking her through the scope; a stranger's is a 404."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalogues import codes
from apps.core import drafts, readlog, registry
from apps.core.access import needs
from apps.core.conflict import Typed, conflict_page
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.models import Draft
from apps.core.scope import current
from apps.patients import (
    addresses,
    allergies,
    births,
    deaths,
    forms,
    kin,
    queries,
    scan_commune,
    search,
    services,
    views_duplicates,
)
from apps.patients import numbers as papers
from apps.patients.data import CardData, NumberData
from apps.patients.lines import due_line, household_link, timeline_line
from apps.patients.models import Allergy, LifeStatus, Person


def _person(pk: UUID) -> Person:
    found = queries.get_person(pk)
    if found is None:
        raise Http404
    return found


def _own_person(pk: UUID) -> Person:
    """A person of one's own catchment. Who is only treated here is changed by her own station."""
    found = _person(pk)
    if not current().reaches(found.station_id):
        raise PermissionDenied("people.edit")
    return found


# --- a new person


@require_http_methods(["GET", "HEAD", "POST"])
@needs("people.enter")
@idempotent
def create(request: HttpRequest) -> HttpResponse:
    """The form of a new person; who may be the same is shown before anything is stored."""
    draft = None if request.method == "POST" else drafts.take("person-new", current().workplace_id)
    initial = {"ethnicity": "01", "nationality": "VN", **drafts.initial_of(draft)}
    form = forms.PersonCreateForm(request.POST or None, initial=initial)
    # A scanned card is a form of its own: it must not overwrite what is half typed about somebody else.
    kind = "person-scanned" if request.POST.get("scanned") else "person-new"
    return keeps_draft(kind)(_create)(request, form, draft, kind)


@require_safe
@needs("people.enter")
def create_scanned(request: HttpRequest) -> HttpResponse:
    """The same form, filled from the card that was scanned just now, or from the draft of such a one."""
    card = search.scanned_by(request.user.pk)
    draft = None if card else drafts.take("person-scanned", current().workplace_id)
    if draft is not None:
        form = forms.PersonCreateForm(initial=drafts.initial_of(draft))
        return _create_page(request, form, scanned=True, draft=draft)
    if card is None:
        messages.info(request, "Thẻ vừa quét không còn giữ lại. Hãy quét lại.")
        return redirect("patients:create")
    initial = {"ethnicity": "01", "nationality": "VN", **forms.initial_from_card(card)}
    return _create_page(request, forms.PersonCreateForm(initial=initial), scanned=True)


def _create(
    request: HttpRequest, form: forms.PersonCreateForm, draft: Draft | None, kind: str
) -> HttpResponse:
    candidates: list[Any] = []
    if form.is_bound and form.is_valid():
        source = "qr" if request.POST.get("scanned") else "typed"
        try:
            person = services.person_create(
                data=form.data_of(),
                numbers=form.numbers_of(source),
                card=form.card_of(source),
                reason=form.cleaned_data["reason"],
                another=form.cleaned_data["another"],
            )
        except Refused as refused:
            add_refusal(form, refused)
            papers.note_taken(refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            return _create_page(request, form, ask_reason=True)
        except services.PossibleDuplicates as alike:
            candidates = alike.candidates
            readlog.record("person.duplicates", [candidate.person.pk for candidate in candidates])
        else:
            if request.POST.get("scanned"):
                search.forget_scan(request.user.pk)
            drafts.drop(kind, current().workplace_id)
            messages.success(request, f"Đã lưu hồ sơ {person.code}.")
            return redirect("patients:person", person.pk)
    return _create_page(request, form, candidates=candidates, draft=draft)


def _create_page(request: HttpRequest, form: forms.PersonCreateForm, **context: Any) -> HttpResponse:
    context.setdefault("scanned", bool(request.POST.get("scanned")))
    if context["scanned"]:
        context["commune_offer"] = scan_commune.offer(search.scanned_by(request.user.pk))
    context["draft_object"] = current().workplace_id
    wrong = form.errors or context.get("candidates")
    return render(request, "patients/create.html", {"form": form, **context}, status=422 if wrong else 200)


# --- a stored person


@require_safe
@needs("people.view")
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who she is, what she is due for, what happened to her."""
    scope = current()
    asked = queries.TimelineFilter.read(request.GET.get("loai", ""), request.GET.get("nam", ""))
    page = queries.person_page(scope, pk, request.GET.get("c", ""), asked)
    if page is None:
        raise Http404
    if page.person.merged_into_id is not None:
        return views_duplicates.pointer(request, page.person)
    readlog.record("person.page", [pk])
    panels = registry.panels_for("person", scope, page.person)
    asks_death = page.person.life_status == LifeStatus.DEAD and scope.can("deaths.view")
    death = deaths.standing_of(pk) if asks_death else None
    return render(
        request,
        "patients/person.html",
        {
            **banner(page),
            "page": page,
            "facts": _facts(page.person),
            "asked": asked,
            "kinds": list(registry.timeline_kinds),
            "years": _years(page.person),
            "timeline": [timeline_line(entry) for entry in page.timeline],
            "due": [due_line(item) for item in page.due],
            "today": timezone.localdate(),
            "panels": [panel for panel in panels if not panel["last"]],
            "last_panels": [panel for panel in panels if panel["last"]],
            # What was begun comes before what may be begun.
            "actions": [
                *(each for panel in panels for each in panel["context"].get("goes_on", ())),
                *registry.actions_for(scope, pk),
            ],
            "may_edit": scope.can("people.edit") and scope.reaches(page.person.station_id),
            "may_merge": scope.can("duplicates.edit") and scope.reaches(page.person.station_id),
            "whole": queries.knows_whole(scope, page.person),
            "may_add_allergy": scope.can("people.edit"),
            "death": death,
            "unrecorded_death": asks_death and death is None and scope.reaches(page.person.station_id),
            "may_bear": births.may_bear(page.person),
            "may_record_death": scope.can("deaths.enter") and scope.reaches(page.person.station_id),
        },
    )


def banner(page: queries.PersonPage) -> dict[str, Any]:
    """What components/person_banner.html needs of a person's page."""
    card = page.card
    if card is None:
        insured = "Không có thẻ BHYT còn hạn"
    elif card.valid_to is None:
        insured = f"BHYT {card.number}"
    else:
        insured = f"BHYT {card.number}, đến {card.valid_to:%d/%m/%Y}"
    return {
        "person": page.person,
        "household": household_link(page.household),
        "place": page.person.hamlet.name if page.person.hamlet else "Ngoài địa bàn",
        "allergies": page.active_allergies,
        "insured": [insured],
        "flags": registry.flags_for(current(), [page.person.pk])[page.person.pk],
    }


def _facts(person: Person) -> list[tuple[str, str]]:
    """The person's fields in the order of the register; empty ones are left out."""
    scope = current()
    if not queries.knows_whole(scope, person):
        return [("Mã người", person.code), ("Trạm phụ trách", person.station.name)]
    mother = kin.mother_of(scope, person)
    rows = [
        ("Mã người", person.code),
        ("Dân tộc", codes.label("ethnic_groups", person.ethnicity)),
        ("Quốc tịch", codes.label("nationalities", person.nationality)),
        ("Nghề nghiệp", codes.label("occupations", person.occupation)),
        ("Nơi ở", ", ".join(filter(None, [person.address_text, _place(person)]))),
        ("Thường trú", addresses.permanent(person, timezone.localdate())),
        ("Điện thoại", person.phone),
        ("Thư điện tử", person.email),
        ("Học vấn", codes.label("education_level", person.education)),
        ("Hôn nhân", codes.label("marital_status", person.marital_status)),
        ("Nhóm máu", person.blood_group),
        ("Mẹ", mother.full_name if mother else ""),
        ("Bố", person.father.full_name if person.father else ""),
        ("Người giám hộ", ", ".join(filter(None, [person.guardian_name, person.guardian_number]))),
        ("Tên trước đây", ", ".join(person.former_names)),
        ("Tình trạng", person.get_life_status_display()),
        ("Ngày mất", person.died_on.strftime("%d/%m/%Y") if person.died_on else ""),
        ("Trạm phụ trách", person.station.name),
        ("Ghi chú", person.note),
    ]
    return [(label, value) for label, value in rows if value]


def _place(person: Person) -> str:
    return f"{person.hamlet.name}, {person.hamlet.commune.full_name}" if person.hamlet else ""


def _years(person: Person) -> range:
    """The years that her timeline may tell of: from her birth, at most the last twenty, newest first."""
    this = timezone.localdate().year
    born = person.birth_year or this - 20
    return range(this, max(born, this - 20) - 1, -1)


def _typed(name: str) -> Callable[[Person], str]:
    """What stands in that box of a record's form."""
    return lambda person: str(forms.initial_of(person)[name] or "")


def _parent_words(person: Person, name: str) -> str:
    parent = kin.mother_of(current(), person) if name == "mother" else person.father
    return parent.full_name if parent else ""


# What the conflict page compares: the fields of the form under their own names.
COMPARED = [
    "full_name",
    Typed("birth_date", "ngày sinh", lambda person: person.birth_words, _typed("birth_date")),
    "sex", "ethnicity", "nationality", "occupation",
    Typed("hamlet", "thôn, tổ", lambda person: _place(person) or "Ngoài địa bàn", _typed("hamlet")),
    "address_text", "permanent_text",
    Typed(
        "permanent_unit", "xã, phường thường trú",
        lambda person: person.permanent_unit.full_name if person.permanent_unit else "",
        _typed("permanent_unit"),
    ),
    "phone", "email", "education", "marital_status", "blood_group",
    Typed("mother", "mẹ", lambda person: _parent_words(person, "mother"), _typed("mother")),
    Typed("father", "bố", lambda person: _parent_words(person, "father"), _typed("father")),
    "guardian_name", "guardian_relation", "guardian_number", "life_status", "died_on", "note",
]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@needs("people.edit")
@conflict_page(COMPARED, screen="person.edit")
@idempotent
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form of a stored person; the second of two editors sees both versions."""
    found = _own_person(pk)
    form = forms.PersonEditForm(request.POST or None, person=found, initial=forms.initial_of(found))
    ask_reason = False
    if form.is_bound and form.is_valid():
        try:
            services.person_update(
                person=found,
                data=form.data_of(),
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            ask_reason = True
        else:
            messages.success(request, "Đã lưu hồ sơ.")
            return redirect("patients:person", pk)
    readlog.record("person.edit", [pk])
    return render(
        request,
        "patients/edit.html",
        {"form": form, "person": found, "ask_reason": ask_reason},
        status=422 if form.errors else 200,
    )


# --- numbers, cards, allergies


@require_http_methods(["GET", "HEAD", "POST"])
@needs("people.edit")
@idempotent
def identifier_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _own_person(pk)

    def save(said: dict[str, Any]) -> None:
        number = NumberData(said["kind"], said["value"], said["issued_on"], said["issuer"])
        papers.identifier_add(person=found, number=number, reason=said["reason"])

    return _small_form(
        request, found, forms.IdentifierForm(request.POST or None), save, "Thêm giấy tờ", "Đã thêm giấy tờ."
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("people.edit")
@idempotent
def card_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _own_person(pk)

    def save(said: dict[str, Any]) -> None:
        reason = said.pop("reason")
        said.pop("form_key")
        papers.card_add(person=found, card=CardData(**said), reason=reason)

    return _small_form(
        request, found, forms.CardForm(request.POST or None), save, "Thêm thẻ BHYT", "Đã thêm thẻ BHYT."
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("people.edit")
@idempotent
def allergy_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _person(pk)

    def save(said: dict[str, Any]) -> None:
        said.pop("form_key")
        allergies.allergy_add(person=found, **said)

    return _small_form(
        request, found, forms.AllergyForm(request.POST or None), save, "Ghi dị ứng", "Đã ghi dị ứng."
    )


@require_POST
@needs("people.edit")
@idempotent
def allergy_close(request: HttpRequest, pk: UUID, allergy: UUID) -> HttpResponse:
    """An allergy is over, or was entered in error."""
    found = Allergy.objects.filter(pk=allergy, person_id=pk).first()
    if found is None:
        raise Http404
    try:
        allergies.allergy_close(
            allergy=found, state=request.POST.get("state", ""), expected_version=found.version
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã đổi trạng thái dị ứng.")
    return redirect("patients:person", pk)


@require_POST
@needs("people.edit")
@idempotent
def allergy_none(request: HttpRequest, pk: UUID) -> HttpResponse:
    """She was asked, and no allergy is known."""
    try:
        allergies.allergy_none(person=_person(pk))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã ghi: không có dị ứng đã biết.")
    return redirect("patients:person", pk)


def _small_form(
    request: HttpRequest, found: Person, form: Any, save: Any, title: str, done: str
) -> HttpResponse:
    """A form of a few fields that adds something to a person."""
    ask_reason = False
    if form.is_bound and form.is_valid():
        try:
            save(dict(form.cleaned_data))
        except Refused as refused:
            add_refusal(form, refused)
            papers.note_taken(refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            ask_reason = True
        else:
            messages.success(request, done)
            return redirect("patients:person", found.pk)
    readlog.record("person.edit", [found.pk])
    return render(
        request,
        "patients/small_form.html",
        {"form": form, "person": found, "title": title, "ask_reason": ask_reason},
        status=422 if form.errors else 200,
    )
