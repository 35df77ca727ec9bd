"""One order: its result, its sheet or its sittings; entering, verifying, correcting."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import drafts, parameters, readlog
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.models import Draft
from apps.core.scope import Scope, current
from apps.core.versions import StaleVersion
from apps.encounters import page
from apps.encounters.bedside import own_practitioner
from apps.encounters.forms import ReasonForm
from apps.encounters.models import Order, OrderKind, Result, SheetState
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import lab_rules, orders, procedures, results
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.forms import AttachForm, ResultForm, RowForm, SessionForm, SheetForm
from apps.encounters.views.orders import order_or_404
from apps.encounters.writing import Problems

COMPARED = ("state", "summary")


@require_GET
@needs("results.view")
def order(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An order with all that came of it, and what is to be written next."""
    return order_page(request, current(), order_or_404(pk))


@require_POST
@needs("results.enter")
@idempotent
@keeps_draft(orders.DRAFT, of="pk")
@conflict_page(COMPARED, screen="order.page")
def enter(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Save what was shown; who may verify does so with the same button."""
    scope, found = current(), order_or_404(pk)
    form = _result_form(found, request.POST)
    verify = request.POST.get("action") == "verify"
    asked: list[Warning] = []
    if form.is_valid():
        try:
            results.result_save(
                order_id=found.pk,
                expected_version=form.cleaned_data["version"] or 0,
                data=form.result_input(),
                verify=verify,
                override=form.cleaned_data["override"],
            )
        except Problems as problems:
            form.add_problems(problems)
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needs_reason:
            asked = needs_reason.warnings
        else:
            drafts.drop(orders.DRAFT, found.pk)
            return _said(request, found, "Đã lưu và duyệt." if verify else "Đã lưu, chờ duyệt.")
    return order_page(request, scope, found, result_form=form, asked=asked)


@require_POST
@needs("results.approve")
@idempotent
def verify(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The signature under a result."""
    found = order_or_404(pk)
    form = ReasonForm(request.POST)
    form.is_valid()
    return _step(request, found, lambda: results.result_verify(
        order_id=found.pk, expected_version=form.cleaned_data.get("version") or 0
    ), "Đã duyệt.")  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs("results.approve")
@idempotent
@conflict_page(COMPARED, screen="order.page")
def correct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put another result in the place of a verified one."""
    scope, found = current(), order_or_404(pk)
    if not found.has_result or not order_states.allows(found.state, "correct"):
        messages.error(request, f"Chỉ định {found.state_word}: không sửa được.")
        return redirect("encounters:order", pk)
    if request.method == "GET":
        return order_page(request, scope, found, correcting=True)
    form = _result_form(found, request.POST)
    asked: list[Warning] = []
    if form.is_valid():
        try:
            results.result_correct(
                order_id=found.pk,
                expected_version=form.cleaned_data["version"] or 0,
                data=form.result_input(),
                reason=form.cleaned_data["reason"],
                override=form.cleaned_data["override"],
            )
        except Problems as problems:
            form.add_problems(problems)
        except Refused as refused:
            add_refusal(form, refused)
        except NeedsReason as needs_reason:
            asked = needs_reason.warnings
        else:
            return _said(request, found, "Đã sửa kết quả. Bản trước vẫn xem được.")
    return order_page(request, scope, found, result_form=form, asked=asked, correcting=True)


def _said(request: HttpRequest, found: Order, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("encounters:order", found.pk)


def _step(request: HttpRequest, found: Order, act: Any, said: str) -> HttpResponse:
    try:
        act()
    except StaleVersion:
        messages.error(request, "Chỉ định vừa được người khác sửa. Hãy xem lại rồi làm lần nữa.")
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, said)
    return redirect("encounters:order", found.pk)


# ---- the page


def order_page(
    request: HttpRequest,
    scope: Scope,
    found: Order,
    *,
    correcting: bool = False,
    asked: list[Warning] | None = None,
    **forms: Any,
) -> HttpResponse:
    """The page of an order; `forms` are those that were sent back, with status 422."""
    readlog.record("order.page", [found.person_id])
    here = scope.reaches(found.facility_id)
    context = page.banner(scope, found.visit.person) | {
        "order": found,
        "visit": found.visit,
        "kind_word": OrderKind(found.kind).label,
        "asked": asked or [],
        "correcting": correcting,
        "may_enter": here and scope.can("results.enter") and order_states.allows(found.state, "result"),
        "may_verify": here
        and scope.can("results.approve")
        and own_practitioner(scope) is not None
        and found.has_result,
        "may_edit": here and scope.can("results.edit"),
        "may_correct": here and scope.can("results.approve") and order_states.allows(found.state, "correct"),
        "attachments": order_queries.attachments(scope, found.visit, found),
        "attach_form": AttachForm(),
        "may_attach": here and scope.can("results.enter"),
        "version_form": ReasonForm(initial={"version": found.version}),
    }
    if found.has_result:
        context |= _with_result(found, forms.get("result_form"), correcting=correcting)
    elif found.kind == OrderKind.PROCEDURE:
        context |= _with_sheet(found, forms.get("sheet_form"), forms.get("row_form"))
    else:
        context |= {
            "sittings": order_queries.sittings(found),
            "session_form": forms.get("session_form") or SessionForm(),
            "end_form": forms.get("end_form") or ReasonForm(initial={"version": found.version}),
        }
    status = 422 if request.method == "POST" else 200
    return render(request, "encounters/orders/order.html", context, status=status)


def _with_result(found: Order, form: ResultForm | None, *, correcting: bool) -> dict[str, Any]:
    rows = order_queries.results(found)
    standing = order_queries.standing(rows)
    editable = order_states.allows(found.state, "result") or correcting
    draft: Draft | None = None
    if form is None and editable:
        draft = None if correcting else drafts.take(orders.DRAFT, found.pk)
        form = _result_form(found, drafts.typed_of(draft) if draft else None, standing)
    return {
        "result": standing,
        "earlier": [row for row in rows if row is not standing],
        "form": form if editable else None,
        "draft": draft,
        "outrun": draft is not None and draft.of_version != found.version,
        "told": _told(found, standing),
        "test_rows": _test_rows(found, form) if form and editable else [],
    }


def _result_form(found: Order, data: Any, standing: Result | None = None) -> ResultForm:
    on = found.visit.on
    tests = order_catalogue.tests(found.tests, on) if found.tests else []
    series = parameters.value(order_catalogue.SERIES, on=on) if tests else {}
    fasting = any("fasting" in series.get(test.code, {}) for test in tests)
    initial: dict[str, Any] = {"version": found.version}
    if data is None and standing is not None:
        local = timezone.localtime(standing.at)
        initial |= {
            "on": local.date(),
            "time": f"{local:%H:%M}",
            "description": standing.description,
            "conclusion": standing.conclusion,
            "note": standing.note,
            "fasting": standing.fasting,
            **{f"test-{row.test}": row.shown for row in standing.values.all()},
        }
    return ResultForm(data, order=found, tests=tests, fasting=fasting, initial=initial)


def _test_rows(found: Order, form: ResultForm) -> list[dict[str, Any]]:
    """A box a test with its unit and the range that holds for this person."""
    person = found.visit.person
    rows = []
    for name, test in form.tests:
        held = lab_rules.fitting(tuple(test.ranges), person.sex, found.age_days)
        rows.append({"box": form[name], "unit": test.unit, "range": lab_rules.range_words(held)})
    return rows


def _told(found: Order, standing: Result | None) -> list[str]:
    """The sentences of what is critical, for the notice at the head of the page."""
    if standing is None or not found.flag.startswith("critical"):
        return []
    return [
        f"{row.name} {row.shown} {row.unit}: {row.get_flag_display()}. Báo ngay bác sĩ."
        for row in standing.values.all()
        if row.flag.startswith("critical")
    ]


def _with_sheet(found: Order, form: SheetForm | None, row_form: RowForm | None) -> dict[str, Any]:
    definition = order_catalogue.form(found.form, found.visit.on)
    sheet = order_queries.sheet(found)
    initial: dict[str, Any] = {"version": found.version}
    if sheet is not None:
        start = timezone.localtime(sheet.started_at)
        initial |= {f"box-{code}": text for code, text in sheet.data.items()}
        initial |= {
            "started_on": start.date(),
            "started": f"{start:%H:%M}",
            "supplies": sheet.supplies,
            "outcome": sheet.outcome,
        }
        if sheet.ended_at:
            end = timezone.localtime(sheet.ended_at)
            initial |= {"ended_on": end.date(), "ended": f"{end:%H:%M}"}
    # While somebody is watched the next look is what is written, every hour; the sheet is written once.
    watching = bool(definition.rows and sheet is not None and sheet.state == SheetState.OPEN and form is None)
    sheet_form = form or SheetForm(form=definition, on=found.visit.on, initial=initial)
    row_form = row_form or RowForm()
    first = row_form["pressure"] if watching else next((box for box, _ in sheet_form.boxes), None)
    if first is not None:
        first.field.widget.attrs["autofocus"] = True
    return {
        "definition": definition,
        "sheet": sheet,
        "sheet_form": sheet_form,
        "row_form": row_form,
        "watching": watching,
        "watched": order_queries.watched(sheet, found.age_days) if sheet else [],
        "points": ", ".join(f"{minute} phút" for minute in definition.points),
        "said": procedures.shown(sheet, found.visit.on) if sheet else [],
    }
