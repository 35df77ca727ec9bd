"""docs/runbooks/province-database.md, played: WAL is archived, a mistake is undone to the second before."""

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config import embedded

SECONDS = 120


def command(var: Path, statement: str) -> Any:
    with closing(psycopg.connect(embedded.conninfo(var, "tramyte"), autocommit=True)) as opened:
        found = opened.execute(statement)
        return found.fetchone()[0] if found.description else None


def wait_for(var: Path, statement: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not command(var, statement):
        assert time.monotonic() < deadline, statement


@pytest.mark.slow
def test_it_works(tmp_path: Path) -> None:
    station, spare, archive = tmp_path / "a", tmp_path / "b", tmp_path / "wal"
    for folder in (station, spare, archive):
        folder.mkdir()
    archive.chmod(0o777)
    embedded.ensure(station, "tramyte")
    try:
        copy = f"test ! -f {archive}/%f && cp %p {archive}/%f.part && mv {archive}/%f.part {archive}/%f"
        command(station, "ALTER SYSTEM SET archive_mode = on")
        command(station, f"ALTER SYSTEM SET archive_command = '{copy}'")
        embedded.stop(station)
        embedded.ensure(station, "tramyte")
        command(station, "CREATE TABLE visits (number int PRIMARY KEY, note text)")
        command(station, "INSERT INTO visits SELECT n, 'before' FROM generate_series(1, 1000) n")

        (spare / "pg").mkdir(mode=0o700)
        owner = (station / "pg").stat()
        os.chown(spare / "pg", owner.st_uid, owner.st_gid)
        made = embedded._run(
            station,
            "pg_basebackup",
            *("--pgdata", str(spare / "pg" / "data"), "--host", str(embedded.socket_dir(station))),
            *("--username", embedded.SUPERUSER, "--checkpoint", "fast", "--wal-method", "none"),
        )
        assert made.returncode == 0, made.stdout

        command(station, "INSERT INTO visits SELECT n, 'after the base' FROM generate_series(1001, 1500) n")
        moment = command(station, "SELECT clock_timestamp()")
        command(station, "DELETE FROM visits WHERE number > 10")  # the mistake
        command(station, "SELECT pg_switch_wal()")
        wait_for(
            station,
            "SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver",
        )
        assert command(station, "SELECT count(*) FROM visits") == 10

        settings = spare / "pg" / "data" / "postgresql.auto.conf"
        with settings.open("a") as file:
            file.write(
                "archive_mode = off\n"
                f"restore_command = 'cp {archive}/%f %p'\n"
                f"recovery_target_time = '{moment.isoformat()}'\n"
                "recovery_target_action = promote\n"
            )
        (spare / "pg" / "data" / "recovery.signal").touch()
        embedded.ensure(spare, "tramyte")
        try:
            wait_for(spare, "SELECT NOT pg_is_in_recovery()")
            assert command(spare, "SELECT count(*) FROM visits") == 1500
            assert command(station, "SELECT count(*) FROM visits") == 10  # what runs was not touched
        finally:
            embedded.stop(spare)
    finally:
        embedded.stop(station)
