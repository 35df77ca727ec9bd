"""The envelope around a paper's content: header, data, signature. Pure, but for the moment of sending."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.sync.receivers.checkup.manner import Manner

Sign = Callable[[bytes], str]


def message_id(sender: str, on: date, content: bytes, change: str) -> str:
    """51 characters: the sender's 13 digits, YYMMDD, a UUID of version 4 without dashes.

    It is the axis's key against doubles, so it is drawn from the change that is told and its content: a
    repeated attempt has the same, another content or a later change another.
    """
    drawn = hashlib.sha256(change.encode() + b"\n" + content).digest()[:16]
    return f"{sender}{on:%y%m%d}{UUID(bytes=drawn, version=4).hex}"


def header(sender: str, msg_id: str, manner: Manner, at: datetime | None = None) -> dict[str, Any]:
    """The header's members in the order of the annex; without `at` as it stands before it is sent."""
    told: dict[str, Any] = {
        "version": manner.version,
        "sender_id": sender,
        "receiver_id": manner.receiver_id,
        "txn_type": manner.txn_type,
        "msg_id": msg_id,
        "msg_type": manner.msg_type,
        "data_type": manner.data_type,
    }
    return told | ({"send_datetime": int(at.timestamp() * 1000)} if at else {})


def to_sign(head: bytes, data: bytes, how: str) -> bytes:
    """The bytes that are signed, of the header's JSON as it is sent and of the data in Base64.

    The annex says: over header and data. How they are put together it does not, so this is a setting:
    `hashes` (as public programs have it): SHA-256 of each in upper-case hex, with a point between;
    `joined`: one behind the other.
    """
    if how == "joined":
        return head + data
    return b".".join(hashlib.sha256(each).hexdigest().upper().encode() for each in (head, data))


def sealed(content: bytes, told: dict[str, Any], how: str, sign: Sign) -> bytes:
    """The whole body. The header stands in it to the byte as it was signed."""
    head = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    data = b64encode(content)
    signature = sign(to_sign(head, data, how)).encode()
    return b'{"header":' + head + b',"data":"' + data + b'","signature":"' + signature + b'"}'
