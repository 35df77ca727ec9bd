"""`export_station`: a station's own data as CSV with a data dictionary and its attachments, in one zip.

The rows are those that the station's own pages show: the same scope, no second filter.
"""

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

from apps.backup import archive, dictionary, sealing
from apps.backup.errors import BackupError
from apps.core import audit, readlog
from apps.core.excel import as_text
from apps.core.scope import Scope, enter
from apps.core.text import clean
from apps.patients import kin

PERSON = "patients_person"
# The zip holds who they are, where they live, what was found and what was given: who may not export one of
# these gets none of it. The list of people and households alone is another page (/ho/xuat/).
RIGHTS = ("people.export", "households.export", "visits.export", "prescriptions.export")
BLOCK = 5_000  # people of one row of the read log
UNFINISHED = ".unfinished"
DICTIONARY = "tu-dien-du-lieu.csv"
README = """\
Dữ liệu của {label}, xuất lúc {at} bởi {who}.
Lý do: {reason}

Mỗi bảng là một tệp CSV: UTF-8, dấu phẩy, dòng đầu là tên cột. {dictionary} giải thích từng bảng, từng cột.
Ô trống nghĩa là không có giá trị. Ô bắt đầu bằng dấu nháy đơn là chữ: bỏ dấu nháy khi nạp vào phần mềm khác.
Tệp đính kèm nằm trong thư mục tep/.

ĐÂY LÀ DỮ LIỆU SỨC KHỎE CỦA NGƯỜI DÂN, CÓ CẢ DỮ LIỆU HẠN CHẾ. Chỉ dùng cho lý do đã ghi; giữ nơi có khóa;
xóa khi dùng xong. Việc xuất này đã được ghi vào nhật ký.
"""

Tell = Callable[[int, int, str], None]


@dataclass
class Exported:
    """What was written."""

    path: Path
    rows: int = 0
    people: list[UUID] = field(default_factory=list)


def export(
    path: Path,
    scope: Scope,
    *,
    reason: str,
    keys: Iterable[str] = (),
    tell: Tell = lambda done, total, message: None,
) -> Exported:
    """Write the zip at `path`, sealed when `keys` are given; audited, with everyone in it in the read log."""
    for right in RIGHTS:
        scope.require(right)
    reason = clean(reason)[:300]
    if not reason:
        raise BackupError("Hãy ghi lý do xuất dữ liệu.", field="reason")
    opened = sealing.recipients(list(keys)) if keys else []
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    archive.room(path.parent, archive.BLOCK)
    done = Exported(path)
    unfinished = path.with_name(path.name + UNFINISHED)
    plain = path.with_name(path.name + ".plain" + UNFINISHED) if opened else unfinished
    try:
        with enter(scope), _private(plain) as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
                _write(zipped, scope, reason, done, tell)
        if opened:
            with plain.open("rb") as source, _private(unfinished) as target:
                sealing.seal(source, target, opened)
        with enter(scope), transaction.atomic():
            # Before the file gets its name: nobody holds what the books do not know.
            audit.record("station.exported", data={"rows": done.rows, "reason": reason})
            for start in range(0, len(done.people), BLOCK):
                readlog.record("station.export", done.people[start : start + BLOCK], reason=reason)
        unfinished.rename(path)
    except OSError as error:
        raise BackupError(f"Không ghi được tệp xuất: {error.strerror or error}.") from None
    finally:
        plain.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)
    return done


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    path.touch(mode=0o600, exist_ok=False)
    with path.open("wb") as file:
        yield file


def _write(zipped: zipfile.ZipFile, scope: Scope, reason: str, done: Exported, tell: Tell) -> None:
    found = list(dictionary.tables())
    at = timezone.localtime()
    text = README.format(
        label=scope.label, at=f"{at:%d/%m/%Y %H:%M}", who=scope.username, reason=reason, dictionary=DICTIONARY
    )
    zipped.writestr("DOC-TRUOC.txt", text)
    _table(zipped, DICTIONARY, _explained(found))
    for number, table in enumerate(found):
        tell(number, len(found), f"Đang xuất: {table.title}")
        _table(zipped, f"{table.name}.csv", _rows(zipped, table, scope, done, tell, number, len(found)))
    tell(len(found), len(found), "Đang ghi nhật ký")


def _explained(found: list[dictionary.Table]) -> Iterator[list[str]]:
    yield ["bảng", "tên bảng", "cột", "tên cột", "kiểu", "ý nghĩa"]
    for table in found:
        for column in table.columns:
            yield [
                table.name,
                table.title,
                column.name,
                column.title,
                column.kind,
                column.meaning,
            ]


def _rows(
    zipped: zipfile.ZipFile,
    table: dictionary.Table,
    scope: Scope,
    done: Exported,
    tell: Tell,
    number: int,
    total: int,
) -> Iterator[list[str]]:
    names = [column.name for column in table.columns]
    files = [
        name for name, c in zip(names, table.columns, strict=True) if isinstance(c.field, models.FileField)
    ]
    yield names
    mother, kept = -1, set[object]()
    if table.name == PERSON:
        mother, kept = names.index("mother_id"), set(kin.kept_children(scope))
    values = dictionary.rows_of(table, scope).values_list(*names)
    for count, row in enumerate(values.iterator(chunk_size=2000), start=1):
        done.rows += 1
        if table.name == PERSON:
            done.people.append(row[0])
        for name in files:
            _attach(zipped, row[names.index(name)])
        if count % 5_000 == 0:
            tell(number, total, f"Đang xuất: {table.title}, {count} dòng")
        if row[0] in kept:
            row = (*row[:mother], None, *row[mother + 1 :])
        yield [cell(value) for value in row]


def _table(zipped: zipfile.ZipFile, name: str, rows: Iterable[list[str]]) -> None:
    """A table is gathered first: its rows' attachments are members too, and a zip takes one at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerows(rows)
    zipped.writestr(name, "\ufeff" + buffer.getvalue())


def _attach(zipped: zipfile.ZipFile, name: str) -> None:
    if name and default_storage.exists(name) and f"tep/{name}" not in zipped.namelist():
        with default_storage.open(name, "rb") as source, zipped.open(f"tep/{name}", "w") as target:
            while block := source.read(archive.BLOCK):
                target.write(block)


def cell(value: Any) -> str:
    """One value as text that no spreadsheet computes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    return str(as_text(text)) if isinstance(value, str) else text
