"""How every form page of this room answers a service that refuses."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.errors import Refused
from apps.core.models import PendingChange

WAITS = "Đã gửi yêu cầu. Việc này có hiệu lực khi một người khác có quyền duyệt."


def refuse(form: forms.BaseForm, refused: Refused) -> None:
    """Put the service's sentence to its field, or above the form."""
    form.add_error(refused.field if refused.field in form.fields else None, refused.message)


def kept(
    request: HttpRequest, form: forms.BaseForm, save: Callable[[dict[str, Any]], object], done: str
) -> bool:
    """Whether the form was posted, valid, and kept by the service that `save` calls."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        saved = save(form.cleaned_data)
    except Refused as refused:
        refuse(form, refused)
        return False
    if isinstance(saved, PendingChange):
        messages.info(request, WAITS)
    else:
        messages.success(request, done)
    return True


def form_page(
    request: HttpRequest, form: forms.BaseForm, title: str, back: str, **context: Any
) -> HttpResponse:
    """The form with its errors; 422 tells scripts and tests that nothing was saved."""
    context |= {"form": form, "title": title, "back": back}
    return render(request, "facilities/form.html", context, status=422 if form.is_bound else 200)
