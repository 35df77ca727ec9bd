"""One's own code app: enrolling it, fresh recovery codes, taking it out of use."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts import gate, second_factor, totp
from apps.accounts.doors import MUST_ENROL
from apps.accounts.forms import EnrolForm, ProofForm
from apps.accounts.models import User
from apps.core.access import signed_in
from apps.core.errors import Refused
from apps.core.paper import qr_svg
from apps.core.rates import limited

# In the session: the random number of the app that is being enrolled, until it has shown its first code.
NONCE = "totp_nonce"


@signed_in
@sensitive_post_parameters()
@limited("password")
def own_totp(request: HttpRequest) -> HttpResponse:
    """The app of whoever is signed in. Codes readable once are this page's answer, never an address."""
    user: Any = request.user
    row = second_factor.of(user)
    if row is None:
        return _enrol(request, user)
    form = ProofForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        proof = {"user": user, **form.cleaned_data}
        try:
            if request.POST.get("act") == "drop":
                second_factor.drop(**proof)
                messages.success(request, "Đã bỏ ứng dụng mã xác thực.")
                return redirect("accounts:totp")
            codes = second_factor.recovery_renew(**proof)
        except Refused as refused:
            form.add_error(refused.field, refused.message)
        else:
            return _codes_page(request, codes)
    context = {
        "form": form,
        "since": row.created_at,
        "left": user.recovery_codes.filter(used_at=None).count(),
        "required": gate.needs_code(user),
    }
    return render(request, "accounts/totp.html", context, status=422 if form.is_bound else 200)


def _enrol(request: HttpRequest, user: User) -> HttpResponse:
    form = EnrolForm(request.POST or None)
    nonce = request.session.get(NONCE)
    if nonce is None:
        nonce = request.session[NONCE] = totp.fresh_nonce()
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.enrol(user=user, nonce=nonce, code=form.cleaned_data["code"])
        except Refused as refused:
            form.add_error(refused.field, refused.message)
        else:
            request.session.pop(NONCE, None)
            request.session.pop(MUST_ENROL, None)
            return _codes_page(request, codes)
    context = {
        "form": form,
        "qr": qr_svg(totp.address(user.pk, user.username, nonce)),
        "key": " ".join(re.findall(".{1,4}", totp.secret_of(user.pk, nonce))),
        "required": bool(request.session.get(MUST_ENROL)),
    }
    return render(request, "accounts/totp_enrol.html", context, status=422 if form.is_bound else 200)


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "accounts/recovery_codes.html", {"codes": codes})
