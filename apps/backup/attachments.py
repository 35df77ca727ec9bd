"""The folder of attachments as a sealed tar, streamed both ways."""

import hashlib
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from apps.backup.errors import BackupError
from apps.backup.sealing import Identity, Reader, Writer, seal, unseal

Listed = dict[str, list[Any]]  # relative name -> [bytes, SHA-256]


class _Hashing:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.hash.update(block)
        return block


def pack(folder: Path, target: Writer, keys: list[Any]) -> Listed:
    """Every file under `folder`, sealed into `target`; gives names, sizes, hashes. Links are not followed."""
    listed: Listed = {}

    def fill(stream: IO[bytes]) -> None:
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for path in sorted(folder.rglob("*")) if folder.exists() else []:
                if path.is_symlink() or not path.is_file():
                    continue
                name = path.relative_to(folder).as_posix()
                with path.open("rb") as file:
                    info = tar.gettarinfo(arcname=name, fileobj=file)
                    hashing = _Hashing(file)
                    tar.addfile(info, hashing)
                listed[name] = [info.size, hashing.hash.hexdigest()]

    with _in_thread(fill, writes=True) as stream:
        seal(stream, target, keys)
    return listed


def unpack(source: Reader, key: Identity, into: Path | None) -> Listed:
    """What `pack` sealed: written under `into`, or only read and hashed when there is none."""
    listed: Listed = {}

    def take(stream: IO[bytes]) -> None:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for info in tar:
                file = tar.extractfile(info)
                if file is None:
                    continue
                hashing = _Hashing(file)
                if into is None:
                    while hashing.read(1_000_000):
                        pass
                else:
                    place = (into / info.name).resolve()
                    if not place.is_relative_to(into.resolve()):
                        raise BackupError(f"Bản sao lưu có tên tệp không hợp lệ: {info.name}")
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with place.open("wb") as out:
                        shutil.copyfileobj(hashing, out)
                listed[info.name] = [info.size, hashing.hash.hexdigest()]
        while stream.read(1_000_000):
            pass  # the tar's padding: what writes must come to its end

    with _in_thread(take, writes=False) as stream:
        unseal(source, stream, key)
    return listed


@contextmanager
def _in_thread(act: Callable[[IO[bytes]], None], *, writes: bool) -> Iterator[IO[bytes]]:
    """Run `act` at the far end of a pipe; its failure is raised here, before what it caused at this end."""
    reading, writing = os.pipe()
    far, near = (writing, reading) if writes else (reading, writing)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with os.fdopen(far, "wb" if writes else "rb") as stream:
                act(stream)
        except BaseException as error:  # told in the thread that waits; closing flushes, and may break too
            failed.append(error)

    thread = threading.Thread(target=run, name="attachments", daemon=True)
    thread.start()
    broken: BaseException | None = None
    try:
        with os.fdopen(near, "rb" if writes else "wb") as stream:
            yield stream
    except BaseException as error:
        broken = error
    thread.join()
    # A pipe that breaks is the echo of what happened at the other end.
    if failed and not (broken is not None and isinstance(failed[0], BrokenPipeError | tarfile.ReadError)):
        raise failed[0]
    if broken is not None:
        raise broken
