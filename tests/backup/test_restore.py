"""A backup is proved beside the running database, and put back only when every hash is equal."""

import hashlib
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pyrage import x25519

from apps.backup import contents, making, postgres, restoring
from apps.backup.errors import BackupError
from apps.patients.models import Person


@pytest.fixture
def copy(house: Path) -> Path:
    """A good backup of the house."""
    return house / "backups" / making.make(by="test").file


@pytest.fixture
def key_file(house: Path, key: Any) -> str:
    file = house / "key"
    file.write_text(f"# khóa riêng\n{key}\n")
    return str(file)


@pytest.fixture
def spare(house: Path) -> Iterator[str]:
    """The name of a database that does not exist; whatever was made of it is dropped."""
    name = f"{connection.settings_dict['NAME']}_spare"
    yield name
    with postgres.Server.running().connect(postgres.MAINTENANCE, autocommit=True) as held:
        for (found,) in held.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name]
        ).fetchall():
            restoring._drop(held, found)


def read(name: str) -> contents.Contents:
    with postgres.Server.running().connect(name) as opened:
        return contents.read(opened)


def beside() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE starts_with(datname, %s)", [restoring.BESIDE])
        return int(cursor.fetchone()[0])


def test_it_works(copy: Path, key_file: str) -> None:
    before = read(connection.settings_dict["NAME"])
    out = StringIO()
    call_command("restore", str(copy), "--key", key_file, "--check", stdout=out)
    assert "mọi bảng khớp" in out.getvalue() and "phút" in out.getvalue()
    assert read(connection.settings_dict["NAME"]) == before
    assert beside() == 0


def test_a_damaged_database_comes_back_with_equal_hashes(copy: Path, key_file: str, spare: str) -> None:
    call_command("restore", str(copy), "--key", key_file, "--into", spare, stdout=StringIO())
    whole = read(spare)
    with postgres.Server.running().connect(spare) as opened:
        opened.execute("ALTER TABLE core_auditentry DISABLE TRIGGER USER")
        opened.execute("UPDATE patients_person SET full_name = 'Hỏng'")
        opened.execute("DELETE FROM core_parameter")
    assert contents.differences(whole, read(spare)) == [
        f"bảng core_parameter: 0 dòng, phải là {whole['core_parameter'][0]}",
        "bảng patients_person: nội dung khác (mã băm không khớp)",
    ]
    out = StringIO()
    command = ["restore", str(copy), "--key", key_file, "--into", spare, "--replace"]
    call_command(*command, "--confirm", spare, stdout=out)
    assert read(spare) == whole
    assert f"{spare}_before_" in out.getvalue()
    # the append-only trigger came back too
    with postgres.Server.running().connect(spare) as opened, pytest.raises(Exception, match="append-only"):
        opened.execute("TRUNCATE core_auditentry")


def test_attachments_come_back_and_the_former_ones_stay(
    copy: Path, key_file: str, house: Path, spare: str
) -> None:
    picture = house / "files" / "2026" / "phiếu chụp.jpg"
    before = picture.read_bytes()
    picture.write_bytes(b"damaged")
    call_command("restore", str(copy), "--key", key_file, "--into", spare, stdout=StringIO())
    assert picture.read_bytes() == before
    kept = next(house.glob("files-before-*"))
    assert (kept / "2026" / "phiếu chụp.jpg").read_bytes() == b"damaged"


def test_nobody_is_signed_in_afterwards(house: Path, key: Any, spare: str) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.create(session_key="a" * 32, session_data="x", expire_date="2030-01-01T00:00:00Z")
    copy = house / "backups" / making.make(by="test").file
    restoring.put_back(copy, key, into=spare, replace=False)
    assert read(spare)["django_session"][0] == 0


def test_nothing_leaves_afterwards_until_somebody_has_looked(house: Path, key: Any, spare: str) -> None:
    """What waited in the copy is older than what a receiver may hold by now."""
    from apps.sync.models import Receiver

    Receiver.objects.create(code="kho", name="Kho", base_url="https://kho.invalid", is_on=True)
    copy = house / "backups" / making.make(by="test").file
    restoring.put_back(copy, key, into=spare, replace=False)
    with postgres.Server.running().connect(spare) as opened:
        assert opened.execute("SELECT is_on FROM sync_receiver").fetchall() == [(False,)]
    assert Receiver.objects.get().is_on, "of what runs nothing is changed"


def test_a_database_with_data_is_not_overwritten(copy: Path, key_file: str) -> None:
    name = connection.settings_dict["NAME"]
    with pytest.raises(CommandError, match="không ghi đè"):
        call_command("restore", str(copy), "--key", key_file, "--into", name, stdout=StringIO())
    with pytest.raises(CommandError, match="không khớp"):
        command = ["restore", str(copy), "--key", key_file, "--into", name, "--replace"]
        call_command(*command, "--confirm", "tramyt", stdout=StringIO())
    assert Person.unscoped.count() == 1 and beside() == 0


def test_a_wrong_key(copy: Path, house: Path) -> None:
    other = house / "other"
    other.write_text(str(x25519.Identity.generate()))
    with pytest.raises(CommandError, match="không mở được"):
        call_command("restore", str(copy), "--key", str(other), "--check", stdout=StringIO())
    assert beside() == 0


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1QQQ", "hello"])
def test_a_key_that_is_none(copy: Path, house: Path, text: str) -> None:
    file = house / "other"
    file.write_text(text)
    with pytest.raises(CommandError, match="Khóa riêng không đọc được"):
        call_command("restore", str(copy), "--key", str(file), "--check", stdout=StringIO())


def test_a_key_typed_from_paper_in_groups_and_small_letters(
    copy: Path, key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = str(key).lower()
    typed = " ".join(word[place : place + 5] for place in range(0, len(word), 5))
    monkeypatch.setattr("sys.stdin", StringIO(typed + "\n"))
    out = StringIO()
    call_command("restore", str(copy), "--key", "-", "--check", stdout=out)
    assert "mọi bảng khớp" in out.getvalue()


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_in_the_middle(copy: Path, key_file: str, share: float) -> None:
    whole = copy.read_bytes()
    copy.write_bytes(whole[: int((len(whole) - 1100) * share)])
    with pytest.raises(CommandError, match="cắt giữa chừng"):
        call_command("restore", str(copy), "--key", key_file, "--check", stdout=StringIO())


def test_one_bit_turned(copy: Path, key_file: str) -> None:
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    with pytest.raises(CommandError, match="bị hỏng"):
        call_command("restore", str(copy), "--key", key_file, "--check", stdout=StringIO())
    assert beside() == 0


def test_no_such_file(house: Path, key_file: str) -> None:
    with pytest.raises(CommandError, match="Không có tệp"):
        call_command("restore", str(house / "no.tar"), "--key", key_file, "--check", stdout=StringIO())


def test_two_restores_at_once(copy: Path, key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()
    original = restoring._load

    def slow(*arguments: Any) -> None:
        began.set()
        assert go_on.wait(30)
        original(*arguments)

    monkeypatch.setattr(restoring, "_load", slow)
    done: list[restoring.Outcome] = []
    thread = threading.Thread(target=lambda: done.append(restoring.check(copy, key)))
    thread.start()
    assert began.wait(30)
    with pytest.raises(BackupError, match="lần khôi phục khác"):
        restoring.check(copy, key)
    go_on.set()
    thread.join()
    assert done[0].differences == []


def test_what_a_killed_restore_left_is_dropped(copy: Path, key: Any) -> None:
    with postgres.Server.running().connect(postgres.MAINTENANCE, autocommit=True) as held:
        held.execute(f"CREATE DATABASE {restoring.BESIDE}dead")
    restoring.check(copy, key)
    assert beside() == 0


def test_a_backup_of_a_newer_server_is_refused(copy: Path, key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "version", lambda opened: "14.2")
    with pytest.raises(BackupError, match="máy chủ mới hơn"):
        restoring.check(copy, key)


@pytest.mark.slow
def test_a_picture_of_a_visit_comes_back_with_its_row(house: Path, key: Any, spare: str) -> None:
    """Attached as a nurse does, backed up, lost, restored: the file is that which the row's hash names."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from apps.core.scope import enter
    from apps.encounters.ordering import attachments
    from tests.encounters.test_attachments import a_picture
    from tests.factories import encounters as make

    call_command("load_catalogues", only=["parameters"], verbosity=0)
    make.catalogues()
    person = Person.unscoped.get()
    doctor = make.a_practitioner(person.station)
    visit = make.a_visit(person, doctor)
    with enter(make.scope_of(doctor)):
        row = attachments.attach(
            visit_id=visit.pk, file=SimpleUploadedFile("vết thương.jpg", a_picture()), title="Vết thương"
        )
    kept = Path(row.file.path)
    content = kept.read_bytes()
    assert hashlib.sha256(content).hexdigest() == row.sha256

    copy = house / "backups" / making.make(by="test").file
    kept.unlink()
    restoring.put_back(copy, key, into=spare, replace=False)
    assert kept.read_bytes() == content
    with postgres.Server.running().connect(spare) as opened:
        stored = opened.execute(
            "SELECT file, sha256, title FROM encounters_attachment WHERE id = %s", [row.pk]
        ).fetchone()
    assert stored == (row.file.name, row.sha256, "Vết thương")
