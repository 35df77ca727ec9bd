"""The pages by which lists come in and go out."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalogues.sheets import content_of
from apps.core import fields
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.ids import uuid7
from apps.core.scope import current
from apps.facilities.queries import hamlets_of
from apps.households import exports, imports
from apps.households.models import ImportBatch, ImportState
from apps.patients.forms import HamletField

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileForm(FormKeyMixin):
    file = forms.FileField(
        label="Tệp Excel (.xlsx) hoặc CSV",
        error_messages={"required": "Hãy chọn tệp.", "empty": "Tệp trống.", "invalid": "Hãy chọn tệp."},
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
    )


class ExportForm(FormKeyMixin):
    hamlet = HamletField(label="Thôn, tổ", required=False)
    reason = fields.CleanCharField(
        label="Lý do xuất", max_length=300, error_messages={"required": "Hãy ghi lý do xuất danh sách."}
    )

    def fill(self) -> None:
        hamlet: HamletField = self.fields["hamlet"]  # type: ignore[assignment]
        rows = hamlets_of(current().facility_ids, timezone.localdate())
        hamlet.choices = [("", "Cả địa bàn"), *((str(row.pk), row.name) for row in rows)]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.enter")
@idempotent
def upload(request: HttpRequest) -> HttpResponse:
    """A file is sent; nothing is written before its preview was seen."""
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        file: UploadedFile = form.cleaned_data["file"]
        try:
            batch = imports.batch_create(file_name=file.name or "", content=content_of(file))
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("households:import_batch", batch.pk)
    batches = ImportBatch.objects.defer("lines").order_by("-created_at")[:10]
    return render(
        request,
        "households/import.html",
        {"form": form, "batches": batches},
        status=422 if form.errors else 200,
    )


def _batch(pk: UUID) -> ImportBatch:
    found = ImportBatch.objects.select_related("job").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
@needs("households.enter")
def batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a file would do, or how far it is, or what it did."""
    found = _batch(pk)
    context = {"batch": found, "form_key": uuid7(), "result_url": reverse("households:list")}
    if found.state == ImportState.CHECKED:
        context |= imports.preview(imports.plan_of(found))
    return render(request, "households/import_batch.html", context)


@require_POST
@needs("households.enter")
@idempotent
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _batch(pk)
    try:
        imports.batch_start(batch=found)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("households:import_batch", pk)


@require_safe
@needs("households.enter")
def template(request: HttpRequest) -> HttpResponse:
    return _file(exports.template(), "danh-sach-mau.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.export")
def export(request: HttpRequest) -> HttpResponse:
    """The list as a workbook, against a reason. It changes nothing but the books, so it may be asked
    again.
    """
    form = ExportForm(request.POST or None)
    form.fill()
    if form.is_bound and form.is_valid():
        try:
            content = exports.export_people(
                reason=form.cleaned_data["reason"], hamlet_id=form.cleaned_data["hamlet"]
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _file(content, f"danh-sach-dan-{timezone.localdate():%Y-%m-%d}.xlsx")
    return render(request, "households/export.html", {"form": form}, status=422 if form.errors else 200)


def _file(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
