"""The papers: begun, filled in row by row, looked at once more, posted; taken back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import approvals
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.outage import queries as back_entries
from apps.stock import counting, drafting, grids, keeping, lines, outgoing, posting, reading, second
from apps.stock.forms import CountForm, HeadForm, ReasonForm, head_of
from apps.stock.models import DocumentKind, DocumentState, StockDocument, StockLocation

METHODS = ["GET", "HEAD", "POST"]
# The word of the address -> the kind of paper.
SLUGS: dict[str, DocumentKind] = {
    "nhap": DocumentKind.RECEIPT,
    "ton-dau-ky": DocumentKind.OPENING,
    "chuyen": DocumentKind.TRANSFER,
    "xuat": DocumentKind.ISSUE,
    "huy": DocumentKind.DISCARD,
    "kiem-ke": DocumentKind.COUNT,
}
LEADS = {
    DocumentKind.RECEIPT: "Hàng vừa về: ghi nơi giao và số chứng từ, dòng hàng nhập ở trang sau.",
    DocumentKind.OPENING: "Những gì đang có trong kho ngày bắt đầu dùng phần mềm.",
    DocumentKind.TRANSFER: "Từ kho ra quầy, điểm trạm, tủ lạnh. Không ghi lô thì lấy lô hết hạn trước.",
    DocumentKind.ISSUE: "Ra khỏi trạm: cấp cho thôn, trả tuyến trên. Không ghi lô thì lấy lô hết hạn trước.",
    DocumentKind.DISCARD: "Vỡ, hỏng, hết hạn: ghi từng lô với lý do.",
    DocumentKind.COUNT: "Đếm không nhìn sổ; chênh lệch hiện ra trước khi ghi sổ.",
}


def paper_or_404(pk: UUID) -> StockDocument:
    found = reading.paper_of(current(), pk)
    if found is None:
        raise Http404
    return found


@require_safe
@needs("stock.view")
def listed(request: HttpRequest) -> HttpResponse:
    """Papers, newest first, of one kind or all."""
    scope = current()
    slug = request.GET.get("loai", "")
    kind = SLUGS.get(slug)
    state = request.GET.get("tt", "")
    state = state if state in DocumentState.values else ""
    page = reading.papers(scope, kind=kind or "", state=state, cursor=request.GET.get("c", ""))
    return render(
        request,
        "stock/papers.html",
        {
            "page": page,
            "slugs": [(word, each.label) for word, each in SLUGS.items()],
            "slug": slug if kind else "",
            "states": DocumentState.choices,
            "state": state,
            "may_enter": scope.can("stock.enter"),
        },
    )


@require_http_methods(METHODS)
@needs("stock.enter")
@idempotent
def begin(request: HttpRequest, kind: str) -> HttpResponse:
    """The head of a new paper; its lines come on the next page."""
    scope, found = current(), SLUGS.get(kind)
    if found is None or scope.workplace_id is None or scope.hamlet_ids is not None:
        raise Http404
    typed = request.POST.copy() if request.method == "POST" else None
    places = reading.places(scope)
    if not places and typed is not None:  # the first paper of all makes the first store
        places = [keeping.store_of(scope.workplace_id)]
        typed["location"] = str(places[0].pk)
    places = places or [StockLocation(name=keeping.FIRST_STORE)]
    initial = {"on": timezone.localdate(), "location": str(places[0].pk)}
    if len(places) == 2:  # it can only go to the other
        initial["to_location"] = str(places[1].pk)
    form: Any
    if found == DocumentKind.COUNT:
        form = CountForm(typed, places=places, initial=initial)
    else:
        form = HeadForm(typed, kind=found, places=places, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            document = _begun(found, form)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("stock:paper", pk=document.pk)
    context = {"form": form, "title": found.label, "lead": LEADS[found], "button": "Tiếp: ghi dòng hàng"}
    return render(request, "stock/head.html", context, status=422 if form.errors else 200)


def _begun(kind: DocumentKind, form: Any) -> StockDocument:
    if kind == DocumentKind.COUNT:
        said = form.cleaned_data
        return counting.count_open(
            location_id=said["location"],
            on=said["on"],
            programme=said["programme"],
            controlled=said["controlled"],
        )
    return drafting.draft_save(kind=kind, data=form.data_of())


@require_http_methods(METHODS)
@needs("stock.enter")
@idempotent
@conflict_page(("on", "partner", "reference", "reason"))
def head(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a draft's head; its lines stay."""
    document = paper_or_404(pk)
    if not document.is_draft or document.kind == DocumentKind.COUNT:
        return redirect("stock:paper", pk=document.pk)
    places = reading.places(current())
    form = HeadForm(request.POST or None, kind=document.kind, places=places, initial=head_of(document))
    if request.method == "POST" and form.is_valid():
        try:
            drafting.draft_save(
                kind=document.kind,
                data=form.data_of(),
                document_id=document.pk,
                expected_version=form.cleaned_data["version"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã lưu.")
            return redirect("stock:paper", pk=document.pk)
    context = {"form": form, "title": document.get_kind_display(), "document": document, "button": "Lưu"}
    return render(request, "stock/head.html", context, status=422 if form.errors else 200)


@require_safe
@needs("stock.view")
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A draft as a grid, for who may fill it in; what is posted as it is."""
    scope, document = current(), paper_or_404(pk)
    rows = reading.lines_of_paper(document)
    fills = document.is_draft and scope.can("stock.enter")
    return render(
        request,
        "stock/paper_draft.html" if fills else "stock/paper.html",
        {
            "document": document,
            "lines": rows,
            "grid": grids.grid_of(document, rows) if fills else None,
            "total": drafting.total_of(rows),
            "is_count": document.kind == DocumentKind.COUNT,
            "is_priced": document.kind in drafting.COMES_IN,
            "waiting": approvals.waiting_on(second.CHANGE if document.is_draft else second.BACK, document.pk),
            "may_edit": scope.can("stock.edit"),
            "may_enter": scope.can("stock.enter"),
            "back_entry": back_entries.of_object(scope, document.pk),
        },
    )


@require_POST
@needs("stock.enter")
def row(request: HttpRequest, pk: UUID) -> JsonResponse:
    """One row of the grid: saved whole, or 422 with a sentence for each wrong cell and nothing written.

    Its key makes a repeat the same row, its version keeps out who was second.
    """
    document = paper_or_404(pk)
    try:
        key = UUID(request.POST.get("row", ""))
        version = int(request.POST.get("version") or 0)
    except ValueError:
        return JsonResponse({"errors": {"": "Dòng không đọc được. Hãy tải lại trang."}}, status=422)
    try:
        if document.kind == DocumentKind.COUNT:
            return JsonResponse(grids.count_row(document, key, request.POST))
        cells = {name: request.POST.get(name, "") for name in lines.COLUMNS[document.kind]}
        return JsonResponse(grids.line_row(document, key, version, cells))
    except drafting.LineProblems as wrong:
        return JsonResponse({"errors": next(iter(wrong.cells.values()))}, status=422)
    except StaleVersion:
        sentence = "Người khác vừa sửa dòng này. Tải lại trang để xem."
        return JsonResponse({"message": sentence}, status=409)
    except Refused as refused:
        return JsonResponse({"message": refused.message}, status=409)


@require_http_methods(METHODS)
@needs("stock.enter")
@idempotent
def post(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The whole paper once more, then into the book; or to a second person where two names are needed."""
    document = paper_or_404(pk)
    if not document.is_draft:
        return redirect("stock:paper", pk=document.pk)
    by_two = second.needs_second(document)
    problem, asks = "", ""
    if request.method == "POST":
        try:
            return _posted(request, document, by_two)
        except StaleVersion:
            problem = "Phiếu vừa được sửa. Xem lại các dòng dưới đây rồi ghi sổ."
            document = paper_or_404(pk)
        except NeedsReason as moved:
            asks = moved.warnings[0].sentence
        except Refused as refused:
            problem = refused.message
    rows = reading.lines_of_paper(document)
    if document.kind not in (*drafting.COMES_IN, DocumentKind.COUNT):
        try:
            rows = outgoing.planned(document, rows)
        except Refused as short:
            problem = problem or short.message
    return render(
        request,
        "stock/post.html",
        {
            "document": document,
            "lines": rows,
            "total": drafting.total_of(rows),
            "is_count": document.kind == DocumentKind.COUNT,
            "is_priced": document.kind in drafting.COMES_IN,
            "uncounted": [line for line in rows if line.quantity is None],
            "by_two": by_two,
            "problem": problem,
            "asks": asks,
        },
        status=422 if problem or asks else 200,
    )


def _posted(request: HttpRequest, document: StockDocument, by_two: bool) -> HttpResponse:
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() else 0
    confirmed = request.POST.get("confirmed") == "on"
    if by_two:
        asked = second.second_ask(document_id=document.pk, expected_version=version, confirmed=confirmed)
        return _sent(request, asked)
    more = {"confirmed": confirmed} if document.kind == DocumentKind.COUNT else {}
    done = posting.POST[document.kind](document_id=document.pk, expected_version=version, **more)
    messages.success(request, f"Đã ghi sổ {done.get_kind_display().lower()} số {done.number}.")
    return redirect("stock:paper", pk=document.pk)


def _sent(request: HttpRequest, asked: PendingChange) -> HttpResponse:
    messages.success(
        request, "Đã gửi người thứ hai. Người đó xác nhận ngay tại đây, hoặc ở trang Chờ duyệt của mình."
    )
    return redirect("accounts:decide_here", pk=asked.pk)


@require_http_methods(METHODS)
@needs("stock.edit")
@idempotent
def take_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a posted paper back with a reason; both stay in the book."""
    document = paper_or_404(pk)
    if document.state != DocumentState.POSTED:
        return redirect("stock:paper", pk=document.pk)
    form = ReasonForm(request.POST or None, initial={"version": document.version})
    by_two = second.needs_second(document)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or document.version
        reason = form.cleaned_data["reason"]
        try:
            if by_two:
                asked = second.back_ask(document_id=document.pk, expected_version=version, reason=reason)
                return _sent(request, asked)
            posting.reverse(document_id=document.pk, expected_version=version, reason=reason)
        except StaleVersion:
            form.add_error(None, "Phiếu vừa được người khác đổi. Xem lại trước khi hủy ghi sổ.")
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã hủy ghi sổ phiếu số {document.number}.")
            return redirect("stock:paper", pk=document.pk)
    context = {"form": form, "document": document, "by_two": by_two}
    return render(request, "stock/take_back.html", context, status=422 if form.errors else 200)


@require_POST
@needs("stock.enter")
@idempotent
def drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Throw a draft away."""
    document = paper_or_404(pk)
    try:
        drafting.draft_drop(document_id=document.pk, expected_version=document.version)
    except (Refused, StaleVersion) as refused:
        messages.error(request, getattr(refused, "message", "Phiếu vừa được sửa. Xem lại."))
        return redirect("stock:paper", pk=document.pk)
    messages.success(request, "Đã bỏ nháp. Kho không thay đổi.")
    return redirect("stock:papers")


@require_POST
@needs("stock.enter")
@idempotent
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A draft like the paper that was taken back."""
    document = paper_or_404(pk)
    try:
        made = drafting.draft_again(document_id=document.pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("stock:paper", pk=document.pk)
    messages.success(request, "Đã lập bản nháp giống phiếu cũ. Sửa chỗ sai rồi ghi sổ.")
    return redirect("stock:paper", pk=made.pk)
