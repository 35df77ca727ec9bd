"""The house's own pages: home, search, a job's progress, a scanned paper."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core import registry, search
from apps.core.access import needs, signed_in
from apps.core.models import Job, PaperCode
from apps.core.rates import limited
from apps.core.scope import active, current


@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """What must be done today, by the panels of the user's rights and level."""
    scope = active()
    if scope is None:
        return redirect("accounts:workplace")
    panels: list[dict[str, Any]] = []
    later: list[dict[str, Any]] = []
    for panel in sorted(
        registry.home_panels, key=lambda each: not each.first_without or scope.can(each.first_without)
    ):
        if scope.level in panel.levels and (panel.right is None or scope.can(panel.right)):
            context = panel.provide(scope)
            if context is not None:
                (later if panel.later and scope.level == "station" else panels).append(
                    {"key": panel.key, "title": panel.title, "template": panel.template, "context": context}
                )
    return render(request, "core/home.html", {"panels": panels, "later": later})


def _search(request: HttpRequest) -> dict[str, Any]:
    text, scope = request.POST.get("q", ""), current()
    hits = search.find(scope, text)
    offers = []
    if text.strip() and len(hits) < search.LIMIT and not any(hit.kind in search.ENOUGH for hit in hits):
        offers = [
            {"title": offer.title, "url": reverse(offer.url_name)}
            for offer in registry.search_offers
            if offer.right is None or scope.can(offer.right)
        ]
    return {"q": text, "hits": hits, "offers": offers, "more": len(hits) >= search.LIMIT}


@require_POST
@needs("people.view")
@limited("search")
def search_page(request: HttpRequest) -> HttpResponse:
    """All hits; a single one opens at once, unless it is a notice."""
    found = _search(request)
    if len(found["hits"]) == 1 and found["hits"][0].url:
        return redirect(found["hits"][0].url)
    # Nobody to open: she types or scans again.
    found["search_again"] = not any(hit.url for hit in found["hits"])
    return render(request, "core/search.html", found)


@require_POST
@needs("people.view")
@limited("search")
def search_live(request: HttpRequest) -> HttpResponse:
    """The list under the search box, while typing."""
    return render(request, "components/search_results.html", _search(request))


@require_GET
@signed_in
def job(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How far a job is; its owner's only. htmx asks for the part that changes."""
    found = get_object_or_404(Job, pk=pk, owner_id=request.user.pk)
    template = "components/job_progress.html" if request.headers.get("HX-Request") else "core/job.html"
    # a job says in its result what to open when it is done
    after = {"result_url": found.result.get("url"), "result_title": found.result.get("url_title")}
    return render(request, template, {"job": found, **after})


@require_GET
@signed_in
def paper(request: HttpRequest, code: str) -> HttpResponse:
    """A scanned paper leads to its record, where the record's own page decides who may see it."""
    found = PaperCode.objects.filter(code=code).first()
    kind = registry.papers.get(found.kind) if found else None
    if found is None or kind is None:
        raise Http404
    return redirect(kind.link(found.object_id))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from another session: keep calm, go back, send again."""
    messages.warning(request, "Phiên làm việc đã đổi. Bấm Quay lại, tải lại trang rồi lưu lần nữa.")
    return render(request, "403_csrf.html", status=403)
