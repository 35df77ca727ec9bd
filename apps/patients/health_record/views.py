"""The pages of a health record. Each begins by taking its person through the scope; a stranger's is a 404."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import drafts, readlog, registry
from apps.core.access import needs
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.scope import RESTRICTED_RIGHT, current
from apps.facilities.queries import hamlets_of
from apps.patients import queries
from apps.patients.health_record import due, offering, reading, saving
from apps.patients.health_record.conflicts import compared
from apps.patients.health_record.forms import FORMS
from apps.patients.health_record.parts import DRAFT, LINES, SINGLES, Part
from apps.patients.lines import home_of
from apps.patients.models import Person


def person_of(pk: UUID) -> Person:
    """A person whose record this scope may open."""
    found = queries.get_person(pk)
    if found is None:
        raise Http404
    if not reading.may_open(current(), found):
        raise PermissionDenied("records.view")
    return found


def _own_person(pk: UUID) -> Person:
    """A person of one's own catchment: who has opened her in an emergency reads only."""
    found = person_of(pk)
    if not current().reaches(found.station_id):
        raise PermissionDenied("records.edit")
    return found


def _part(person: Person, key: str, among: dict[str, Part]) -> Part:
    part = among.get(key)
    if part is None or not part.fits(person):
        raise Http404
    return part


def _to_section(pk: UUID, part: Part) -> HttpResponse:
    return redirect(f"{reverse('patients:record', args=[pk])}?muc={part.key}#{part.key}")


# --- the record


@require_safe
@needs("records.view")
def record(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sections A to D in the order of the form."""
    scope, person = current(), person_of(pk)
    readlog.record("record.page", [pk])
    said = reading.read(scope, person)
    context = header(person) | {
        "record": said.record,
        "parts": said.parts,
        "all_allergies": reading.allergies(person),
        "administrative": reading.administrative(person),
        "sections": reading.other_sections(scope, person, request.GET.get("c", "")),
        "opened": request.GET.get("muc", ""),
        "may_edit": scope.can(saving.EDIT) and scope.reaches(person.station_id),
        "may_edit_person": scope.can("people.edit") and scope.reaches(person.station_id),
        "today": timezone.localdate(),
        "reviewed_this_year": said.record is not None
        and said.record.reviewed_on is not None
        and said.record.reviewed_on > due.last_good(timezone.localdate()),
    }
    return render(request, "patients/health_record/record.html", context)


def header(person: Person) -> dict[str, Any]:
    """What components/person_banner.html needs. Three queries and those of the flags."""
    return {
        "person": person,
        "household": home_of(person),
        "place": person.hamlet.name if person.hamlet else "Ngoài địa bàn",
        "allergies": queries.active_allergies([person.pk]).get(person.pk, []),
        "flags": registry.flags_for(current(), [person.pk])[person.pk],
    }


@require_safe
@needs("records.view")
def versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the record said before it was changed."""
    person = person_of(pk)
    readlog.record("record.versions", [pk])
    earlier, page = reading.versions(current(), person, request.GET.get("c", ""))
    context = {"person": person, "earlier": earlier, "page": page}
    return render(request, "patients/health_record/versions.html", context)


# --- writing


@require_http_methods(["GET", "HEAD", "POST"])
@needs("records.edit")
@idempotent
def section(request: HttpRequest, pk: UUID, part: str) -> HttpResponse:
    """The form of a section that stands once; the second of two editors sees both versions."""
    person = _own_person(pk)
    found = _part(person, part, SINGLES)
    if reading.is_closed(current(), person, found):
        raise PermissionDenied(RESTRICTED_RIGHT)
    view = keeps_draft(f"{DRAFT}-{found.key}", of="pk")(compared(_section, found, found.shown(current())))
    return view(request, pk=pk, person=person, part=found)


def _section(request: HttpRequest, *, pk: UUID, person: Person, part: Part) -> HttpResponse:
    stored = reading.one_section(current(), person, part)
    kind = f"{DRAFT}-{part.key}"
    draft = None if request.method == "POST" else drafts.take(kind, pk)
    version = stored.version if stored and stored.said_at else None
    from_where = ""
    if draft:  # the whole form as it was typed, against the version that the typing began with
        initial = drafts.initial_of(draft) | {"version": draft.of_version or None}
    else:
        values = saving.values_of(part, stored) if stored else {}
        offered, from_where = offering.toilet(part, pk, values)
        initial = values | offered | {"version": version}
    form = FORMS[part.key](request.POST or None, part=part, person=person, initial=initial)
    if from_where:
        form.fields["toilet"].help_text = from_where
    ask_reason = False
    if request.method == "POST" and form.is_valid():
        try:
            saving.section_save(
                person=person,
                part=part,
                values=form.values(),
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            ask_reason = True
        else:
            drafts.drop(kind, pk)
            messages.success(request, f"Đã lưu {part.number} {part.title}.")
            return _to_section(pk, part)
    outrun = bool(draft and draft.of_version != (version or 0))
    return _form_page(
        request, person, part, form, ask_reason=ask_reason, draft=draft, outrun=outrun, draft_kind=kind
    )


def _form_page(request: HttpRequest, person: Person, part: Part, form: Any, **context: Any) -> HttpResponse:
    readlog.record("record.edit", [person.pk])
    return render(
        request,
        "patients/health_record/section.html",
        {
            "person": person,
            "part": part,
            "form": form,
            "hides": bool(part.hidden) and not current().can(RESTRICTED_RIGHT),
            **context,
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("records.edit")
@idempotent
def line_add(request: HttpRequest, pk: UUID, part: str) -> HttpResponse:
    """A new line of a section."""
    person = _own_person(pk)
    found = _part(person, part, LINES)
    view = keeps_draft(f"{DRAFT}-{found.key}", of="pk")(_line_add)
    return view(request, pk=pk, person=person, part=found)


def _line_add(request: HttpRequest, *, pk: UUID, person: Person, part: Part) -> HttpResponse:
    kind = f"{DRAFT}-{part.key}"
    draft = None if request.method == "POST" else drafts.take(kind, pk)
    form: Any = FORMS[part.key](
        request.POST or None, part=part, person=person, new=True, initial=drafts.initial_of(draft)
    )
    if form.is_bound and form.is_valid():
        try:
            row = saving.line_add(person=person, part=part, values=form.values())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            drafts.drop(kind, pk)
            messages.success(request, f"Đã thêm vào {part.number} {part.title}.{_told(row)}")
            if request.POST.get("more"):
                return redirect("patients:record_line_add", pk, part.key)
            return _to_section(pk, part)
    return _form_page(request, person, part, form, draft=draft, draft_kind=kind, is_new=True)


def _told(row: Any) -> str:
    if row.restricted and not current().can(RESTRICTED_RIGHT):
        return " Dòng này thuộc dữ liệu hạn chế: chỉ người có quyền mới xem lại được."
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@needs("records.edit")
@idempotent
def line_change(request: HttpRequest, pk: UUID, part: str, line: UUID) -> HttpResponse:
    """A line is amended, over, or was a mistake."""
    person = _own_person(pk)
    found = _part(person, part, LINES)
    row = reading.one_line(current(), person, found, line)
    if row is None:
        raise Http404
    view = compared(_line_change, found, (*found.fields, "state"))
    return view(request, person=person, part=found, row=row)


def _line_change(request: HttpRequest, *, person: Person, part: Part, row: Any) -> HttpResponse:
    initial = saving.values_of(part, row) | {"version": row.version}
    form: Any = FORMS[part.key](request.POST or None, part=part, person=person, new=False, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            saving.line_change(
                line=row,
                part=part,
                values=form.values(),
                state=form.cleaned_data["state"],
                expected_version=form.cleaned_data["version"] or 0,
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã sửa {part.number} {part.title}.")
            return _to_section(person.pk, part)
    return _form_page(request, person, part, form)


@require_POST
@needs("records.edit")
@idempotent
def none_say(request: HttpRequest, pk: UUID, part: str) -> HttpResponse:
    """She was asked for the lines of a section, and there are none."""
    person = _own_person(pk)
    found = _part(person, part, LINES)
    try:
        saving.none_say(person=person, part=found)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"Đã ghi {found.number}: {found.none_word.lower()}.")
    return _to_section(pk, found)


@require_POST
@needs("records.edit")
@idempotent
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The whole record was gone through."""
    try:
        saving.record_review(person=_own_person(pk))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã ghi rà soát hồ sơ hôm nay.")
    return redirect("patients:record", pk)


# --- who is due


@require_safe
@needs("records.view")
def due_list(request: HttpRequest) -> HttpResponse:
    """Whose record has to be gone through, of one hamlet when asked, in the order of names."""
    scope = current()
    hamlets, chosen, only = asked(request)
    page = due.page(
        scope, hamlet_id=chosen.pk if chosen else None, only=only, cursor=request.GET.get("c", "")
    )
    readlog.record("record.due", [person.pk for person in page])
    context = {"page": page, "hamlets": hamlets, "chosen": chosen, "only": only, "filters": due.FILTERS}
    return render(request, "patients/health_record/due.html", context)


def asked(request: HttpRequest) -> tuple[list[Any], Any, str]:
    """The hamlets of the catchment, the one that is asked for, and the filter."""
    hamlets = list(hamlets_of(current().facility_ids, timezone.localdate()))
    chosen = next((hamlet for hamlet in hamlets if str(hamlet.pk) == request.GET.get("thon")), None)
    only = request.GET.get("muc", "")
    return hamlets, chosen, only if only in due.FILTERS else ""
