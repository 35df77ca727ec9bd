"""The pages of two records that may be one person: the list, side by side, taken back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.patients import alike, comparing, duplicates, match, merge, queries, unmerge
from apps.patients.forms_duplicates import MergeForm, OtherForm, UnmergeForm
from apps.patients.lines import timeline_line
from apps.patients.models import DuplicatePair, MergeRecord, PairState, Person, TimelineEntry

SINCE_SHOWN = 20  # lines of what was recorded after a merge; more are counted above them
VERY_LIKE, RATHER_LIKE = 90, 80


@require_safe
@needs("duplicates.view")
def worklist(request: HttpRequest) -> HttpResponse:
    """The station's possible duplicates, likeliest first."""
    page = duplicates.worklist(current(), request.GET.get("c", ""))
    readlog.record("duplicates.list", [pk for pair in page.items for pk in (pair.a_id, pair.b_id)])
    rows = [{"pair": pair, "like": like_of(pair), "reasons": alike.words(pair.reasons)} for pair in page]
    return render(request, "patients/duplicates.html", {"page": page, "rows": rows})


def like_of(pair: DuplicatePair) -> dict[str, str]:
    """How alike, as a chip."""
    if pair.score >= VERY_LIKE:
        return {"state": "danger", "text": "Rất giống"}
    return {"state": "warning", "text": "Khá giống" if pair.score >= RATHER_LIKE else "Hơi giống"}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("duplicates.view")
@idempotent
def compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Both records side by side, a choice where they differ; saving merges them."""
    pair = _pair(pk)
    a, b = _person(pair.a_id), _person(pair.b_id)
    form = MergeForm(request.POST or None)
    if form.is_bound and form.is_valid():
        kept, old = _in_order(a, b, form.cleaned_data["keep"])
        try:
            merge.person_merge(
                kept_id=kept.pk,
                old_id=old.pk,
                versions=(form.cleaned_data["kept_version"], form.cleaned_data["old_version"]),
                choices=form.chosen(),
                reason=form.cleaned_data["reason"],
            )
        except Person.DoesNotExist as gone:
            raise Http404 from gone
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needed:
            for warning in needed.warnings:
                form.add_error("reason", warning.sentence)
        else:
            messages.success(request, f"Đã gộp hồ sơ {old.code} vào hồ sơ {kept.code}.")
            return redirect("patients:person", kept.pk)
        a, b = _person(pair.a_id), _person(pair.b_id)
    readlog.record("duplicates.pair", [pair.a_id, pair.b_id])
    return _compare_page(request, pair, a, b, form)


def _compare_page(
    request: HttpRequest, pair: DuplicatePair, a: Person, b: Person, form: MergeForm
) -> HttpResponse:
    keep = form.data.get("keep") or request.GET.get("giu", "")
    kept = {"a": a, "b": b}.get(keep) or comparing.default_kept(a, b)
    old = b if kept == a else a
    seen = comparing.compare(kept, old, form.chosen() if form.is_bound else None)
    if form.errors:  # what was refused is compared anew: with the versions that stand on the page now
        typed = request.POST.copy()
        typed["kept_version"], typed["old_version"] = str(kept.version), str(old.version)
        form.data = typed
    else:
        form = MergeForm(
            initial={
                "keep": "a" if kept == a else "b",
                "kept_version": kept.version,
                "old_version": old.version,
            }
        )
    context = {
        "pair": pair,
        "seen": seen,
        "form": form,
        "other_keep": "b" if kept == a else "a",
        "reasons": alike.words(pair.reasons),
        "decided": pair.state == PairState.NOT_SAME,
        "ask_reason": bool(seen.doubts) or "reason" in form.errors or bool(form.data.get("reason")),
        "may_merge": current().can(merge.EDIT) and not _merged(a, b),
        "merged": _merged(a, b),
    }
    return render(request, "patients/duplicate.html", context, status=422 if form.errors else 200)


@require_POST
@needs("duplicates.edit")
@idempotent
def not_same(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Two people: the pair leaves the list until something about them changes."""
    try:
        duplicates.not_the_same(pair=_pair(pk))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã ghi: không phải cùng một người.")
    return redirect("patients:duplicates")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("duplicates.edit")
@idempotent
def of_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who else may be this person; one of them, or a record named by its code, is compared."""
    person = _person(pk)
    if not current().reaches(person.station_id) or person.merged_into_id is not None:
        raise Http404
    form = OtherForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            pair = duplicates.pair_for(person, form.cleaned_data["other"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("patients:duplicate", pair.pk)
    candidates = [
        found for found in match.candidates_of(person) if found.person.station_id == person.station_id
    ]
    readlog.record("person.duplicates", [pk, *(found.person.pk for found in candidates)])
    return render(
        request,
        "patients/duplicates_of.html",
        {"person": person, "form": form, "candidates": candidates},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("duplicates.edit")
@idempotent
def take_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What goes back to the old record and what stays; with a reason the merge is undone."""
    record = MergeRecord.objects.select_related("old", "kept").filter(pk=pk).first()
    if record is None:
        raise Http404
    form = UnmergeForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            done = unmerge.person_unmerge(record_id=pk, reason=form.cleaned_data["reason"])
        except Person.DoesNotExist as gone:
            raise Http404 from gone
        except Refused as refused:
            add_refusal(form, refused)
        else:
            left = f" Có {len(done.left)} mục đã sửa từ sau khi gộp nên giữ nguyên." if done.left else ""
            messages.success(request, f"Đã tách lại hồ sơ {record.old.code}.{left}")
            return redirect("patients:person", record.old_id)
    readlog.record("duplicates.unmerge", [record.old_id, record.kept_id])
    since = TimelineEntry.objects.filter(person_id=record.kept_id, at__gt=record.at).order_by("-at", "-id")
    since = since.select_related("facility")
    context: dict[str, Any] = {
        "record": record,
        "form": form,
        "since": unmerge.made_since(current(), record),
        "timeline": [timeline_line(entry) for entry in since[:SINCE_SHOWN]],
    }
    return render(request, "patients/unmerge.html", context, status=422 if form.errors else 200)


def pointer(request: HttpRequest, person: Person) -> HttpResponse:
    """The page of a record that was merged: where it went, and the way back."""
    scope = current()
    record = merge.pointer_of(person)
    kept = queries.get_person(person.merged_into_id) if person.merged_into_id else None
    readlog.record("person.merged", [one.pk for one in (person, kept) if one is not None])
    may_undo = scope.can(merge.EDIT) and kept is not None and scope.reaches(kept.station_id)
    return render(
        request,
        "patients/merged.html",
        {"person": person, "kept": kept, "record": record, "may_undo": may_undo},
    )


def _pair(pk: UUID) -> DuplicatePair:
    found = DuplicatePair.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _person(pk: UUID) -> Person:
    found = queries.get_person(pk)
    if found is None:
        raise Http404
    return found


def _in_order(a: Person, b: Person, keep: str) -> tuple[Person, Person]:
    return (a, b) if keep == "a" else (b, a)


def _merged(a: Person, b: Person) -> bool:
    return a.merged_into_id is not None or b.merged_into_id is not None
