"""The pages that every statutory register has: the book, its guarded file, its paper.

A room's views carry the access mark and call these with its Register.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core import fields, guarded, paper
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.scope import current
from apps.facilities import registers
from apps.facilities.registers import Asked, Register


def book(
    request: HttpRequest,
    register: Register,
    more: dict[str, Any] | None = None,
    template: str = "",
) -> HttpResponse:
    """The book, a page of it. `more` is for a template of the room's own, which extends the usual one."""
    scope, asked = current(), asked_for(request, register)
    page, lines = registers.page(register, scope, asked, request.GET.get("c", ""))
    context = {
        "register": register,
        "page": page,
        "lines": lines,
        "asked": asked,
        "period": register.period(asked),
        "filters": [
            (each, choices, asked.picked.get(each.key))
            for each in register.filters
            if (choices := list(each.choices(scope)))
        ],
        "may_export": scope.can(f"{register.section}.export"),
    }
    usual = "facilities/register_year.html" if register.yearly else "facilities/register.html"
    return render(request, template or usual, _urls(register) | context | (more or {}))


FIRST_YEAR = 2000  # of a yearly book


class ExportForm(FormKeyMixin):
    reason = fields.CleanCharField(label="Lý do xuất", max_length=300)


def export(request: HttpRequest, register: Register) -> HttpResponse:
    """The chosen part of the book as a guarded file, against a reason."""
    asked = asked_for(request, register)
    form = ExportForm(request.POST or None)
    period = register.period(asked)
    if form.is_bound and form.is_valid():
        try:
            guarded.export(
                registers.export_kind(register).key,
                reason=form.cleaned_data["reason"],
                args=registers.as_args(asked),
                title=f"{register.title} {register.code}, {period[:1].lower()}{period[1:]}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    context = {"form": form, "register": register, "asked": asked, "period": period}
    return render(
        request,
        "facilities/register_export.html",
        _urls(register) | context,
        status=422 if form.errors else 200,
    )


def printed(request: HttpRequest, register: Register) -> HttpResponse:
    """The chosen part of the book on A4 across."""
    try:
        context = registers.printed(register, asked_for(request, register))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(register.url)
    name = f"so-{register.code.lower()}.pdf"
    template = "print/register_year.html" if register.yearly else "print/register.html"
    return paper.pdf_response(template, context, filename=name)


def _urls(register: Register) -> dict[str, str]:
    return {
        "book_url": register.url,
        "export_url": f"{register.url}_export",
        "paper_url": f"{register.url}_paper",
    }


def asked_for(request: HttpRequest, register: Register) -> Asked:
    """The filters of the address; what cannot be read is the usual part."""
    today = timezone.localdate()
    if register.yearly:
        since = dt.date(_year(request.GET.get("nam", ""), today), 1, 1)
        return Asked(since, since.replace(month=12, day=31), register.usual_by(), _picked(request, register))
    until = _day(request.GET.get("den", "")) or today
    since = _day(request.GET.get("tu", "")) or _usual_since(register, until)
    if not dt.timedelta(0) <= until - since <= dt.timedelta(days=registers.LONGEST):
        since = _usual_since(register, until)
    by = request.GET.get("theo", "")
    by = by if by in register.dates else register.usual_by()
    return Asked(since, until, by, _picked(request, register))


def _picked(request: HttpRequest, register: Register) -> dict[str, UUID]:
    named = {each.key: _id(request.GET.get(each.key, "")) for each in register.filters}
    return {key: value for key, value in named.items() if value}


def _year(text: str, today: dt.date) -> int:
    """The year of the address; what cannot be read, or is still to come, is this year."""
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else today.year
    return year if FIRST_YEAR <= year <= today.year else today.year


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _usual_since(register: Register, until: dt.date) -> dt.date:
    return until if register.daily else dt.date(until.year, 1, 1)


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None
