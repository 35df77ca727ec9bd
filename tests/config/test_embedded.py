"""The embedded server in throw-away folders. One cluster serves most tests; each leaves it in any state."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config import embedded

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root starts a server for another account")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="zombies are made with prctl")


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    """A path with a blank, Vietnamese letters and a missing parent."""
    var = tmp_path_factory.mktemp("trạm y tế") / "chưa có" / "var"
    yield var
    embedded.stop(var)
    shutil.rmtree(embedded.socket_dir(var), ignore_errors=True)


def ask(var: Path, sql: str) -> object:
    with psycopg.connect(
        host=str(embedded.socket_dir(var)), port=embedded.PORT, user="postgres", dbname="tramyte"
    ) as connection:
        return connection.execute(sql).fetchone()[0]


def pid_of(var: Path) -> int:
    pid = embedded.status(var).pid
    assert pid
    return pid


def test_it_works(var, monkeypatch):
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")  # not installed everywhere
    monkeypatch.setenv("PGPORT", "9999")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    assert not embedded.status(var).running
    embedded.ensure(var)
    assert ask(var, "SELECT lower('Đ') || upper('ệ')") == "đỆ"
    assert ask(var, "SHOW listen_addresses") == ""
    pid = pid_of(var)
    embedded.ensure(var)
    assert pid_of(var) == pid
    assert (var / "pg").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("testing", "synced"), [("1", "off"), (None, "on")])
def test_only_the_tests_own_server_trusts_that_the_power_stays(var, monkeypatch, testing, synced):
    if testing is None:
        monkeypatch.delenv("TRAMYTE_TESTING")
    else:
        monkeypatch.setenv("TRAMYTE_TESTING", testing)
    embedded.stop(var)
    embedded.ensure(var)
    assert ask(var, "SHOW fsync") == synced


def test_stop_and_start_again(var):
    embedded.ensure(var)
    assert embedded.stop(var) is True
    assert embedded.stop(var) is False
    assert not embedded.status(var).running
    embedded.ensure(var)
    assert ask(var, "SELECT 1") == 1


@needs_linux
def test_a_killed_server_that_stays_a_zombie_is_replaced(var):
    embedded.ensure(var)
    embedded.stop(var)
    reaper = 36  # PR_SET_CHILD_SUBREAPER: orphans become ours, and we do not reap them
    ctypes.CDLL(None).prctl(reaper, 1, 0, 0, 0)
    try:
        embedded.ensure(var)
        pid = pid_of(var)
        os.kill(pid, signal.SIGKILL)
        while "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
            time.sleep(0.01)
        embedded.ensure(var)
        assert pid_of(var) != pid
        assert ask(var, "SELECT 1") == 1
    finally:
        ctypes.CDLL(None).prctl(reaper, 0, 0, 0, 0)
        os.waitpid(pid, os.WNOHANG)


def test_a_stale_pid_that_is_now_a_stranger_is_ignored(var):
    embedded.ensure(var)
    embedded.stop(var)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        for file in (var / "pg/data/postmaster.pid", embedded.socket_dir(var) / ".s.PGSQL.5432.lock"):
            file.write_text(f"{stranger.pid}\n{var / 'pg/data'}\n1\n5432\n")
        embedded.ensure(var)
        assert ask(var, "SELECT 1") == 1
    finally:
        stranger.kill()
        stranger.wait()


def test_a_moved_folder_finds_its_socket(var):
    embedded.ensure(var)
    embedded.stop(var)
    elsewhere = var.with_name("nơi khác")
    var.rename(elsewhere)
    try:
        embedded.ensure(elsewhere)
        assert ask(elsewhere, "SELECT 1") == 1
        embedded.stop(elsewhere)
    finally:
        elsewhere.rename(var)


def test_a_refused_statement_leaves_no_personal_data_in_the_log(var):
    embedded.ensure(var)
    with psycopg.connect(
        host=str(embedded.socket_dir(var)), port=embedded.PORT, user="postgres", dbname="tramyte"
    ) as connection:
        connection.execute("CREATE TEMP TABLE people (name text UNIQUE)")
        connection.execute("INSERT INTO people VALUES ('Nguyen Van Bi Mat')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES ('Nguyen Van Bi Mat')")
    log = (var / "pg/log").read_text()
    assert "people_name_key" in log
    assert "Bi Mat" not in log


def test_another_account_is_told_whose_it_is(var, monkeypatch):
    embedded.ensure(var)
    embedded.stop(var)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(embedded.EmbeddedError, match="thuộc về tài khoản"):
        embedded.ensure(var)


def test_data_of_another_major_version_are_left_alone(var):
    embedded.ensure(var)
    embedded.stop(var)
    version = var / "pg/data/PG_VERSION"
    version.write_text("16\n")
    try:
        with pytest.raises(embedded.EmbeddedError, match="thuộc PostgreSQL 16"):
            embedded.ensure(var)
    finally:
        version.write_text(f"{embedded.MAJOR}\n")


def test_six_cold_starts_at_once_make_one_server(var):
    embedded.ensure(var)
    embedded.stop(var)
    code = (
        "import sys, pathlib; from config import embedded; embedded.ensure(pathlib.Path(sys.argv[1]), 'race')"
    )
    command = [sys.executable, "-c", code, str(var)]
    racers = [subprocess.Popen(command, cwd=embedded.BASE_DIR) for _ in range(6)]
    assert [racer.wait() for racer in racers] == [0] * 6
    assert ask(var, "SELECT count(*) FROM pg_database WHERE datname = 'race'") == 1


@needs_root
def test_root_starts_the_server_as_the_owner_of_the_folder_and_opens_no_parent(tmp_path):
    nobody = pwd.getpwnam("nobody")
    closed = tmp_path / "closed"
    home = closed / "home"
    home.mkdir(parents=True)
    closed.chmod(0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    var = home / "var"
    embedded.ensure(var)
    try:
        assert embedded.status(var).owner == "nobody"
        assert var.stat().st_uid == nobody.pw_uid
        assert closed.stat().st_mode & 0o777 == 0o701
        groups = Path(f"/proc/{pid_of(var)}/status").read_text().split("Groups:")[1].splitlines()[0]
        assert groups.split() in ([], [str(nobody.pw_gid)])
    finally:
        embedded.stop(var)
        shutil.rmtree(embedded.socket_dir(var), ignore_errors=True)


def test_a_long_path_moves_the_socket_and_letters_are_counted_in_bytes():
    assert embedded.socket_dir(Path("/srv/tramyte/var")) == Path("/srv/tramyte/var/pg/s")
    assert embedded.socket_dir(Path("/srv", "a" * 60, "var")).is_relative_to("/srv")
    long = Path("/srv", "ư" * 60, "var")
    assert embedded.socket_dir(long).parent == Path("/tmp")
    assert embedded.socket_dir(long) == embedded.socket_dir(long)
    assert embedded.socket_dir(long) != embedded.socket_dir(long / "x")


def test_with_a_database_url_nothing_is_started(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/n")
    monkeypatch.setenv("TRAMYTE_VAR", str(tmp_path / "var"))
    embedded.ensure()
    assert not (tmp_path / "var").exists()
