"""What a FHIR receiver's answer says beyond its status. Pure: the table of docs/states.md, row by row."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.sync.receivers.base import Answer, Issue, Outcome, Part, Verdict
from apps.sync.receivers.fhir.fields import field_of
from apps.sync.receivers.judging import MAX_ISSUES, NOT_PROVEN, lost, refused, shorten

ENTRY = re.compile(r"^Bundle\.entry\[(\d+)\](?:\.resource)?\.?(.*)$")


def judge(answer: Answer, part: Part, now: datetime) -> Verdict:
    """The verdict on one answer to one part. `now` is needed for a Retry-After that is a date."""
    if nothing := lost(answer):
        return nothing
    said = _Said.read(answer, part)
    if answer.status is not None and 200 <= answer.status < 300:
        return _stored(said.data, part)
    if answer.status == 412 and said.codes & {"multiple-matches", "duplicate"}:  # a person must look
        reason = said.first or "Nơi nhận có nhiều bản ghi cùng khớp."
        return Verdict(Outcome.REJECTED, reason, said.issues, need="duplicate")
    return refused(answer, said.first, said.issues, now, in_parts=True)


def _stored(data: Any, part: Part) -> Verdict:
    """Stored only when the receiver says so for every entry; anything else proves nothing."""
    if not isinstance(data, dict) or data.get("resourceType") != "Bundle":
        return NOT_PROVEN
    entries = data.get("entry")
    if data.get("type") != "transaction-response" or not isinstance(entries, list):
        return NOT_PROVEN
    if len(entries) != len(part.keys):
        return Verdict(Outcome.RETRY, "Nơi nhận trả lời thiếu.", receiver_fault=True)
    stored = {}
    for key, entry in zip(part.keys, entries, strict=True):
        response = entry.get("response") if isinstance(entry, dict) else None
        if not isinstance(response, dict) or not str(response.get("status", "")).startswith("2"):
            return Verdict(Outcome.RETRY, "Nơi nhận không nhận đủ các phần.")
        stored[key] = {name: shorten(response.get(name) or "") for name in ("location", "etag")}
    return Verdict(Outcome.STORED, stored=stored)


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
