"""Giving records in by hand, one or a list: taken out of the queue, the file, the receipt given for it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.core import guarded, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.sync import by_hand, by_hand_list, queries
from apps.sync.forms import HandListForm, HandListReceiptForm, HandReceiptForm
from apps.sync.models import OutboxRow, Receiver, ReceiverKind
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


# ---- a list


def _receiver(pk: UUID) -> Receiver:
    """A receiver whose form holds many records; else a 404."""
    return get_object_or_404(Receiver, pk=pk, kind=ReceiverKind.VACCINATION)


@require_GET
@needs("sync.export")
def hand_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How much waits, how much was taken and has no receipt; the steps one after the other."""
    return _list_page(request, _receiver(pk))


def _list_page(request: HttpRequest, receiver: Receiver, **forms: Any) -> HttpResponse:
    standing = by_hand_list.standing(receiver)
    said = {"on": timezone.localdate(), "until": standing.until and standing.until.isoformat()}
    context = {
        "receiver": receiver,
        "standing": standing,
        "most": by_hand_list.MOST,
        "file_form": HandListForm(),
        "receipt_form": HandListReceiptForm(initial=said),
        "may_note": current().can("sync.enter"),
        **forms,
    }
    return render(request, "sync/hand_list.html", context, status=422 if forms else 200)


@require_POST
@needs("sync.export")
@idempotent
def hand_list_take(request: HttpRequest, pk: UUID) -> HttpResponse:
    done = by_hand_list.take(receiver=_receiver(pk))
    if done.taken:
        messages.success(request, f"Đã chuyển {done.taken} bản ghi sang gửi tay.")
    if done.stopped:
        messages.warning(
            request, f"{done.stopped} bản ghi còn thiếu hoặc sai, nằm ở mục Bị từ chối và ở Việc cần làm."
        )
    if done.left:
        messages.warning(
            request, f"{done.left} bản ghi được giữ nguyên: đang gửi, hoặc có thông tin hạn chế."
        )
    return redirect("sync:hand_list", pk=pk)


@require_POST
@needs("sync.export")
@idempotent
def hand_list_file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The list as a guarded file, against a reason."""
    receiver, form = _receiver(pk), HandListForm(request.POST)
    if form.is_valid():
        try:
            guarded.export(
                by_hand_list.KEY,
                reason=form.cleaned_data["reason"],
                args=by_hand_list.as_args(receiver),
                title=f"Tệp nộp tay cho {receiver.name}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    return _list_page(request, receiver, file_form=form)


@require_POST
@needs("sync.enter")
@idempotent
def hand_list_receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    receiver, form = _receiver(pk), HandListReceiptForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            many = by_hand_list.receipt(
                receiver=receiver, until=said["until"], on=said["on"], number=said["receipt"]
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã ghi số biên nhận của {many} bản ghi.")
            return redirect("sync:hand_list", pk=pk)
    return _list_page(request, receiver, receipt_form=form)
