"""Roles, accounts and the sign-in log for the province: read here; accounts are made on the staff pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.models import Role, SignInEvent, User
from apps.core.access import ask_to_sign_in, public
from apps.core.admin import ReadOnlyAdmin


@public
def to_sign_in(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The admin has no door of its own: slips, lockout and the sign-in log stand at the one door."""
    if request.user.is_authenticated:
        return redirect("core:home")
    return ask_to_sign_in(request)


@public
def to_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """One's own password is changed on the staff page."""
    return redirect("accounts:password")


admin.site.site_header = "Trạm Y Tế: quản trị tỉnh"
admin.site.site_title = "Quản trị tỉnh"
admin.site.index_title = "Danh mục, cơ sở và tham số"
admin.site.login = to_sign_in  # type: ignore[method-assign, assignment]
admin.site.password_change = to_password  # type: ignore[method-assign, assignment]
admin.site.password_change_done = to_password  # type: ignore[method-assign, assignment]


@admin.register(Role)
class RoleAdmin(ReadOnlyAdmin):
    """What a role may do follows fixtures/roles.csv: an installation cannot drift from what was tested."""

    section = "users"
    list_display = ("name", "code", "level", "rights_count")
    fields = ("code", "name", "level", "rights", "hands_on", "order")

    @admin.display(description="số quyền")
    def rights_count(self, role: Role) -> int:
        return len(role.rights)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    section = "users"
    list_display = ("full_name", "username", "is_active", "must_change_password", "last_login")
    list_filter = ("is_active", "must_change_password")
    search_fields = ("search_key",)
    fields = (
        *("full_name", "username", "phone", "is_active"),
        *("must_change_password", "slip_expires_at", "max_sessions", "last_login"),
    )
    ordering = ("sort_key", "pk")
    show_full_result_count = False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Names are found without accents."""
        from apps.core.text import search_key

        return super().get_search_results(request, queryset, search_key(search_term))


@admin.register(SignInEvent)
class SignInEventAdmin(ReadOnlyAdmin):
    section = "audit"
    list_display = ("at", "user", "kind", "address")
    list_filter = ("kind",)
    list_select_related = ("user",)
    date_hierarchy = "at"
    show_full_result_count = False
