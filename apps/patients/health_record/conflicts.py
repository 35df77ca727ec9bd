"""Two editors of one section: both versions side by side, in the words of the form."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core import conflict, readlog
from apps.core.versions import StaleVersion
from apps.patients.health_record import wording
from apps.patients.health_record.parts import Part


def compared(
    view: Callable[..., HttpResponse], part: Part, names: Sequence[str]
) -> Callable[..., HttpResponse]:
    """`core.conflict.conflict_page` for a section: codes, ticks and lists read as the form has them."""

    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return view(request, **kwargs)
        except StaleVersion as stale:
            readlog.record("record.edit", [kwargs["person"].pk])
            context = conflict.context(request, stale, names)
            for row in context["rows"]:
                _in_words(request, part, stale, row)
            return render(request, "components/conflict_page.html", context, status=409)

    return wrapped


def _in_words(request: HttpRequest, part: Part, stale: StaleVersion, row: dict[str, Any]) -> None:
    name = row["name"]
    mine, theirs = getattr(stale.mine, name), getattr(stale.current, name)
    if name != "state":
        row["mine"], row["theirs"] = (wording.in_words(part, name, value) for value in (mine, theirs))
    # What the form reads again as what was stored.
    if isinstance(theirs, bool):
        row["theirs_value"] = (
            {True: "true", False: "false"}[theirs] if name in wording.QUITS else str(int(theirs))
        )
    elif isinstance(theirs, list):
        row["mine_value"], row["theirs_value"] = ",".join(request.POST.getlist(name)), ",".join(theirs)
