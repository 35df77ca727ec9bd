"""The HTTP side: one POST for Bundles, reads for people who look, `/_...` for tests."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .batch import batch
from .faults import STATUS_KINDS, Chaos, Fault, Faults
from .store import Issue, Refused, Store

FHIR_JSON = "application/fhir+json; charset=utf-8"
MAX_BODY = 20_000_000  # bytes; more is a mistake of the sender


class Receiver:
    """A running receiver. `with Receiver() as receiver:` gives base_url, store, faults and requests."""

    def __init__(
        self, port: int = 0, *, token: str = "", store: Path | None = None, delay: float = 0.0
    ) -> None:
        self.token = token
        self.client = ""  # "name:secret" of an OAuth2 client: /token then gives tokens for it
        self.asked_for_tokens = 0
        self.token_faults: list[tuple[int, bytes]] = []  # answers of /token, before it tells the truth
        self.token_seconds: Any = 3600
        self.delay = delay  # seconds before each answer, as a far line would
        self.store = Store(store)
        self.faults = Faults()
        self.requests: list[dict[str, Any]] = []  # what came: request id, status, patients; for assertions
        self.lock = threading.Lock()
        self.in_flight = 0
        self.most_in_flight = 0
        receiver = self

        class Handler(_Handler):
            owner = receiver

        self.server = _Server(("127.0.0.1", port), Handler)
        self.port = int(self.server.server_address[1])
        self.base_url = f"http://127.0.0.1:{self.port}/fhir"

    def __enter__(self) -> Receiver:
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hangs up is what is being tested, not worth a trace."""


class _Drop(Exception):
    """Close the line without an answer."""


class _Handler(BaseHTTPRequestHandler):
    owner: Receiver
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body leave in one packet
    timeout = 60  # seconds an idle connection may stay

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: bodies and addresses of people stay out of logs."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        store = self.owner.store
        if url.path == "/_got":
            self._json(200, {"counts": store.counts(), "requests": self.owner.requests[-200:]})
            return
        if url.path == "/_resources":
            with store.lock:
                self._json(200, [kept.resource for kept in store.resources.values()])
            return
        if url.path.rstrip("/") == "/fhir/metadata":
            self._json(200, {"resourceType": "CapabilityStatement", "status": "active", "kind": "instance",
                             "date": "2026-01-01", "fhirVersion": "4.0.1", "format": ["json"]})  # fmt: skip
            return
        if not self._token_ok():
            self._outcome(401, [Issue("login", "Mã truy cập không hợp lệ")])
            return
        parts = url.path.strip("/").split("/")
        if len(parts) == 3 and (kept := store.kept(parts[1], parts[2])):
            self._json(200, kept.resource, {"ETag": f'W/"{kept.version}"'})
        elif len(parts) == 2 and "identifier" in parse_qs(url.query):
            system, _, value = parse_qs(url.query)["identifier"][0].partition("|")
            found = store.find(parts[1], system, value)
            entry = [{"fullUrl": f"{r['resourceType']}/{r['id']}", "resource": r} for r in found]
            self._json(
                200, {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entry}
            )
        else:
            self._outcome(404, [Issue("not-found", "Không có bản ghi này")])

    def do_DELETE(self) -> None:
        if self.path == "/_faults":
            self.owner.faults.clear()
            self._json(200, {})
        else:
            self._outcome(405, [Issue("not-supported", "Không xoá")])

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self._outcome(413, [Issue("too-long", "Gói tin quá lớn")])
            return
        body = self.rfile.read(length).decode("utf-8", "replace")
        if self.path == "/_faults":
            self._set_faults(json.loads(body))
        elif self.path == "/token":
            self._give_token(body)
        elif self.path.rstrip("/") == "/fhir":
            self._counted(body)
        else:
            self._outcome(404, [Issue("not-found", "Không có địa chỉ này")])

    def _give_token(self, body: str) -> None:
        """A new token for the client's secret; the one before is good no longer."""
        owner = self.owner
        owner.asked_for_tokens += 1
        if owner.token_faults:
            status, told = owner.token_faults.pop(0)
            if not status:
                self.close_connection = True
                return
            self._send(status, told, "application/json", {"Retry-After": "30"} if status == 429 else None)
            return
        said = parse_qs(body)
        name, _, secret = owner.client.partition(":")
        basic = "Basic " + b64encode(owner.client.encode()).decode()
        in_body = (said.get("client_id"), said.get("client_secret")) == ([name], [secret])
        if said.get("grant_type") != ["client_credentials"] or not (
            self.headers.get("Authorization") == basic or in_body
        ):
            self._json(401, {"error": "invalid_client"})
            return
        owner.token = f"token-{owner.asked_for_tokens}"
        self._json(
            200,
            {"access_token": owner.token, "token_type": "Bearer", "expires_in": owner.token_seconds},
        )

    def _set_faults(self, wanted: dict[str, Any]) -> None:
        if chaos := wanted.pop("chaos", None):
            self.owner.faults.chaos = Chaos(**chaos)
        if wanted:
            self.owner.faults.add(**wanted)
        self._json(200, {})

    def _counted(self, body: str) -> None:
        owner = self.owner
        with owner.lock:
            owner.in_flight += 1
            owner.most_in_flight = max(owner.most_in_flight, owner.in_flight)
        note = {
            "request_id": self.headers.get("X-Request-Id", ""),
            "at": time.time(),
            "status": 0,
            "fault": "",
            "bytes": len(body),
        }
        owner.requests.append(note)
        try:
            if owner.delay:
                time.sleep(owner.delay)
            self._bundle(body, note)
        except _Drop:
            self.close_connection = True
        finally:
            with owner.lock:
                owner.in_flight -= 1

    def _bundle(self, body: str, note: dict[str, Any]) -> None:
        store = self.owner.store
        if not self._token_ok():
            note["status"] = 401
            self._outcome(401, [Issue("login", "Mã truy cập không hợp lệ")])
            return
        fault = self.owner.faults.next_for(body)
        note["fault"] = fault.kind if fault else ""
        if fault and not fault.kind.endswith("after_commit") and fault.kind not in ("partial", "cut_json"):
            note["status"] = int(fault.kind[:3]) if fault.kind in STATUS_KINDS else 0
            self._misbehave(fault)
            return
        try:
            bundle = json.loads(body)
            note["read"] = isinstance(bundle, dict) and bundle.get("type") == "batch"
            answer = batch(store, bundle) if note["read"] else store.transaction(bundle, note["request_id"])
        except json.JSONDecodeError:
            note["status"] = 400
            self._outcome(400, [Issue("structure", "Không phải JSON")])
            return
        except Refused as refused:
            note["status"] = refused.status
            self._outcome(refused.status, refused.issues)
            return
        note["status"] = 200
        if fault is None:
            self._json(200, answer)
        elif fault.kind == "partial":
            answer["entry"] = answer["entry"][: len(answer["entry"]) // 2]
            self._json(200, answer)
        elif fault.kind == "cut_json":
            text = json.dumps(answer).encode()
            self._send(200, text[: len(text) // 2], FHIR_JSON)
        elif fault.kind == "html_after_commit":
            self._html()
        else:
            if fault.kind == "timeout_after_commit":
                time.sleep(fault.seconds)
            raise _Drop

    def _misbehave(self, fault: Fault) -> None:
        if fault.kind in STATUS_KINDS:
            status = int(fault.kind[:3])
            code = {409: "conflict", 412: "multiple-matches", 413: "too-long", 422: "business-rule"}.get(
                status, "processing"
            )
            code = "not-found" if fault.kind == "412-none" else code
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            self._outcome(
                status, [Issue(code, fault.text, fault.expression if status in (400, 422) else "")], headers
            )
        elif fault.kind == "timeout":
            time.sleep(fault.seconds)
            raise _Drop
        elif fault.kind == "drop":
            raise _Drop
        elif fault.kind == "html":
            self._html()
        elif fault.kind == "entry_refused":
            entry = [
                {"response": {"status": "201 Created", "location": "Patient/1/_history/1"}},
                {"response": {"status": "422"}},
            ]
            self._json(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entry})
        elif fault.kind == "huge":
            self._send(200, b" " * fault.bytes, FHIR_JSON)
        elif fault.kind == "redirect":
            self._send(302, b"", FHIR_JSON, {"Location": fault.location})
        elif fault.kind == "drip":
            self._drip(fault.seconds)
        elif fault.kind == "hostile":
            text = "<script>alert(1)</script>\x00\u202e<b>sai</b> " + "A" * 5000
            self._outcome(422, [Issue("invalid", text, "<img src=x onerror=alert(1)>")])

    def _drip(self, seconds: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", FHIR_JSON)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:  # the sender has gone
                break
            time.sleep(0.2)
        raise _Drop

    # -- answers
    def _token_ok(self) -> bool:
        return not self.owner.token or self.headers.get("Authorization") == f"Bearer {self.owner.token}"

    def _html(self) -> None:
        self._send(200, "<html><body>Cổng mạng: đăng nhập</body></html>".encode(), "text/html; charset=utf-8")

    def _outcome(self, status: int, issues: list[Issue], headers: dict[str, str] | None = None) -> None:
        lines = []
        for issue in issues:
            line: dict[str, Any] = {"severity": "error", "code": issue.code, "diagnostics": issue.text}
            if issue.expression:
                line["expression"] = [issue.expression]
            lines.append(line)
        self._json(status, {"resourceType": "OperationOutcome", "issue": lines}, headers)

    def _json(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(data, ensure_ascii=False).encode(), FHIR_JSON, headers)

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:  # the sender has gone
            self.close_connection = True


__all__ = ["Chaos", "Receiver"]
