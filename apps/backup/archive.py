"""The file of a backup: a plain tar whose parts are sealed, written in one pass and read by any tar.

    database.age   pg_dump's custom format          files.age   a tar of the attachments
    contents.age   rows and hash of every table, size and hash of every attachment
    manifest.json  when, by which versions, how large, and the hash of each part; written last

The manifest is readable without the key and tells no more than totals. A file without it was
cut in the middle.
"""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from apps.backup.errors import BackupError, NoRoom

FORMAT = 1
RESERVE = 300_000_000  # bytes that a backup leaves free: PostgreSQL stops when its disk is full
LOOK_EVERY = 32_000_000  # bytes written between two looks at the disk's free room
BLOCK = 1_000_000
CUT = "Bản sao lưu không đủ: tệp bị cắt giữa chừng hoặc không phải tệp sao lưu."


@dataclass
class Part:
    """A member being written, or one that was read: what the manifest says of it."""

    name: str
    size: int
    sha256: str


class _Measured:
    """Counts and hashes what goes into a member, and stops before the disk is full."""

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        self._file, self._folder = file, folder
        self.size = 0
        self.hash = hashlib.sha256()
        self._looked = -LOOK_EVERY

    def write(self, data: bytes) -> int:
        if self.size - self._looked >= LOOK_EVERY:
            room(self._folder, BLOCK)
            self._looked = self.size
        self._file.write(data)
        self.size += len(data)
        self.hash.update(data)
        return len(data)


class ArchiveWriter:
    """Writes members of unknown length: the length in a member's head is set right afterwards."""

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        self._file, self._folder = file, folder
        self.parts: list[Part] = []

    @contextmanager
    def member(self, name: str) -> Iterator[_Measured]:
        begin = self._file.tell()
        self._file.write(bytes(tarfile.BLOCKSIZE))
        target = _Measured(self._file, self._folder)
        yield target
        self._file.write(bytes(-target.size % tarfile.BLOCKSIZE))
        end = self._file.tell()
        self._file.seek(begin)
        self._file.write(_head(name, target.size))
        self._file.seek(end)
        self.parts.append(Part(name, target.size, target.hash.hexdigest()))

    def close(self, manifest: dict[str, Any]) -> None:
        """The manifest with the parts' hashes, then the end of the tar."""
        parts = [vars(part) for part in self.parts]
        text = json.dumps({"format": FORMAT, **manifest, "parts": parts}, indent=1, ensure_ascii=False)
        with self.member("manifest.json") as target:
            target.write(text.encode())
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))


def _head(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT)  # one block also for members of more than 8 GB


class ArchiveReader:
    """A backup's file, opened; its manifest is read, its parts are checked by `verify`."""

    def __init__(self, path: Path) -> None:
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed by close()
            self._members = {member.name: member for member in self._tar.getmembers()}
            with self.part("manifest.json") as stream:
                self.manifest: dict[str, Any] = json.load(stream)
            self.parts = [Part(**part) for part in self.manifest["parts"]]
        except FileNotFoundError:
            raise BackupError(f"Không có tệp {path}.") from None
        except OSError as error:
            raise BackupError(f"Không đọc được tệp {path}: {error.strerror or error}.") from None
        except (tarfile.TarError, KeyError, TypeError, ValueError):
            raise BackupError(CUT) from None
        if self.manifest["format"] != FORMAT:
            raise BackupError("Bản sao lưu do phiên bản phần mềm khác tạo ra; hãy dùng phiên bản mới hơn.")

    def __enter__(self) -> "ArchiveReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def part(self, name: str) -> IO[bytes]:
        stream = self._tar.extractfile(self._members[name])
        if stream is None:
            raise KeyError(name)
        return stream

    def verify(self) -> None:
        """Compare every part with the manifest's hash list, as it now stands on the disk."""
        for part in self.parts:
            digest = hashlib.sha256()
            try:
                with self.part(part.name) as stream:
                    while block := stream.read(BLOCK):
                        digest.update(block)
            except KeyError:
                raise BackupError(CUT) from None
            except (OSError, tarfile.TarError) as error:
                raise BackupError(f"Không đọc được bản sao lưu ({error}); ổ đĩa có thể hỏng.") from None
            if digest.hexdigest() != part.sha256:
                raise BackupError(
                    f"Bản sao lưu bị hỏng: phần '{part.name}' không khớp mã băm trong danh sách."
                )


def room(folder: Path, needed: int) -> None:
    """Raise NoRoom unless `needed` bytes fit and the reserve stays free."""
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        raise NoRoom(
            f"Ổ đĩa của {folder} không đủ chỗ: còn {megabytes(free)} MB, cần {megabytes(needed + RESERVE)} "
            "MB. Các bản sao lưu cũ còn nguyên. Xem docs/runbooks/disk-full.md."
        )


def megabytes(size: int) -> str:
    return f"{size // 1_000_000:,}".replace(",", ".")


def hash_of(path: Path) -> str:
    """SHA-256 of a file as the disk holds it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def settle(path: Path) -> None:
    """Let what was written and renamed reach the disk: a power cut right after must not lose it."""
    for target in (path, path.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError:
            pass  # some USB file systems cannot synchronise a folder
        finally:
            os.close(handle)
