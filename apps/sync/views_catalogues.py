"""Where newer editions of catalogues are looked for, and what was found."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.core.access import needs
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.sync import downward


@require_GET
@needs("catalogues.edit")
def catalogues(request: HttpRequest) -> HttpResponse:
    """The sources, what each said last, and the way to what waits to be looked at."""
    context = {"sources": downward.sources(), "may_name": current().can("sync.edit")}
    return render(request, "sync/catalogues.html", context)


@require_POST
@needs("catalogues.edit")
@idempotent
def ask(request: HttpRequest) -> HttpResponse:
    job = downward.ask_now()
    return redirect("core:job", job.pk)
