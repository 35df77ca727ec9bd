"""The demo: a commune of invented people in its own folder, with its own database, on this machine only."""

import fcntl
import hashlib
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pyrage import x25519

from apps.accounts.models import Role
from apps.core.words import quantity_words
from apps.population.demo import ACCOUNTS
from config import embedded, upgrade
from config.processes import Group

PEOPLE = 8_000
SEED = 1
PORT = 8000  # the next free one of ten when it is taken; the receiver takes the one after it
READY_SECONDS = 300  # a web server that has died is seen at once; one that lives may be slow

NAME = "tập huấn" if settings.TRAINING else "demo"  # what this installation is called at the console

Say = Callable[[str], None]
Greet = Callable[[str, list[tuple[str, str]]], None]  # address, (user name, roles) of each account


class DemoError(RuntimeError):
    """The demo cannot go on; the message is a sentence for the person at the console."""


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Only one demo a folder: a second one is told so."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"Bản {NAME} của thư mục này đang chạy ở một cửa sổ khác.") from None
        yield


def reset(var: Path, say: Say) -> None:
    """Throw everything of the demo away."""
    embedded.remove(var)
    for entry in var.iterdir():
        if entry.name == "demo.lock":
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    say(f"Đã xóa dữ liệu {NAME}. Lần tới sẽ tạo lại từ đầu.")


def prepare(var: Path, people: int, say: Say) -> None:
    """Bring the database to where the demo can be served; quick when nothing has to be done. On a later day
    the morning of that day is added.

    ``var/demo/ready`` says that the commune was made completely: a demo interrupted before that begins anew.
    """
    ready, loaded = var / "ready", var / "loaded"
    if not ready.exists() and (var / "pg").exists():
        say("Lần tạo trước chưa xong: làm lại từ đầu.")
        embedded.remove(var)
        loaded.unlink(missing_ok=True)
    with _step("Cơ sở dữ liệu", say):
        embedded.ensure(var)
    if upgrade.tables_wait():
        with _step("Tạo các bảng", say):
            call_command("migrate", verbosity=0, interactive=False)
    fixtures = _fingerprint(settings.BASE_DIR / "fixtures")
    if not loaded.exists() or loaded.read_text() != fixtures:
        with _step("Nạp danh mục", say):
            call_command("load_catalogues")
        loaded.write_text(fixtures)
    if not ready.exists():
        with _step(f"Tạo xã giả định {quantity_words(people)} người", say):
            call_command("make_population", people=people, seed=SEED)
        ready.touch()
    else:
        call_command("make_morning")
    static = _fingerprint(settings.BASE_DIR / "static", settings.BASE_DIR / "requirements")
    collected = var / "collected"
    if not settings.STATIC_ROOT.exists() or not collected.exists() or collected.read_text() != static:
        with _step("Gom tệp tĩnh", say):
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        collected.write_text(static)


def serve(var: Path, say: Say, greet: Greet) -> None:
    """Web server, workers and test receiver until somebody stops them."""
    port = _free_pair(int(os.environ.get("PORT", PORT)))
    address, receiver = f"127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    accounts, key = _accounts(), _backup_key(var)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
    with Group(var / "logs") as group:
        if not settings.TRAINING:  # nothing of a course is sent anywhere
            kept = str(var / "receiver.json")
            # it refuses one visit, so that a refusal can be seen, corrected and sent again
            teller = ["-m", "tests.receiver", "--port", str(port + 1), "--store", kept, "--refuse-first"]
            group.start("receiver", teller)
            group.start("sync", ["manage.py", "sync_worker"], TRAMYTE_DEMO_RECEIVER=receiver)
        gunicorn = ["-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
        group.start("web", gunicorn, TRAMYTE_BIND=address, TRAMYTE_BACKUP_KEYS=key)
        group.start("jobs", ["manage.py", "worker"], TRAMYTE_BACKUP_KEYS=key)
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(address):
            group.check()
            if time.monotonic() > deadline:
                raise DemoError(f"Máy chủ web không trả lời sau {READY_SECONDS} giây, xem {group.logs}.")
            time.sleep(0.1)
        greet(f"http://{address}/", accounts)
        group.watch()


def _accounts() -> list[tuple[str, str]]:
    names = dict(Role.objects.values_list("code", "name"))
    return [(each.username, ", ".join(names[code] for code in each.roles)) for each in ACCOUNTS]


def _backup_key(var: Path) -> str:
    """The public key of the demo's backups; the private one lies beside, as it never would at a station."""
    file = var / "backup.key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(str(x25519.Identity.generate()))
    return str(x25519.Identity.from_str(file.read_text()).to_public())


@contextmanager
def _step(title: str, say: Say) -> Iterator[None]:
    say(f"• {title} ...")
    began = time.monotonic()
    yield
    say(f"  xong, {quantity_words(time.monotonic() - began, 1)} giây")


def _fingerprint(*folders: Path) -> str:
    """Changes when a file under the folders changes; reads names, sizes and times only."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = file.stat()
            digest.update(f"{file}:{info.st_size}:{info.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _free_pair(first: int) -> int:
    for port in range(first, first + 20, 2):
        if _free(port) and _free(port + 1):
            return port
    raise DemoError(f"Các cổng từ {first} đến {first + 19} đều bận; hãy chọn cổng khác: make demo PORT=9000")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _answers(address: str) -> bool:
    client = HTTPConnection(address, timeout=5)
    try:
        client.request("GET", "/khoe")
        return client.getresponse().status == 200
    except OSError:
        return False
    finally:
        client.close()
