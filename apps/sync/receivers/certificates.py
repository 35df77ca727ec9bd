"""What stands in files and in the environment: secrets, and the certificates of both sides.

A secret is the value of its variable, or the text of the file that `<variable>_FILE` names: so a secret store
that mounts files (systemd credentials, container secrets) needs no copy in the environment.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi

NAME = re.compile(r"TRAMYTE_RECEIVER_[A-Z0-9_]+")
OWN_CA = "TRAMYTE_RECEIVER_CA_FILE"  # a province with an authority of its own
LONGEST = 100_000  # characters of a secret; more is another file


@dataclass(frozen=True)
class Files:
    """Certificate files with their last change, so that renewed ones are read again."""

    authority: str
    certificate: str = ""
    key: str = ""
    changed: tuple[float, ...] = ()
    password: str = ""


def secret(name: str) -> str:
    """The secret of that name; empty when there is none. Raises ValueError when its file cannot be read."""
    if not name:
        return ""
    if value := os.environ.get(name):
        return value
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return ""
    try:
        return Path(file).read_text()[:LONGEST].strip()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ValueError(f"không đọc được tệp của biến {name}_FILE.") from unreadable


def wanted(settings: dict[str, Any]) -> str:
    """The setting `certificate`: the beginning of the names of its variables. Raises ValueError."""
    name = settings.get("certificate", "")
    if name and (not isinstance(name, str) or not NAME.fullmatch(name)):
        raise ValueError("Thiết lập certificate là tên biến bắt đầu bằng TRAMYTE_RECEIVER_.")
    return str(name)


def files(settings: dict[str, Any]) -> Files:
    """Which files a receiver's line is made with. Raises ValueError with a sentence where one is missing."""
    authority = os.environ.get(OWN_CA) or certifi.where()
    name = wanted(settings)
    if not name:
        return Files(authority, changed=_changed(authority))
    certificate, key = (os.environ.get(f"{name}_{part}_FILE", "") for part in ("CERT", "KEY"))
    if not certificate or not key:
        raise ValueError(f"chưa đặt biến {name}_CERT_FILE và {name}_KEY_FILE.")
    password = secret(f"{name}_KEY_PASSWORD")
    return Files(authority, certificate, key, _changed(authority, certificate, key), password)


def trust(found: Files) -> ssl.SSLContext:
    """Whom we believe, and who we are. Raises ValueError where a file is none."""
    try:
        context = ssl.create_default_context(cafile=found.authority)
        if found.certificate:
            # a password is always given: without one OpenSSL would ask for it at the console
            context.load_cert_chain(found.certificate, found.key, password=found.password)
    except (OSError, ValueError) as wrong:  # SSLError is an OSError
        raise ValueError("chứng thư hoặc khóa không đọc được, hoặc không khớp nhau.") from wrong
    return context


def _changed(*names: str) -> tuple[float, ...]:
    try:
        return tuple(Path(name).stat().st_mtime for name in names)
    except OSError as missing:
        raise ValueError("không có tệp chứng thư hoặc khóa.") from missing
