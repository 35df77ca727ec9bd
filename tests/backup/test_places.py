"""The second place: a stick or an SFTP server, read back before the copy gets its name."""

from io import StringIO
from pathlib import Path
from typing import Any

import paramiko
import pytest
from django.core.management import CommandError, call_command

from apps.backup import archive, making, places
from apps.backup.models import BackupRun, RunState
from tests.backup.sftp import served


@pytest.fixture
def stick(house: Path, settings: Any) -> Path:
    folder = house / "usb"
    folder.mkdir()
    settings.BACKUP_COPY = str(folder)
    return folder


def test_it_works(stick: Path) -> None:
    out = StringIO()
    call_command("backup", stdout=out)
    run = BackupRun.objects.get()
    assert [path.name for path in stick.iterdir()] == [run.file]
    assert archive.hash_of(stick / run.file) == run.sha256
    assert run.copied_at and not run.copy_reason
    assert "nơi thứ hai" in out.getvalue()


def test_a_stick_that_is_not_there(stick: Path, house: Path) -> None:
    stick.rmdir()
    with pytest.raises(CommandError, match=r"Bản thứ nhất tốt.*Không thấy nơi thứ hai"):
        call_command("backup", stdout=StringIO())
    run = BackupRun.objects.get()
    assert run.state == RunState.GOOD and run.copied_at is None
    assert (house / "backups" / run.file).exists()


def test_a_folder_of_the_same_disk_is_no_second_place(stick: Path, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="cùng ổ đĩa"):
        call_command("backup", stdout=StringIO())
    assert list(stick.iterdir()) == []


def test_a_stick_that_spoils_what_it_is_given(stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "settle", lambda path: path.write_bytes(b"spoilt"))
    run = making.make(by="test")
    assert "không khớp mã băm" in run.copy_reason
    assert list(stick.iterdir()) == []


def test_a_full_stick(stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(places.shutil, "copyfile", full)
    assert "đã đầy" in making.make(by="test").copy_reason


@pytest.fixture
def over_sftp(house: Path, settings: Any) -> Any:
    """`over_sftp(port, own_key)` sets the second place to that server."""
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(house / "ssh-key"))
    settings.BACKUP_SSH_KEY = str(house / "ssh-key")
    settings.BACKUP_KNOWN_HOSTS = str(house / "known_hosts")
    (house / "server").mkdir()

    def set_place(port: int, own: paramiko.PKey | None) -> None:
        line = f"[127.0.0.1]:{port} {own.get_name()} {own.get_base64()}\n" if own else ""
        (house / "known_hosts").write_text(line)
        settings.BACKUP_COPY = f"sftp://station@127.0.0.1:{port}/"

    set_place.key = key  # type: ignore[attr-defined]
    return set_place


def test_sftp_with_rotation_there(house: Path, over_sftp: Any) -> None:
    (house / "server" / "tramyte-20200101T000000Z.tar").touch()
    (house / "server" / "tramyte-20200102T000000Z.tar").touch()
    with served(house / "server", over_sftp.key) as (port, own):
        over_sftp(port, own)
        run = making.make(by="test")
    assert run.copy_reason == "" and run.copied_at
    assert archive.hash_of(house / "server" / run.file) == run.sha256
    assert {path.name for path in (house / "server").iterdir()} == {run.file, "tramyte-20200102T000000Z.tar"}


def test_sftp_that_spoils(house: Path, over_sftp: Any) -> None:
    with served(house / "server", over_sftp.key, spoil=True) as (port, own):
        over_sftp(port, own)
        run = making.make(by="test")
    assert "không khớp" in run.copy_reason and list((house / "server").iterdir()) == []


def test_sftp_of_an_unknown_server(house: Path, over_sftp: Any) -> None:
    with served(house / "server", over_sftp.key) as (port, _):
        over_sftp(port, None)
        assert "known_hosts" in making.make(by="test").copy_reason
    assert list((house / "server").iterdir()) == []


def test_sftp_that_refuses_our_key(house: Path, over_sftp: Any) -> None:
    with served(house / "server", paramiko.ECDSAKey.generate()) as (port, own):
        over_sftp(port, own)
        assert "từ chối khóa" in making.make(by="test").copy_reason


def test_sftp_that_is_not_there(house: Path, over_sftp: Any) -> None:
    over_sftp(1, None)
    assert "Không tới được máy chủ SFTP" in making.make(by="test").copy_reason


def test_a_password_in_the_address_is_not_shown() -> None:
    assert places.title("sftp://u:password@host/kho") == "sftp://host/kho"
