"""How sending goes at all stations: the page of a region or province, and the figures for a monitor."""

import os
from hmac import compare_digest

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.core.access import needs, public
from apps.core.scope import current, system
from apps.sync import metrics, watching

TOKEN = "TRAMYTE_METRICS_TOKEN"  # noqa: S105 - the variable's name


@require_GET
@needs("sync.view")
def stations(request: HttpRequest) -> HttpResponse:
    """All stations with their rate, lag and rejects, the receivers' state, and a month in pictures."""
    scope, now = current(), timezone.now()
    if scope.level == "station":
        raise Http404
    trouble = request.GET.get("muc") == "truc-trac"
    page, lines = watching.station_page(scope, cursor=request.GET.get("c", ""), trouble=trouble, now=now)
    tabs = [
        {"title": "Tất cả trạm", "url": "?", "active": not trouble},
        {"title": "Có trục trặc", "url": "?muc=truc-trac", "active": trouble},
    ]
    context = {
        "receivers": watching.receiver_states(now),
        "totals": watching.totals(scope),
        "pictures": watching.pictures(scope, now),
        "page": page,
        "lines": lines,
        "tabs": tabs,
        "trouble": trouble,
    }
    return render(request, "sync/stations.html", context)


@public
@never_cache
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """For Prometheus, where a token is set; without it, or with another, there is no such address."""
    token = os.environ.get(TOKEN, "")
    given = request.headers.get("Authorization", "")
    if not token or not compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Http404
    with system("figures for the monitor"):
        return HttpResponse(metrics.text(timezone.now()), content_type=metrics.CONTENT_TYPE)
