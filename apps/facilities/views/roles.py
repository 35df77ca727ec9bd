"""Roles for the province: the list, one role with who holds it, a new one, its functions, on and off."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.views.decorators.http import require_POST

from apps.accounts.models import Role
from apps.accounts.rights import ACTION_WORDS, by_section
from apps.core import approvals
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.ids import uuid7
from apps.core.models import PendingChange
from apps.core.paging import keyset
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.facilities import roles
from apps.facilities.forms.roles import RoleForm, RoleNewForm
from apps.facilities.views.saving import WAITS, form_page, refuse

CHANGED = (
    "Vai trò này vừa được người khác đổi. Các ô dưới đây là bạn đã chọn; "
    "xem lại trang của vai trò, rồi lưu lần nữa nếu vẫn muốn như vậy."
)


@needs("users.view")
def role_list(request: HttpRequest) -> HttpResponse:
    """Roles by level, 50 a page, with how many accounts of the scope hold each."""
    page = keyset(roles.role_list(current()), order=("order", "pk"), cursor=request.GET.get("c", ""))
    context = {"page": page, "may_make": roles.may_make(current())}
    return render(request, "accounts/roles.html", context)


@needs("users.view")
def role_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a role may do, and who of the scope holds it, 50 a page."""
    role = get_object_or_404(Role.objects.select_related("based_on"), pk=pk)
    scope = current()
    page = keyset(roles.holders(scope, role), order=("-created_at", "pk"), cursor=request.GET.get("c", ""))
    held = [
        (section, [f"{section.key}.{action}" in role.rights for action in ACTION_WORDS])
        for section, _ in by_section(role.rights)
    ]
    context = {
        "role": role,
        "sections": held,
        "actions": list(ACTION_WORDS.values()),
        "page": page,
        "may_make": roles.may_make(scope),
        "waiting": approvals.waiting_on(roles.CHANGE, role.pk),
        "form_key": uuid7(),
    }
    return render(request, "accounts/role.html", context)


@needs(roles.MAKES)
@idempotent
def role_new(request: HttpRequest) -> HttpResponse:
    """A role of the province, begun from another (`?tu=`)."""
    form = RoleNewForm(request.POST or None, initial={"source": request.GET.get("tu", "")})
    if request.method == "POST" and form.is_valid():
        try:
            role = roles.role_copy(source=form.cleaned_data["source"], name=form.cleaned_data["name"])
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, "Đã lập vai trò, còn tắt. Chọn quyền rồi bật để dùng.")
            return redirect("accounts:role_edit", pk=role.pk)
    return form_page(request, form, "Lập vai trò", resolve_url("accounts:roles"), save_word="Lập vai trò")


@needs(roles.MAKES)
@idempotent
def role_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Its name and functions; a shipped role has no such page."""
    role = get_object_or_404(Role.objects.exclude(based_on=None), pk=pk)
    initial = {"name": role.name, "version": role.version}
    form = RoleForm(request.POST or None, initial=initial, offered=roles.offered(role), held=role.rights)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            saved = roles.role_update(
                role=role, name=data["name"], rights=form.ticked(), expected_version=data["version"] or 0
            )
        except Refused as refused:
            refuse(form, refused)
        except StaleVersion as stale:
            form.add_error(None, CHANGED)
            typed = request.POST.copy()
            typed["version"] = str(stale.current.version)
            form.data = typed
        else:
            return _done(request, saved, "Đã lưu vai trò.")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/role_edit.html", {"form": form, "role": role}, status=status)


@needs(roles.MAKES)
@require_POST
@idempotent
def role_switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a role of the province into use, or out of it at once."""
    role = get_object_or_404(Role.objects.exclude(based_on=None), pk=pk)
    on = request.POST.get("on") == "1"
    try:
        saved = roles.role_switch(role=role, on=on)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("accounts:role", pk=pk)
    return _done(request, saved, "Đã bật vai trò." if on else "Đã tắt vai trò; có hiệu lực ngay.")


def _done(request: HttpRequest, saved: Any, done: str) -> HttpResponse:
    if isinstance(saved, PendingChange):
        messages.info(request, WAITS)
        return redirect("accounts:role", pk=saved.object_id)
    messages.success(request, done)
    return redirect("accounts:role", pk=saved.pk)
