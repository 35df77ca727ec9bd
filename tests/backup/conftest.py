"""A station with data, a key pair and folders of its own for each test of backups."""

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519

from apps.backup import archive


@pytest.fixture
def key() -> Any:
    """The province's private key."""
    return x25519.Identity.generate()


@pytest.fixture
def restorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The server's only restorer: the test processes share one server, and it refuses a second restore."""
    with (tmp_path_factory.getbasetemp().parent / "restorer.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def house(
    restorer: None,
    transactional_db: None,
    settings: Any,
    tmp_path: Path,
    key: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """Committed data, attachments, a folder for the copies; gives the test's folder."""
    from apps.core.models import Parameter
    from tests.factories.patients import a_person, a_station

    settings.BACKUP_DIR = tmp_path / "backups"
    settings.BACKUP_KEYS = [str(key.to_public())]
    settings.BACKUP_COPY = ""
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setattr(archive, "RESERVE", 1_000_000)
    (tmp_path / "files" / "2026").mkdir(parents=True)
    (tmp_path / "files" / "2026" / "phiếu chụp.jpg").write_bytes(b"\xff\xd8" + bytes(300_000))
    (tmp_path / "files" / "empty").touch()
    Parameter.objects.update_or_create(key="backup.daily", defaults={"value": 2, "source": "test"})
    a_person(a_station(), full_name="Nguyễn Thị Giả Định")
    yield tmp_path


@pytest.fixture
def backups(settings: Any) -> Callable[[], list[str]]:
    """Every name in the folder of backups."""
    return lambda: sorted(path.name for path in settings.BACKUP_DIR.iterdir())
