"""Files that lie sealed in a folder while their keys lie in the database: either alone is unreadable.

Each file has a key pair of its own in the format age. Forgetting the key ends the file, wherever a copy of it
may have gone; docs/decisions/ says why it is so.
"""

import os
from pathlib import Path
from uuid import UUID

import pyrage
from django.conf import settings
from pyrage import x25519


class Unreadable(Exception):
    """The file is gone or damaged, or the key is not its own."""


def folder() -> Path:
    """Where they lie; apart from the attachments, so that no backup holds them."""
    return Path(settings.SEALED_DIR)


def put(file_id: UUID, content: bytes) -> str:
    """Seals and stores a file, whole or not at all. Gives its key."""
    pair = x25519.Identity.generate()
    place = _place(file_id)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = place.with_suffix(".half")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    with half.open("wb") as out:
        out.write(pyrage.encrypt(content, [pair.to_public()]))
        out.flush()
        os.fsync(out.fileno())
    half.replace(place)
    return str(pair)


def get(file_id: UUID, key: str) -> bytes:
    """The file's content. Raises Unreadable."""
    try:
        content: bytes = pyrage.decrypt(_place(file_id).read_bytes(), [x25519.Identity.from_str(key)])
    except (OSError, pyrage.DecryptError, pyrage.IdentityError) as error:
        raise Unreadable(type(error).__name__) from error
    return content


def erase(file_id: UUID) -> None:
    """Removes the file, and what was cut while it was written, if they are there."""
    for place in (_place(file_id), _place(file_id).with_suffix(".half")):
        place.unlink(missing_ok=True)


def stored() -> list[UUID]:
    """Whose files lie in the folder. What was cut while it was written counts."""
    found = []
    for path in folder().glob("*"):
        try:
            found.append(UUID(path.stem))
        except ValueError:
            continue
    return found


def _place(file_id: UUID) -> Path:
    return folder() / f"{file_id}.age"
