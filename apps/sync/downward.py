"""Newer editions of catalogues, fetched from the addresses that the province has named, and proposed.

What comes is a stranger's file: the rules of the line (receivers/http.py), a size, a kind of file, then the
catalogue's own reader. What differs waits on the page where an administrator compares and applies; nothing is
ever applied here.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import services as catalogues
from apps.catalogues.models import CatalogueState, CatalogueUpload
from apps.catalogues.sheets import MAX_BYTES
from apps.catalogues.shipped import TABLES
from apps.core import audit, jobs
from apps.core.errors import Refused
from apps.core.models import Job
from apps.core.scope import current
from apps.core.words import quantity_words
from apps.sync.models import SOURCE_TOKEN_NAME, CatalogueSource
from apps.sync.receivers import certificates, http
from apps.sync.receivers.base import Answer

log = logging.getLogger("tramyte.sync")
JOB = "sync.fetch"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"text/csv": "csv", "application/csv": "csv", XLSX: "xlsx"}
ACCEPT = ", ".join(TYPES)
KEPT = timedelta(days=7)  # a proposal that waits longer is compared anew: it ends rows from its own day on
PROPOSED = "Bản mới chờ xem"
SAID = {
    "address": "",  # http says it
    "timeout": "Nơi cấp không trả lời kịp.",
    "connection": "Không nối được tới nơi cấp.",
    "too_big": f"Tệp lớn quá {MAX_BYTES // 1_000_000} MB.",
}


class Unfit(Exception):
    """What came is no file that can be proposed. The message is a Vietnamese sentence."""


@dataclass(frozen=True)
class Source:
    """A source as its page shows it."""

    row: CatalogueSource
    title: str
    host: str
    upload: CatalogueUpload | None

    @property
    def waiting(self) -> bool:
        return self.upload is not None and self.upload.state == CatalogueUpload.State.COMPARED

    @property
    def said(self) -> str:
        """What came of the last asking, or since then of what it had proposed."""
        if self.upload and not self.waiting and self.row.said.startswith(PROPOSED):
            return self.upload.get_state_display()
        return self.row.said


def sources() -> list[Source]:
    """All sources with what each has proposed last: two queries."""
    rows = [row for row in CatalogueSource.objects.all() if row.table in TABLES]
    uploads = CatalogueUpload.objects.in_bulk([row.upload_id for row in rows if row.upload_id])
    return [
        Source(row, TABLES[row.table].title, urlsplit(row.url).netloc, uploads.get(row.upload_id))
        for row in rows
    ]


def proposals() -> list[Source]:
    """What waits for somebody to look at it."""
    return [source for source in sources() if source.waiting]


def nightly(day: date) -> str:
    """Of the night: ask every source that is on."""
    rows = list(CatalogueSource.objects.filter(is_on=True))
    return f"Hỏi {quantity_words(len(rows))} nơi cấp danh mục, {quantity_words(_ask(rows))} bản mới chờ xem."


def ask_now() -> Job:
    """Ask all sources that are on, by a job. Needs catalogues.edit."""
    scope = current()
    scope.require("catalogues.edit")
    audit.record("sync.catalogues_asked")
    return jobs.start(JOB, title="Hỏi nơi cấp danh mục", scope=scope)


def run(job: Job) -> None:
    """The job."""
    rows = list(CatalogueSource.objects.filter(is_on=True))
    found = _ask(rows)
    job.result = {"url": reverse("sync:catalogues"), "url_title": "Mở nơi cấp danh mục"}
    jobs.progress(job, len(rows), len(rows), f"{quantity_words(found)} bản mới chờ xem.")


def _ask(rows: Sequence[CatalogueSource]) -> int:
    """Ask each; how many proposals were made. One that goes wrong stops no other."""
    made = 0
    for row in rows:
        try:
            row.said, new = propose(row)
        except (Unfit, Refused) as wrong:
            row.said, new = str(wrong), False
        except Exception:
            log.exception("sync.catalogue_failed", extra={"catalogue": row.table})
            row.said, new = "Không đọc được tệp; lý do nằm trong nhật ký máy chủ.", False
        made += new
        row.said, row.asked_at = row.said[:300], timezone.now()
        row.save(update_fields=["said", "asked_at", "content_hash", "upload_id", "updated_at"])
    return made


def propose(row: CatalogueSource) -> tuple[str, bool]:
    """Fetch one source and keep what differs; (what came of it, whether a new proposal waits).

    Raises Unfit or Refused for what cannot be taken.
    """
    table = TABLES.get(row.table)
    if table is None:
        raise Unfit("Danh mục này không còn trong phần mềm.")
    token = _token(row)
    headers = {"Accept": ACCEPT, **({"Authorization": f"Bearer {token}"} if token else {})}
    content, ending = taken(http.fetch(row.url, row.allow_private, headers, MAX_BYTES), row.url)
    hash_ = hashlib.sha256(content).hexdigest()
    before = CatalogueUpload.objects.filter(pk=row.upload_id).first() if row.upload_id else None
    if before and hash_ == row.content_hash and _stands(before):
        return _words(before), False
    with transaction.atomic():
        if before:
            catalogues.upload_drop(upload=before)  # one of ours at a time
        upload = catalogues.upload_compare(
            table=table,
            file_name=f"{table.key}.{ending}",
            content=content,
            effective_on=timezone.localdate(),
        )
        in_force = upload.changed + upload.withdrawn + upload.unchanged
        if upload.withdrawn * 2 > in_force > 0:
            raise Unfit("Tệp thiếu hơn nửa số dòng đang dùng, có thể bị cụt; không đề xuất.")
        row.content_hash = hash_
        upload.uploaded_by = f"Tải từ {urlsplit(row.url).netloc}"[:150]
        upload.save(update_fields=["uploaded_by", "updated_at"])
        if upload.added or upload.changed or upload.withdrawn:
            row.upload_id = upload.pk
            return _words(upload), True
        upload.delete()
        row.upload_id = None
    return "Không có gì mới.", False


def _token(row: CatalogueSource) -> str:
    """Its token; what stands in the table is judged again, so that no other secret ever leaves here."""
    try:
        if row.token_key:
            SOURCE_TOKEN_NAME(row.token_key)
        return certificates.secret(row.token_key)
    except ValidationError as wrong:
        raise Unfit(str(SOURCE_TOKEN_NAME.message)) from wrong
    except ValueError as unreadable:
        raise Unfit(f"Thiết lập máy chủ sai: {unreadable}") from unreadable


def taken(answer: Answer, url: str) -> tuple[bytes, str]:
    """(the file, its ending). Raises Unfit: no redirect is followed, no page taken for a table."""
    if answer.error:
        raise Unfit(SAID.get(answer.error) or answer.body.decode())
    if answer.status is not None and 300 <= answer.status < 400:
        raise Unfit("Địa chỉ của nơi cấp chuyển sang nơi khác.")
    if answer.status != 200:
        raise Unfit(f"Nơi cấp trả lời {answer.status}.")
    if answer.headers.get("content-encoding", "identity") not in ("", "identity"):
        raise Unfit("Nơi cấp gửi tệp nén, không nhận.")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    ending = TYPES.get(kind)
    named = urlsplit(url).path.rpartition(".")[2].lower()
    if ending is None and kind in ("application/octet-stream", "text/plain") and named in TYPES.values():
        ending = named
    if ending is None:
        raise Unfit("Nơi cấp gửi thứ không phải tệp .csv hoặc .xlsx.")
    return answer.body, ending


def _stands(upload: CatalogueUpload) -> bool:
    """Whether the same file needs no new look: it was put aside by a person, or still waits as it was."""
    if upload.state == CatalogueUpload.State.DROPPED:
        return True
    version = CatalogueState.objects.filter(key=upload.key).values_list("version", flat=True).first() or 0
    fresh = upload.effective_on >= timezone.localdate() - KEPT
    return upload.state == CatalogueUpload.State.COMPARED and upload.based_on == version and fresh


def _words(upload: CatalogueUpload) -> str:
    if upload.state == CatalogueUpload.State.DROPPED:
        return "Bản này đã được xem và bỏ."
    return f"{PROPOSED}: thêm {upload.added}, sửa {upload.changed}, ngừng {upload.withdrawn} dòng."
