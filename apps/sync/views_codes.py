"""The page of a receiver's own codes: its gaps first, entered here or in Excel."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.catalogues.sheets import content_of, read_upload
from apps.core import audit
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.words import quantity_words
from apps.sync import codemaps, guarding
from apps.sync.mappings.systems import CODE_KINDS
from apps.sync.models import Receiver

SHOWN = 100  # lines of each table: more are worked on in Excel
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@needs("sync.view")
def codes(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Codes in use without a counterpart, and the counterparts there are."""
    receiver = get_object_or_404(Receiver, pk=pk)
    gaps, lines = codemaps.gaps(receiver), codemaps.lines(receiver)
    mapped = codemaps.mapped_kinds(receiver)
    context = {
        "receiver": receiver,
        "kinds": [(kind, CODE_KINDS[kind], kind in mapped) for kind in codemaps.kinds_offered(receiver)],
        "mapped": mapped,
        "gaps": gaps[:SHOWN],
        "gap_count": len(gaps),
        "lines": lines[:SHOWN],
        "line_count": len(lines),
        "can_edit": current().can("sync.edit"),
    }
    return render(request, "sync/codes.html", context)


@require_POST
@needs("sync.edit")
@idempotent
def kinds(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which kinds this receiver wants under its own codes."""
    receiver = get_object_or_404(Receiver, pk=pk)
    if guarding.kinds_set(receiver=receiver, wanted=request.POST.getlist("kind")):
        messages.warning(request, "Loại mã phải đổi chờ một người khác duyệt mới có hiệu lực.")
    else:
        messages.success(request, "Đã lưu loại mã phải đổi.")
    return redirect("sync:codes", pk=pk)


@require_POST
@needs("sync.edit")
@idempotent
def enter(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The counterparts typed beside the gaps."""
    receiver = get_object_or_404(Receiver, pk=pk)
    typed = zip(*(request.POST.getlist(name) for name in ("kind", "local", "remote")), strict=False)
    names = ("loại", "mã của trạm", "mã của nơi nhận")
    _tell(
        request,
        codemaps.take(receiver=receiver, entries=[dict(zip(names, row, strict=True)) for row in typed]),
    )
    return redirect("sync:codes", pk=pk)


@require_POST
@needs("sync.edit")
@idempotent
def upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A sheet that was filled in."""
    receiver = get_object_or_404(Receiver, pk=pk)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise Refused("Hãy chọn tệp Excel hoặc CSV.")
        lines = read_upload(file.name or "", content_of(file))
        if lines and not set(codemaps.HEADINGS[:4]) - {"tên"} <= {name.lower() for name in lines[0]}:
            raise Refused(f"Tệp cần các cột: {', '.join(codemaps.HEADINGS)}. Hãy tải tệp mẫu về rồi điền.")
        entries = [{name.lower(): text for name, text in line.items()} for line in lines]
        _tell(request, codemaps.take(receiver=receiver, entries=entries))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("sync:codes", pk=pk)


@require_GET
@needs("sync.edit")
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gaps and counterparts as a workbook to fill in: codes only, nobody's data."""
    receiver = get_object_or_404(Receiver, pk=pk)
    response = HttpResponse(codemaps.workbook(receiver), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="ma-{receiver.code}.xlsx"'
    audit.record("sync.codes_exported", object_id=receiver.pk, data={"receiver": receiver.code})
    return response


def _tell(request: HttpRequest, taken: codemaps.Taken) -> None:
    told = f"Thêm {quantity_words(taken.added)}, đổi {quantity_words(taken.changed)} mã."
    if taken.sent_again:
        told += f" {quantity_words(taken.sent_again)} bản ghi đang dừng vì thiếu mã được gửi lại."
    if taken.added or taken.changed:
        messages.success(request, told)
    elif not taken.refused:
        messages.info(request, "Không có mã nào thay đổi.")
    for sentence in taken.refused[:5]:
        messages.error(request, sentence)
    if len(taken.refused) > 5:
        messages.error(request, f"Còn {len(taken.refused) - 5} dòng khác không nhận được.")
