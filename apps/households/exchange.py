"""The pages by which lists go out, and the empty one that is filled in. Their way in: import_pages.py."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import fields, guarded
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.facilities.queries import hamlets_in
from apps.households import exports
from apps.patients.forms import HamletField

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportForm(FormKeyMixin):
    hamlet = HamletField(label="Thôn, tổ", required=False)
    reason = fields.CleanCharField(
        label="Lý do xuất", max_length=300, error_messages={"required": "Hãy ghi lý do xuất danh sách."}
    )

    def fill(self) -> None:
        hamlet: HamletField = self.fields["hamlet"]  # type: ignore[assignment]
        rows = hamlets_in(current(), timezone.localdate())
        hamlet.choices = [("", "Cả địa bàn"), *((str(row.pk), row.name) for row in rows)]


@require_safe
@needs("households.enter")
def template(request: HttpRequest) -> HttpResponse:
    return _file(exports.template(), "danh-sach-mau.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("households.export")
@idempotent
def export(request: HttpRequest) -> HttpResponse:
    """The list as a guarded file, against a reason."""
    form = ExportForm(request.POST or None)
    form.fill()
    if form.is_bound and form.is_valid():
        hamlet = form.cleaned_data["hamlet"]
        name = dict(form.fields["hamlet"].choices).get(str(hamlet), "") if hamlet else ""  # type: ignore[attr-defined]
        try:
            guarded.export(
                exports.KIND,
                reason=form.cleaned_data["reason"],
                args={"hamlet": str(hamlet)} if hamlet else {},
                title=f"Danh sách dân {name}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    return render(request, "households/export.html", {"form": form}, status=422 if form.errors else 200)


def _file(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
