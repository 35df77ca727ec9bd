"""The lists of a programme, their file and paper; the two yearly books."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import guarded, paper, readlog
from apps.core.access import needs
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.facilities.letterheads import letterhead
from apps.facilities.queries import hamlets_of
from apps.facilities.views import registers
from apps.ncd import books, limits, lists
from apps.ncd.forms import ExportForm
from apps.ncd.lists import Asked
from apps.ncd.models import Programme

LETTERS = {"a": Programme.HYPERTENSION, "b": Programme.DIABETES}  # as the books are lettered


def _asked(request: HttpRequest, scope: Scope) -> Asked:
    """The filters of the address; what cannot be read is the usual part."""
    today = timezone.localdate()
    key = request.GET.get("muc", "")
    try:
        on = parse_date(request.GET.get("ngay", ""))
    except ValueError:
        on = today
    hamlet = request.GET.get("thon", "")
    known = {str(row.pk): row.pk for row in hamlets_of(scope.facility_ids, today)}
    return Asked(
        LETTERS.get(request.GET.get("so", ""), Programme.HYPERTENSION),
        key if key in lists.LISTS else next(iter(lists.LISTS)),
        min(on, today),
        known.get(hamlet),
    )


def _address(name: str, asked: Asked, **more: Any) -> str:
    letter = next(letter for letter, programme in LETTERS.items() if programme == asked.programme)
    query = {"so": letter, "muc": asked.key}
    if asked.on != timezone.localdate():
        query["ngay"] = f"{asked.on:%d/%m/%Y}"
    if asked.hamlet_id:
        query["thon"] = str(asked.hamlet_id)
    return f"{reverse(name)}?{urlencode(query | more)}"


def _lead(asked: Asked, known: limits.Limits) -> str:
    return lists.LEADS[asked.key].format(
        window=known.control["window_months"], lost=known.control["lost_months"]
    )


@require_safe
@needs("ncd.view")
def listed(request: HttpRequest) -> HttpResponse:
    """Who is followed: due this week, not come, away, not at target, all."""
    scope = current()
    asked = _asked(request, scope)
    known = limits.on(asked.on)
    page = lists.page(scope, asked, known, request.GET.get("c", ""))
    readlog.record(lists.SCREEN, [row.person_id for row in page.items])
    counts = lists.counts(scope, asked.on, known)
    mine = counts[asked.programme]
    context = {
        "asked": asked,
        "programme": Programme(asked.programme),
        "lead": _lead(asked, known),
        "page": page,
        "lines": lists.lines(page.items, asked, known),
        "mine": mine,
        "window": known.control["window_months"],
        "letter": next(letter for letter, programme in LETTERS.items() if programme == asked.programme),
        "hamlets": list(hamlets_of(scope.facility_ids, timezone.localdate())),
        "programmes": [
            {
                "title": programme.label,
                "url": _address("ncd:lists", asked, so=letter),
                "active": programme == asked.programme,
                "count": counts[programme]["tat-ca"],
            }
            for letter, programme in LETTERS.items()
        ],
        "tabs": [
            {
                "title": title,
                "url": _address("ncd:lists", asked, muc=key),
                "active": key == asked.key,
                "count": mine[key],
            }
            for key, title in lists.LISTS.items()
        ],
        "print_url": _address("ncd:lists_paper", asked),
        "export_url": _address("ncd:lists_export", asked)
        if scope.can("ncd.export") and scope.can("people.export")
        else "",
        "may_call": scope.can("appointments.enter"),
    }
    return render(request, "ncd/lists.html", context)


@require_safe
@needs("ncd.view")
def listed_paper(request: HttpRequest) -> HttpResponse:
    """The list on A4, by hamlet, to call or to go by."""
    scope = current()
    asked = _asked(request, scope)
    known = limits.on(asked.on)
    rows = lists.printed(scope, asked, known)
    readlog.record(lists.SCREEN, [row.person_id for row in rows])
    context = {
        "title": f"Danh sách {Programme(asked.programme).label.lower()}: {lists.LISTS[asked.key].lower()}",
        "landscape": True,
        **letterhead(scope, asked.on),
        "asked": asked,
        "lead": _lead(asked, known),
        "lines": lists.lines(rows, asked, known),
        "most": lists.PRINTED,
        "at": timezone.now(),
    }
    return paper.pdf_response("print/ncd_list.html", context, filename="danh-sach-theo-doi.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("ncd.export")
@idempotent
def listed_export(request: HttpRequest) -> HttpResponse:
    """The list as a guarded file, against a reason."""
    scope = current()
    asked = _asked(request, scope)
    form = ExportForm(request.POST or None)
    about = f"{lists.LISTS[asked.key]}, ngày {asked.on:%d/%m/%Y}"
    if form.is_bound and form.is_valid():
        try:
            guarded.export(
                lists.EXPORT.key,
                reason=form.cleaned_data["reason"],
                args=asked.args,
                title=f"{Programme(asked.programme).label}: {about[:1].lower()}{about[1:]}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    context = {"form": form, "about": about, "back": _address("ncd:lists", asked)}
    return render(request, "ncd/export.html", context, status=422 if form.errors else 200)


# --- the books


@require_safe
@needs("ncd.view")
def book_a(request: HttpRequest) -> HttpResponse:
    return registers.book(request, books.A)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("ncd.export")
@idempotent
def book_a_export(request: HttpRequest) -> HttpResponse:
    return registers.export(request, books.A)


@require_safe
@needs("ncd.export")
def book_a_paper(request: HttpRequest) -> HttpResponse:
    return registers.printed(request, books.A)


@require_safe
@needs("ncd.view")
def book_b(request: HttpRequest) -> HttpResponse:
    return registers.book(request, books.B)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("ncd.export")
@idempotent
def book_b_export(request: HttpRequest) -> HttpResponse:
    return registers.export(request, books.B)


@require_safe
@needs("ncd.export")
def book_b_paper(request: HttpRequest) -> HttpResponse:
    return registers.printed(request, books.B)
