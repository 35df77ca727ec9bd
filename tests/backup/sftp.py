"""An SFTP server on loopback for the tests: paramiko's server over one folder."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko


class _Door(paramiko.ServerInterface):
    def __init__(self, key: paramiko.PKey) -> None:
        self._key = key

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if key == self._key else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    """`spoil` turns the last byte of what is written, as a bad disk does."""

    root = Path()
    spoil = False

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def list_folder(self, path: str) -> Any:
        return [paramiko.SFTPAttributes.from_stat(p.stat(), p.name) for p in self._at(path).iterdir()]

    def stat(self, path: str) -> Any:
        return paramiko.SFTPAttributes.from_stat(self._at(path).stat())

    def open(self, path: str, flags: int, attr: Any) -> Any:
        mode = "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb"
        if flags & os.O_CREAT:
            self._at(path).touch()
        file = self._at(path).open(mode)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = handle.writefile = file  # type: ignore[attr-defined]
        if self.spoil and mode == "r+b":
            original = handle.write
            handle.write = lambda offset, data: original(offset, data[:-1] + b"\0")
        handle.stat = lambda: paramiko.SFTPAttributes.from_stat(os.fstat(file.fileno()))
        return handle

    def remove(self, path: str) -> int:
        self._at(path).unlink()
        return paramiko.SFTP_OK

    def posix_rename(self, old: str, new: str) -> int:
        self._at(old).replace(self._at(new))
        return paramiko.SFTP_OK


@contextmanager
def served(root: Path, client: paramiko.PKey, *, spoil: bool = False) -> Iterator[tuple[int, paramiko.PKey]]:
    """The port and the server's own key."""
    own = paramiko.ECDSAKey.generate()
    files = type("Files", (_Files,), {"root": root, "spoil": spoil})
    listening = socket.create_server(("127.0.0.1", 0))
    open_ones: list[paramiko.Transport] = []

    def accept() -> None:
        while True:
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            transport = paramiko.Transport(taken)
            transport.add_server_key(own)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
            open_ones.append(transport)
            try:
                transport.start_server(server=_Door(client))
            except (paramiko.SSHException, EOFError):
                pass  # a client that does not know the server's key leaves at once

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1], own
    finally:
        listening.close()
        for transport in open_ones:
            transport.close()
