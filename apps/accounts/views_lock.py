"""The lock page of a computer that several people share, and one's own PIN there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from apps.accounts import workstation
from apps.accounts.forms import PinForm, UnlockForm
from apps.accounts.views import inside
from apps.core.access import public, signed_in
from apps.core.errors import Refused
from apps.core.rates import limited


@public
@never_cache
def lock(request: HttpRequest) -> HttpResponse:
    """POST blanks the screen: the session ends, its things are put aside. GET is what is then seen."""
    if request.method == "POST":
        if request.user.is_authenticated:
            workstation.lock(request=request, back=request.POST.get("back", "")[:500])
        return redirect("accounts:lock")
    if request.user.is_authenticated:
        return redirect("core:home")
    return _lock_page(request, UnlockForm())


def _lock_page(request: HttpRequest, form: UnlockForm) -> HttpResponse:
    station = workstation.of(request)
    if station is None or not workstation.is_open(station):
        return redirect("accounts:sign_in")
    people = workstation.people(station)
    chosen = form.data.get("person", "") if form.is_bound else ""
    if not chosen:
        chosen = next((str(each.id) for each in people if each.has_pin), "")
    may_pin = any(each.has_pin for each in people)
    context = {"form": form, "people": people, "chosen": chosen, "may_pin": may_pin}
    return render(request, "accounts/lock.html", context, status=422 if form.is_bound else 200)


@public
@require_POST
@never_cache
@sensitive_post_parameters("pin")
def unlock(request: HttpRequest) -> HttpResponse:
    """A PIN: whoever it belongs to goes on with her own session."""
    if request.user.is_authenticated:
        return redirect("core:home")
    form = UnlockForm(request.POST)
    if form.is_valid():
        try:
            user = workstation.pin_enter(
                request=request, user_id=form.cleaned_data["person"], pin=form.cleaned_data["pin"]
            )
        except Refused as refused:
            form.add_error("pin", refused.message)
        else:
            return inside(request, user)
    return _lock_page(request, form)


@public
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """The end of the shift: from here on this computer asks for a password."""
    station = workstation.of(request)
    if station is not None:
        workstation.close(station)
    messages.success(request, "Đã đóng máy. Muốn mở lại phải đăng nhập bằng mật khẩu.")
    return redirect("accounts:sign_in")


@signed_in
@sensitive_post_parameters()
@limited("password")
def own_pin(request: HttpRequest) -> HttpResponse:
    """Set or change one's PIN for this computer."""
    user: Any = request.user
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            workstation.pin_set(request=request, user=user, password=data["password"], pin=data["pin"])
        except Refused as refused:
            form.add_error(refused.field, refused.message)
        else:
            messages.success(request, "Đã đặt mã PIN cho máy này.")
            return redirect("core:home")
    row = workstation.own_row(request, user)
    context = {"form": form, "known": row is not None, "has_pin": bool(row and row.pin)}
    return render(request, "accounts/pin.html", context, status=422 if form.is_bound else 200)
