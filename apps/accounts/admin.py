"""The admin's own words and doors. Accounts and roles have staff pages, in the room above."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.access import ask_to_sign_in, public


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
admin.site.enable_nav_sidebar = False  # wide tables need the room; the home page lists the same
admin.site.login = to_sign_in  # type: ignore[method-assign, assignment]
admin.site.password_change = to_password  # type: ignore[method-assign, assignment]
admin.site.password_change_done = to_password  # type: ignore[method-assign, assignment]
