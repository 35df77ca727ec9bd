"""Files that belong to a visit: kept, and said to be a mistake. Nothing is deleted."""

import datetime as dt
import errno
import hashlib
from collections.abc import Iterator
from typing import Protocol
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from apps.core import audit, parameters
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import quantity_words
from apps.encounters import states
from apps.encounters.bedside import own_practitioner
from apps.encounters.models import Attachment, Order, Visit
from apps.encounters.models.attachments import ATTACHMENTS, attachment_storage
from apps.encounters.ordering import filetypes
from apps.encounters.ordering.orders import tell_changed

MEGABYTES, PIXELS = "attachments.most_mb", "attachments.most_pixels"
ORPHAN_DAYS = "attachments.orphan_days"
DISK_FULL = "Máy chủ hết chỗ lưu tệp. Tệp chưa được lưu; hãy báo người quản trị."
NOT_WRITTEN = "Máy chủ không ghi được tệp. Tệp chưa được lưu; hãy báo người quản trị."


class Upload(Protocol):
    """A file as it was sent."""

    name: str | None
    size: int | None

    def read(self) -> bytes: ...


@transaction.atomic
def attach(*, visit_id: UUID, file: Upload, title: str, order_id: UUID | None = None) -> Attachment:
    """Keep a file with a visit, or with one order of it; also after the visit has ended.

    Raises Refused at `file` for what is no picture and no PDF, is broken, empty, too big, or cannot be kept.
    """
    scope = current()
    scope.require("results.enter")
    visit = Visit.objects.get(pk=visit_id)
    if not scope.reaches(visit.facility_id):
        raise PermissionDenied("attach")
    if visit.state == states.ENTERED_IN_ERROR:
        raise Refused("Lượt khám là nhập nhầm: không đính kèm được.", code="state")
    order = Order.objects.get(pk=order_id, visit=visit) if order_id else None
    title = clean(title)[:200]
    if not title:
        raise Refused("Ghi tên tài liệu.", field="title", code="no-title")
    kept = _judged(file)
    author = own_practitioner(scope)
    row = Attachment(
        visit=visit,
        order=order,
        title=title,
        type=kept.type,
        size=len(kept.content),
        sha256=hashlib.sha256(kept.content).hexdigest(),
        added_by=scope.user_id,
        added_by_name=author.full_name if author else scope.shown_name,
    )
    _write(row, kept.content)
    _audit("attachment.added", row, visit, type=kept.type, size=row.size)
    tell_changed(visit)
    return row


@transaction.atomic
def attachment_in_error(*, attachment_id: UUID, reason: str) -> Attachment:
    """A file that belongs elsewhere: no longer offered, kept with the reason."""
    scope = current()
    scope.require("results.edit")
    row = Attachment.objects.select_for_update(of=("self",)).select_related("visit").get(pk=attachment_id)
    if not scope.reaches(row.visit.facility_id):
        raise PermissionDenied("attachment")
    if row.state == "entered_in_error":
        raise Refused("Tệp này đã ghi là nhập nhầm trước đó.", code="state")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do nhập nhầm.", field="reason", code="no-reason")
    row.state, row.error_reason = "entered_in_error", reason
    row.save(update_fields=["state", "error_reason", "updated_at"])
    _audit("attachment.entered_in_error", row, row.visit)
    tell_changed(row.visit)
    return row


def _judged(file: Upload) -> filetypes.Kept:
    found = parameters.values([MEGABYTES, PIXELS], on=timezone.localdate())
    most = int(found[MEGABYTES]) * 1024 * 1024
    try:
        if (file.size or 0) > most:
            raise filetypes.too_big(file.size or 0, most)
        return filetypes.judge(file.name or "", file.read(), most_bytes=most, most_pixels=int(found[PIXELS]))
    except filetypes.BadFile as bad:
        raise Refused(str(bad), field="file", code=bad.code) from bad


def _write(row: Attachment, content: bytes) -> None:
    """The file, then its row; a file without its row is not left behind."""
    try:
        row.file.save("", ContentFile(content), save=False)
    except OSError as error:
        sentence = DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else NOT_WRITTEN
        raise Refused(sentence, field="file", code="file-disk") from error
    try:
        row.save(force_insert=True)
    except Exception:
        row.file.storage.delete(str(row.file.name))
        raise


def sweep(day: dt.date) -> str:
    """Take away files that no row names: their save was rolled back after they had been written. Only after
    some days, so that a save under way and a database that is being restored keep theirs.
    """
    storage = attachment_storage()
    days = int(parameters.value(ORPHAN_DAYS, on=day))
    before = timezone.now() - dt.timedelta(days=days)
    swept = 0
    for folder in _folders(storage, ATTACHMENTS):
        names = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
        # unscoped: the system's own work, by names alone
        known = set(Attachment.unscoped.filter(file__in=names).values_list("file", flat=True))
        for name in sorted(set(names) - known):
            if storage.get_modified_time(name) < before:
                storage.delete(name)
                swept += 1
    return f"Đã xóa {quantity_words(swept)} tệp đính kèm không thuộc lượt khám nào."


def _folders(storage: Storage, top: str) -> Iterator[str]:
    """`top` and every folder under it: a year's, a month's. Nothing where nobody has attached anything."""
    if not storage.exists(top):
        return
    yield top
    for name in storage.listdir(top)[0]:
        yield from _folders(storage, f"{top}/{name}")


def _audit(action: str, row: Attachment, visit: Visit, **data: object) -> None:
    audit.record(
        action, person_id=visit.person_id, object_id=row.pk, facility_id=visit.facility_id, data=dict(data)
    )
