"""One's own drafts: the list, going on with one, forgetting one; and the address that keeps them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.core import drafts, readlog, registry
from apps.core.access import at_work
from apps.core.idempotency import claim, idempotent
from apps.core.ids import uuid7
from apps.core.models import Draft, SubmittedForm
from apps.core.paging import keyset
from apps.core.scope import Scope, current

HOME_ROWS = 6
PAGE = 50


def home(scope: Scope) -> dict[str, Any] | None:
    """The newest of one's drafts, for the home page: a query, and one a kind among them."""
    rows = list(drafts.mine(scope)[: HOME_ROWS + 1])
    if not rows:
        return None
    return {"lines": _lines(scope, rows[:HOME_ROWS]), "more": len(rows) > HOME_ROWS}


def _lines(scope: Scope, rows: list[Draft]) -> list[drafts.DraftLine]:
    lines = drafts.lines(scope, rows)
    people = {line.subject.person_id for line in lines if line.subject and line.subject.person_id}
    if people:
        readlog.record("draft.list", sorted(people))
    return lines


@require_GET
@at_work
def listed(request: HttpRequest) -> HttpResponse:
    """All of them, newest first."""
    scope = current()
    page = keyset(drafts.mine(scope), order=("-saved_at", "-id"), cursor=request.GET.get("c", ""), size=PAGE)
    context = {"page": page, "lines": _lines(scope, page.items)}
    return render(request, "core/drafts.html", context)


def _own(pk: UUID) -> drafts.DraftLine:
    scope = current()
    found = drafts.mine(scope).filter(pk=pk).first()
    if found is None:
        raise Http404
    return drafts.lines(scope, [found])[0]


@require_GET
@at_work
def go_on(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form that takes the draft up again."""
    subject = _own(pk).subject
    if subject is None:
        messages.warning(request, "Hồ sơ của bản nháp này bạn không còn được xem.")
        return redirect("core:drafts")
    return redirect(subject.url)


@require_POST
@at_work
@idempotent
def drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Forget a draft; `back` form goes back to its form, else to the list it was in."""
    line = _own(pk)
    line.draft.delete()
    messages.success(request, "Đã bỏ bản nháp.")
    if request.POST.get("back") == "form" and line.subject:
        return redirect(line.subject.url)
    return redirect("core:drafts" if request.POST.get("back") == "list" else "core:home")


@require_POST
@at_work
def keep(request: HttpRequest, kind: str, object_id: UUID) -> HttpResponse:
    """Keeps what stands in a form, while it is being typed.

    The last words of a form may come in after its save: they claim its form key first, which waits for a
    save that is going on and fails after it.
    """
    if registry.drafts.get(kind) is None:
        raise Http404
    try:
        key = UUID(request.POST.get("form_key", ""))
    except ValueError:
        key = uuid7()
    with transaction.atomic():
        if not claim(key, request):
            return HttpResponse(status=204)
        try:
            drafts.keep(kind, object_id, drafts.typed_in(request), version=drafts.version_in(request))
        except Draft.DoesNotExist as gone:
            raise Http404 from gone
        SubmittedForm.objects.filter(key=key).delete()
    return render(request, "core/draft_kept.html", {"at": timezone.now()})
