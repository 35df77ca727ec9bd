"""What a FHIR receiver's answer means. Pure: the table of docs/states.md, row by row.

An answer is a stranger's text: it is capped, stripped of control characters and never trusted to be what its
headers say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from apps.core.text import clean
from apps.sync.receivers.base import Answer, Issue, Outcome, Part, Verdict
from apps.sync.receivers.fhir.fields import field_of

MAX_TEXT = 300  # characters kept of one sentence of the receiver
MAX_ISSUES = 20
MAX_RETRY_AFTER = 24 * 3600  # seconds; a longer wish is a mistake or malice
ENTRY = re.compile(r"^Bundle\.entry\[(\d+)\](?:\.resource)?\.?(.*)$")

LOST = {
    "timeout": "Nơi nhận không trả lời kịp.",
    "connection": "Không nối được tới nơi nhận.",
    "too_big": "Câu trả lời của nơi nhận quá lớn.",
}


def judge(answer: Answer, part: Part, now: datetime) -> Verdict:
    """The verdict on one answer to one part. `now` is needed for a Retry-After that is a date."""
    if answer.error == "address":
        return Verdict(Outcome.PAUSE, answer.body.decode(), receiver_fault=True)
    if answer.error or answer.status is None:
        return Verdict(Outcome.RETRY, LOST.get(answer.error, LOST["connection"]), receiver_fault=True)
    outcome = _Said.read(answer, part)
    status = answer.status
    if 200 <= status < 300:
        return _stored(outcome.data, part)
    wait = retry_after(answer.headers.get("retry-after", ""), now)
    reason = outcome.first
    if status == 401:
        return Verdict(Outcome.TOKEN, reason or "Mã truy cập bị từ chối.", receiver_fault=True)
    if status == 403:
        return Verdict(Outcome.PAUSE, reason or "Tài khoản không được phép gửi.", receiver_fault=True)
    if 300 <= status < 400:
        return Verdict(Outcome.PAUSE, "Địa chỉ của nơi nhận chuyển sang nơi khác.", receiver_fault=True)
    if status in (404, 405, 410):
        return Verdict(Outcome.PAUSE, "Địa chỉ của nơi nhận không đúng.", receiver_fault=True)
    if status == 409:
        return Verdict(Outcome.CONFLICT, reason or "Nơi nhận đang có bản ghi trùng.", outcome.issues)
    if status == 412:
        return _precondition(outcome)
    if status == 413:
        return Verdict(Outcome.TOO_LARGE, reason or "Nơi nhận cho là gói tin quá lớn.", need="admin")
    if status == 429 or (status == 503 and wait is not None):
        return Verdict(Outcome.LIMITED, "Nơi nhận đang quá tải.", retry_after=wait, receiver_fault=True)
    if status >= 500:
        # 500 may come from this very record; 502, 503, 504 never do
        return Verdict(Outcome.RETRY, f"Nơi nhận gặp lỗi ({status}).", receiver_fault=status != 500)
    need = "field" if status == 422 else "admin"
    return Verdict(Outcome.REJECTED, reason or f"Nơi nhận từ chối ({status}).", outcome.issues, need)


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait: `120`, or an HTTP date. None when unreadable; at most a day."""
    text = text.strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(min(int(text), MAX_RETRY_AFTER))
    try:
        moment = parsedate_to_datetime(text)
        return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def shorten(text: object) -> str:
    """A stranger's text, fit to be kept: one line, no control or direction marks, at most 300 characters."""
    line = clean(str(text)[: MAX_TEXT * 2])
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


def _stored(data: Any, part: Part) -> Verdict:
    """Stored only when the receiver says so for every entry; anything else proves nothing."""
    not_proven = Verdict(Outcome.RETRY, "Nơi nhận trả lời không rõ ràng.", receiver_fault=True)
    if not isinstance(data, dict) or data.get("resourceType") != "Bundle":
        return not_proven
    entries = data.get("entry")
    if data.get("type") != "transaction-response" or not isinstance(entries, list):
        return not_proven
    if len(entries) != len(part.keys):
        return Verdict(Outcome.RETRY, "Nơi nhận trả lời thiếu.", receiver_fault=True)
    stored = {}
    for key, entry in zip(part.keys, entries, strict=True):
        response = entry.get("response") if isinstance(entry, dict) else None
        if not isinstance(response, dict) or not str(response.get("status", "")).startswith("2"):
            return Verdict(Outcome.RETRY, "Nơi nhận không nhận đủ các phần.")
        stored[key] = {name: shorten(response.get(name) or "") for name in ("location", "etag")}
    return Verdict(Outcome.STORED, stored=stored)


def _precondition(said: _Said) -> Verdict:
    """412: several match (a person must look), none matches (once more), or somebody else wrote meanwhile."""
    if "multiple-matches" in said.codes or "duplicate" in said.codes:
        reason = said.first or "Nơi nhận có nhiều bản ghi cùng khớp."
        return Verdict(Outcome.REJECTED, reason, said.issues, need="duplicate")
    return Verdict(
        Outcome.CONFLICT, said.first or "Bản ghi ở nơi nhận đã đổi.", said.issues, need="duplicate"
    )


@dataclass(frozen=True)
class _Said:
    """An answer's body, read as far as it can be."""

    data: Any
    issues: tuple[Issue, ...] = ()
    codes: frozenset[str] = frozenset()

    @property
    def first(self) -> str:
        return next((i.text for i in self.issues if i.text), "")

    @classmethod
    def read(cls, answer: Answer, part: Part) -> _Said:
        try:
            data = json.loads(answer.body)
        except (ValueError, RecursionError):
            return cls(None)
        if not isinstance(data, dict) or data.get("resourceType") != "OperationOutcome":
            return cls(data)
        raw = data.get("issue")
        lines = [line for line in raw if isinstance(line, dict)][:MAX_ISSUES] if isinstance(raw, list) else []
        codes = frozenset(str(line.get("code", ""))[:40] for line in lines)
        wrong = [line for line in lines if line.get("severity") in ("error", "fatal", None)] or lines
        return cls(data, tuple(_issue(line, part) for line in wrong), codes)


def _issue(line: dict[str, Any], part: Part) -> Issue:
    details = line.get("details")
    text = (
        line.get("diagnostics")
        or (details.get("text") if isinstance(details, dict) else "")
        or line.get("code")
    )
    where = line.get("expression") or line.get("location") or [""]
    where = where[0] if isinstance(where, list) and where else where
    expression = shorten(where if isinstance(where, str) else "")
    if match := ENTRY.match(expression):
        index = int(match[1])
        kind = part.keys[index].partition("/")[0] if index < len(part.keys) else "Bundle"
        expression = f"{kind}.{match[2]}".rstrip(".")
    name, target = field_of(expression)
    return Issue(expression, shorten(text or ""), name, target)
