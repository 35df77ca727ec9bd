"""The station's exam templates: made of a visit, listed, taken away, filled into a visit."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.encounters import templating
from apps.encounters.models import ExamTemplate, Visit
from apps.encounters.views.after import CHANGED, version_of
from apps.encounters.views.visit import to_visit, visit_or_404


@require_GET
@needs("prescriptions.enter")
def index(request: HttpRequest) -> HttpResponse:
    """All templates of the station."""
    page = templating.listed(current(), request.GET.get("c", ""))
    return render(request, "encounters/templates.html", {"page": page, "form": FormKeyMixin()})


@require_POST
@needs("prescriptions.enter")
@idempotent
def make(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep a visit as a template."""
    try:
        made = templating.template_make(visit=visit_or_404(pk), name=request.POST.get("name", ""))
    except Visit.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"Đã lưu mẫu khám “{made.name}”.")
    return to_visit(pk)


@require_POST
@needs("prescriptions.enter")
@idempotent
def retire(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Offer a template no longer."""
    try:
        templating.template_retire(template_id=pk, expected_version=version_of(request))
    except ExamTemplate.DoesNotExist as error:
        raise Http404 from error
    except StaleVersion:
        messages.error(request, CHANGED)
    else:
        messages.success(request, "Đã bỏ mẫu khám. Các lượt khám đã ghi không đổi.")
    return redirect("encounters:templates")
