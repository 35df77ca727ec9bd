"""Asking for a single right for some hours."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from apps.core.access import signed_in
from apps.core.fields import CleanCharField
from apps.core.forms import FormKeyMixin
from apps.core.idempotency import idempotent
from apps.core.models import PendingChange
from apps.core.scope import active
from apps.facilities import hours
from apps.facilities.views.saving import form_page, kept


class HoursForm(FormKeyMixin):
    right = forms.ChoiceField(label="Quyền cần dùng", choices=list(hours.RIGHTS.items()))
    hours = forms.IntegerField(
        label="Trong mấy giờ",
        initial=2,
        min_value=1,
        max_value=24,
        help_text="Tính từ lúc được duyệt; hết giờ thì quyền tự mất.",
        error_messages={"required": "Cần nhập số giờ.", "invalid": "Nhập một số nguyên."},
    )
    reason = CleanCharField(
        label="Lý do", max_length=300, error_messages={"required": "Ghi lý do xin quyền."}
    )


@signed_in
@idempotent
def ask_hours(request: HttpRequest) -> HttpResponse:
    """One right, some hours, a reason; the head or the province decides."""
    if active() is None:
        return redirect("accounts:workplace")
    form = HoursForm(request.POST or None)

    def save(said: dict[str, Any]) -> PendingChange:
        return hours.ask(right=said["right"], hours=said["hours"], reason=said["reason"])

    if kept(request, form, save, ""):
        return redirect("core:changes")
    back = resolve_url("core:changes")
    return form_page(request, form, "Xin quyền theo giờ", back, save_word="Gửi yêu cầu")
