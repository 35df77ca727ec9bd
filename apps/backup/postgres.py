"""The server whose data is kept: how to reach it, and PostgreSQL's own programs of its version."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from apps.backup.errors import BackupError

MAINTENANCE = "postgres"  # the database from which others are made and renamed


@dataclass(frozen=True)
class Server:
    """Where the running software's database stands."""

    name: str
    where: dict[str, Any] = field(repr=False)  # host, port, user, sslmode ...
    password: str = field(repr=False, default="")

    @classmethod
    def running(cls) -> "Server":
        entry = connection.settings_dict
        where = {"host": entry["HOST"], "port": entry["PORT"], "user": entry["USER"]}
        where |= {k: v for k, v in entry["OPTIONS"].items() if k not in {"pool", "options"}}
        return cls(entry["NAME"], {k: v for k, v in where.items() if v}, entry["PASSWORD"])

    def address(self, name: str | None = None) -> str:
        """For the programs: without the password, because everybody on the machine sees their arguments."""
        return make_conninfo(**self.where, dbname=name or self.name)

    def connect(self, name: str | None = None, *, autocommit: bool = False) -> "psycopg.Connection[Any]":
        secret = {"password": self.password} if self.password else {}
        address = make_conninfo(self.address(name), connect_timeout=20, client_encoding="utf8", **secret)
        try:
            return psycopg.connect(address, autocommit=autocommit)
        except psycopg.OperationalError as error:
            raise BackupError(f"Không kết nối được cơ sở dữ liệu: {_first_line(error)}") from None

    @contextmanager
    def alone(
        self, lock: int, busy: Exception, name: str | None = None
    ) -> Iterator["psycopg.Connection[Any]"]:
        """A connection that holds the lock of its database to the end; raises `busy` where another has it.

        Given back by name: a closed connection's session may live on for a moment, and the next would find
        it locked.
        """
        with closing(self.connect(name, autocommit=True)) as held:
            row = held.execute("SELECT pg_try_advisory_lock(%s)", [lock]).fetchone()
            if not (row and row[0]):
                raise busy
            try:
                yield held
            finally:
                with suppress(psycopg.Error):  # the server has gone, and the lock with it
                    held.execute("SELECT pg_advisory_unlock(%s)", [lock])

    def environment(self, **more: str) -> dict[str, str]:
        """What the programs are given: nothing of the surroundings but what they need."""
        given = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": os.environ.get("HOME", "/"), **more}
        return given | ({"PGPASSWORD": self.password} if self.password else {})


def version(opened: "psycopg.Connection[Any]") -> str:
    """'18.4'; its part before the point is the major version."""
    row = opened.execute("SHOW server_version").fetchone()
    return str(row[0]).split()[0] if row else ""


def program(name: str, major: str) -> Path:
    """`pg_dump` or `pg_restore` of exactly the server's major version."""
    folders = [*settings.PG_PROGRAMS, Path(f"/usr/lib/postgresql/{major}/bin")]
    candidates = [folder / name for folder in folders]
    if found := shutil.which(name):
        candidates.append(Path(found))
    for candidate in candidates:
        if candidate.exists() and _major_of(candidate) == major:
            return candidate
    raise BackupError(
        f"Máy chủ cơ sở dữ liệu là PostgreSQL {major} nhưng máy này không có {name} phiên bản {major}. "
        f"Cài gói postgresql-client-{major} hoặc đặt TRAMYTE_PG_BIN tới thư mục chứa nó."
    )


@cache
def _major_of(file: Path) -> str:
    shown = subprocess.run([str(file), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\b(\d+)", shown.stdout)
    return found.group(1) if found else ""


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
