"""The embedded server's data goes from the wheel's older major to the newer one, table by table the same."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from apps.backup import contents
from config import embedded, upgrading

FORMER = "16"


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A folder as the software with PostgreSQL 16 left it."""
    var = tmp_path / "var"
    var.mkdir()
    old = upgrading._programs(FORMER)
    embedded._prepare_folders(var)
    embedded._open_way(old, *embedded._server_account(var))
    data = var / "pg" / "data"
    made = embedded._run(
        var,
        "initdb",
        *("--pgdata", str(data), "--username", embedded.SUPERUSER, "--encoding", "UTF8", "--locale", "C"),
        *("--auth-local", "trust", "--auth-host", "reject"),
        binaries=old,
    )
    assert made.returncode == 0, made.stdout
    where = f"-c unix_socket_directories='{embedded.socket_dir(var)}' -c listen_addresses=''"
    wait = ("-w", "-D", str(data), "-l", str(var / "pg" / "log"))
    assert embedded._run(var, "pg_ctl", "start", *wait, "-o", where, binaries=old).returncode == 0
    try:
        with closing(psycopg.connect(embedded.conninfo(var, "postgres"), autocommit=True)) as opened:
            opened.execute("CREATE DATABASE tramyte")
        with closing(psycopg.connect(embedded.conninfo(var, "tramyte"), autocommit=True)) as opened:
            opened.execute("CREATE TABLE people (id uuid, name text, born date, at timestamptz, extra jsonb)")
            opened.execute(
                "INSERT INTO people SELECT gen_random_uuid(), 'Người ' || n, date '1950-01-01' + n, now(), "
                "jsonb_build_object('số', n) FROM generate_series(1, 3000) n"
            )
    finally:
        embedded._run(var, "pg_ctl", "stop", "-m", "fast", "-w", "-D", str(data), binaries=old)
    return var


@pytest.mark.slow
def test_it_works(var: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="db upgrade"):
        embedded.ensure(var, "tramyte")
    kept = upgrading.upgrade(var)
    try:
        assert kept is not None and (kept / "PG_VERSION").read_text().strip() == FORMER
        with closing(psycopg.connect(embedded.conninfo(var, "tramyte"))) as opened:
            assert opened.info.server_version // 10_000 == int(embedded.MAJOR)
            assert contents.read(opened)["people"][0] == 3000
        assert upgrading.upgrade(var) is None
    finally:
        embedded.stop(var)


@pytest.mark.slow
def test_when_a_table_differs_the_former_folder_is_used_again(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "differences", lambda expected, found: ["bảng people: nội dung khác"])
    with pytest.raises(embedded.EmbeddedError, match="không khớp"):
        upgrading.upgrade(var)
    assert (var / "pg" / "data" / "PG_VERSION").read_text().strip() == FORMER
