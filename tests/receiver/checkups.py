"""The Ministry's data axis for check-ups: signed envelopes, each message id once, the last of a paper counts.

Written from the annex, without a look at how the product builds its envelopes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .store import Issue, Refused

MESSAGE = re.compile(r"\d{13}\d{6}[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
HEADER = (
    *("version", "sender_id", "receiver_id", "txn_type", "msg_id", "msg_type", "data_type"),
    "send_datetime",
)
PARTS = ("THONGTIN_DONVI", "THONGTIN_HANHCHINH", "KHAM_SUC_KHOE", "KET_LUAN")
LATE = 24 * 3600  # seconds that an envelope may have been on its way


class CheckUps:
    """What is held, by sender and number of the paper. `history`: all messages that came for one."""

    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.held: dict[tuple[str, str], dict[str, Any]] = {}
        self.history: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.messages: dict[str, str] = {}  # message id: hash of its data
        self.keys: dict[str, rsa.RSAPublicKey] = {}  # by sender; who has none is believed
        self.joined = False  # what is signed: both joined, else their hashes
        self.file = file
        if file and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                self._keep(json.loads(line))

    def take(self, body: str, unit: str, service: str) -> dict[str, Any]:
        """Keep it, or Refused with the axis's code."""
        try:
            said = json.loads(body)
            head, data, signature = said["header"], said["data"], said["signature"]
        except (ValueError, KeyError, TypeError):
            raise Refused(400, Issue("CM_INVALID_REQUEST", "Không đọc được gói tin")) from None
        if service != "100":
            raise Refused(404, Issue("CM_NOT_FOUND", "Không có dịch vụ này"))
        if missing := [name for name in HEADER if not head.get(name)]:
            raise Refused(400, Issue("CM_INVALID_REQUEST", "Thiếu trường bắt buộc", missing[0]))
        if head["sender_id"] != unit:
            raise Refused(403, Issue("CM_AUTH_ACCOUNT_FAIL", "Mã đơn vị khác tài khoản"))
        right = MESSAGE.fullmatch(head["msg_id"]) and head["msg_id"].startswith(head["sender_id"])
        if not right or abs(head["send_datetime"] / 1000 - time.time()) > LATE:
            raise Refused(400, Issue("CM_INVALID_REQUEST", "Giá trị không hợp lệ", "msg_id"))
        self._verify(body, head["sender_id"], data, signature)
        told = _content(data)
        content = hashlib.sha256(data.encode()).hexdigest()
        with self.lock:
            known = self.messages.get(head["msg_id"])
            if known not in (None, content):
                raise Refused(400, Issue("CM_INVALID_REQUEST", "Trùng msg_id, khác nội dung", "msg_id"))
            if known is None:
                self.messages[head["msg_id"]] = content
                self._keep(told)
                if self.file:
                    with self.file.open("a", encoding="utf-8") as out:
                        out.write(json.dumps(told, ensure_ascii=False) + "\n")
            number = list(self.messages).index(head["msg_id"]) + 1
        ours = {"msg_type": "102", "ref_msg_id": head["msg_id"], "res_code": "CM_SUCCESS"}
        return {"header": ours | {"txn_id": f"TXN-{number:06d}"}, "data": {"data_state": "RECEIVED"}}

    def _keep(self, told: dict[str, Any]) -> None:
        key = (told["THONGTIN_DONVI"]["MA_DON_VI"], told["KHAM_SUC_KHOE"]["SO_GIAY"])
        self.held[key] = told
        self.history.setdefault(key, []).append(told)

    def _verify(self, body: str, sender: str, data: str, signature: str) -> None:
        """Against the header as it stands in the body, to the byte."""
        key = self.keys.get(sender)
        if key is None:
            return
        head = body[len('{"header":') : body.index(',"data":')]
        signed = head + data
        if not self.joined:
            signed = ".".join(hashlib.sha256(each.encode()).hexdigest().upper() for each in (head, data))
        try:
            key.verify(base64.b64decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            raise Refused(400, Issue("PS_SIGNATURE_INVALID", "Chữ ký không hợp lệ")) from None


def _content(data: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(base64.b64decode(data, validate=True))
    except ValueError:
        raise Refused(400, Issue("CM_INVALID_REQUEST", "Dữ liệu không đọc được", "data")) from None
    if missing := [name for name in PARTS if name not in told]:
        raise Refused(400, Issue("CM_INVALID_REQUEST", "Thiếu phần bắt buộc", missing[0]))
    return told
