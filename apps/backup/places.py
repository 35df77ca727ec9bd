"""Where copies lie: the folder of backups, a mounted disk, an SFTP server. Copied, read back, then named."""

import datetime as dt
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import paramiko
from django.conf import settings
from django.utils import timezone

from apps.backup.archive import BLOCK, hash_of, room, settle
from apps.backup.errors import BackupError
from apps.backup.rules import Copy

PATTERN = re.compile(r"tramyte-(\d{8}T\d{6})Z(-\d+)?\.tar")
ON_THE_WAY = ".copying"
SECONDS = 20  # an SFTP server that does not answer for so long is not there


class Place(Protocol):
    """A place that holds copies; its errors are BackupErrors with a sentence."""

    def put(self, file: Path, sha256: str) -> None: ...
    def names(self) -> list[str]: ...
    def remove(self, name: str) -> None: ...


def copy_of(name: str) -> Copy | None:
    """What a file's name says; None for a file that is no backup of ours."""
    found = PATTERN.fullmatch(name)
    if found is None:
        return None
    taken = dt.datetime.strptime(found.group(1), "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC)
    return Copy(name, timezone.localtime(taken))


def title(address: str) -> str:
    """The place as it may be shown: without a password that somebody wrote into it."""
    parts = urlsplit(address)
    if parts.scheme != "sftp":
        return address
    return f"sftp://{parts.hostname}{parts.path}"


@contextmanager
def open_place(address: str, *, beside: Path) -> Iterator[Place]:
    """The second place of TRAMYTE_BACKUP_COPY: a folder or sftp://user@host[:port]/folder."""
    if address.startswith("sftp://"):
        with _sftp(address) as place:
            yield place
        return
    folder = Path(address)
    if not folder.is_dir():
        raise BackupError(f"Không thấy nơi thứ hai {folder}: cắm lại USB rồi sao lưu lại.")
    if settings.PRODUCTION and folder.stat().st_dev == beside.stat().st_dev:
        # The folder of a stick that is not plugged in is an ordinary folder of this disk.
        raise BackupError(
            f"Nơi thứ hai {folder} nằm cùng ổ đĩa với bản thứ nhất (USB chưa cắm?): "
            "chép ở đó không giữ được gì."
        )
    yield Folder(folder)


class Folder:
    """A folder of this machine or of a disk mounted on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: Path, sha256: str) -> None:
        room(self._folder, file.stat().st_size)
        on_the_way = self._folder / (file.name + ON_THE_WAY)
        try:
            shutil.copyfile(file, on_the_way)
            settle(on_the_way)
            _forget(on_the_way)
            if hash_of(on_the_way) != sha256:
                raise BackupError(f"Bản chép sang {self._folder} không khớp mã băm: USB có thể hỏng.")
            on_the_way.rename(self._folder / file.name)
            settle(self._folder / file.name)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise BackupError(f"Nơi thứ hai {self._folder} đã đầy.") from None
            raise BackupError(
                f"Không chép được sang nơi thứ hai {self._folder}: {error.strerror or error}."
            ) from None
        finally:
            try:
                on_the_way.unlink(missing_ok=True)
            except OSError:
                pass  # the stick was pulled out

    def names(self) -> list[str]:
        return [path.name for path in self._folder.iterdir()]

    def remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)


def _forget(path: Path) -> None:
    """So that reading back reads the disk and not the memory."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Sftp:
    """A folder of an SFTP server."""

    def __init__(self, client: paramiko.SFTPClient, folder: str) -> None:
        self._client, self._folder = client, folder

    def put(self, file: Path, sha256: str) -> None:
        final = f"{self._folder}/{file.name}"
        on_the_way = final + ON_THE_WAY
        self._client.put(str(file), on_the_way, confirm=True)
        digest = hashlib.sha256()
        with self._client.open(on_the_way, "rb") as remote:
            remote.prefetch(file.stat().st_size)
            while block := remote.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != sha256:
            self._client.remove(on_the_way)
            raise BackupError("Bản chép sang máy chủ SFTP không khớp mã băm; hãy sao lưu lại.")
        self._client.posix_rename(on_the_way, final)

    def names(self) -> list[str]:
        return self._client.listdir(self._folder)

    def remove(self, name: str) -> None:
        self._client.remove(f"{self._folder}/{name}")


@contextmanager
def _sftp(address: str) -> Iterator[Sftp]:
    """Signed in with a key; a server whose own key is not in known_hosts is refused."""
    parts = urlsplit(address)
    name = parts.hostname or ""
    options: dict[str, Any] = {"port": parts.port or 22, "timeout": SECONDS, "banner_timeout": SECONDS}
    options |= {"auth_timeout": SECONDS, "username": unquote(parts.username or "") or None}
    options |= {"look_for_keys": not settings.BACKUP_SSH_KEY, "allow_agent": False}
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.load_system_host_keys(settings.BACKUP_KNOWN_HOSTS or None)
            if settings.BACKUP_SSH_KEY:
                options["pkey"] = paramiko.PKey.from_path(settings.BACKUP_SSH_KEY)
            client.connect(name, **options)
            with client.open_sftp() as sftp:
                sftp.get_channel().settimeout(SECONDS * 3)
                yield Sftp(sftp, unquote(parts.path).rstrip("/") or ".")
        except BackupError:
            raise
        except (paramiko.AuthenticationException, paramiko.UnknownKeyType, FileNotFoundError):
            raise BackupError(
                f"Máy chủ SFTP {name} từ chối khóa đăng nhập; xem TRAMYTE_BACKUP_SSH_KEY."
            ) from None
        except paramiko.SSHException as error:
            unknown = isinstance(error, paramiko.BadHostKeyException) or "known_hosts" in str(error)
            raise BackupError(
                f"Khóa của máy chủ SFTP {name} không có hoặc khác trong known_hosts: dừng, không gửi gì."
                if unknown
                else f"Kết nối tới máy chủ SFTP {name} bị ngắt giữa chừng."
            ) from None
        except OSError as error:
            raise BackupError(f"Không tới được máy chủ SFTP {name}: {error.strerror or error}.") from None
