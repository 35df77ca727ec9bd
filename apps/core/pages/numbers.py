"""The books of running numbers, for the head of the station."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import numbering, registry
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.fields import CleanCharField
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.models import NumberBook
from apps.core.scope import current


class StartForm(FormKeyMixin):
    """From which number a book goes on."""

    kind = forms.ChoiceField(label="Sổ")
    number = forms.IntegerField(
        label="Số tiếp theo", min_value=1, help_text="Số liền sau số cuối cùng trong sổ giấy."
    )
    reason = CleanCharField(
        label="Lý do",
        max_length=300,
        required=False,
        help_text="Bắt buộc khi sổ đã cấp số: các số bỏ qua được ghi lại.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kind"]
        kinds.choices = [(kind.key, kind.title) for kind in numbering.listed()]


@require_http_methods(["GET", "POST"])
@needs("numbers.view")
@idempotent
def books(request: HttpRequest) -> HttpResponse:
    """Every book of the station, newest period first; posting sets where one goes on."""
    scope = current()
    form = StartForm(request.POST or None)
    if request.method == "POST":
        scope.require("numbers.edit")
        if form.is_valid() and scope.workplace_id is not None:
            given = form.cleaned_data
            try:
                numbering.start_at(
                    given["kind"],
                    facility_id=scope.workplace_id,
                    on=timezone.localdate(),
                    number=given["number"],
                    reason=given["reason"],
                )
            except Refused as refused:
                add_refusal(form, refused)
            else:
                messages.success(request, f"Đã đặt: số tiếp theo là {given['number']}.")
                return redirect("core:numbers")
    context = {"rows": numbering.books(scope), "form": form, "may_edit": scope.can("numbers.edit")}
    return render(request, "core/numbers.html", context, status=422 if form.errors else 200)


@require_GET
@needs("numbers.view")
def book(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One book: what was left out, what was voided, and its numbers when it keeps them."""
    found = get_object_or_404(NumberBook.objects, pk=pk)
    kind = registry.numbers.get(found.kind)
    page, lines = numbering.numbers_of(found, cursor=request.GET.get("c", ""))
    context = {"book": found, "kind": kind, "page": page, "lines": lines}
    return render(request, "core/number_book.html", context)
