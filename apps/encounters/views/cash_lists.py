"""What is owed, what waits, what goes back, the closed days, the bank account."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import approvals, guarded, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.encounters.money import accounts, exports, queries
from apps.encounters.money.forms import AccountForm, ExportForm
from apps.encounters.views.cash import LISTS, address, tabs, workplace


@require_safe
@needs("money.view")
def unpaid(request: HttpRequest) -> HttpResponse:
    """Visits of which something is to be taken and nothing was."""
    page, owing = queries.unpaid(current(), today=timezone.localdate(), cursor=request.GET.get("c", ""))
    readlog.record("money.unpaid", [each.visit.person_id for each in owing])
    context = {"tabs": tabs("encounters:unpaid"), "page": page, "owing": owing}
    return render(request, "encounters/money/unpaid.html", context)


@require_safe
@needs("money.view")
def waiting(request: HttpRequest) -> HttpResponse:
    """Receipts that wait to be paid."""
    scope = current()
    page = queries.waiting(scope, today=timezone.localdate(), cursor=request.GET.get("c", ""))
    return _receipts(request, page, "encounters:waiting_receipts", "Không có biên lai nào chờ thu")


@require_safe
@needs("money.view")
def refunds(request: HttpRequest) -> HttpResponse:
    """What was paid for visits that should not be there."""
    page = queries.to_refund_page(current(), today=timezone.localdate(), cursor=request.GET.get("c", ""))
    return _receipts(request, page, "encounters:refunds", "Không có khoản nào phải hoàn")


def _receipts(request: HttpRequest, page: Any, name: str, empty: str) -> HttpResponse:
    rows = queries.rows(current(), page.items)
    readlog.record("money.list", queries.known_people(rows))
    context = {
        "tabs": tabs(name),
        "title": dict(LISTS)[name],
        "to_refund": name == "encounters:refunds",
        "page": page,
        "rows": rows,
        "empty": empty,
    }
    return render(request, "encounters/money/receipts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("money.view")
@idempotent
def days(request: HttpRequest) -> HttpResponse:
    """The closed days, and the receipts of a span as a guarded file."""
    scope, today = current(), timezone.localdate()
    form = ExportForm(request.POST or None, initial={"since": today.replace(day=1), "until": today})
    if form.is_bound:
        scope.require("money.export")
        if form.is_valid():
            data = form.cleaned_data
            try:
                guarded.export(
                    exports.KEY,
                    reason=data["reason"],
                    args={"since": data["since"].isoformat(), "until": data["until"].isoformat()},
                    title=f"Biên lai từ {data['since']:%d/%m/%Y} đến {data['until']:%d/%m/%Y}",
                )
            except Refused as refused:
                add_refusal(form, refused)
            else:
                return redirect("core:exports")
    page = queries.days(scope, cursor=request.GET.get("c", ""))
    context = {
        "tabs": tabs("encounters:cash_days"),
        "page": page,
        "rows": [(each, address(each.facility, each.on, scope)) for each in page.items],
        "workplace_id": scope.workplace_id,
        "form": form,
        "may_export": scope.can("money.export"),
    }
    return render(request, "encounters/money/days.html", context, status=422 if form.errors else 200)


@require_safe
@needs("money.export")
def days_xlsx(request: HttpRequest) -> HttpResponse:
    """The closed days as a workbook: sums alone, nobody by name."""
    response = HttpResponse(
        exports.days_workbook(current()),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response["Content-Disposition"] = 'attachment; filename="so-quy.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


# ---- the bank account


@require_http_methods(["GET", "HEAD", "POST"])
@needs("money.view")
@idempotent
def bank_account(request: HttpRequest) -> HttpResponse:
    """Where patients transfer to; a change is asked for here and approved by somebody else."""
    scope, today = current(), timezone.localdate()
    workplace_id = workplace(scope)
    form = AccountForm(request.POST or None, initial={"since": today})
    if form.is_bound:
        scope.require("money.edit")
        if form.is_valid():
            try:
                data = form.cleaned_data
                accounts.account_ask(
                    bank_bin=data["bank_bin"],
                    account=data["account"],
                    holder=data["holder"],
                    since=data["since"],
                    reason=data["reason"],
                )
            except Refused as refused:
                add_refusal(form, refused)
            else:
                messages.info(request, "Đã gửi. Tài khoản có hiệu lực khi người thứ hai duyệt.")
                return redirect("encounters:bank_account")
    context = {
        "tabs": tabs("encounters:bank_account"),
        "rows": [
            (row, accounts.bank_name(row.bank_bin), row.in_force(today))
            for row in queries.accounts_of(workplace_id)
        ],
        "waiting": approvals.waiting_on(accounts.CHANGE, workplace_id),
        "form": form,
        "may_edit": scope.can("money.edit"),
    }
    return render(request, "encounters/money/account.html", context, status=422 if form.errors else 200)
