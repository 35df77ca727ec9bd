"""A form post saves once: a double click, the back button and a retry get the first answer again.

| the post | the answer |
|---|---|
| first with its key | the view runs; when it redirects, the key is kept with the address |
| first with its key, answered by a part of a page that `saved()` marks | the key is kept |
| the same again, later or at the same time | the same redirect (a part: reload), nothing saved twice |
| the view answers with the form again (an error) | the key stays free: the corrected form may use it |
| the view fails | the transaction takes the key back with everything else |
| no key, or not a key | 400 |
| a key that another user, or another address, has used | 409 |
"""

from functools import wraps
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from apps.core.access import View
from apps.core.models import SubmittedForm

CLAIM = """
INSERT INTO core_submittedform (key, user_id, path, location, at) VALUES (%s, %s, %s, '', now())
ON CONFLICT (key) DO NOTHING
"""


def idempotent(view: View) -> View:
    """The posts of `view` run once a form key, inside one transaction. Other methods pass through."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            key = UUID(request.POST.get("form_key", ""))
        except ValueError:
            return render(request, "400.html", status=400)
        with transaction.atomic():
            if not claim(key, request):
                return _again(request, SubmittedForm.objects.get(key=key))
            response = view(request, *args, **kwargs)
            location = _location(response)
            if location is None:
                SubmittedForm.objects.filter(key=key).delete()
            else:
                SubmittedForm.objects.filter(key=key).update(location=location)
        return response

    wrapped.idempotent = True  # type: ignore[attr-defined]
    return wrapped


def claim(key: UUID, request: HttpRequest) -> bool:
    """Whether this post is the first with its key. A second one waits here until the first has ended.

    One statement, without a savepoint. Only signed-in people see a form with a key, so there is a user.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [key, request.user.pk, request.path])
        return cursor.rowcount == 1


def saved(response: HttpResponse) -> HttpResponse:
    """Marks a part of a page as the answer to a save that went through."""
    response.form_saved = True  # type: ignore[attr-defined]
    return response


def _location(response: HttpResponse) -> str | None:
    if isinstance(response, HttpResponseRedirect):
        return response.url
    if getattr(response, "form_saved", False):
        return ""
    return response.headers.get("HX-Redirect")


def _again(request: HttpRequest, submitted: SubmittedForm) -> HttpResponse:
    if submitted.user_id != request.user.pk or submitted.path != request.path:
        return render(request, "409.html", status=409)
    if not submitted.location:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": submitted.location})
    return HttpResponseRedirect(submitted.location)
