"""The handbook: chapters that the rooms register, opened at the page's own part by F1."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core import registry
from apps.core.access import signed_in
from apps.core.scope import Scope, active


@signed_in
@require_GET
def contents(request: HttpRequest) -> HttpResponse:
    """All chapters; those for one's own level first."""
    own, others = _parted(active())
    return render(request, "guide/contents.html", {"own": own, "others": others})


@signed_in
@require_GET
def chapter(request: HttpRequest, key: str) -> HttpResponse:
    found = registry.guide.get(key)
    if found is None:
        raise Http404
    own = _parted(active())[0]
    place = own.index(found) if found in own else None
    before = own[place - 1] if place else None
    after = None if place is None else next(iter(own[place + 1 :]), None)
    return render(request, found.template, {"chapter": found, "before": before, "after": after})


def help_url(view_name: str) -> str:
    """Where F1 leads from a page: to its part of the handbook, else to the table of contents."""
    for each in registry.guide:
        if view_name in each.views:
            part = each.views[view_name]
            return reverse("core:guide_chapter", args=[each.key]) + (f"#{part}" if part else "")
    return reverse("core:guide")


def _parted(scope: Scope | None) -> tuple[list[registry.GuideChapter], list[registry.GuideChapter]]:
    """Chapters for the asker's level, and the others; all are hers before a workplace is chosen."""
    everything = registry.guide.all()
    if scope is None or scope.level == "system":
        return everything, []
    own = [each for each in everything if scope.level in each.levels]
    return own, [each for each in everything if each not in own]
