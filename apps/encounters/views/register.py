"""Register A1 as a page, a guarded file and a paper."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.access import needs
from apps.core.idempotency import idempotent
from apps.encounters.register import A1
from apps.facilities.views import registers


@require_safe
@needs("visits.view")
def a1(request: HttpRequest) -> HttpResponse:
    return registers.book(request, A1)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("visits.export")
@idempotent
def a1_export(request: HttpRequest) -> HttpResponse:
    return registers.export(request, A1)


@require_safe
@needs("visits.export")
def a1_paper(request: HttpRequest) -> HttpResponse:
    return registers.printed(request, A1)
