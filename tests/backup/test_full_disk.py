"""The disk fills while a backup is written: really, on a disk of 4 MB, and by a limit every system knows."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from apps.backup import archive, making
from apps.backup.errors import NoRoom
from apps.backup.models import BackupRun, RunState

DISK = 4_000_000
Ways = Callable[[Path], Any]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 4 MB at the folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def small_files(folder: Path) -> Iterator[None]:
    """No file of this process grows beyond 4 MB."""
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK, kept[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def may_mount() -> bool:
    return (
        os.geteuid() == 0
        and not subprocess.run(
            ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
        ).returncode
    )


WAYS: list[Any] = [pytest.param(small_files, "không chứa được tệp lớn", id="limit")]
if may_mount():
    WAYS.append(pytest.param(small_disk, "Ổ đĩa đầy", id="disk"))


@pytest.mark.parametrize(("way", "sentence"), WAYS)
def test_it_works(
    house: Path,
    backups: Callable[[], list[str]],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    way: Ways,
    sentence: str,
) -> None:
    monkeypatch.setattr(archive, "RESERVE", 0)
    good = making.make(by="test")  # so that the next one is expected to be as small
    folder = house / "small"
    folder.mkdir()
    with way(folder):
        shutil.copy(settings.BACKUP_DIR / good.file, folder)
        settings.BACKUP_DIR = folder
        before = archive.hash_of(folder / good.file)
        for number in range(2):  # two: the limit holds for these files too
            (house / "files" / f"phim-{number}.bin").write_bytes(os.urandom(3_000_000))
        with pytest.raises(NoRoom, match=sentence):
            making.make(by="test")
        assert backups() == [good.file], "no half file is left"
        assert archive.hash_of(folder / good.file) == before
        with archive.ArchiveReader(folder / good.file) as reader:
            reader.verify()
        failed = BackupRun.objects.get(state=RunState.FAILED)
        assert sentence in failed.reason and "các bản cũ còn nguyên" in failed.reason
        for film in (house / "files").glob("phim*"):
            film.unlink()
        again = making.make(by="test")
        assert again.file in backups(), "with room again the next one is made"
