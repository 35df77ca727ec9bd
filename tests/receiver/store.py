"""The receiver's memory: resources, their versions, and the transaction that changes them all or none."""

from __future__ import annotations

import copy
import json
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from . import check

Resource = dict[str, Any]
Key = tuple[str, str]  # resource type, id


@dataclass
class Issue:
    """One line of an OperationOutcome."""

    code: str
    text: str
    expression: str = ""


class Refused(Exception):
    """The Bundle is not taken. `status` is the HTTP status of the answer."""

    def __init__(self, status: int, *issues: Issue) -> None:
        super().__init__(issues[0].text if issues else str(status))
        self.status = status
        self.issues = list(issues)


@dataclass
class Kept:
    """A resource as the receiver holds it; `history` has every content it ever had, oldest first."""

    resource: Resource
    version: int = 1
    history: list[Resource] = field(default_factory=list)


@dataclass
class _Entry:
    index: int
    resource: Resource
    full_url: str
    type: str
    id: str
    method: str
    keep: bool = False  # POST with ifNoneExist that matched: leave what is there
    if_match: str = ""

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.index}]"


class Store:
    """Resources by type and id, found by identifier. One transaction at a time."""

    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.resources: dict[Key, Kept] = {}
        self._by_identifier: dict[tuple[str, str, str], set[str]] = {}
        self.commits: list[dict[str, Any]] = []
        self.file = file
        if file and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                commit = json.loads(line)
                for resource in commit["resources"]:
                    self._write(resource)
                self.commits.append({"at": commit["at"], "request_id": commit["request_id"]})

    # -- reading
    def of_type(self, kind: str) -> list[Resource]:
        with self.lock:
            return [kept.resource for (type_, _), kept in self.resources.items() if type_ == kind]

    def find(self, kind: str, system: str, value: str) -> list[Resource]:
        with self.lock:
            return [self.resources[(kind, id_)].resource for id_ in sorted(self._match(kind, system, value))]

    def kept(self, kind: str, id_: str) -> Kept | None:
        with self.lock:
            return self.resources.get((kind, id_))

    # -- what happens to a receiver's own memory
    def lose(self, kind: str, number: int = 0) -> None:
        """Forget a resource, as after a copy that was put back."""
        with self.lock:
            key = [key for key in self.resources if key[0] == kind][number]
            self._index(self.resources.pop(key).resource, remove=True)

    def edit(self, kind: str, number: int = 0, **changes: Any) -> None:
        """Somebody writes there."""
        with self.lock:
            kept = [kept for key, kept in self.resources.items() if key[0] == kind][number]
            self._write({**kept.resource, **changes})

    def double(self, kind: str) -> None:
        """Keep a resource twice."""
        with self.lock:
            kept = next(kept for key, kept in self.resources.items() if key[0] == kind)
            self._write({**kept.resource, "id": str(uuid.uuid4())})

    def counts(self) -> dict[str, int]:
        with self.lock:
            counts: dict[str, int] = {}
            for kind, _ in self.resources:
                counts[kind] = counts.get(kind, 0) + 1
            return counts

    # -- the transaction
    def transaction(self, bundle: Any, request_id: str = "") -> Resource:
        """Store a transaction Bundle; its transaction-response, or Refused and nothing is changed."""
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            raise Refused(400, Issue("structure", "Không phải Bundle", "Bundle"))
        if bundle.get("type") != "transaction":
            raise Refused(400, Issue("value", "Chỉ nhận Bundle loại transaction", "Bundle.type"))
        problems = check.problems(bundle)
        if problems:
            raise Refused(422, *[Issue("invalid", text, path) for path, text in problems])
        bundle = copy.deepcopy(bundle)
        with self.lock:
            entries = [self._entry(i, raw) for i, raw in enumerate(bundle.get("entry", []))]
            self._once_each(entries)
            targets = {e.full_url: f"{e.type}/{e.id}" for e in entries if e.full_url}
            for entry in entries:
                self._resolve(entry.resource, targets, entries, entry.path + ".resource")
            answer, written = [], []
            for entry in entries:
                before = self.resources.get((entry.type, entry.id))
                if entry.keep:
                    answer.append(self._line("200 OK", entry))
                    continue
                entry.resource["id"] = entry.id
                self._write(entry.resource)
                written.append(entry.resource)
                answer.append(self._line("200 OK" if before else "201 Created", entry))
            commit = {"at": datetime.now(UTC).isoformat(), "request_id": request_id}
            self.commits.append(commit)
            if self.file:
                with self.file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps({**commit, "resources": written}, ensure_ascii=False) + "\n")
        return {
            "resourceType": "Bundle",
            "id": str(uuid.uuid4()),
            "type": "transaction-response",
            "entry": answer,
        }

    def _entry(self, index: int, raw: Resource) -> _Entry:
        path = f"Bundle.entry[{index}].request"
        request, resource = raw.get("request") or {}, raw.get("resource")
        method, url = request.get("method", ""), request.get("url", "")
        if method not in ("PUT", "POST") or resource is None:
            raise Refused(405, Issue("not-supported", f"Không nhận {method or 'mục'} này", path + ".method"))
        name, _, query = url.partition("?")
        kind, _, id_ = name.partition("/")
        if kind != resource.get("resourceType"):
            raise Refused(400, Issue("value", "Địa chỉ không khớp loại bản ghi", path + ".url"))
        full_url = raw.get("fullUrl", "")
        entry = _Entry(index, resource, full_url, kind, id_, method, if_match=request.get("ifMatch", ""))
        if method == "POST":
            condition = request.get("ifNoneExist", "")
            matches = self._search(kind, condition, path + ".ifNoneExist") if condition else []
            entry.keep, entry.id = bool(matches), matches[0] if matches else str(uuid.uuid4())
        elif query:
            matches = self._search(kind, query, path + ".url")
            if not self._carries(resource, query):
                raise Refused(422, Issue("business-rule", "Điều kiện không có trong bản ghi", path + ".url"))
            entry.id = matches[0] if matches else str(uuid.uuid4())
        elif not id_:
            raise Refused(400, Issue("value", "PUT thiếu mã hoặc điều kiện", path + ".url"))
        if entry.if_match:
            kept = self.resources.get((kind, entry.id))
            if kept is None or entry.if_match != f'W/"{kept.version}"':
                raise Refused(412, Issue("conflict", "Phiên bản đã cũ", path + ".ifMatch"))
        return entry

    def _search(self, kind: str, query: str, path: str) -> list[str]:
        matches: set[str] | None = None
        for name, value in parse_qsl(query.lstrip("?"), keep_blank_values=True):
            if name != "identifier" or "|" not in value:
                raise Refused(400, Issue("not-supported", f"Không tìm theo {name}", path))
            system, _, code = value.partition("|")
            found = self._match(kind, system, code)
            matches = found if matches is None else matches & found
        if matches is None:
            raise Refused(400, Issue("value", "Thiếu điều kiện", path))
        if len(matches) > 1:
            raise Refused(412, Issue("multiple-matches", f"Có {len(matches)} bản ghi khớp điều kiện", path))
        return sorted(matches)

    @staticmethod
    def _carries(resource: Resource, query: str) -> bool:
        wanted = {unquote(v) for k, v in parse_qsl(query) if k == "identifier"}
        held = resource.get("identifier") or []
        held = held if isinstance(held, list) else [held]
        return wanted <= {f"{i.get('system', '')}|{i.get('value', '')}" for i in held}

    @staticmethod
    def _once_each(entries: list[_Entry]) -> None:
        seen: set[Key] = set()
        for entry in entries:
            names = {(entry.type, entry.id)} | ({("fullUrl", entry.full_url)} if entry.full_url else set())
            if names & seen and not entry.keep:
                raise Refused(400, Issue("duplicate", "Một bản ghi có hai mục trong Bundle", entry.path))
            seen |= names

    def _resolve(self, node: Any, targets: dict[str, str], entries: list[_Entry], path: str) -> None:
        if isinstance(node, list):
            for i, item in enumerate(node):
                self._resolve(item, targets, entries, f"{path}[{i}]")
        elif isinstance(node, dict):
            reference = node.get("reference")
            if isinstance(reference, str):
                node["reference"] = self._target(reference, targets, entries, path + ".reference")
            for name, item in node.items():
                if name != "reference":
                    self._resolve(item, targets, entries, f"{path}.{name}")

    def _target(self, reference: str, targets: dict[str, str], entries: list[_Entry], path: str) -> str:
        if reference.startswith("#"):
            return reference
        if reference in targets:
            return targets[reference]
        if reference.startswith("urn:"):
            raise Refused(422, Issue("not-found", "Tham chiếu không có trong Bundle", path))
        kind, question, query = reference.partition("?")
        if question:
            found = self._search(kind, query, path)
            if not found:
                found = [e.id for e in entries if e.type == kind and self._carries(e.resource, query)]
            if not found:
                raise Refused(412, Issue("not-found", "Không có bản ghi khớp tham chiếu", path))
            return f"{kind}/{found[0]}"
        kind, _, id_ = reference.partition("/")
        if (kind, id_) not in self.resources and reference not in targets.values():
            raise Refused(422, Issue("not-found", "Tham chiếu tới bản ghi không có", path))
        return reference

    def _line(self, status: str, entry: _Entry) -> Resource:
        version = self.resources[(entry.type, entry.id)].version
        location = f"{entry.type}/{entry.id}/_history/{version}"
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        return {
            "response": {
                "status": status,
                "location": location,
                "etag": f'W/"{version}"',
                "lastModified": stamp,
            }
        }

    def _match(self, kind: str, system: str, value: str) -> set[str]:
        return set(self._by_identifier.get((kind, system, value), ()))

    def _write(self, resource: Resource) -> None:
        key = (resource["resourceType"], resource["id"])
        kept = self.resources.get(key)
        if kept is None:
            self.resources[key] = Kept(resource)
        elif kept.resource != resource:
            self._index(kept.resource, remove=True)
            kept.history.append(kept.resource)
            kept.resource, kept.version = resource, kept.version + 1
        self._index(resource)

    def _index(self, resource: Resource, remove: bool = False) -> None:
        held = resource.get("identifier") or []
        for identifier in held if isinstance(held, list) else [held]:
            key = (resource["resourceType"], identifier.get("system", ""), identifier.get("value", ""))
            ids = self._by_identifier.setdefault(key, set())
            (ids.discard if remove else ids.add)(resource["id"])
