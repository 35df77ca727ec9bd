"""A visit's bill and its receipts: what is open, taken, paid, voided, refunded. Thin: services do the
work.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import paper, papers, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.encounters import page, states
from apps.encounters.models import FeeLine, FeeState, Method, Receipt, ReceiptState, Visit
from apps.encounters.money import accounts, bills, charging, printing, queries, receipts
from apps.encounters.money.cash_rules import due_back
from apps.encounters.money.forms import LineForm, PaidForm, RefundForm, TakeForm, TermsForm, WhyForm

CHANGED = "Vừa có người khác làm việc với biên lai này. Hãy xem lại rồi làm lần nữa."


def _visit(pk: UUID) -> Visit:
    found = queries.visit_page(pk)
    if found is None or not current().reaches(found.facility_id):
        raise Http404
    return found


def _receipt(pk: UUID) -> Receipt:
    found = queries.receipt_page(current(), pk)
    if found is None:
        raise Http404
    return found


# ---- the bill


@require_safe
@needs("money.view")
def bill(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the visit costs and who pays it; taking the exact sum is one Enter."""
    return _bill_page(request, _visit(pk))


def _bill_page(request: HttpRequest, visit: Visit, **forms: Any) -> HttpResponse:
    scope = current()
    readlog.record("money.bill", [visit.person_id])
    made = bills.bill_of(visit)
    fees = made.fees
    take = forms.get("take") or TakeForm(initial={"expected": made.payable})
    take.fields["given"].widget.attrs |= {"data-change-into": "change", "data-due": str(made.payable)}
    # unscoped: of a visit that was found through the scope
    typed = list(FeeLine.unscoped.filter(visit=visit).order_by("created_at"))
    taken = {line.item.object_id for line in made.bill.lines if line.item.source == "typed"}
    context = page.banner(scope, visit.person) | {
        "visit": visit,
        "made": made,
        "bill": made.bill,
        "receipts": queries.receipts_of(visit.pk),
        "typed": [(line, line.pk in taken and line.state == FeeState.FINAL) for line in typed],
        "dropped": any(line.state != FeeState.FINAL for line in typed),
        "open": visit.state != states.ENTERED_IN_ERROR,
        "may_take": scope.can("money.enter"),
        "may_relieve": scope.can("money.edit"),
        "account": queries.account_on(scope.workplace_id, timezone.localdate())
        if scope.workplace_id
        else None,
        "take_form": take,
        "line_form": forms.get("line") or LineForm(),
        "terms_form": forms.get("terms")
        or TermsForm(
            initial={
                "way": fees.way if fees else None,
                "percent": (fees.relief_percent or None) if fees else None,
                "amount": (fees.relief_amount or None) if fees else None,
                "reason": fees.relief_reason if fees else "",
                "version": fees.version if fees else 0,
            }
        ),
        "line_open": "line" in forms,
        "terms_open": "terms" in forms or bool(fees and (fees.relief_percent or fees.relief_amount)),
        "drop_form": WhyForm(),
    }
    return render(request, "encounters/money/bill.html", context, status=422 if forms else 200)


HOW = {"cash": Method.CASH, "transfer": Method.TRANSFER, "later": ""}


@require_POST
@needs("money.enter")
@idempotent
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Draw up the receipt: cash at once, or waiting for a transfer or for later."""
    visit, form = _visit(pk), TakeForm(request.POST)
    how = request.POST.get("how", "cash")
    if form.is_valid() and how in HOW:
        try:
            made = receipts.receipt_make(
                visit_id=visit.pk,
                expected=form.cleaned_data["expected"],
                method=HOW[how],
                given=form.cleaned_data["given"] if how == "cash" else None,
            )
        except Refused as refused:
            if refused.code in ("moved", "already", "nothing", "question", "in-error"):
                # What the page showed is not so any more: it is shown anew.
                messages.error(request, refused.message)
                return redirect("encounters:bill", pk)
            add_refusal(form, refused)
        else:
            _say(request, made)
            return redirect("encounters:receipt", made.pk)
    return _bill_page(request, visit, take=form)


def _say(request: HttpRequest, made: Receipt) -> None:
    if made.state == ReceiptState.PAID:
        messages.success(request, f"Đã thu, biên lai {made.number}.")
    else:
        messages.info(request, f"Đã lập biên lai {made.number}, chờ thu.")


@require_POST
@needs("money.enter")
@idempotent
def line_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A line typed by hand."""
    visit, form = _visit(pk), LineForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        quantity = Decimal(1) if data["quantity"] is None else data["quantity"]
        typed = charging.Typed(data["text"], data["price"], quantity, data["reason"])
        try:
            charging.line_add(visit_id=visit.pk, typed=typed)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã thêm khoản thu.")
            return redirect("encounters:bill", pk)
    return _bill_page(request, visit, line=form)


@require_POST
@needs("money.enter")
@idempotent
def line_drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A typed line was a mistake."""
    line = FeeLine.objects.filter(pk=pk).first()
    if line is None or not current().reaches(_visit(line.visit_id).facility_id):
        raise Http404
    try:
        charging.line_in_error(line_id=pk, reason=request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã bỏ khoản thu.")
    return redirect("encounters:bill", line.visit_id)


@require_POST
@needs("money.enter")
@idempotent
def terms(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The insured way, and what is let off."""
    visit, form = _visit(pk), TermsForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        wanted = charging.Terms(data["way"], data["percent"] or 0, data["amount"] or 0, data["reason"])
        try:
            charging.terms_put(visit_id=visit.pk, terms=wanted, expected_version=data["version"] or 0)
        except Refused as refused:
            add_refusal(form, refused)
        except StaleVersion:
            messages.error(request, "Người khác vừa đổi cách tính. Hãy xem lại.")
            return redirect("encounters:bill", pk)
        else:
            messages.success(request, "Đã lưu cách tính tiền.")
            return redirect("encounters:bill", pk)
    return _bill_page(request, visit, terms=form)


# ---- a receipt


@require_safe
@needs("money.view")
def receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A receipt as it stands, with what may be done with it."""
    return _receipt_page(request, _receipt(pk))


def _receipt_page(request: HttpRequest, found: Receipt, form: PaidForm | None = None) -> HttpResponse:
    scope = current()
    readlog.record("money.receipt", [found.visit.person_id])
    refunds = queries.refunds_of(found)
    left = found.payable - sum(each.amount for each in refunds)
    paid_form = form or PaidForm(initial={"version": found.version})
    paid_form.fields["given"].widget.attrs |= {"data-change-into": "change", "data-due": str(found.payable)}
    reaches = scope.reaches(found.visit.facility_id)
    context = page.banner(scope, found.visit.person) | {
        "receipt": found,
        "visit": found.visit,
        "lines": queries.lines_of(found),
        "refunds": refunds,
        "left": left,
        "due": due_back(found.payable, left, found.refund_wanted),
        "paid_form": paid_form,
        "qr": _qr(found),
        "may_take": reaches and scope.can("money.enter"),
        "may_edit": reaches and scope.can("money.edit"),
    }
    return render(request, "encounters/money/receipt.html", context, status=422 if form else 200)


def _qr(found: Receipt) -> Any:
    """The picture for the banking app of whoever has to pay yet; None without an account."""
    if found.state != ReceiptState.WAITING:
        return None
    account = queries.account_on(found.facility_id, timezone.localdate())
    if account is None:
        return None
    payload = accounts.qr_payload(account, amount=found.payable, number=found.number)
    return {"svg": paper.qr_svg(payload), "account": account, "bank": accounts.bank_name(account.bank_bin)}


@require_POST
@needs("money.enter")
@idempotent
def receipt_paid(request: HttpRequest, pk: UUID) -> HttpResponse:
    """'Đã thu tiền mặt' or 'Đã chuyển khoản'."""
    found, form = _receipt(pk), PaidForm(request.POST)
    if form.is_valid():
        method = form.cleaned_data["method"]
        try:
            made = receipts.receipt_paid(
                receipt_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                method=method,
                given=form.cleaned_data["given"] if method == Method.CASH else None,
            )
        except StaleVersion:
            messages.error(request, CHANGED)
            return redirect("encounters:receipt", pk)
        except Refused as refused:
            if refused.field != "given":
                messages.error(request, refused.message)
                return redirect("encounters:receipt", pk)
            add_refusal(form, refused)
        else:
            _say(request, made)
            return redirect("encounters:receipt", pk)
    return _receipt_page(request, found, form)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("money.enter")
@idempotent
def receipt_void(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A wrong receipt, with the reason. A paid one is the head's."""
    found = _receipt(pk)
    form = WhyForm(request.POST or None, initial={"version": found.version})
    if form.is_bound and form.is_valid():
        try:
            receipts.receipt_void(
                receipt_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except StaleVersion:
            form.add_error(None, CHANGED)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã hủy biên lai {found.number}.")
            return redirect("encounters:bill", found.visit_id)
    return _ask(
        request,
        found,
        form,
        title=f"Hủy biên lai {found.number}",
        lead="Số biên lai vẫn nằm trong sổ cùng lý do. Tiền đã thu phải trả lại người bệnh, "
        "hoặc lập biên lai khác thay.",
        yes="Hủy biên lai",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("money.edit")
@idempotent
def refund(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Money given back."""
    found = _receipt(pk)
    left = found.payable - sum(each.amount for each in queries.refunds_of(found))
    form = RefundForm(
        request.POST or None,
        initial={
            "version": found.version,
            "amount": due_back(found.payable, left, found.refund_wanted) or left,
            "method": found.method or Method.CASH,
        },
    )
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            made = receipts.refund_make(
                receipt_id=pk,
                expected_version=data["version"] or 0,
                amount=data["amount"],
                method=data["method"],
                reason=data["reason"],
            )
        except StaleVersion:
            form.add_error(None, CHANGED)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã ghi hoàn tiền, phiếu {made.number}.")
            return redirect("encounters:receipt", pk)
    return _ask(
        request,
        found,
        form,
        title=f"Hoàn tiền biên lai {found.number}",
        lead="Khoản hoàn vào sổ quỹ của hôm nay; biên lai vẫn giữ nguyên.",
        yes="Ghi hoàn tiền",
    )


def _ask(request: HttpRequest, found: Receipt, form: Any, **words: str) -> HttpResponse:
    readlog.record("money.receipt", [found.visit.person_id])
    context = page.banner(current(), found.visit.person) | {"receipt": found, "form": form, **words}
    return render(request, "encounters/money/ask.html", context, status=422 if form.errors else 200)


@require_safe
@needs("money.view")
def receipt_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The receipt on A5, or on a roll of 80 mm with `kho=80`; before it is paid what asks for the money, a
    paper of its own.
    """
    found = _receipt(pk)
    readlog.record("money.paper", [found.visit.person_id])
    kind = printing.ASKED if found.state == ReceiptState.WAITING else printing.RECEIPT
    code = papers.code_for(kind, found.pk)
    copy = papers.count_copy(code, person_id=found.visit.person_id, facility_id=found.facility_id)
    address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
    context = printing.receipt(found, ticket=request.GET.get("kho") == "80") | {
        "qr": paper.qr_svg(address),
        "copy": copy,
        "pay": _qr(found),
    }
    return paper.pdf_response("print/receipt.html", context, filename="bien-lai.pdf")
