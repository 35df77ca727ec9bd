"""The population book on the screen: household sheets, contraception by month, changes, the slip P0."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.catalogues import codes
from apps.core import fields, guarded, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.facilities.models import Hamlet
from apps.facilities.queries import hamlets_in
from apps.field import book, contraception
from apps.field.months import add_months, first_of, months_of, read_month
from apps.patients.models import Person

YEARS = 5  # of the grid, as the book has them


def _hamlets() -> list[Hamlet]:
    return list(hamlets_in(current(), timezone.localdate()))


def _chosen(request: HttpRequest, hamlets: list[Hamlet]) -> Hamlet | None:
    """The hamlet of the address; the only one there is needs no choosing."""
    asked = request.GET.get("thon", "")
    if not asked and len(hamlets) == 1:
        return hamlets[0]
    return next((hamlet for hamlet in hamlets if str(hamlet.pk) == asked), None)


def _month(request: HttpRequest) -> dt.date:
    """The month of the address, never one to come; else the one that a slip is written for now."""
    today = timezone.localdate()
    asked = read_month(request.GET.get("thang", ""))
    return min(asked, first_of(today)) if asked else first_of(today)


@require_safe
@needs("field.view")
def sheets(request: HttpRequest) -> HttpResponse:
    """Part I: the families with their ten columns."""
    scope, hamlets = current(), _hamlets()
    chosen = _chosen(request, hamlets)
    page, found = book.sheets(scope, hamlet_id=chosen.pk if chosen else None, cursor=request.GET.get("c", ""))
    people = [line.person_id for sheet in found for line in sheet.lines]
    if people:
        readlog.record("field.book", people)
    return render(
        request,
        "field/book_sheets.html",
        {
            "page": page,
            "sheets": found,
            "columns": book.SHEET,
            "hamlets": hamlets,
            "chosen": chosen,
            "part": "sheets",
            "may_export": scope.can("field.export"),
        },
    )


@require_safe
@needs("field.view")
def changes(request: HttpRequest) -> HttpResponse:
    """Part III: what happened in a month, in the columns of the paper; from here the slip P0 is printed."""
    scope, hamlets = current(), _hamlets()
    chosen, month = _chosen(request, hamlets), _month(request)
    found = book.changes(scope, hamlet_id=chosen.pk if chosen else None, month=month)
    if found.people:
        readlog.record("field.book", sorted(found.people))
    return render(
        request,
        "field/book_changes.html",
        {
            "rows": found.rows(),
            "counts": found.counts(),
            "columns": book.CHANGES,
            "hamlets": hamlets,
            "chosen": chosen,
            "month": month,
            "months": [add_months(first_of(timezone.localdate()), -back) for back in range(13)],
            "part": "changes",
        },
    )


@require_safe
@needs("field.view")
def slip(request: HttpRequest) -> HttpResponse:
    """The slip P0 of a month as a paper."""
    return _paper(book.slip(_chosen(request, _hamlets()), _month(request)), "phieu-p0.pdf")


@require_safe
@needs("field.export")
def sheets_paper(request: HttpRequest) -> HttpResponse:
    """Part I as a paper."""
    try:
        content = book.printed(_chosen(request, _hamlets()))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("field:book")
    return _paper(content, "so-a0.pdf")


def _paper(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


class ExportForm(FormKeyMixin):
    reason = fields.CleanCharField(label="Lý do xuất", max_length=300)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("field.export")
@idempotent
def sheets_export(request: HttpRequest) -> HttpResponse:
    """Part I as a guarded file, against a reason."""
    chosen = _chosen(request, _hamlets())
    form = ExportForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            guarded.export(
                book.EXPORT.key,
                reason=form.cleaned_data["reason"],
                args={"hamlet": str(chosen.pk) if chosen else ""},
                title=f"Sổ A0, phần I, {chosen.name if chosen else 'cả địa bàn'}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    context = {"form": form, "chosen": chosen}
    return render(request, "field/book_export.html", context, status=422 if form.errors else 200)


# --- part II


@require_http_methods(["GET", "HEAD", "POST"])
@needs("field.view")
@idempotent
def months(request: HttpRequest) -> HttpResponse:
    """Part II: a year with a column a month, or on the phone one month with a list a woman."""
    scope, hamlets = current(), _hamlets()
    chosen, today = _chosen(request, hamlets), timezone.localdate()
    year = _year(request, today)
    one = _month(request) if request.GET.get("thang") else None
    clashes: dict[tuple[UUID, dt.date], str] = {}
    if request.method == "POST":
        scope.require("field.enter")
        try:
            saved = contraception.marks_put(entries=_entries(request))
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect(request.get_full_path())
        clashes = saved.clashes
        if not clashes:
            messages.success(
                request, f"Đã lưu {saved.changed} ô." if saved.changed else "Không có ô nào đổi."
            )
            return redirect(request.get_full_path())
    shown = [one] if one else months_of(year)
    page, found = contraception.rows(
        scope, hamlet_id=chosen.pk if chosen else None, months=shown, cursor=request.GET.get("c", "")
    )
    women = [row.person.pk for row in found]
    if women:
        readlog.record("field.contraception", women)
    before = contraception.marks_of(scope, women) if one else {}
    return render(
        request,
        "field/book_months.html",
        {
            "page": page,
            "rows": [
                {
                    "row": row,
                    "suggested": before.get(row.person.pk, {}).get(add_months(one, -1), "") if one else "",
                }
                for row in found
            ],
            "months": shown,
            "one": one,
            "year": year,
            "years": [today.year - back for back in range(YEARS + 1)],
            "recent": [add_months(first_of(today), -back) for back in range(13)],
            "this_month": first_of(today),
            "methods": contraception.methods(today),
            "hamlets": hamlets,
            "chosen": chosen,
            "clashes": _clash_words(clashes),
            "part": "months",
            "may_enter": scope.can("field.enter"),
        },
        status=409 if clashes else 200,
    )


def _year(request: HttpRequest, today: dt.date) -> int:
    asked = request.GET.get("nam", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else today.year
    return year if today.year - YEARS <= year <= today.year else today.year


def _entries(request: HttpRequest) -> list[contraception.Entry]:
    """The cells 'm.<woman>.<month>' with what stood in each, 'w.<woman>.<month>'. Raises Refused."""
    found = []
    for name, typed in request.POST.items():
        if not name.startswith("m."):
            continue
        woman, _, month = name[2:].partition(".")
        on = read_month(month)
        try:
            person_id = UUID(woman)
        except ValueError:
            person_id = None
        if on is None or person_id is None:
            raise Refused("Có dòng không ghi được ở đây. Hãy tải lại trang.", code="not-hers")
        was = request.POST.get(f"w.{name[2:]}", "")
        found.append(contraception.Entry(person_id, on, str(typed).strip().upper()[:5], was))
    return found


def _clash_words(clashes: dict[tuple[UUID, dt.date], str]) -> list[str]:
    """'Phạm Thị Hoa, tháng 03/2026: nay là Bao cao su'."""
    people = {pk for pk, _ in clashes}
    names = dict(Person.objects.filter(pk__in=people).values_list("pk", "full_name")) if people else {}
    return [
        f"{names.get(pk, 'Một người')}, tháng {month:%m/%Y}: nay là "
        f"“{codes.label(contraception.LIST, code) if code else 'để trống'}”"
        for (pk, month), code in clashes.items()
    ]


@require_safe
@needs("field.view")
def history(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every mark of one woman, who wrote it and when, the replaced ones too."""
    scope = current()
    today = timezone.localdate()
    women = contraception.couples(
        scope, hamlet_id=None, since=add_months(first_of(today), -12 * YEARS), until=today
    )
    woman = women.filter(pk=pk).first()
    if woman is None:
        raise Http404
    readlog.record("field.contraception", [pk])
    marks = [(mark, codes.label(contraception.LIST, mark.code)) for mark in contraception.history(scope, pk)]
    return render(request, "field/book_history.html", {"woman": woman, "marks": marks})
