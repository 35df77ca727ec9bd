"""Signing in and out, the own password, the page that says when a lockout ends."""

import datetime as dt
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from apps.accounts import doors, services, workstation
from apps.accounts.forms import CodeForm, PasswordForm, SignInForm
from apps.accounts.models import User
from apps.accounts.rules import username_key
from apps.core.access import public, signed_in
from apps.core.errors import Refused
from apps.core.rates import limited


@public
@never_cache
@sensitive_post_parameters("password")
@limited("sign_in")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The door. Afterwards: the change of a slip's password, or where she was going."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(_back(request, request.GET.get("next", "")))
        form = SignInForm(initial={"next": request.GET.get("next", "")})
        context = {"form": form, "pin_here": workstation.here(request)}
        return render(request, "accounts/sign_in.html", context)
    form = SignInForm(request.POST)
    if form.is_valid():
        try:
            user = doors.sign_in(
                request=request,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
                back=form.cleaned_data["next"],
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            if user is None:
                return redirect("accounts:code")
            return inside(request, user, form.cleaned_data["next"])
    return render(request, "accounts/sign_in.html", {"form": form}, status=422)


@public
@never_cache
@sensitive_post_parameters("code")
def code(request: HttpRequest) -> HttpResponse:
    """The second step, for an account with a code app."""
    waiting = doors.pending(request)
    if waiting is None:
        if request.user.is_authenticated:
            return redirect("core:home")
        if request.method == "POST":
            messages.warning(request, "Đã quá 5 phút kể từ khi nhập mật khẩu. Xin đăng nhập lại.")
        return redirect("accounts:sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = doors.code_enter(request=request, waiting=waiting, code=form.cleaned_data["code"])
        except Refused as refused:
            form.add_error(refused.field, refused.message)
        else:
            return inside(request, user, waiting.back)
    return render(request, "accounts/code.html", {"form": form}, status=422 if form.is_bound else 200)


def inside(request: HttpRequest, user: User, wanted: str = "") -> HttpResponse:
    """After the door: the change of a slip's password first, else where she was going, or was before."""
    if user.must_change_password:
        return redirect("accounts:password")
    return redirect(_back(request, wanted or getattr(request, "back", "")))


def _back(request: HttpRequest, wanted: str) -> str:
    """The page she was going to, when it is one of ours."""
    if wanted and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return resolve_url("core:home")


def locked_out(
    request: HttpRequest, response: HttpResponse, credentials: Any = None, *_: Any
) -> HttpResponse:
    """In place of the sign-in page after too many tries: when it may be tried again."""
    name = username_key((credentials or {}).get("username") or request.POST.get("username", ""))
    cool_off = get_cool_off(request) or dt.timedelta(minutes=15)
    last = (
        AccessAttempt.objects.filter(username=name, ip_address=request.META.get("REMOTE_ADDR"))
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    until = (last or timezone.now()) + cool_off
    minutes = max(1, -(-int((until - timezone.now()).total_seconds()) // 60))
    context = {"until": timezone.localtime(until) + dt.timedelta(minutes=1), "minutes": minutes}
    return render(request, "accounts/locked_out.html", context, status=429)


@signed_in
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    services.sign_out(request=request)
    messages.success(request, "Anh/chị đã đăng xuất.")
    return redirect("accounts:sign_in")


@signed_in
@sensitive_post_parameters()
@limited("password")
def password(request: HttpRequest) -> HttpResponse:
    """One's own password; the only page that opens while a slip's password is unchanged."""
    user: Any = request.user
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.password_change(
                request=request, user=user, old=form.cleaned_data["old"], new=form.cleaned_data["new"]
            )
        except Refused as refused:
            form.add_error(refused.field, refused.message)
        else:
            messages.success(request, "Đã đổi mật khẩu. Từ nay đăng nhập bằng mật khẩu mới.")
            return redirect("core:home")
    status = 422 if form.is_bound else 200
    return render(
        request, "accounts/password.html", {"form": form, "forced": user.must_change_password}, status=status
    )
