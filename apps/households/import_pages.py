"""The pages by which a list comes in: sent, its columns named, looked through, written, and what was not."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalogues.sheets import content_of
from apps.core import fields
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.paging import keyset
from apps.core.text import clean
from apps.households import imports, reading, results, review
from apps.households.models import ImportBatch, ImportState, RowChoice, RowState

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SAMPLED = 20  # lines looked at for a sample of each column
SAMPLE = 40  # letters of a sample
SENT = 20  # lists of one page


class FileForm(FormKeyMixin):
    file = forms.FileField(
        label="Tệp Excel (.xlsx) hoặc CSV",
        error_messages={"required": "Hãy chọn tệp.", "empty": "Tệp trống.", "invalid": "Hãy chọn tệp."},
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
    )
    data_on = fields.DateField(
        label="Danh sách lập ngày",
        required=False,
        help_text="Để hiểu đúng tên xã cũ. Bỏ trống nếu là hôm nay.",
    )


class ColumnsForm(FormKeyMixin):
    """A choice for each column of a list; what the software has guessed is chosen already."""

    def __init__(self, batch: ImportBatch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guessed = {at: key for key, at in batch.columns.items()}
        for at, heading in enumerate(batch.headings):
            if heading:
                self.fields[f"column_{at}"] = forms.ChoiceField(
                    label=heading,
                    choices=review.column_choices,
                    required=False,
                    initial=guessed.get(at, ""),
                    error_messages={"invalid_choice": "Hãy chọn một mục trong danh sách."},
                )

    def chosen(self) -> dict[int, str]:
        names = [name for name in self.fields if name.startswith("column_")]
        return {int(name.removeprefix("column_")): self.cleaned_data[name] for name in names}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.enter")
@idempotent
def upload(request: HttpRequest) -> HttpResponse:
    """A file is sent; nothing is written before its preview was seen."""
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        file: UploadedFile = form.cleaned_data["file"]
        try:
            batch = imports.batch_create(
                file_name=file.name or "", content=content_of(file), data_on=form.cleaned_data["data_on"]
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("households:import_batch", batch.pk)
    page = keyset(
        ImportBatch.objects.defer("content"),
        order=("-created_at", "-id"),
        cursor=request.GET.get("c", ""),
        size=SENT,
    )
    return render(
        request, "households/import.html", {"form": form, "page": page}, status=422 if form.errors else 200
    )


def _batch(pk: UUID) -> ImportBatch:
    found = ImportBatch.objects.select_related("job").defer("content").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
@needs("households.enter")
def batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where a list stands: its columns, what it would do, how far it is, what it did."""
    found = _batch(pk)
    if found.state == ImportState.MAPPING:
        return _columns_page(request, found, ColumnsForm(found))
    if found.state == ImportState.CHECKED:
        return _review_page(request, found)
    failed = found.job is not None and found.job.state == "failed"
    context = {"batch": found, "failed": failed, "result_url": "", "refused": found.counts.get("refused")}
    if found.state == ImportState.DONE:
        context["rows_left"] = found.rows.exists()
    return render(request, "households/import_batch.html", context)


def _columns_page(request: HttpRequest, found: ImportBatch, form: ColumnsForm) -> HttpResponse:
    content = bytes(ImportBatch.objects.only("content").get(pk=found.pk).content or b"")
    lines = reading.rows(found.file_name, content)
    first = [cells for _, (place, cells) in zip(range(SAMPLED), lines, strict=False) if place > found.head_at]
    samples = review.samples(found, first)
    columns = [
        (form[name], _sample(samples.get(int(name.removeprefix("column_")), "")))
        for name in form.fields
        if name.startswith("column_")
    ]
    context = {"batch": found, "form": form, "columns": columns, "missing": imports.missing(found.columns)}
    return render(request, "households/import_columns.html", context, status=422 if form.errors else 200)


def _sample(cell: str) -> str:
    """What stands in a column, so that its meaning can be told."""
    text = clean(cell)
    return (
        f"Ví dụ: {text[:SAMPLE]}{'…' if len(text) > SAMPLE else ''}" if text else "Cột trống ở các dòng đầu."
    )


@require_POST
@needs("households.enter")
@idempotent
def columns(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What each column stands for."""
    found = _batch(pk)
    if found.state != ImportState.MAPPING:
        return redirect("households:import_batch", pk)
    form = ColumnsForm(found, request.POST)
    if form.is_valid():
        try:
            imports.batch_map(batch=found, chosen=form.chosen())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("households:import_batch", pk)
    return _columns_page(request, found, form)


def _review_page(request: HttpRequest, found: ImportBatch) -> HttpResponse:
    state = review.chosen_class(found, request.GET.get("loai", ""))
    page, rows = review.page_of(found, state, request.GET.get("c", ""))
    context = {
        "batch": found,
        "state": state,
        "tabs": review.tabs(found, state),
        "page": page,
        "rows": rows,
        "choices": [choice for choice in RowChoice.choices if choice[0]],
        "undecided": review.undecided(found),
        "to_write": review.to_write(found),
    }
    return render(request, "households/import_review.html", context)


@require_POST
@needs("households.enter")
@idempotent
def choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is decided about the doubtful rows of a page, or about all that are left."""
    found = _batch(pk)
    try:
        if "all" in request.POST:
            done = imports.rows_choose_all(batch=found, choice=request.POST["all"])
        else:
            done = imports.rows_choose(batch=found, choices=_choices(request))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"Đã ghi cách xử lý {done} dòng.")
    return redirect(f"{reverse('households:import_batch', args=[pk])}?loai={RowState.DOUBTFUL}")


def _choices(request: HttpRequest) -> dict[int, str]:
    found = {}
    for name, choice in request.POST.items():
        place = name.removeprefix("row_")
        if name.startswith("row_") and place.isascii() and place.isdecimal() and len(place) < 8:
            found[int(place)] = str(choice)
    return found


@require_POST
@needs("households.enter")
@idempotent
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What stands chosen on the page is kept first."""

    def act(batch: ImportBatch) -> None:
        if choices := _choices(request):
            imports.rows_choose(batch=batch, choices=choices)
        imports.batch_start(batch=batch)

    return _begin(request, pk, act)


@require_POST
@needs("households.enter")
@idempotent
def resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _begin(request, pk, imports.batch_resume)


def _begin(request: HttpRequest, pk: UUID, act: Any) -> HttpResponse:
    found = _batch(pk)
    try:
        act(batch=found)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("households:import_batch", pk)


@require_safe
@needs("households.enter")
def rejected(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The lines that were not taken, as they were sent, each with its reason."""
    found = _batch(pk)
    if found.state not in (ImportState.CHECKED, ImportState.DONE):
        raise Http404
    headers = {
        "Content-Disposition": f'attachment; filename="dong-khong-nhan-{found.created_at:%Y%m%d}.xlsx"'
    }
    return HttpResponse(results.rejected(found), content_type=XLSX, headers=headers)
