"""Reads many resources in one request: a batch Bundle of GETs, answered line by line. Nothing is stored."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from .store import Issue, Kept, Refused, Store


def batch(store: Store, bundle: dict[str, Any]) -> dict[str, Any]:
    """The batch-response. Only reads are taken."""
    entries = bundle.get("entry", [])
    if any((entry.get("request") or {}).get("method") != "GET" for entry in entries):
        raise Refused(400, Issue("not-supported", "Gói batch chỉ nhận GET", "Bundle.entry"))
    with store.lock:
        lines = [_line(store, entry["request"]["url"]) for entry in entries]
    return {"resourceType": "Bundle", "type": "batch-response", "entry": lines}


def _line(store: Store, url: str) -> dict[str, Any]:
    name, question, query = url.partition("?")
    kind, _, id_ = name.partition("/")
    if not question:
        kept = store.kept(kind, id_)
        if kept is None:
            return {"response": {"status": "404 Not Found"}}
        return {"response": {"status": "200 OK"}, "resource": _shown(kept)}
    ((_, value),) = parse_qsl(query)
    system, _, code = value.partition("|")
    found = [store.kept(kind, each["id"]) for each in store.find(kind, system, code)]
    shown = [{"resource": _shown(kept), "search": {"mode": "match"}} for kept in found if kept]
    searched = {"resourceType": "Bundle", "type": "searchset", "total": len(shown), "entry": shown}
    return {"response": {"status": "200 OK"}, "resource": searched}


def _shown(kept: Kept) -> dict[str, Any]:
    """As a server shows it."""
    meta = kept.resource.get("meta", {})
    return {**kept.resource, "meta": {**meta, "versionId": str(kept.version)}}
