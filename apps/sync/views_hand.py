"""Giving a record in by hand: taken out of the queue, its file, the receipt that was given for it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.sync import by_hand, queries
from apps.sync.forms import HandReceiptForm
from apps.sync.models import OutboxRow
from apps.sync.views import row_context

OUTRUN = "Trạng thái của bản ghi vừa thay đổi. Hãy xem lại rồi làm tiếp."


def _row(pk: UUID) -> OutboxRow:
    found = queries.row_for(current(), pk)
    if found is None:
        raise Http404
    return found


@require_POST
@needs("sync.view")
@idempotent
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Out of the queue, by the right that the service asks for this row."""
    _row(pk)
    try:
        by_hand.hand_take(row_id=pk, expected_version=_version(request))
    except Refused as refused:
        messages.warning(request, refused.message)
    except StaleVersion:
        messages.warning(request, OUTRUN)
    else:
        messages.success(request, "Đã chuyển sang gửi tay. Tải tệp, nộp cho nơi nhận rồi ghi số biên nhận.")
    return redirect("sync:row", pk=pk)


@require_GET
@never_cache
@needs("sync.export")
def file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The file, by its single right; the look is logged."""
    found = _row(pk)
    try:
        content, kind, name = by_hand.hand_file(row_id=pk)
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("sync:row", pk=pk)
    readlog.record("sync.hand_file", [found.person_id] if found.person_id else [])
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_POST
@needs("sync.enter")
@idempotent
def receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _row(pk)
    form = HandReceiptForm(request.POST)
    if form.is_valid():
        try:
            by_hand.hand_receipt(
                row_id=pk,
                expected_version=_version(request),
                on=form.cleaned_data["on"],
                number=form.cleaned_data["receipt"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        except StaleVersion:
            messages.warning(request, OUTRUN)
            return redirect("sync:row", pk=pk)
        else:
            messages.success(request, "Đã ghi số biên nhận.")
            return redirect("sync:row", pk=pk)
    return render(request, "sync/row.html", row_context(found, form), status=422)


def _version(request: HttpRequest) -> int:
    """The version that the page was made of; what is none fits no row."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
