"""`check` and `put_back`: a backup is loaded beside, compared table by table, and only then perhaps used.

Both leave what runs untouched until every count and hash is equal; a database that is replaced is renamed
and kept.
"""

import datetime as dt
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from django.conf import settings
from psycopg.sql import SQL, Identifier

from apps.backup import archive, attachments, contents, postgres, sealing
from apps.backup.errors import BackupError, NoRoom

LOCK = 0x7265_7374  # one restore a server at a time
BESIDE = "tramyte_restore_"  # prefix of databases that are being filled; what dead runs left is dropped
READERS = min(4, os.cpu_count() or 1)  # connections that load and compare
BUSY = "Đang có một lần khôi phục khác chạy trên máy chủ này; hãy đợi lần đó xong."

Tell = Callable[[str], None]


@dataclass
class Outcome:
    """What a restore found. Times in seconds."""

    manifest: dict[str, Any]
    tables: int = 0
    rows: int = 0
    attachments: int = 0
    differences: list[str] = field(default_factory=list)
    load_seconds: float = 0.0
    compare_seconds: float = 0.0
    seconds: float = 0.0
    kept_as: str = ""  # the name under which the replaced database is kept
    kept_files: str = ""


def check(file: Path, key: sealing.Identity, tell: Tell = lambda message: None) -> Outcome:
    """Restore beside, compare, throw away. `differences` of the outcome says what is not equal."""
    with _alone() as (server, held), archive.ArchiveReader(file) as reader:
        with _filled(server, held, reader, key, None, tell) as (name, outcome):
            _drop(held, name)
        return outcome


def put_back(
    file: Path, key: sealing.Identity, *, into: str, replace: bool, tell: Tell = lambda message: None
) -> Outcome:
    """Restore as the database `into` and put the attachments back.

    An existing database with tables is replaced only with `replace`: it is renamed, never dropped. When
    anything is not equal: BackupError, and nothing is changed.
    """
    with _alone() as (server, held), archive.ArchiveReader(file) as reader:
        if _has_tables(server, held, into) and not replace:
            raise BackupError(
                f"Cơ sở dữ liệu '{into}' đang có dữ liệu, không ghi đè. Thêm --replace để đổi tên "
                "bản hiện có và giữ nó lại."
            )
        media = Path(settings.MEDIA_ROOT)
        media.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{media.name}.", dir=media.parent))
        try:
            with _filled(server, held, reader, key, fresh, tell) as (name, outcome):
                if outcome.differences:
                    _drop(held, name)
                    raise BackupError(
                        "Nội dung khôi phục không khớp bản sao lưu, không thay gì cả: "
                        + "; ".join(outcome.differences[:5])
                    )
                _quieten(server, name)
                # To the microsecond: two restores may end within one second.
                stamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}"
                outcome.kept_as = _take_place(held, name, into, f"{into}_before_{stamp}")
                if media.exists():
                    kept = media.with_name(f"{media.name}-before-{stamp}")
                    media.rename(kept)
                    outcome.kept_files = str(kept)
                fresh.rename(media)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return outcome


@contextmanager
def _alone() -> Iterator[tuple[postgres.Server, "psycopg.Connection[Any]"]]:
    """Only one restore a server; what a killed one left is dropped."""
    server = postgres.Server.running()
    with server.alone(LOCK, BackupError(BUSY), postgres.MAINTENANCE) as held:
        for (name,) in held.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [BESIDE]
        ).fetchall():
            _drop(held, name)
        yield server, held


@contextmanager
def _filled(
    server: postgres.Server,
    held: "psycopg.Connection[Any]",
    reader: archive.ArchiveReader,
    key: sealing.Identity,
    files_into: Path | None,
    tell: Tell,
) -> Iterator[tuple[str, Outcome]]:
    """A database filled from the archive, with what the comparison found; dropped when anything fails."""
    began = time.monotonic()
    outcome = Outcome(reader.manifest)
    tell("Đang kiểm tra tệp theo danh sách mã băm")
    reader.verify()
    plain = BytesIO()
    with reader.part("contents.age") as stream:
        sealing.unseal(stream, plain, key)
    expected = json.loads(plain.getvalue())
    program = _restorer(held, reader.manifest)
    name = BESIDE + uuid4().hex[:12]
    try:
        held.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise BackupError("Tài khoản cơ sở dữ liệu không có quyền CREATEDB để khôi phục bên cạnh.") from None
    try:
        _load(server, name, program, reader, key, tell)
        outcome.load_seconds = time.monotonic() - began
        tell("Đang so số dòng và mã băm từng bảng")
        with ExitStack() as opened:
            beside = [opened.enter_context(closing(server.connect(name))) for _ in range(READERS)]
            tables = contents.read(*beside)
        outcome.differences = contents.differences(expected["tables"], tables)
        with reader.part("files.age") as stream:
            files = attachments.unpack(stream, key, files_into)
        if files != expected["files"]:
            outcome.differences.append("tệp đính kèm không khớp danh sách mã băm")
        outcome.tables, outcome.rows = len(tables), contents.total_rows(tables)
        outcome.attachments = len(files)
        outcome.seconds = time.monotonic() - began
        outcome.compare_seconds = outcome.seconds - outcome.load_seconds
        yield name, outcome
    except BaseException as error:
        _drop(held, name)
        if isinstance(error, psycopg.errors.DiskFull) or getattr(error, "errno", None) == 28:
            raise NoRoom("Ổ đĩa đầy khi khôi phục; cơ sở dữ liệu đang chạy không bị động tới.") from None
        raise


def _restorer(held: "psycopg.Connection[Any]", manifest: dict[str, Any]) -> Path:
    major = postgres.version(held).split(".")[0]
    made_by = str(manifest["postgresql"]).split(".")[0]
    if int(made_by) > int(major):
        raise BackupError(
            f"Bản sao lưu do PostgreSQL {made_by} tạo, máy chủ này là PostgreSQL {major}: "
            "cần máy chủ mới hơn."
        )
    return postgres.program("pg_restore", major)


def _load(
    server: postgres.Server,
    name: str,
    program: Path,
    reader: archive.ArchiveReader,
    key: sealing.Identity,
    tell: Tell,
) -> None:
    """pg_restore with several jobs reads back and forth: the dump is opened into a private folder."""
    folder: Path = settings.BACKUP_DIR
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as private:
        dump = Path(private, "database.dump")
        size = next(part.size for part in reader.parts if part.name == "database.age")
        archive.room(folder, size)
        tell("Đang giải mã")
        with reader.part("database.age") as stream, dump.open("wb") as out:
            sealing.unseal(stream, out, key)
        tell("Đang nạp vào cơ sở dữ liệu bên cạnh")
        command = [str(program), "--no-owner", "--no-privileges", "--exit-on-error", "--no-password"]
        command += [f"--jobs={READERS}", f"--dbname={server.address(name)}", str(dump)]
        options = "-c maintenance_work_mem=256MB -c synchronous_commit=off"
        done = subprocess.run(
            command,
            env=server.environment(PGOPTIONS=options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        if "No space left" in said:
            raise NoRoom("Ổ đĩa đầy khi khôi phục; cơ sở dữ liệu đang chạy không bị động tới.")
        raise BackupError(f"pg_restore dừng giữa chừng (mã {done.returncode}). {said.splitlines()[0][:200]}")


def _has_tables(server: postgres.Server, held: "psycopg.Connection[Any]", name: str) -> bool:
    if not held.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return False
    with closing(server.connect(name)) as opened:
        return bool(opened.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone())


def _quieten(server: postgres.Server, name: str) -> None:
    """Nobody is signed in after a restore: a session ended since the backup must not come to life again. And
    nothing leaves: what waited then is older than what receivers may hold by now, until a person has looked.
    """
    with closing(server.connect(name)) as opened:
        opened.execute("DELETE FROM accounts_opensession")
        opened.execute("DELETE FROM django_session")
        opened.execute("UPDATE sync_receiver SET is_on = false, updated_at = now() WHERE is_on")
        opened.commit()


def _take_place(held: "psycopg.Connection[Any]", name: str, into: str, kept: str) -> str:
    """Rename `name` to `into`; a database of that name is kept as `kept`. Gives that name, or ''."""
    exists = held.execute("SELECT 1 FROM pg_database WHERE datname = %s", [into]).fetchone()
    if exists:
        held.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(Identifier(into)))
        try:
            held.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [into])
            held.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(into), Identifier(kept)))
        except psycopg.Error:
            held.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(Identifier(into)))
            raise BackupError(
                f"Cơ sở dữ liệu '{into}' đang được dùng; dừng các tiến trình rồi làm lại."
            ) from None
    try:
        held.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(name), Identifier(into)))
    except psycopg.Error:
        if exists:
            held.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(kept), Identifier(into)))
            held.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(Identifier(into)))
        raise
    if exists:
        held.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(Identifier(kept)))
    return kept if exists else ""


def _drop(held: "psycopg.Connection[Any]", name: str) -> None:
    held.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
