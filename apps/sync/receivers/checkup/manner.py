"""How the data axis is spoken to: where, what stands in the envelope, what is signed, what its answers say.

The defaults are those of the annex as far as it is told, and of public programs; none was tried against the
axis itself. To whom an envelope goes and which key signs it must be said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from apps.sync.mappings import settings
from apps.sync.receivers import signing

LOGIN = {
    "url": "/api/auth/login",
    "client": "{unit}",
    "auth": "login",
    "value": "token",
    "lives": "duration",
}
OR = "|"  # between places or words of which any may be there
SIGNED = ("hashes", "joined")  # envelope.to_sign


@dataclass(frozen=True)
class Manner:
    """Setting `paths`: `submit`. Setting `header`: its members. Setting `signed`: what the signature is over.
    Setting `answers`: where in an answer what stands, and the words of its code.
    """

    submit: str = "/api/platform/data-sync/push"
    sign: str = ""
    signed: str = "hashes"
    version: str = "1.0.6"
    receiver_id: str = ""
    txn_type: str = "sync_checkup"
    msg_type: str = "101"
    data_type: str = "json/base64"
    service_type: str = "100"
    code: str = "header.res_code|res_code"
    message: str = "header.res_msg|res_msg|message"
    ref: str = "header.ref_msg_id|ref_msg_id"
    number: str = "header.txn_id|txn_id"
    errors: str = "data.errors|errors"
    field: str = "field"
    text: str = "message"
    taken: str = "CM_SUCCESS|PS_SYNC_SUCCESS"
    invalid: str = "CM_INVALID_REQUEST"
    unsigned: str = "PS_SIGNATURE_INVALID"
    auth: str = "CM_AUTH_PERMISSION|CM_AUTH_EXPIRED"


PATHS = ("submit",)
HEADER = ("version", "receiver_id", "txn_type", "msg_type", "data_type", "service_type")
OWN = ("sign", "signed")
ANSWERS = tuple(each.name for each in fields(Manner) if each.name not in (*PATHS, *HEADER, *OWN))


def manner_from(said: Mapping[str, Any]) -> Manner:
    """Raises ValueError with a Vietnamese sentence for what cannot be."""
    header = settings.texts(said, "header", HEADER)
    if not header.get("receiver_id"):
        raise ValueError("Thiết lập header còn thiếu receiver_id: mã của nơi nhận trên trục dữ liệu.")
    sign = signing.wanted(said)
    if not sign:
        raise ValueError("Thiết lập sign còn thiếu: tên biến chứa khóa ký của đơn vị.")
    return Manner(
        **settings.paths(said, PATHS),
        **header,
        **settings.texts(said, "answers", ANSWERS),
        sign=sign,
        signed=settings.one_of(said, "signed", SIGNED),
    )
