"""A lost code app: a colleague or the head says so, another person with the right confirms."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, resolve_url
from django.views.decorators.http import require_POST

from apps.accounts import second_factor
from apps.accounts.rules import username_key
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.facilities import queries, staffing
from apps.facilities.views.saving import form_page, kept


class LostForm(FormKeyMixin):
    username = forms.CharField(
        label="Tên đăng nhập của người bị mất",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "autofocus": True}),
        error_messages={"required": "Cần nhập tên đăng nhập."},
    )
    reason = forms.CharField(
        label="Lý do",
        max_length=300,
        help_text="Ví dụ: rơi điện thoại ngày 12/11; đã gặp trực tiếp.",
        error_messages={"required": "Cần ghi lý do."},
    )


@needs("facilities.view")
@idempotent
def totp_lost(request: HttpRequest) -> HttpResponse:
    """Say that a colleague of this workplace has lost her app. Any colleague may; it changes nothing yet."""
    asker: Any = request.user
    form = LostForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        name = username_key(said["username"])
        user = queries.visible_users(current()).filter(username=name, is_active=True).first()
        if user is None:
            raise Refused("Nơi làm việc này không có ai dùng tên đăng nhập đó.", field="username")
        second_factor.reset_ask(user=user, asked_by=asker, reason=said["reason"])

    done = "Đã báo mất. Người quản lý tài khoản (khác người báo) xác nhận trong 24 giờ thì mới có hiệu lực."
    if kept(request, form, save, done):
        return redirect("accounts:totp")
    title = "Báo mất mã xác thực cho đồng nghiệp"
    return form_page(request, form, title, resolve_url("accounts:totp"))


@needs("users.edit")
@require_POST
@idempotent
def totp_confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The second person: from here on the account signs in without a code, and enrols a new app."""
    user = get_object_or_404(queries.visible_users(current()), pk=pk)
    try:
        staffing.totp_reset_confirm(user=user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã bỏ ứng dụng mã bị mất; phiên đang mở đã kết thúc.")
    return redirect("accounts:page", pk=pk)
