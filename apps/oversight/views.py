"""The auditor's pages, and 'ai đã xem hồ sơ này'. Whoever reads the logs stands in them too."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import User
from apps.core import guarded, readlog, sealing
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.oversight import exports, queries
from apps.oversight.forms import ExportForm, FilterForm, usual_days
from apps.oversight.queries import Filters

# Filter -> its name in the address. Ids and dates only: no number of a person, no name.
NAMES = {
    "since": "tu",
    "until": "den",
    "person": "nguoi",
    "user": "tai-khoan",
    "facility": "co-so",
    "kind": "loai",
    "record": "ban-ghi",
}
LOGS = {"acts": ("oversight:acts", "Nhật ký thao tác"), "looks": ("oversight:looks", "Nhật ký xem")}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("audit.view")
def acts(request: HttpRequest) -> HttpResponse:
    """Who did what."""
    return _log(request, "acts")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("audit.view")
def looks(request: HttpRequest) -> HttpResponse:
    """Who saw whom."""
    return _log(request, "looks")


def _log(request: HttpRequest, log: str) -> HttpResponse:
    """A log by its filters. The form is posted, and answered by the address of what was asked."""
    scope = current()
    url = reverse(LOGS[log][0])
    context: dict[str, Any] = {"log": log, "title": LOGS[log][1], "tabs": _tabs(scope, log)}
    if request.method == "POST":
        form = FilterForm(request.POST, scope=scope, log=log)
        if form.is_valid():
            return redirect(f"{url}?{_address(form.cleaned_data)}")
        return render(request, "oversight/log.html", context | {"form": form}, status=422)
    asked = read_filters(request)
    form = FilterForm(scope=scope, log=log, initial=_typed(asked))
    if log == "acts":
        page = queries.page_of(queries.acts(scope, asked), request.GET.get("c", ""))
        lines = queries.act_lines(scope, page.items)
    else:
        page = queries.page_of(queries.looks(scope, asked), request.GET.get("c", ""))
        lines = queries.look_lines(scope, page.items)
    readlog.record(f"audit.{log}", _people(lines))
    context |= {"form": form, "page": page, "lines": lines, "asked": asked, "narrowed": _narrowed(asked)}
    if scope.can("audit.export") and lines:
        context["export_url"] = f"{reverse('oversight:export', args=[log])}?{_query(asked)}"
    return render(request, "oversight/log.html", context)


@require_safe
@needs("audit.view")
def act(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One act."""
    scope = current()
    entry = queries.one_act(scope, pk)
    if entry is None:
        raise Http404
    (line,) = queries.act_lines(scope, [entry])
    readlog.record("audit.act", _people([line]))
    context = {"line": line, "log": "acts", "back": reverse("oversight:acts")}
    return render(request, "oversight/entry.html", context | _sealed("audit", line.seq))


@require_safe
@needs("audit.view")
def look(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One look with everybody who was seen."""
    scope = current()
    entry = queries.one_look(scope, pk)
    if entry is None:
        raise Http404
    (line,) = queries.look_lines(scope, [entry], people=exports.ALL_PEOPLE)
    readlog.record("audit.look", _people([line]))
    context = {"line": line, "log": "looks", "back": reverse("oversight:looks")}
    return render(request, "oversight/entry.html", context | _sealed("read", line.seq))


@require_safe
@needs("looks.view")
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ai đã xem hồ sơ này: everybody who saw this person, newest first."""
    scope = current()
    found = queries.person_within(pk)
    if found is None:
        raise Http404
    page = queries.page_of(queries.looks_at(found), request.GET.get("c", ""))
    lines = queries.look_lines(scope, page.items, people=0)
    readlog.record("audit.person", [found.pk])
    context = {"person": found, "page": page, "lines": lines, "may_see": scope.can("people.view")}
    return render(request, "oversight/person.html", context)


@require_safe
@needs("audit.view")
def seals(request: HttpRequest) -> HttpResponse:
    """The chain of seals of both logs, to be printed and kept outside."""
    log = request.GET.get("so", "audit")
    if log not in sealing.MODELS:
        raise Http404
    context = {
        "tabs": _tabs(current(), "seals"),
        "log": log,
        "logs": [(name, title, name == log) for name, title in sealing.TITLES.items()],
        "page": queries.seals(log, request.GET.get("c", "")),
    }
    return render(request, "oversight/seals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("audit.export")
@idempotent
def export(request: HttpRequest, log: str) -> HttpResponse:
    """The rows that fit as a guarded file, against a reason."""
    if log not in LOGS:
        raise Http404
    asked = read_filters(request)
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            guarded.export(
                exports.KINDS[log].key,
                reason=form.cleaned_data["reason"],
                args=exports.as_args(asked),
                title=f"{LOGS[log][1]} từ {asked.since:%d/%m/%Y} đến {asked.until:%d/%m/%Y}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    context = {"form": form, "title": LOGS[log][1], "asked": asked}
    context["back"] = f"{reverse(LOGS[log][0])}?{_query(asked)}"
    return render(request, "oversight/export.html", context, status=422 if form.is_bound else 200)


# --- filters


def read_filters(request: HttpRequest) -> Filters:
    """The filters of an address; one that cannot be read is a 404, never a wider list than was asked."""
    given = {field: request.GET[name] for field, name in NAMES.items() if request.GET.get(name)}
    usual = usual_days()
    try:
        asked = Filters(
            since=dt.date.fromisoformat(given.pop("since", str(usual["since"]))),
            until=dt.date.fromisoformat(given.pop("until", str(usual["until"]))),
            kind=given.pop("kind", ""),
            **{field: UUID(text) for field, text in given.items()},
        )
        asked.times()
    except (ValueError, OverflowError):
        raise Http404 from None
    return asked


def _query(asked: Filters) -> str:
    return urlencode({name: getattr(asked, field) for field, name in NAMES.items() if getattr(asked, field)})


def _address(said: dict[str, Any]) -> str:
    values = {field: getattr(value, "pk", value) for field, value in said.items()}
    return urlencode({NAMES[field]: value for field, value in values.items() if value})


def _typed(asked: Filters) -> dict[str, Any]:
    """The form as it was filled in: the person's number, the account's name."""
    person = queries.person_within(asked.person) if asked.person else None
    user = User.objects.filter(pk=asked.user).first() if asked.user else None
    if (asked.person and person is None) or (asked.user and user is None):
        raise Http404
    return {
        "since": asked.since,
        "until": asked.until,
        "person": person.code if person else "",
        "user": user.username if user else "",
        "facility": str(asked.facility or (person.station_id if person else "") or ""),
        "kind": asked.kind,
    }


def _narrowed(asked: Filters) -> bool:
    return any((asked.person, asked.user, asked.facility, asked.kind, asked.record))


def _people(lines: list[queries.Line]) -> list[UUID]:
    return list(dict.fromkeys(person.id for line in lines for person in line.people))


def _sealed(log: str, seq: int) -> dict[str, Any]:
    return {"seal": queries.seal_of(log, seq)}


def _tabs(scope: Scope, active: str) -> list[dict[str, Any]]:
    pages = {key: (title, name) for key, (name, title) in LOGS.items()}
    pages["seals"] = ("Niêm phong", "oversight:seals")
    return [
        {"title": title, "url": reverse(name), "active": key == active}
        for key, (title, name) in pages.items()
    ]
