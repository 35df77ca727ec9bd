"""A receipt or an opening balance out of a workbook."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.catalogues.sheets import content_of
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.stock import drafting, sheets
from apps.stock.views.papers import paper_or_404

MOST_BYTES = 5_000_000


class FileForm(FormKeyMixin):
    """A list as a supplier sends it."""

    file = forms.FileField(label="Tệp Excel (.xlsx) hoặc .csv", max_length=200)

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError("Tệp lớn quá 5 MB.")
        return file


@require_http_methods(["GET", "HEAD", "POST"])
@needs("stock.enter")
@idempotent
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All lines of the file, or none with a sentence for each that is wrong."""
    document = paper_or_404(pk)
    if not document.is_draft or document.kind not in drafting.COMES_IN:
        if request.method == "POST":
            raise Http404
        return redirect("stock:paper", pk=document.pk)
    form = FileForm(request.POST or None, request.FILES or None)
    wrong: list[tuple[int, str]] = []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            count = sheets.take(document_id=document.pk, name=file.name, content=content_of(file))
        except sheets.FileProblems as problems:
            wrong = problems.lines
            add_refusal(form, problems)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã nhập {count} dòng từ tệp. Xem lại rồi ghi sổ.")
            return redirect("stock:paper", pk=document.pk)
    context = {"form": form, "document": document, "wrong": wrong, "titles": sheets.TITLES}
    return render(request, "stock/file.html", context, status=422 if form.errors else 200)
