"""Register A6 as a page, a guarded file and a paper; and who should stand in it and does not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import readlog
from apps.core.access import needs
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.facilities.views import registers
from apps.patients import unrecorded
from apps.patients.death_register import A6


@require_safe
@needs("deaths.view")
def register(request: HttpRequest) -> HttpResponse:
    missing = {"unrecorded": unrecorded.count(current()), "most": unrecorded.MOST}
    return registers.book(request, A6, missing, "patients/death_register.html")


@require_safe
@needs("deaths.view")
def unrecorded_list(request: HttpRequest) -> HttpResponse:
    """Whose record says that she has died, and who stands in no book."""
    scope = current()
    page = unrecorded.page(scope, request.GET.get("c", ""))
    readlog.record("death.unrecorded", [person.pk for person in page.items])
    context = {"page": page, "may_enter": scope.can("deaths.enter")}
    return render(request, "patients/death_unrecorded.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("deaths.export")
@idempotent
def register_export(request: HttpRequest) -> HttpResponse:
    return registers.export(request, A6)


@require_safe
@needs("deaths.export")
def register_paper(request: HttpRequest) -> HttpResponse:
    return registers.printed(request, A6)
