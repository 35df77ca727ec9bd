"""A provincial warehouse of QĐ 831 records: taken at once, checked later, one content a request id.

Written from the manner of one real province, without a look at how the product builds its messages.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .store import Issue, Refused

LARGEST = 10 * 1024 * 1024
HEADER = ("MESSAGE_VERSION", "SENDER_CODE", "SENDER_NAME", "TRANSACTION_DATE", "REQUEST_ID", "ACTION_TYPE")
ACTIONS = ("THEM_MOI", "CAP_NHAT", "HUY")
DAY = re.compile(r"(0[1-9]|[12]\d|3[01])/(0[1-9]|1[0-2])/\d{4}")
BORN = re.compile(r"(?:(?:\d\d/)?\d\d/)?\d{4}")
ICD = re.compile(r"[A-Z]\d\d(?:\.\d{1,2})?")


@dataclass
class Record:
    """What is held under one code; `history` has every message that came for it, oldest first."""

    root: ET.Element
    action: str
    tracking: str
    history: list[ET.Element] = field(default_factory=list)

    def text(self, name: str) -> str:
        return next((node.text or "" for node in self.root.iter(name)), "")

    def texts(self, name: str) -> list[str]:
        return [node.text or "" for node in self.root.iter(name)]


class Warehouse:
    """Records by their code: a visit's, or a person's where a message tells of no visit."""

    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.records: dict[str, Record] = {}
        self._requests: dict[str, tuple[str, str]] = {}  # request id: hash of its content, tracking id
        self._found: dict[str, list[dict[str, str]]] = {}  # tracking id: what is wrong with it
        self.looks_before_checked = 0  # how often a state is asked for before it is known
        self.file = file
        if file and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                self._take(json.loads(line), "")

    def take(self, body: str, unit: str) -> dict[str, Any]:
        """Take a message. Raises Refused for what is not taken at all; the rest is found out later."""
        with self.lock:
            answer = self._take(body, unit)
            if self.file and answer["code"] == "ACCEPTED":
                with self.file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(body, ensure_ascii=False) + "\n")
        return answer

    def _take(self, body: str, unit: str) -> dict[str, Any]:
        root = _read(body)
        head = {name: root.findtext(f"HEADER/{name}") or "" for name in HEADER}
        if missing := [name for name, value in head.items() if not value]:
            raise Refused(400, *[Issue("HEADER_INVALID", "Thiếu trường bắt buộc", name) for name in missing])
        if head["ACTION_TYPE"] not in ACTIONS or len(head["REQUEST_ID"]) > 100:
            raise Refused(400, Issue("HEADER_INVALID", "Giá trị không hợp lệ", "ACTION_TYPE"))
        if unit and head["SENDER_CODE"] != unit:
            raise Refused(403, Issue("ORG_MISMATCH", "SENDER_CODE khác đơn vị của token"))
        content = hashlib.sha256(body.encode()).hexdigest()
        if known := self._requests.get(head["REQUEST_ID"]):
            if known[0] != content:
                raise Refused(409, Issue("REQUEST_ID_CONFLICT", "Trùng REQUEST_ID, khác nội dung"))
            return _taken("ACCEPTED_DUPLICATE", known[1])
        code = root.findtext(".//MA_LK") or root.findtext(".//MADINHDANH") or ""
        if not code:
            raise Refused(422, Issue("RECORD_INVALID", "Hồ sơ không có mã", "MADINHDANH"))
        tracking = f"TRK-{len(self._requests) + 1:06d}"
        self._requests[head["REQUEST_ID"]] = content, tracking
        self._found[tracking] = _wrong(root)
        before = self.records.get(code)
        history = [*before.history, before.root] if before else []
        self.records[code] = Record(root, head["ACTION_TYPE"], tracking, history)
        return _taken("ACCEPTED", tracking)

    def state(self, tracking: str) -> dict[str, Any] | None:
        """VALID or INVALID with what is wrong, or PROCESSING; None for a tracking id that was never given."""
        with self.lock:
            if tracking not in self._found:
                return None
            if self.looks_before_checked:
                self.looks_before_checked -= 1
                return {"tracking_id": tracking, "status": "PROCESSING"}
            found = self._found[tracking]
            return {"tracking_id": tracking, "status": "INVALID" if found else "VALID", "errors": found}

    def find_wrong(self, tracking: str, name: str, text: str) -> None:
        """Say later that this field of a message is wrong, whatever is in it."""
        self._found[tracking] = [{"field": name, "message": text}]


def _read(body: str) -> ET.Element:
    if len(body.encode()) > LARGEST:
        raise Refused(413, Issue("TOO_LARGE", "Hồ sơ quá lớn"))
    if "<!DOCTYPE" in body or "<!ENTITY" in body:
        raise Refused(400, Issue("XML_INVALID", "Không nhận DTD"))
    try:
        return ET.fromstring(body)  # noqa: S314 - no document type, checked above
    except ET.ParseError:
        raise Refused(400, Issue("XML_INVALID", "Không phải XML")) from None


def _taken(code: str, tracking: str) -> dict[str, Any]:
    return {"success": True, "code": code, "message": "Đã tiếp nhận", "data": {"tracking_id": tracking}}


def _wrong(root: ET.Element) -> list[dict[str, str]]:
    """What the check of the night finds."""
    found = []
    record = root.find("BODY/HOSOSUCKHOE")
    if record is None:
        return [{"field": "HOSOSUCKHOE", "message": "Thiếu hồ sơ"}]
    wanted = {"HOTEN": re.compile(r"\S.*"), "MADINHDANH": re.compile(r"\S+")}
    allowed = {"GIOITINH": re.compile("[12]?"), "NGAYSINH": BORN, "NGAYKHAM": DAY, "MABENH": ICD}
    for name, pattern in wanted.items():
        if not pattern.fullmatch(record.findtext(f"THONGTINCHUNG/{name}") or ""):
            found.append({"field": f"THONGTINCHUNG/{name}", "message": "Thiếu trường bắt buộc"})
    for name, pattern in allowed.items():
        for node in record.iter(name):
            if node.text and not pattern.fullmatch(node.text):
                found.append({"field": name, "message": "Không đúng định dạng"})
    return found
