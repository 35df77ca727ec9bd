"""Reads back what a FHIR receiver holds: a batch Bundle of GETs by identifier, so that no number of a person
stands in an address or in a log of the receiver. Pure: questions and what the answers mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.sync.receivers.base import Answer, Check, Found, Prepared
from apps.sync.receivers.fhir.fields import field_of
from apps.sync.receivers.judging import LOST, shorten

MOST = 50  # resources asked for in one question
UNCLEAR = "Nơi nhận không trả lời được câu hỏi đối chiếu."


@dataclass(frozen=True)
class Asked:
    """One resource as it was sent. `kept_there`: the receiver masters it, so only that it is there counts."""

    key: str
    url: str
    full_url: str
    resource: dict[str, Any]
    kept_there: bool

    @property
    def kind(self) -> str:
        return self.key.partition("/")[0]


@dataclass(frozen=True)
class Question:
    """One request."""

    body: bytes
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class Reading:
    """What an answer shows of each resource asked for; `why`: why it shows nothing."""

    found: tuple[tuple[Asked, list[dict[str, Any]]], ...] = ()
    why: str = ""


def questions(prepared: Prepared) -> list[Question]:
    """What to ask about a record, as it would be sent now."""
    asked = [
        _asked(key, entry)
        for part in prepared.parts
        for key, entry in zip(part.keys, json.loads(part.body)["entry"], strict=True)
    ]
    return [_question(asked[start : start + MOST]) for start in range(0, len(asked), MOST)]


def _asked(key: str, entry: dict[str, Any]) -> Asked:
    request = entry["request"]
    kept_there = request["method"] == "POST"
    url = f"{request['url']}?{request['ifNoneExist']}" if kept_there else request["url"]
    return Asked(key, url, entry["fullUrl"], entry["resource"], kept_there)


def _question(asked: list[Asked]) -> Question:
    entries = [{"request": {"method": "GET", "url": each.url}} for each in asked]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    return Question(json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode(), tuple(asked))


def read(answer: Answer, question: Question) -> Reading:
    """The answer to one question. A stranger's text: believed only where all of it can be understood."""
    if answer.error == "address":
        return Reading(why=answer.body.decode())
    if answer.error or answer.status is None:
        return Reading(why=LOST.get(answer.error, LOST["connection"]))
    if not 200 <= answer.status < 300:
        return Reading(why=f"{UNCLEAR.rstrip('.')} ({answer.status}).")
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Reading(why=UNCLEAR)
    entries = data.get("entry") if isinstance(data, dict) and data.get("type") == "batch-response" else None
    if not isinstance(entries, list) or len(entries) != len(question.asked):
        return Reading(why=UNCLEAR)
    found = []
    for asked, entry in zip(question.asked, entries, strict=True):
        shown = _shown(asked, entry)
        if shown is None:
            return Reading(why=UNCLEAR)
        found.append((asked, shown))
    return Reading(tuple(found))


def _shown(asked: Asked, entry: Any) -> list[dict[str, Any]] | None:
    """The resources of one line of an answer; None where it cannot be understood."""
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(response, dict):
        return None
    status, shown = str(response.get("status", "")), entry.get("resource")
    if "?" not in asked.url:  # by id
        if status.startswith(("404", "410")):
            return []
        return [shown] if status.startswith("2") and _is(shown, asked.kind) else None
    if not status.startswith("2") or not _is(shown, "Bundle"):
        return None
    lines = shown.get("entry", [])
    if not isinstance(lines, list):
        return None
    resources: list[Any] = [line.get("resource") for line in lines if isinstance(line, dict)]
    return [each for each in resources if _is(each, asked.kind)]


def _is(resource: Any, kind: str) -> bool:
    return isinstance(resource, dict) and resource.get("resourceType") == kind


def judge(readings: list[Reading], stored: Mapping[str, Mapping[str, str]], by_content: bool) -> Check:
    """What a record's answers mean together. `by_content`: the same version number is not taken as proof."""
    if why := next((reading.why for reading in readings if reading.why), ""):
        return Check(Found.UNKNOWN, shorten(why))
    found = [line for reading in readings for line in reading.found]
    hash_ = _hash(found)
    doubled = [asked for asked, shown in found if len(shown) > 1]
    if doubled:
        reason = f"Nơi nhận có nhiều bản ghi cùng khớp: {_names(doubled)}."
        return Check(Found.DOUBLED, reason, need="duplicate", hash=hash_)
    if missing := [asked for asked, shown in found if not shown]:
        return Check(Found.MISSING, f"Nơi nhận không còn giữ: {_names(missing)}.", hash=hash_)
    ids = {asked.full_url: f"{asked.kind}/{shown[0].get('id')}" for asked, shown in found}
    kept: dict[str, dict[str, str]] = {}
    changed: list[Asked] = []
    theirs = False
    for asked, (shown,) in found:
        before = stored.get(asked.key, {})
        etag = _etag(shown)
        same = bool(etag) and etag == before.get("etag")
        if asked.kept_there or (same and not by_content) or covers(asked.resource, shown, ids):
            location = f"{asked.kind}/{shown.get('id')}"
            kept[asked.key] = {"location": shorten(location), "etag": etag}
            continue
        changed.append(asked)
        theirs |= not same and not _older(etag, before.get("etag", ""))
    if changed:
        reason = f"Nơi nhận đang giữ bản khác: {_names(changed)}."
        return Check(Found.CHANGED, reason, theirs=theirs, hash=hash_)
    return Check(Found.SAME, stored=kept, hash=hash_)


def _etag(resource: dict[str, Any]) -> str:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return f'W/"{shorten(version)}"' if version else ""


def _older(etag: str, before: str) -> bool:
    """Whether a version comes before the one that we were told of: a receiver that went back to a copy."""
    now, then = etag[3:-1], before[3:-1]
    return now.isdigit() and then.isdigit() and len(now) < 19 and int(now) < int(then[:19])


def _names(asked: list[Asked]) -> str:
    return ", ".join(dict.fromkeys(field_of(each.kind)[0] or each.kind for each in asked))


def _hash(found: list[tuple[Asked, list[dict[str, Any]]]]) -> str:
    shown = {asked.key: resources for asked, resources in found}
    return hashlib.sha256(json.dumps(shown, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def covers(ours: Any, shown: Any, ids: Mapping[str, str]) -> bool:
    """Whether all that we have sent is in what is shown; a receiver may add, and turns our references."""
    if isinstance(ours, dict):
        return isinstance(shown, dict) and all(
            _refers(value, shown.get(name), ids)
            if name == "reference"
            else covers(value, shown.get(name), ids)
            for name, value in ours.items()
        )
    if isinstance(ours, list):
        return isinstance(shown, list) and all(any(covers(o, s, ids) for s in shown) for o in ours)
    if isinstance(ours, str) and isinstance(shown, str) and ours != shown:
        return "T" in ours and _moment(ours) is not None and _moment(ours) == _moment(shown)
    return bool(ours == shown)


def _refers(ours: str, shown: Any, ids: Mapping[str, str]) -> bool:
    if ours.startswith("#"):
        return bool(ours == shown)
    known = ids.get(ours)
    if known is None:  # to what is not asked for here
        return True
    return isinstance(shown, str) and (shown == known or shown.endswith("/" + known))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
