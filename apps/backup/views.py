"""Pages of backups: how the copies stand, one made now; the export of a station's own data."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.backup import exports, queries, running
from apps.backup.errors import BackupError
from apps.core import fields
from apps.core.access import needs
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current


@require_safe
@needs("backup.view")
def runs(request: HttpRequest) -> HttpResponse:
    """The newest good copy, the second place, every run with its reason."""
    context = {
        "standing": queries.standing(),
        "where": queries.surroundings(),
        "page": queries.runs(request.GET.get("c", "")),
        "may": current().can("backup.enter"),
        "may_export": exports.may(current()),
    }
    return render(request, "backup/runs.html", context)


@require_POST
@needs("backup.enter")
@idempotent
def start(request: HttpRequest) -> HttpResponse:
    try:
        job = running.ask()
    except BackupError as refused:
        messages.warning(request, refused.message)
        return redirect("backup:runs")
    return redirect("core:job", job.pk)


class ExportForm(FormKeyMixin):
    reason = fields.CleanCharField(
        label="Lý do xuất", max_length=300, error_messages={"required": "Hãy ghi lý do xuất dữ liệu."}
    )
    key = fields.CleanCharField(
        label="Khóa công khai của người nhận (age1…)",
        max_length=100,
        error_messages={"required": "Hãy ghi khóa công khai của người nhận: tệp không bao giờ để ngỏ."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("visits.export")
@idempotent
def export(request: HttpRequest) -> HttpResponse:
    """Everything of the station as CSV, against a reason and with a second person; the files made lately."""
    form = ExportForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            exports.ask(reason=form.cleaned_data["reason"], key=form.cleaned_data["key"])
        except BackupError as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã gửi người thứ hai duyệt; duyệt xong tệp được làm ngay.")
            return redirect("backup:export")
    context = {"form": form, "made": exports.made(), "waiting": exports.waiting(current())}
    return render(request, "backup/export.html", context, status=422 if form.errors else 200)


@require_safe
@needs("visits.export")
def take(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file of an export, for whoever asked for it."""
    path = exports.take(pk)
    if path is None:
        raise Http404
    # Closed by the response when it has been sent.
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
