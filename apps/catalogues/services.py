"""How catalogues change: shipped files, and files of the province, compared before they are applied."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.compare import Comparison, Difference, Kind, apply, compare
from apps.catalogues.models import CatalogueChange, CatalogueRow, CatalogueState, CatalogueUpload
from apps.catalogues.sheets import read_shipped, read_upload
from apps.catalogues.shipped import TABLES
from apps.catalogues.tables import BadLine, Table
from apps.core import audit
from apps.core.errors import Refused
from apps.core.registry import LoadReport
from apps.core.scope import current

FOLDER = "catalogues"


def load_shipped(table: Table, folder: Path, report: LoadReport) -> None:
    """Bring one shipped file in, in one transaction. Quick when the file is the one that was brought in last.

    A catalogue that the province replaced by its own file is left alone, and the report says so.
    """
    path = folder / FOLDER / table.file
    content_hash = shipped_hash(table, folder)
    state = CatalogueState.objects.filter(key=table.key).first()
    if state is not None and state.shipped_hash == content_hash:
        report.unchanged = state.rows
        return
    if state is not None and state.origin == CatalogueState.Origin.UPLOADED:
        report.unchanged = state.rows
        report.notes.append(
            f"giữ tệp của tỉnh đã nạp ngày {state.loaded_at:%d/%m/%Y}; bản phát hành mới chưa áp dụng"
        )
        return
    rows = table.parse(read_shipped(path))
    with transaction.atomic():
        found = compare(table, rows, effective_on=timezone.localdate())
        _write(table, found.differences)
        _remember(
            table, origin=CatalogueState.Origin.SHIPPED, file_name=table.file, shipped_hash=content_hash
        )
    report.added, report.changed = found.count(Kind.ADDED), found.count(Kind.CHANGED)
    report.withdrawn, report.unchanged = found.count(Kind.WITHDRAWN), found.unchanged


def shipped_hash(table: Table, folder: Path) -> str:
    """What tells one content of a shipped file from another."""
    content = (folder / FOLDER / table.file).read_bytes()
    return hashlib.sha256(f"{table.revision}\n".encode() + content).hexdigest()


@transaction.atomic
def upload_compare(*, table: Table, file_name: str, content: bytes, effective_on: dt.date) -> CatalogueUpload:
    """Compare an uploaded file with what is in force and keep the differences; nothing is applied.

    Raises Refused (a sentence) for a file that cannot be taken.
    """
    scope = current()
    scope.require("catalogues.edit")
    try:
        rows = table.parse(read_upload(file_name, content))
    except BadLine as bad:
        raise Refused(str(bad), field="file") from bad
    found = compare(table, rows, effective_on=effective_on)
    upload = CatalogueUpload.objects.create(
        key=table.key,
        file_name=Path(file_name).name[-200:],
        content_hash=hashlib.sha256(content).hexdigest(),
        based_on=_version(table.key),
        rows=len(rows),
        added=found.count(Kind.ADDED),
        changed=found.count(Kind.CHANGED),
        withdrawn=found.count(Kind.WITHDRAWN),
        unchanged=found.unchanged,
        effective_on=effective_on,
        uploaded_by=scope.shown_name,
    )
    _keep_changes(upload, found)
    audit.record(
        "catalogue.compared", object_id=upload.id, data={"catalogue": table.title, "rows": upload.rows}
    )
    return upload


@transaction.atomic
def upload_apply(*, upload: CatalogueUpload) -> CatalogueUpload:
    """Apply what was compared, in one transaction. Refused when the catalogue has changed since."""
    scope = current()
    scope.require("catalogues.edit")
    upload = CatalogueUpload.objects.select_for_update().get(id=upload.id)
    table = TABLES[upload.key]
    upload_waits(upload)
    changes = upload.changes.order_by("position")
    _write(table, [_difference(table, change) for change in changes.iterator(chunk_size=2000)])
    _remember(table, origin=CatalogueState.Origin.UPLOADED, file_name=upload.file_name)
    upload.state = CatalogueUpload.State.APPLIED
    upload.applied_by = scope.shown_name
    upload.applied_at = timezone.now()
    upload.save()
    audit.record(
        "catalogue.applied",
        object_id=upload.id,
        data={
            "catalogue": table.title,
            "added": upload.added,
            "changed": upload.changed,
            "withdrawn": upload.withdrawn,
        },
    )
    return upload


def upload_waits(upload: CatalogueUpload) -> None:
    """Raise Refused unless the file still waits, and the catalogue is what it was compared with."""
    if upload.state != CatalogueUpload.State.COMPARED:
        raise Refused("Tệp này đã được áp dụng hoặc đã bỏ.")
    if upload.based_on != _version(upload.key):
        raise Refused("Danh mục đã thay đổi sau khi so sánh. Gửi lại tệp để so sánh lần nữa.")


@transaction.atomic
def upload_drop(*, upload: CatalogueUpload) -> None:
    """Forget a compared file; nothing changes."""
    current().require("catalogues.edit")
    CatalogueUpload.objects.filter(id=upload.id, state=CatalogueUpload.State.COMPARED).update(
        state=CatalogueUpload.State.DROPPED
    )


@transaction.atomic
def row_changed(*, obj: CatalogueRow, fields: Sequence[str]) -> None:
    """After the administrator changed one row: audited, and other processes read their lists again."""
    audit.record(
        "catalogue.row_changed",
        object_id=obj.pk,
        data={"catalogue": obj._meta.verbose_name, "code": str(obj)[:60], "fields": list(fields)},
    )
    for table in TABLES.values():
        if table.model is type(obj):
            CatalogueState.objects.filter(key=table.key).update(updated_at=timezone.now())
    codes.forget()


def _write(table: Table, differences: Sequence[Difference]) -> None:
    apply(table, differences)
    if table.after is not None:
        table.after()


def _remember(
    table: Table, *, origin: CatalogueState.Origin, file_name: str, shipped_hash: str | None = None
) -> None:
    state = CatalogueState.objects.select_for_update().filter(key=table.key).first() or CatalogueState(
        key=table.key, version=0
    )
    state.origin, state.file_name = origin, file_name
    state.confidences = table.confidences()
    state.rows = sum(state.confidences.values())
    state.loaded_at, state.loaded_by = timezone.now(), current().username
    if shipped_hash is not None:
        state.shipped_hash = shipped_hash
    state.version += 1
    state.save()
    codes.forget()


def _version(key: str) -> int:
    state = CatalogueState.objects.filter(key=key).first()
    return state.version if state else 0


def _keep_changes(upload: CatalogueUpload, found: Comparison) -> None:
    encoder = DjangoJSONEncoder()
    CatalogueChange.objects.bulk_create(
        (
            CatalogueChange(
                upload=upload,
                position=position,
                kind=difference.kind,
                key=[
                    part if isinstance(part, str | int | None) else encoder.default(part)
                    for part in difference.key
                ],
                before=dict(difference.before),
                after=dict(difference.after),
            )
            for position, difference in enumerate(found.differences, start=1)
        ),
        batch_size=1000,
    )


def _difference(table: Table, change: CatalogueChange) -> Difference:
    """The stored change with dates and numbers as the model's own types again."""

    def typed(values: dict[str, object]) -> dict[str, object]:
        return {name: table.field(name).to_python(value) for name, value in values.items()}

    key = tuple(typed(dict(zip(table.key_fields, change.key, strict=True))).values())
    return Difference(CatalogueChange.Kind(change.kind), key, typed(change.before), typed(change.after))
