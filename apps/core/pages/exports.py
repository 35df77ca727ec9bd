"""'Tệp đã xuất': one's own files of people, and taking one."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.core import guarded
from apps.core.access import signed_in
from apps.core.errors import Refused
from apps.core.models import ExportState
from apps.core.paging import keyset
from apps.core.scope import active

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 20


@require_safe
@signed_in
def listed(request: HttpRequest) -> HttpResponse:
    """Newest first: what can be taken, what is being made, what waits, what has gone."""
    scope = active()
    if scope is None:
        return redirect("accounts:workplace")
    page = keyset(guarded.mine(scope), order=("-asked_at", "-id"), cursor=request.GET.get("c", ""), size=PAGE)
    words = guarded.standing(page.items)
    rows = [
        {
            "made": made,
            "chip": words[made.pk][0],
            "word": words[made.pk][1],
            "ready": made.state == ExportState.READY and not guarded.is_over(made),
            "job": made.job if made.state == ExportState.MAKING and made.job else None,
        }
        for made in page
    ]
    running = any(row["job"] and row["job"].state in ("waiting", "running") for row in rows)
    return render(request, "core/exports.html", {"page": page, "rows": rows, "running": running})


@require_safe
@signed_in
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The file, for its maker alone; a sentence when its day is over."""
    if active() is None:
        return redirect("accounts:workplace")
    try:
        found = guarded.take(pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("core:exports")
    if found is None:
        raise Http404
    name, content = found
    return HttpResponse(
        content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
