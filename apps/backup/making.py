"""`make`: one backup, from the snapshot to the second place. Whatever stops it spares the older copies."""

import datetime as dt
import errno
import io
import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from apps.backup import archive, attachments, contents, places, postgres, rules, sealing
from apps.backup.errors import BackupError, NoRoom
from apps.backup.models import BackupRun, RunState
from apps.core import parameters

log = logging.getLogger(__name__)

LOCK = 0x7472_616D  # one backup a database at a time
NAME = "tramyte-%Y%m%dT%H%M%SZ"
SUFFIX = ".tar"
READERS = 2  # connections that count and hash while pg_dump reads
UNFINISHED = ".unfinished"  # never listed, never copied, never taken for a backup
BUSY = "Đang có một lần sao lưu khác chạy; hãy đợi lần đó xong."

Tell = Callable[[str], None]


class Busy(BackupError):
    """Another backup runs: nothing failed, so nothing is written into the book."""


def make(*, by: str, tell: Tell = lambda message: None) -> BackupRun:
    """Make a backup, copy it to the second place, let old ones go. BackupError says why there is none.

    One that could not be taken to the second place is good all the same: the row says so.
    """
    started = timezone.now()
    server = postgres.Server.running()
    with server.alone(LOCK, Busy(BUSY)) as held:
        BackupRun.objects.filter(state=RunState.RUNNING).update(
            state=RunState.FAILED, reason="Bị dừng giữa chừng (mất điện hoặc tiến trình bị tắt)."
        )
        run = BackupRun(taken_at=started, by=by)
        try:
            path = _archive(server, held, run, tell)
            run.file, run.size, run.state = path.name, path.stat().st_size, RunState.GOOD
            run.finished_at = timezone.now()
            run.save()
        except BaseException as error:
            _failed(run, error)
            raise _sentence(error) from error
        _copy(path, run, tell)
        _let_go(places.Folder(path.parent), path.name)
    log.info("backup.made", extra={"file": run.file, "size": run.size, "tables": run.tables})
    return run


def _archive(server: postgres.Server, held: "psycopg.Connection[Any]", run: BackupRun, tell: Tell) -> Path:
    keys = sealing.recipients(settings.BACKUP_KEYS)
    folder: Path = settings.BACKUP_DIR
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for leftover in folder.glob(f"*{UNFINISHED}"):
        leftover.unlink()  # of a run that was killed; the lock says that no other one lives
    full = postgres.version(held)
    major = full.split(".")[0]
    dump = postgres.program("pg_dump", major)
    archive.room(folder, _expected(held))
    final = _name(folder, run.taken_at)
    unfinished = final.with_name(final.name + UNFINISHED)
    try:
        with unfinished.open("xb") as file, _snapshot(server) as (snapshot, seen):
            unfinished.chmod(0o600)
            run.taken_at = _moment(seen)
            run.save()  # after the snapshot: a restored database must not hold a run that never ends
            written = archive.ArchiveWriter(file, folder)
            counting = _Counting(server, snapshot)
            try:
                with written.member("database.age") as target:
                    _dump(server, dump, snapshot, target, keys, tell)
                tell("Đang chép tệp đính kèm")
                with written.member("files.age") as target:
                    files = attachments.pack(Path(settings.MEDIA_ROOT), target, keys)
            finally:
                counting.wait(tell)
            tables = counting.result()
            with written.member("contents.age") as target:
                _seal_contents(tables, files, target, keys)
            run.tables, run.rows, run.attachments = len(tables), contents.total_rows(tables), len(files)
            written.close(_manifest(run, full, final.name))
            file.flush()
        archive.settle(unfinished)
        tell("Đang đọc lại để kiểm tra")
        with archive.ArchiveReader(unfinished) as reader:
            reader.verify()
        run.sha256 = archive.hash_of(unfinished)
        unfinished.rename(final)
        archive.settle(final)
    finally:
        unfinished.unlink(missing_ok=True)
    return final


@contextmanager
def _snapshot(server: postgres.Server) -> Iterator[tuple[str, "psycopg.Connection[Any]"]]:
    """One moment of the database that dump and hashes both read."""
    with closing(server.connect()) as opened:
        opened.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        opened.read_only = True
        row = opened.execute("SELECT pg_export_snapshot()").fetchone()
        yield str(row[0] if row else ""), opened


def _moment(seen: "psycopg.Connection[Any]") -> dt.datetime:
    row = seen.execute("SELECT now()").fetchone()
    return row[0] if row else timezone.now()


def _dump(
    server: postgres.Server, program: Path, snapshot: str, target: sealing.Writer, keys: list[Any], tell: Tell
) -> None:
    """pg_dump's output, sealed as it comes: it is never on the disk unsealed."""
    command = [str(program), "--format=custom", "--compress=1", "--no-password"]
    command += ["--lock-wait-timeout=60s", f"--snapshot={snapshot}", f"--dbname={server.address()}"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=server.environment()
        )
        try:
            assert process.stdout is not None  # noqa: S101 - PIPE was asked for
            sealing.seal(_Heard(process.stdout, tell), target, keys)
            code = process.wait()
        finally:
            process.kill()  # nothing when it has ended
            process.wait()
        if code:
            errors.seek(0)
            first = errors.readline(300).decode(errors="replace").strip()
            log.error("backup.pg_dump_failed", extra={"code": code})
            raise BackupError(f"pg_dump dừng giữa chừng (mã {code}). {first}".strip())


class _Heard:
    """Tells how far the dump is, every few seconds."""

    def __init__(self, stream: IO[bytes], tell: Tell) -> None:
        self._stream, self._tell = stream, tell
        self._done = 0
        self._told = time.monotonic()

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._done += len(block)
        if time.monotonic() - self._told > 5:
            self._told = time.monotonic()
            self._tell(f"Đang chép cơ sở dữ liệu, {archive.megabytes(self._done)} MB")
        return block


class _Counting:
    """Counts and hashes the tables beside the dump, in the same snapshot, over two connections."""

    def __init__(self, server: postgres.Server, snapshot: str) -> None:
        self._found: contents.Contents = {}
        self._failed: BaseException | None = None
        self._opened = ExitStack()
        self._readers = [self._reader(server, snapshot) for _ in range(READERS)]
        self._thread = threading.Thread(target=self._run, name="backup-contents", daemon=True)
        self._thread.start()

    def _reader(self, server: postgres.Server, snapshot: str) -> "psycopg.Connection[Any]":
        reader = self._opened.enter_context(closing(server.connect()))
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.read_only = True
        reader.execute(psycopg.sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
        return reader

    def _run(self) -> None:
        try:
            self._found = contents.read(*self._readers)
        except BaseException as error:  # told by result()
            self._failed = error

    def wait(self, tell: Tell) -> None:
        """Until it is done; when the dump has failed its session is ended first."""
        if sys.exc_info()[0] is not None:
            for reader in self._readers:
                reader.cancel()
        while self._thread.is_alive():
            self._thread.join(5)
            tell("Đang tính mã băm từng bảng")
        self._opened.close()

    def result(self) -> contents.Contents:
        if self._failed is not None:
            raise self._failed
        return self._found


def _seal_contents(
    tables: contents.Contents, files: attachments.Listed, target: sealing.Writer, keys: list[Any]
) -> None:
    text = json.dumps({"tables": tables, "files": files}, ensure_ascii=False)
    sealing.seal(io.BytesIO(text.encode()), target, keys)


def _manifest(run: BackupRun, full: str, name: str) -> dict[str, Any]:
    applied = MigrationRecorder.Migration.objects.order_by("app", "name").values_list("app", "name")
    return {
        "name": name,
        "taken_at": run.taken_at.isoformat(),
        "postgresql": full,
        "migrations": dict(applied),
        "keys": settings.BACKUP_KEYS,
        "tables": run.tables,
        "rows": run.rows,
        "attachments": run.attachments,
    }


def _expected(held: "psycopg.Connection[Any]") -> int:
    """Bytes that this backup will about take: the last one and a fifth more, else a third of the database."""
    last = BackupRun.objects.filter(state=RunState.GOOD).order_by("-created_at").first()
    if last is not None:
        return last.size * 6 // 5
    row = held.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) // 3 if row else 0


def _name(folder: Path, at: dt.datetime) -> Path:
    """A name that no copy has: after the clock was set back the same second may come twice."""
    stem = at.astimezone(dt.UTC).strftime(NAME)
    path, number = folder / f"{stem}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{SUFFIX}"
    return path


def _copy(path: Path, run: BackupRun, tell: Tell) -> None:
    """Take the file to the second place, where one is set, and say in the row how that went."""
    if not settings.BACKUP_COPY:
        return
    tell("Đang chép sang nơi thứ hai")
    run.copied_to = places.title(settings.BACKUP_COPY)
    try:
        with places.open_place(settings.BACKUP_COPY, beside=path.parent) as place:
            place.put(path, run.sha256)
            run.copied_at = timezone.now()
            _let_go(place, path.name)
    except BackupError as error:
        run.copy_reason = error.message
        log.warning("backup.not_copied", extra={"file": run.file})
    run.save()


def _let_go(place: "places.Place", just_made: str) -> None:
    """Remove what rotation no longer keeps; only ever called after a good one has been added there."""
    now = timezone.localtime()
    numbers = parameters.values(["backup.daily", "backup.weekly", "backup.monthly"], on=now.date())
    copies = [copy for name in place.names() if (copy := places.copy_of(name)) is not None]
    stays = rules.kept(
        copies,
        just_made=just_made,
        now=now,
        daily=int(numbers.get("backup.daily", 7)),
        weekly=int(numbers.get("backup.weekly", 5)),
        monthly=int(numbers.get("backup.monthly", 12)),
    )
    for copy in copies:
        if copy.name not in stays:
            place.remove(copy.name)


def _failed(run: BackupRun, error: BaseException) -> None:
    run.state, run.finished_at = RunState.FAILED, timezone.now()
    run.reason = _sentence(error).message[:500]
    try:
        run.save()
    except DatabaseError:
        log.warning("backup.not_booked")  # the database itself is what failed


def _sentence(error: BaseException) -> BackupError:
    if isinstance(error, BackupError):
        return error
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoRoom("Ổ đĩa đầy khi đang sao lưu. Bản dở dang đã được xóa, các bản cũ còn nguyên.")
    if isinstance(error, OSError) and error.errno == errno.EFBIG:  # FAT32 ends at 4 GB
        return NoRoom(
            "Ổ đĩa không chứa được tệp lớn như bản sao lưu này (định dạng FAT32, hoặc hạn mức của máy). "
            "Bản dở dang đã được xóa, các bản cũ còn nguyên."
        )
    if isinstance(error, OSError):
        return BackupError(f"Không ghi được bản sao lưu: {error.strerror or error}.")
    if isinstance(error, psycopg.Error | DatabaseError):
        log.error("backup.database_failed", exc_info=error)
        return BackupError("Cơ sở dữ liệu ngắt giữa chừng; bản dở dang đã được xóa, các bản cũ còn nguyên.")
    if isinstance(error, KeyboardInterrupt):
        return BackupError("Đã dừng theo yêu cầu; bản dở dang đã được xóa.")
    log.error("backup.failed", exc_info=error)
    return BackupError("Sao lưu dừng vì lỗi của phần mềm; bản dở dang đã được xóa, các bản cũ còn nguyên.")
