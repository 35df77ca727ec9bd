"""Visits that are not over: what the day's end leads to."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core import readlog
from apps.core.access import needs
from apps.core.scope import current
from apps.encounters import day_end


@require_GET
@needs("visits.view")
def left(request: HttpRequest) -> HttpResponse:
    """Visits of any day that were begun and not ended, lie in a bed, or wait for a signature."""
    scope = current()
    part = request.GET.get("muc", "")
    part = part if part in day_end.PARTS else ""
    found = day_end.page(scope, part, request.GET.get("c", ""))
    readlog.record("visit.left", [visit.person_id for visit in found.items])
    tabs = [
        {"title": each.title, "url": f"?muc={key}", "active": key == part}
        for key, each in day_end.PARTS.items()
    ]
    context = {"page": found, "tabs": tabs, "part": part, "empty": day_end.PARTS[part].empty}
    context["may_sign"] = scope.can("visits.approve")
    return render(request, "encounters/left.html", context)
