"""The HTTP side: a POST for each manner, reads for who looks, `/_...` for tests."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .checkups import CheckUps
from .faults import STATUS_KINDS, Chaos, Fault, Faults
from .manners import SIGN_INS, Envelopes, Eprescription, Fhir, Manner, Qd831
from .prescriptions import Prescriptions
from .store import Issue, Refused, Store
from .warehouse import Warehouse

SUBMIT = "/api/ho-so-suc-khoe/qd-831-2017/tiep-nhan"
STATUS = "/api/ho-so-suc-khoe/ho-so/trang-thai"
MAX_BODY = 20_000_000  # bytes; more is a mistake of the sender


class Receiver:
    """A running receiver. `with Receiver() as receiver:` gives base_url, store, faults and requests."""

    def __init__(
        self, port: int = 0, *, token: str = "", store: Path | None = None, delay: float = 0.0
    ) -> None:
        self.token = token
        self.client = ""  # "name:secret" of an OAuth2 client, or of an account: tokens are given for it
        self.asked_for_tokens = 0
        self.token_faults: list[tuple[int, bytes]] = []  # answers of /token, before it tells the truth
        self.token_seconds: Any = 3600
        self.delay = delay  # seconds before each answer, as a far line would
        self.store = Store(store)
        self.warehouse = Warehouse(store.with_suffix(".831.jsonl") if store else None)
        self.prescriptions = Prescriptions(store.with_suffix(".don.jsonl") if store else None)
        self.check_ups = CheckUps(store.with_suffix(".ksk.jsonl") if store else None)
        self.fhir, self.qd831 = Fhir(self.store), Qd831(self.warehouse)
        self.manners: dict[str, Manner] = {
            **dict.fromkeys(("/fhir", "/fhir/"), self.fhir),
            SUBMIT: self.qd831,
            "/api/v1/gui-don-thuoc": Eprescription(self.prescriptions),
            "/api/platform/data-sync/push": Envelopes(self.check_ups),
        }
        self.units: dict[str, str] = {}  # tokens of signed-in accounts that are good, and whose they are
        self.faults = Faults()
        # What /files/<name> answers: status, body, headers.
        self.files: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.requests: list[dict[str, Any]] = []  # what came: request id, status, patients; for assertions
        self.lock = threading.Lock()
        self.in_flight = 0
        self.most_in_flight = 0
        receiver = self

        class Handler(_Handler):
            owner = receiver

        self.server = _Server(("127.0.0.1", port), Handler)
        self.port = int(self.server.server_address[1])
        self.root = f"http://127.0.0.1:{self.port}"
        self.base_url = self.root + "/fhir"

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
    manner: Manner
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body leave in one packet
    timeout = 60  # seconds an idle connection may stay

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: bodies and addresses of people stay out of logs."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        store, self.manner = self.owner.store, self.owner.fhir
        if url.path == "/_got":
            got = {"counts": store.counts(), "records": len(self.owner.warehouse.records)}
            got["prescriptions"] = len(self.owner.prescriptions.held)
            got["check_ups"] = len(self.owner.check_ups.held)
            self._json(200, {**got, "requests": self.owner.requests[-200:]})
            return
        if url.path == STATUS:
            self._tell_state(parse_qs(url.query).get("tracking_id", [""])[0])
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
        if url.path.startswith("/files/") and url.path[7:] in self.owner.files:
            status, body, headers = self.owner.files[url.path[7:]]
            self._send(status, body, headers.pop("Content-Type", "text/csv; charset=utf-8"), headers)
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
        self.manner = self.owner.fhir
        if self.path == "/_faults":
            self.owner.faults.clear()
            self._json(200, {})
        else:
            self._outcome(405, [Issue("not-supported", "Không xoá")])

    def _tell_state(self, tracking: str) -> None:
        """What came of a record that was taken: the later check of the QĐ 831 manner."""
        self.manner = self.owner.qd831
        if self._unit() is None:
            self._outcome(401, [Issue("TOKEN_INVALID", "Mã truy cập không hợp lệ")])
        elif self._fails(tracking):
            return
        elif state := self.owner.warehouse.state(tracking):
            self._json(200, {"success": True, "code": "OK", "message": "", "data": state})
        else:
            self._outcome(404, [Issue("NOT_FOUND", "Không có mã tra cứu này")])

    def do_POST(self) -> None:
        usual = self.owner.qd831 if self.path.startswith("/api/") else self.owner.fhir
        self.manner = self.owner.manners.get(self.path, usual)
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
        elif self.path in SIGN_INS:
            self._sign_in(body)
        elif self.path in self.owner.manners:
            self._counted(body)
        else:
            self._outcome(404, [Issue("not-found", "Không có địa chỉ này")])

    def _give_token(self, body: str) -> None:
        """A new token for the client's secret; the one before is good no longer."""
        owner = self.owner
        if self._token_fails():
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

    def _sign_in(self, body: str) -> None:
        """A token for an account's password and its unit; those of other units stay good."""
        if self._token_fails():
            return
        how = SIGN_INS[self.path]
        try:
            said = json.loads(body)
            pair = f"{said[how.name]}:{said['password']}"
        except (ValueError, KeyError, TypeError):
            self._outcome(400, [Issue("BODY_INVALID", "Không đọc được")])
            return
        owner = self.owner
        unit = str(said.get(how.unit, ""))
        if owner.client and pair != owner.client.replace("{unit}", unit):
            self._outcome(401, [Issue("LOGIN_FAILED", "Sai tài khoản hoặc mật khẩu")])
            return
        token = f"token-{owner.asked_for_tokens}"
        owner.units[token] = unit
        self._json(200, how.given(token, owner.token_seconds))

    def _token_fails(self) -> bool:
        """Whether this asking for a token goes wrong, as it was told to."""
        owner = self.owner
        owner.asked_for_tokens += 1
        if not owner.token_faults:
            return False
        status, told = owner.token_faults.pop(0)
        if status:
            self._send(status, told, "application/json", {"Retry-After": "30"} if status == 429 else None)
        self.close_connection = not status
        return True

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
            self._record(body, note)
        except _Drop:
            self.close_connection = True
        finally:
            with owner.lock:
                owner.in_flight -= 1

    def _record(self, body: str, note: dict[str, Any]) -> None:
        """Take one record, in the manner of its address; or do wrong, the same in each manner."""
        unit = self._unit()
        if unit is None:
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
            service = self.headers.get("service-type", "")
            answer = self.manner.take(body, note["request_id"], unit, service)
            note["read"] = answer.get("type") == "batch-response"
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
            self._json(200, self.manner.partial(answer))
        elif fault.kind == "cut_json":
            text = json.dumps(answer).encode()
            self._send(200, text[: len(text) // 2], self.manner.content_type)
        elif fault.kind == "html_after_commit":
            self._html()
        else:
            if fault.kind == "timeout_after_commit":
                time.sleep(fault.seconds)
            raise _Drop

    def _fails(self, asked: str) -> bool:
        """Whether a question goes wrong, as it was told to by a fault that names what is asked."""
        fault = self.owner.faults.next_for(asked, named=True)
        if fault is None:
            return False
        try:
            self._misbehave(fault)
        except _Drop:
            self.close_connection = True
        return True

    def _misbehave(self, fault: Fault) -> None:
        if fault.kind in STATUS_KINDS:
            status = int(fault.kind[:3])
            code = {409: "conflict", 412: "multiple-matches", 413: "too-long", 422: "business-rule"}.get(
                status, "processing"
            )
            code = "not-found" if fault.kind == "412-none" else code
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            where = fault.expression or self.manner.reason
            self._outcome(status, [Issue(code, fault.text, where if status in (400, 422) else "")], headers)
        elif fault.kind == "timeout":
            time.sleep(fault.seconds)
            raise _Drop
        elif fault.kind == "drop":
            raise _Drop
        elif fault.kind == "html":
            self._html()
        elif fault.kind == "entry_refused":
            self._json(200, self.manner.doubtful())
        elif fault.kind == "huge":
            self._send(200, b" " * fault.bytes, self.manner.content_type)
        elif fault.kind == "redirect":
            self._send(302, b"", self.manner.content_type, {"Location": fault.location})
        elif fault.kind == "drip":
            self._drip(fault.seconds)
        elif fault.kind == "hostile":
            text = "<script>alert(1)</script>\x00\u202e<b>sai</b> " + "A" * 5000
            self._outcome(422, [Issue("invalid", text, "<img src=x onerror=alert(1)>")])

    def _drip(self, seconds: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.manner.content_type)
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

    def _unit(self) -> str | None:
        """Whose token it is: '' where nobody asks; None where it is not good."""
        if not self.manner.signs_in:
            return "" if self._token_ok() else None
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return self.owner.units.get(token) if kind == "Bearer" else None

    def _html(self) -> None:
        self._send(200, "<html><body>Cổng mạng: đăng nhập</body></html>".encode(), "text/html; charset=utf-8")

    def _outcome(self, status: int, issues: list[Issue], headers: dict[str, str] | None = None) -> None:
        self._json(status, self.manner.refusal(status, issues), headers)

    def _json(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(data, ensure_ascii=False).encode(), self.manner.content_type, headers)

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
