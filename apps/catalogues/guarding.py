"""Catalogues that nobody changes alone: which records only few may read, and which of them leave.

One sends a file or moves a row's days, another approves (core.approvals). What a release ships comes in by
`load_catalogues`, like the software itself.
"""

from typing import Any

from django.db import transaction

from apps.catalogues import columns, services
from apps.catalogues.models import CatalogueUpload, CodeEntry
from apps.catalogues.shipped import TABLES
from apps.core import approvals
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current

GUARDED = frozenset({"restricted_data"})  # keys of tables, each a list of code entries
UPLOAD, ROW = "catalogue.upload", "catalogue.row"  # the ChangeKinds
LINES = 100  # differences that the second person is shown; the page of the file has them all


def upload_apply(*, upload: CatalogueUpload) -> CatalogueUpload | PendingChange:
    """Apply what was compared, or ask a second person where the catalogue is guarded. Raises Refused."""
    if upload.key not in GUARDED:
        return services.upload_apply(upload=upload)
    current().require("catalogues.edit")
    services.upload_waits(upload)
    return approvals.ask(
        UPLOAD,
        object_id=upload.pk,
        title=f"Áp dụng tệp {TABLES[upload.key].title}: thêm {upload.added}, sửa {upload.changed}, "
        f"ngừng {upload.withdrawn} dòng",
        lines=_lines(upload),
    )


def upload_approved(change: PendingChange) -> None:
    """Apply it as the second; Refused when the catalogue is no longer what was compared with."""
    upload = CatalogueUpload.objects.filter(pk=change.object_id).first()
    if upload is None:
        raise Refused("Tệp này không còn nữa.")
    services.upload_apply(upload=upload)


def _lines(upload: CatalogueUpload) -> list[approvals.Line]:
    found: list[approvals.Line] = []
    for change in upload.changes.order_by("position")[:LINES]:
        words = columns.change_words(TABLES[upload.key].model, change)
        found += [
            (f"{words['key']}, {words['kind_words']}: {name}", before, after)
            for name, before, after in words["fields"]
        ]
    return found[:LINES]


@transaction.atomic
def row_ask(*, row: CodeEntry, fields: list[str]) -> PendingChange:
    """What an administrator has filled in on a row of a guarded list waits for a second; nothing is saved."""
    current().require("catalogues.edit")
    stored = CodeEntry.objects.get(pk=row.pk)
    seen, wanted = _values(stored, fields), _values(row, fields)
    return approvals.ask(
        ROW,
        object_id=row.pk,
        title=f"Sửa dòng {row.code} của {TABLES[row.list].title}",
        lines=[(_title(name), seen[name] or "", wanted[name] or "") for name in fields],
        args={"seen": seen, "wanted": wanted},
    )


@transaction.atomic
def row_approved(change: PendingChange) -> None:
    """Put in force what the second person has seen, if the row still is as she saw it."""
    row = CodeEntry.objects.select_for_update().filter(pk=change.object_id).first()
    fields = list(change.args["wanted"])
    if row is None or _values(row, fields) != change.args["seen"]:
        raise Refused("Dòng này đã đổi từ lúc xin. Người xin cần gửi lại yêu cầu.")
    for name, text in change.args["wanted"].items():
        setattr(row, name, TABLES[row.list].field(name).to_python(text))
    row.version += 1
    row.save()
    services.row_changed(obj=row, fields=fields)


def _values(row: CodeEntry, fields: list[str]) -> dict[str, str | None]:
    values: dict[str, Any] = {name: getattr(row, name) for name in fields}
    return {name: None if value is None else str(value) for name, value in values.items()}


def _title(name: str) -> str:
    return str(getattr(CodeEntry._meta.get_field(name), "verbose_name", name))
