"""One backup: what is in it, what stops it, what it never breaks."""

import errno
import json
import os
import signal
import stat
import subprocess
import tarfile
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pyrage import x25519

from apps.backup import archive, making, postgres
from apps.backup.errors import BackupError, NoRoom
from apps.backup.models import BackupRun, RunState

Backups = Callable[[], list[str]]


def test_it_works(house: Path, backups: Backups) -> None:
    run = making.make(by="test")
    assert backups() == [run.file]
    path = house / "backups" / run.file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (run.state, run.size, run.attachments) == (RunState.GOOD, path.stat().st_size, 2)
    assert run.tables > 40 and run.rows > 0 and run.sha256 == archive.hash_of(path)
    assert BackupRun.objects.get().state == RunState.GOOD


def test_any_tar_reads_it_and_nothing_personal_stands_open(house: Path) -> None:
    run = making.make(by="test")
    path = house / "backups" / run.file
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["database.age", "files.age", "contents.age", "manifest.json"]
        manifest = json.load(tar.extractfile("manifest.json") or StringIO())
        assert (tar.extractfile("database.age") or StringIO()).read(22) == b"age-encryption.org/v1\n"
    assert manifest["migrations"]["backup"].startswith("0001")
    assert (
        int(manifest["postgresql"].split(".")[0])
        == connection.cursor().connection.info.server_version // 10_000
    )
    raw = path.read_bytes()
    assert b"PGDMP" not in raw and "phiếu chụp".encode() not in raw and b"patients_person" not in raw


def test_the_command_says_where_it_is(house: Path) -> None:
    out = StringIO()
    call_command("backup", stdout=out)
    assert "Đã sao lưu" in out.getvalue() and "2 tệp đính kèm" in out.getvalue()
    call_command("backup", "--list", stdout=out)
    name = BackupRun.objects.get().file
    call_command("backup", "--verify", str(house / "backups" / name), stdout=out)
    assert "Tệp nguyên vẹn" in out.getvalue()


@pytest.mark.parametrize("keys", [[], ["age1notakey"]])
def test_without_a_right_key_it_refuses_and_says_so(house: Path, settings: Any, keys: list[str]) -> None:
    settings.BACKUP_KEYS = keys
    with pytest.raises(CommandError, match="TRAMYTE_BACKUP_KEYS"):
        call_command("backup")
    run = BackupRun.objects.get()
    assert run.state == RunState.FAILED and "khóa" in run.reason.lower()


def test_pg_dump_killed_in_the_middle_leaves_nothing(
    house: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = making.make(by="test")
    original = subprocess.Popen

    def killed(command: list[str], **options: Any) -> Any:
        process = original(command, **options)
        if "pg_dump" in command[0]:
            process.send_signal(signal.SIGSTOP)
            process.kill()
        return process

    monkeypatch.setattr(making.subprocess, "Popen", killed)
    with pytest.raises(BackupError, match="pg_dump dừng giữa chừng"):
        making.make(by="test")
    assert backups() == [good.file]
    assert BackupRun.objects.filter(state=RunState.FAILED).count() == 1


def test_the_whole_process_killed_leaves_a_name_that_is_no_backup(house: Path, backups: Backups) -> None:
    folder = house / "backups"
    folder.mkdir()
    (folder / "tramyte-20260101T000000Z.tar.unfinished").write_bytes(b"half")
    BackupRun.objects.create(taken_at="2026-01-01T00:00:00Z", by="test")
    out = StringIO()
    call_command("backup", "--list", stdout=out)
    assert "Chưa có bản sao lưu nào" in out.getvalue()
    run = making.make(by="test")
    assert backups() == [run.file]
    assert set(BackupRun.objects.values_list("state", flat=True)) == {RunState.GOOD, RunState.FAILED}


def test_a_full_disk_is_seen_before(house: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    good = making.make(by="test")
    monkeypatch.setattr(archive, "RESERVE", 10**18)
    with pytest.raises(NoRoom, match="không đủ chỗ"):
        making.make(by="test")
    assert backups() == [good.file]


def test_a_disk_that_fills_while_writing(
    house: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = making.make(by="test")

    def full(self: Any, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(archive._Measured, "write", full)
    with pytest.raises(NoRoom, match="Ổ đĩa đầy"):
        making.make(by="test")
    assert backups() == [good.file]
    assert BackupRun.objects.get(state=RunState.FAILED).reason.startswith("Ổ đĩa đầy")


def test_two_at_once(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()
    original = making._dump

    def slow(*arguments: Any) -> None:
        began.set()
        assert go_on.wait(30)
        original(*arguments)

    monkeypatch.setattr(making, "_dump", slow)
    done: list[BackupRun] = []
    thread = threading.Thread(target=lambda: done.append(making.make(by="first")))
    thread.start()
    assert began.wait(30)
    with pytest.raises(BackupError, match="lần sao lưu khác"):
        making.make(by="second")
    go_on.set()
    thread.join()
    assert [run.state for run in done] == [RunState.GOOD]
    assert BackupRun.objects.count() == 1


def test_no_pg_dump_of_the_servers_version(
    house: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PG_PROGRAMS = []
    monkeypatch.setattr(postgres, "version", lambda opened: "99.1")
    with pytest.raises(BackupError, match="postgresql-client-99"):
        making.make(by="test")


def test_rotation_keeps_what_the_parameters_say(house: Path, backups: Backups) -> None:
    folder = house / "backups"
    folder.mkdir()
    old = [f"tramyte-2020010{day}T050000Z.tar" for day in range(1, 6)]
    for name in [*old, "somebody-elses.tar"]:
        (folder / name).touch()
    run = making.make(by="test")
    # two days; five weeks: the newest of one; twelve months: the newest of one
    assert backups() == ["somebody-elses.tar", old[-1], run.file]


def test_the_password_of_a_server_is_no_argument(house: Path) -> None:
    server = postgres.Server("tramyte", {"host": "db", "user": "u"}, "secret-word")
    assert "secret-word" not in server.address() and "secret-word" not in repr(server)
    assert server.environment()["PGPASSWORD"] == "secret-word"


def test_several_keys_open_the_same_copy(house: Path, settings: Any, key: Any) -> None:
    from apps.backup import restoring

    second = x25519.Identity.generate()
    settings.BACKUP_KEYS = [str(key.to_public()), str(second.to_public())]
    run = making.make(by="test")
    assert restoring.check(house / "backups" / run.file, second).differences == []
