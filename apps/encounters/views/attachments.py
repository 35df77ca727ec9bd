"""Files of a visit: added, taken as an attachment, said to be a mistake."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import audit, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.encounters import page
from apps.encounters.forms import ReasonForm
from apps.encounters.models import Attachment, Order
from apps.encounters.ordering import attachments
from apps.encounters.ordering.forms import AttachForm
from apps.encounters.views.orders import orders_page
from apps.encounters.views.visit import visit_or_404

ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}
LOST = "Không tìm thấy tệp trên máy chủ. Hãy báo người quản trị khôi phục từ bản sao lưu."


@require_POST
@needs("results.enter")
@idempotent
def add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep a file with a visit; `order` of the post names the order it belongs to."""
    scope, visit = current(), visit_or_404(pk)
    order = _order(request, visit.pk)
    form = AttachForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            attachments.attach(
                visit_id=visit.pk,
                file=form.cleaned_data["file"],
                title=form.cleaned_data["title"],
                order_id=order.pk if order else None,
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã đính kèm.")
            if order is not None:
                return redirect("encounters:order", order.pk)
            return redirect("encounters:orders", visit.pk)
    return orders_page(request, scope, visit, attach=form)


def _order(request: HttpRequest, visit_id: UUID) -> Order | None:
    text = request.POST.get("order", "")
    if not text:
        return None
    try:
        return Order.objects.get(pk=UUID(text), visit_id=visit_id)
    except (ValueError, Order.DoesNotExist):
        raise Http404 from None


@require_GET
@needs("results.view")
def take(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file itself, always as a download: nothing of it is run in a page of ours."""
    found = _attachment(pk)
    readlog.record("attachment.taken", [found.visit.person_id])
    audit.record(
        "attachment.taken",
        person_id=found.visit.person_id,
        object_id=found.pk,
        facility_id=found.visit.facility_id,
    )
    try:
        content = found.file.open("rb")
    except OSError:
        messages.error(request, LOST)
        return redirect("encounters:orders", found.visit_id)
    name = f"tai-lieu-{found.sha256[:8]}.{ENDINGS[found.type]}"
    response = FileResponse(content, as_attachment=True, filename=name, content_type=found.type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@needs("results.edit")
@idempotent
def in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that a file was attached by mistake, and why."""
    scope, found = current(), _attachment(pk)
    if not scope.reaches(found.visit.facility_id):
        raise PermissionDenied("attachment")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            attachments.attachment_in_error(attachment_id=found.pk, reason=form.cleaned_data["reason"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã ghi là nhập nhầm.")
            return redirect("encounters:orders", found.visit_id)
    readlog.record("order.visit", [found.visit.person_id])
    context = page.banner(scope, found.visit.person) | {
        "visit": found.visit,
        "form": form,
        "title": "Ghi tệp đính kèm là nhập nhầm",
        "what": found.title,
    }
    return render(request, "encounters/orders/take_back.html", context, status=422 if form.errors else 200)


def _attachment(pk: UUID) -> Attachment:
    found = (
        Attachment.objects.select_related("visit__person__hamlet", "visit__facility").filter(pk=pk).first()
    )
    if found is None or found.state == "entered_in_error":
        raise Http404
    return found
