"""The pages of a family. Each begins by taking it through the scope; a stranger's is a 404."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalogues import codes
from apps.core import drafts, readlog, registry
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.paging import keyset
from apps.core.scope import current
from apps.facilities.queries import hamlets_in
from apps.households import due_text, forms, queries, services
from apps.households.event_pages import again_of, household_of, replaced
from apps.households.families import Joining
from apps.households.locking import lock_households
from apps.households.models import Household, Membership
from apps.households.moving import member_arrive
from apps.households.newcomers import asked_count, waiting_count
from apps.patients.births import may_bear
from apps.patients.lines import due_line
from apps.patients.models import Person
from apps.patients.numbers import note_taken
from apps.patients.services import PossibleDuplicates, person_create

LIST_PAGE = 50
CHILD = 13  # years below which a wedding is not offered


def _member(pk: UUID, member: UUID) -> Membership:
    rows = Membership.objects.select_related("household", "person").filter(valid_to__isnull=True)
    found = rows.filter(pk=member, household_id=pk).first()
    if found is None:
        raise Http404
    return found


# --- lists


@require_safe
@needs("households.view")
def household_list(request: HttpRequest) -> HttpResponse:
    """The families of the catchment, of one hamlet when asked, in the order of their heads' names."""
    scope = current()
    hamlets = list(hamlets_in(scope, timezone.localdate()))
    chosen = next((hamlet for hamlet in hamlets if str(hamlet.pk) == request.GET.get("thon")), None)
    page = keyset(
        queries.household_list(scope, hamlet_id=chosen.pk if chosen else None),
        order=("sort_key", "id"),
        cursor=request.GET.get("c", ""),
        size=LIST_PAGE,
    )
    readlog.record("household.list", [head.person_id for row in page for head in row.heads])  # type: ignore[attr-defined]
    return render(
        request,
        "households/list.html",
        {
            "page": page,
            "hamlets": hamlets,
            "chosen": chosen,
            "may_print": scope.can("people.view"),
            "may_enter": scope.can("households.enter"),
            "may_add_person": scope.can("people.enter"),
            "newcomers": waiting_count(scope) if scope.can("households.edit") else 0,
            "asked": asked_count(scope) if scope.can("households.edit") else 0,
            "may_import": scope.can("households.enter") and scope.can("people.enter"),
            "may_export": scope.can("households.export") and scope.can("people.export"),
        },
    )


@require_safe
@needs("households.view")
def household(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A family on one page: who they are, what each is due for, one click to act."""
    scope = current()
    page = queries.household_page(scope, pk)
    if page is None:
        raise Http404
    readlog.record("household.page", [member.person.pk for member in page.members])
    members = [
        {
            "membership": member.membership,
            "person": member.person,
            "relation": codes.label("relationship_to_head", member.membership.relation),
            "card": member.card,
            "due": [due_line(item, hushed=member.hushed) for item in member.due],
            "statuses": member.statuses,
            "away": member.away,
            "allergies": member.allergies,
            "flags": member.flags,
            "actions": registry.actions_for(scope, member.person.pk),
            "may_bear": may_bear(member.person),
            "child": _is_child(member.person),
        }
        for member in page.members
    ]
    return render(
        request,
        "households/household.html",
        {
            "household": page.household,
            "head": page.head,
            "members": members,
            "left": page.left,
            "living": page.living,
            "copied": due_text.written(
                page, {member["person"].pk: member["due"] for member in members}, timezone.localdate()
            ),
            "panels": registry.panels_for("household", scope, page.household),
            "actions": []
            if page.household.closed
            else registry.actions_for(scope, page.household.pk, registry.household_actions),
            "may_edit": scope.can("households.edit") and not page.household.closed,
            "may_reopen": scope.can("households.edit"),
            "may_add_person": scope.can("people.enter") and scope.can("households.edit"),
            "today": timezone.localdate(),
        },
    )


def _is_child(person: Person) -> bool:
    """Too young by far for a wedding to be offered; the form itself asks from there to the age of the law."""
    return person.birth_date is not None and timezone.localdate().year - person.birth_date.year < CHILD


# --- the household itself


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.enter")
@idempotent
@keeps_draft("household-new")
def create(request: HttpRequest) -> HttpResponse:
    """A new household: with a head who has a record, or with a head entered on the same form."""
    draft = None if request.method == "POST" else drafts.take("household-new", current().workplace_id)
    form = forms.HouseholdCreateForm(
        request.POST or None, initial=drafts.initial_of(draft) | again_of(request)
    )
    initial = {"ethnicity": "01", "nationality": "VN", **drafts.initial_of(draft, "head")}
    head_form = forms.NewMemberForm(request.POST or None, prefix="head", initial=initial)
    context: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        head = form.cleaned_data["head"]
        if head is not None:
            try:
                made = services.household_create(
                    data=form.data_of(),
                    head=head,
                    since=form.cleaned_data["since"],
                    place=form.origin(),
                    replaces=replaced(form),
                )
            except Refused as refused:
                add_refusal(form, refused)
            else:
                drafts.drop("household-new", current().workplace_id)
                return _done(request, made, f"Đã lưu hộ {made.code}.")
        else:
            if head_form.is_valid():
                made_with, context = _create_with_head(form, head_form)
                if made_with is not None:
                    drafts.drop("household-new", current().workplace_id)
                    return _done(request, made_with, f"Đã lưu hộ {made_with.code}.")
    wrong = form.errors or (form.is_bound and head_form.errors) or context
    if not form.is_bound or form.cleaned_data.get("head"):
        head_form = forms.NewMemberForm(prefix="head", initial=initial)
    return render(
        request,
        "households/create.html",
        {
            "form": form,
            "head_form": head_form,
            "draft": draft,
            "draft_object": current().workplace_id,
            **context,
        },
        status=422 if wrong else 200,
    )


def _create_with_head(
    form: forms.HouseholdCreateForm, head_form: forms.NewMemberForm
) -> tuple[Household | None, dict[str, Any]]:
    """The head's record and the household in one; what stands in the way goes into the forms."""
    data = form.data_of()
    try:
        with transaction.atomic():
            head = person_create(
                data=replace(head_form.data_of(), hamlet_id=data.hamlet_id, address_text=data.address_text),
                numbers=head_form.numbers_of(),
                card=head_form.card_of(),
                reason=head_form.cleaned_data["reason"],
                another=head_form.cleaned_data["another"],
            )
            made = services.household_create(
                data=data,
                head=head,
                since=form.cleaned_data["since"],
                place=form.origin(),
                replaces=replaced(form),
            )
            return made, {}
    except Refused as refused:
        add_refusal(form if refused.field in form.fields else head_form, refused)
        note_taken(refused)
    except NeedsReason as needed:
        add_warnings(head_form, needed)
        return None, {"ask_reason": True}
    except PossibleDuplicates as alike:
        readlog.record("person.duplicates", [candidate.person.pk for candidate in alike.candidates])
        return None, {"candidates": alike.candidates}
    return None, {"refused": True}


def _done(request: HttpRequest, made: Household, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("households:household", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.edit")
@conflict_page(["hamlet", "address_text", "note", "bhxh_code"])
@idempotent
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = household_of(pk)
    initial = {
        "hamlet": str(found.hamlet_id),
        "address_text": found.address_text,
        "note": found.note,
        "bhxh_code": found.bhxh_code,
        "version": found.version,
    }
    form = forms.HouseholdForm(request.POST or None, initial=initial, stored=found)
    if form.is_bound and form.is_valid():
        try:
            services.household_update(
                household=found, data=form.data_of(), expected_version=form.cleaned_data["version"] or 0
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _done(request, found, "Đã lưu hộ.")
    return _form_page(request, found, form, f"Sửa hộ {found.code}")


# --- members


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.edit")
@idempotent
def member_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Somebody who has a record joins the family, from another family when that is said."""
    found = household_of(pk)
    form = forms.MemberForm(request.POST or None, initial=again_of(request))
    if form.is_bound and form.is_valid():
        try:
            sentence = _put_in(found, form, form.cleaned_data["person"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _done(request, found, sentence)
    return _form_page(request, found, form, f"Thêm người đã có hồ sơ vào hộ {found.code}")


def _put_in(found: Household, form: Any, person: Person) -> str:
    """Puts a person into the family the way the form says; what the page then tells."""
    said = form.cleaned_data
    if said.get("move"):
        services.member_move(
            person=person,
            household=found,
            relation=said["relation"],
            on=said["since"] or timezone.localdate(),
            replaces=replaced(form),
        )
        return "Đã chuyển sang hộ này."
    if place := form.origin():
        member_arrive(
            household=found,
            joining=Joining(person, said["relation"]),
            place=place,
            on=said["since"],
            replaces=replaced(form),
        )
        return "Đã ghi chuyển đến."
    services.member_add(
        household=found,
        person=person,
        relation=said["relation"],
        since=said["since"],
        replaces=replaced(form),
    )
    return "Đã thêm thành viên."


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.edit")
@idempotent
@keeps_draft("member-new", of="pk")
def member_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Somebody without a record joins the family: a newborn, a daughter-in-law."""
    current().require("people.enter")
    found = household_of(pk)
    initial = {
        "ethnicity": "01",
        "nationality": "VN",
        "hamlet": str(found.hamlet_id),
        "address_text": found.address_text,
    }
    draft = None if request.method == "POST" else drafts.take("member-new", pk)
    initial |= drafts.initial_of(draft)
    form = forms.NewMemberForm(request.POST or None, household=found, initial=initial)
    context: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                lock_households([found.pk])  # the family before the person's code is taken
                person = person_create(
                    data=form.data_of(),
                    numbers=form.numbers_of(),
                    card=form.card_of(),
                    reason=form.cleaned_data["reason"],
                    another=form.cleaned_data["another"],
                )
                _put_in(found, form, person)
        except Refused as refused:
            add_refusal(form, refused)
            note_taken(refused)
        except NeedsReason as needed:
            add_warnings(form, needed)
            context = {"ask_reason": True}
        except PossibleDuplicates as alike:
            readlog.record("person.duplicates", [candidate.person.pk for candidate in alike.candidates])
            context = {"candidates": alike.candidates}
        else:
            drafts.drop("member-new", pk)
            return _done(request, found, f"Đã thêm {person.code} vào hộ.")
    return render(
        request,
        "households/member_new.html",
        {"form": form, "household": found, "draft": draft, **context},
        status=422 if form.errors or context else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.edit")
@idempotent
def member_leave(request: HttpRequest, pk: UUID, member: UUID) -> HttpResponse:
    row = _member(pk, member)
    initial = {"on": timezone.localdate()} | again_of(request)
    form = forms.LeaveForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            services.member_leave(membership=row, on=form.cleaned_data["on"], replaces=replaced(form))
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _done(request, row.household, "Đã ghi rời hộ.")
    readlog.record("household.page", [row.person_id])
    return _form_page(request, row.household, form, f"{row.person.full_name} rời hộ")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.edit")
@conflict_page(["relation"])
@idempotent
def member_relation(request: HttpRequest, pk: UUID, member: UUID) -> HttpResponse:
    row = _member(pk, member)
    form = forms.RelationForm(
        request.POST or None, initial={"relation": row.relation, "version": row.version}
    )
    if form.is_bound and form.is_valid():
        try:
            services.member_relation(
                membership=row,
                relation=form.cleaned_data["relation"],
                expected_version=form.cleaned_data["version"] or 0,
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _done(request, row.household, "Đã lưu quan hệ với chủ hộ.")
    readlog.record("household.page", [row.person_id])
    return _form_page(request, row.household, form, f"Quan hệ của {row.person.full_name} với chủ hộ")


@require_POST
@needs("households.edit")
@idempotent
def head_change(request: HttpRequest, pk: UUID, member: UUID) -> HttpResponse:
    row = _member(pk, member)
    try:
        services.head_change(household=row.household, person=row.person)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("households:household", pk)
    return _done(request, row.household, "Đã đổi chủ hộ. Hãy xem lại quan hệ của các thành viên.")


def _form_page(request: HttpRequest, found: Household, form: Any, title: str) -> HttpResponse:
    return render(
        request,
        "households/form.html",
        {"form": form, "household": found, "title": title},
        status=422 if form.errors else 200,
    )
