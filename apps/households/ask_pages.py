"""The pages of persons that one station asks another for: asked, given, refused, asked no more."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.core.versions import StaleVersion
from apps.households import ask_forms, asks, families, moving, newcomers
from apps.households.event_pages import METHODS
from apps.households.models import Household, TransferAsk
from apps.patients.models import LifeStatus


@require_safe
@needs("households.view")
def ask_list(request: HttpRequest) -> HttpResponse:
    """What the station has asked for and what it is asked for, newest first."""
    scope = current()
    page = newcomers.asks(scope, request.GET.get("c", ""))
    named: list[Any] = [row for row in page.items if row.is_ours]  # type: ignore[attr-defined]
    readlog.record(asks.SCREEN, [row.person_id for row in named])
    context = {"page": page, "may_edit": scope.can("households.edit"), "form": ask_forms.StopForm()}
    return render(request, "households/asks.html", context)


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def ask(request: HttpRequest) -> HttpResponse:
    """Ask by a number; whether one person carries it is all that is told."""
    form = ask_forms.AskForm(request.POST or None, initial={"since": timezone.localdate()})
    if form.is_bound and form.is_valid():
        try:
            asks.person_ask(**{name: form.cleaned_data[name] for name in ("number", "since", "reason")})
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "1 người khớp. Đã gửi đến trạm đang giữ hồ sơ; chờ trạm đó trả lời.")
            return redirect("households:asks")
    context = {"form": form, "used": asks.tries_today(), "cap": asks.most_a_day()}
    return render(request, "households/ask.html", context, status=422 if form.errors else 200)


def _asked_of_us(pk: UUID) -> TransferAsk:
    found = newcomers.asked_of_us(pk)
    if found is None:
        raise Http404
    return found


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def ask_give(request: HttpRequest, pk: UUID) -> HttpResponse:
    """She has left, alone or with others of her family."""
    found = _asked_of_us(pk)
    home, form = _form(request, found)
    if form is not None and form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            asks.ask_give(
                ask=found,
                household=home,
                people=form.chosen_people() if home else (),
                on=said.get("on", found.since),
                new_head=form.successor() if home else None,
                note=said.get("note", ""),
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã ghi chuyển đi và báo cho trạm xin.")
            return redirect("households:asks")
    shown = [row.person_id for row in families.open_rows(home)] if home else [found.person_id]
    readlog.record(asks.SCREEN, shown)
    context = {"ask": found, "household": home, "form": form}
    status = 422 if form is not None and form.errors else 200
    return render(request, "households/ask_give.html", context, status=status)


def _form(request: HttpRequest, ask: TransferAsk) -> tuple[Household | None, Any]:
    """The family that she leaves, and what is asked about it; None where she is in none and has not left."""
    home = families.open_of(ask.person)
    if home is not None and current().reaches(home.household.station_id):
        rows = families.open_rows(home.household)
        initial = {"on": ask.since, "people": [str(home.pk)]}
        form = ask_forms.GiveForm(request.POST or None, rows=rows, initial=initial)
        form.offer(rows)
        return home.household, form
    left = ask.person.life_status == LifeStatus.MOVED and moving.departed_as(ask.person)
    return None, ask_forms.TellForm(request.POST or None) if left else None


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def ask_refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    """She lives with us still, or is not the one."""
    found = _asked_of_us(pk)
    form = ask_forms.RefuseForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            asks.ask_refuse(ask=found, reason=form.cleaned_data["reason"])
        except Refused as refused:
            add_refusal(form, refused)
        except StaleVersion:
            return redirect("households:ask_give", pk)
        else:
            messages.success(request, "Đã trả lời trạm xin.")
            return redirect("households:asks")
    readlog.record(asks.SCREEN, [found.person_id])
    context = {"ask": found, "form": form}
    return render(request, "households/ask_refuse.html", context, status=422 if form.errors else 200)


@require_POST
@needs("households.edit")
@idempotent
def ask_stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A wrong number, or she does not live here after all."""
    found = newcomers.asked_by_us(pk)
    form = ask_forms.StopForm(request.POST)
    if found is None or not form.is_valid():
        raise Http404
    try:
        asks.ask_withdraw(ask=found, expected_version=form.cleaned_data["version"] or 0)
    except (Refused, StaleVersion):
        messages.error(request, "Trạm kia vừa trả lời lần xin này. Hãy xem lại.")
    else:
        messages.success(request, "Đã thôi xin.")
    return redirect("households:asks")


def digest_panel(scope: Scope) -> dict[str, Any] | None:
    """For the heads of both stations and the province: who asked for somebody of elsewhere, and why."""
    rows = newcomers.asked_lately(scope)
    return {"rows": rows} if rows else None
