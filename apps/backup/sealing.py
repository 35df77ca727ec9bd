"""Encryption to a public key, in the format age (age-encryption.org): the station cannot read its own copies.

What is sealed here can also be opened without this software: `age --decrypt --identity KEY`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pyrage
from pyrage import x25519

from apps.backup.errors import BackupError


class Reader(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Writer(Protocol):
    def write(self, data: bytes, /) -> int: ...


Identity = Any  # x25519.Identity; the package carries no types


def recipients(words: Sequence[str]) -> list[Any]:
    """The public keys; several are allowed (the province's safe and a second one); either opens."""
    if not words:
        raise BackupError(
            "Chưa có khóa công khai để mã hóa bản sao lưu. Xin khóa của tỉnh (age1…) rồi đặt vào "
            "TRAMYTE_BACKUP_KEYS; tỉnh tạo khóa bằng lệnh: manage.py backup_keys."
        )
    found = []
    for word in words:
        try:
            found.append(x25519.Recipient.from_str(word))
        except pyrage.RecipientError:
            raise BackupError(
                f"Khóa công khai '{word[:12]}…' không đúng: khóa bắt đầu bằng age1. Xem TRAMYTE_BACKUP_KEYS."
            ) from None
    return found


def identity(text: str) -> Identity:
    """The private key from a key file's text or from what was typed off the paper; blanks do not matter."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    word = "".join("".join(lines).split()).upper()
    try:
        return x25519.Identity.from_str(word)
    except (pyrage.IdentityError, ValueError):
        raise BackupError(
            "Khóa riêng không đọc được: khóa bắt đầu bằng AGE-SECRET-KEY-1. "
            "Đối chiếu từng ký tự với tờ giấy trong két."
        ) from None


def identity_of(file: Path) -> Identity:
    """The private key kept in `file`."""
    try:
        return identity(file.read_text())
    except (OSError, UnicodeDecodeError):
        raise BackupError(f"Không đọc được tệp khóa {file}.") from None


def fingerprint(public: str) -> str:
    """A short name of a public key, to be compared by eye with the paper in the safe."""
    digest = hashlib.sha256(public.encode()).hexdigest()[:16].upper()
    return " ".join(digest[place : place + 4] for place in range(0, 16, 4))


class _Kept:
    """Passes reads or writes on and keeps what they raised: the library tells only that something failed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        return self._call(self._stream.read, size)

    def write(self, data: bytes) -> int:
        return self._call(self._stream.write, data)

    def flush(self) -> None:
        pass

    def _call(self, act: Any, argument: Any) -> Any:
        try:
            return act(argument)
        except BaseException as error:
            self.error = self.error or error
            raise


def seal(source: Reader, target: Writer, keys: Sequence[Any]) -> None:
    """Encrypt a stream. What reading or writing raised comes through as it was."""
    ways = _Kept(source), _Kept(target)
    try:
        pyrage.encrypt_io(*ways, keys)
    except BaseException as failed:
        raise (ways[0].error or ways[1].error or failed) from None


def unseal(source: Reader, target: Writer, key: Identity) -> None:
    """Decrypt a stream. BackupError for a wrong key or a damaged text."""
    ways = _Kept(source), _Kept(target)
    try:
        pyrage.decrypt_io(*ways, [key])
    except BaseException as failed:
        error = ways[0].error or ways[1].error
        if error is not None:
            raise error from None
        if "No matching keys" in str(failed):
            raise BackupError(
                "Khóa riêng này không mở được bản sao lưu: bản này được mã hóa cho khóa khác. "
                "Không có gì bị thay đổi."
            ) from None
        if isinstance(failed, pyrage.DecryptError | OSError):
            raise BackupError("Bản sao lưu bị hỏng: nội dung mã hóa không còn nguyên vẹn.") from None
        raise
