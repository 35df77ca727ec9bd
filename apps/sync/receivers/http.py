"""One request to a receiver over a line that may lie: time-outs, TLS, no redirects, no inside addresses.

The address is resolved and judged here, and the connection goes to the very address that was judged, so that
a name cannot turn to an inside machine between the look and the call.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings

from apps.sync.models import Receiver
from apps.sync.receivers import certificates, deadline, tokens
from apps.sync.receivers.base import Answer, wrong_settings

TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds: connect, and each silence while reading or writing
TOTAL = 45.0  # seconds an exchange may take in all (deadline.py); well below the worker's lease
TOKEN_TIMEOUT = httpx.Timeout(5.0, connect=3.0)
TOKEN_TOTAL = 8.0  # both together stay below what an attempt is given (push.ATTEMPT)
MAX_ANSWER = 5_000_000  # bytes
_clients: dict[tuple[str, certificates.Files], httpx.Client] = {}
_lock = threading.Lock()


class Forbidden(Exception):
    """The receiver's address may not be called."""


def post(
    receiver: Receiver,
    body: bytes,
    request_id: str,
    content_type: str,
    *,
    path: str = "",
    accept: str = "",
    unit: str = "",
    account: tokens.Account | None = None,
    more: dict[str, str] | None = None,
) -> Answer:
    """Send once, with the receiver's token. Never raises: an Answer with `error` tells what went wrong.

    `path` is added to the receiver's address, `accept` is what it may answer in (the same as it is sent),
    `unit` the station that sends, where each has a token of its own, `account` who signs in instead of it,
    `more` headers that this receiver asks for.
    """
    headers = {"Content-Type": content_type, "Accept": accept or content_type, "X-Request-Id": request_id}
    return _with_token(receiver, "POST", path, body, headers | (more or {}), unit, account)


def get(receiver: Receiver, path: str, accept: str, unit: str = "") -> Answer:
    """Ask once, as `post` sends. Nothing of a person may stand in `path`: receivers write it down."""
    return _with_token(receiver, "GET", path, b"", {"Accept": accept}, unit)


def _with_token(
    receiver: Receiver,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
    unit: str,
    account: tokens.Account | None = None,
) -> Answer:
    started = time.monotonic()

    def for_token(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        return _once("POST", url, receiver.allow_private, files, body, headers, TOKEN_TIMEOUT, TOKEN_TOTAL)

    try:
        files = certificates.files(receiver.settings)
        token, instead = tokens.bearer(receiver, for_token, unit, account)
    except ValueError as wrong:  # its settings
        return Answer.unsent(wrong_settings(wrong))
    if instead is not None:
        return instead
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = _once(method, receiver.base_url + path, receiver.allow_private, files, body, headers)
    if answer.status == 401:
        tokens.forget(receiver, account.name if account else unit)
    return replace(answer, milliseconds=int((time.monotonic() - started) * 1000))


def fetch(url: str, allow_private: bool, headers: dict[str, str], most: int) -> Answer:
    """Read a file of at most `most` bytes, under the same rules. Never raises."""
    try:
        files = certificates.files({})
    except ValueError as wrong:  # the file of our own authority
        return Answer.unsent(f"Thiết lập máy chủ sai: {wrong}")
    return _once("GET", url, allow_private, files, b"", headers, most=most)


def _once(
    method: str,
    url: str,
    allow_private: bool,
    files: certificates.Files,
    body: bytes,
    more: dict[str, str],
    timeout: httpx.Timeout | None = None,
    total: float | None = None,
    most: int = MAX_ANSWER,
) -> Answer:
    """One request to one address; `timeout` and `total` are those of a record where none are named."""
    started, total = time.monotonic(), total or TOTAL

    def took() -> int:
        return int((time.monotonic() - started) * 1000)

    try:
        host = urlsplit(url).netloc
        url, headers, extensions = reach(url, allow_private)
        client = _client(host, files)
    except Forbidden as refused:
        return Answer.unsent(str(refused))
    except ValueError as wrong:  # its certificates, or no address at all
        return Answer.unsent(wrong_settings(wrong))
    except OSError:
        return Answer(error="connection", milliseconds=took())
    headers |= more
    headers["Accept-Encoding"] = "identity"  # nothing that swells when unpacked
    try:
        with (
            deadline.until(started + total),
            client.stream(
                method,
                url,
                content=body or None,
                headers=headers,
                extensions=extensions,
                timeout=timeout or TIMEOUT,
            ) as response,
        ):
            data = bytearray()
            for chunk in response.iter_raw():
                data += chunk
                if len(data) > most:
                    return Answer(error="too_big", milliseconds=took())
            known = {k.lower(): v for k, v in response.headers.items()}
            return Answer(response.status_code, known, bytes(data), milliseconds=took())
    except httpx.TimeoutException:
        return Answer(error="timeout", milliseconds=took())
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError):
        return Answer(error="connection", milliseconds=took())


def check_address(url: str) -> SplitResult:
    """An address that may be called at all. Raises Forbidden with a Vietnamese sentence."""
    if settings.TRAINING:
        raise Forbidden("Bản tập huấn không gửi đi đâu.")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise Forbidden("Địa chỉ của nơi nhận không hợp lệ.")
    if parts.scheme == "http" and not (settings.DEMO or settings.TESTING):
        raise Forbidden("Nơi nhận phải dùng https.")
    return parts


def reach(address: str, allow_private: bool) -> tuple[str, dict[str, str], dict[str, str]]:
    """(address by number, headers, TLS name) of an address. Raises Forbidden, or OSError when unknown."""
    parts = check_address(address)
    host, plain = parts.hostname or "", parts.scheme == "http"
    port = parts.port or (80 if plain else 443)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(info[4][0]) for info in found]
    if not addresses:
        raise OSError("no address")
    if not allow_private and not all(outside(a) for a in addresses):
        raise Forbidden("Nơi nhận nằm ở địa chỉ nội bộ mà chưa được cho phép.")
    first = addresses[0]
    number = f"[{first}]" if first.version == 6 else str(first)
    url = f"{parts.scheme}://{number}:{port}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
    return url, {"Host": parts.netloc}, {} if plain else {"sni_hostname": host}


NAT64 = ipaddress.ip_network("64:ff9b::/96")  # the last 32 bits are where a gateway goes
COMPATIBLE = ipaddress.ip_network("::/96")  # IPv4 as it was once written in IPv6


def outside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the open network, however an inside one may be written in it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in COMPATIBLE or address.is_site_local:
            return False
        within = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return outside(within)
    return address.is_global and not address.is_multicast


def _client(host: str, files: certificates.Files) -> httpx.Client:
    """One for each host and each set of certificates, shared by all threads: it keeps lines open between
    records, and no line is used under another name than it was opened for.
    """
    key = (host, files)
    with _lock:
        client = _clients.get(key)
        if client is None:
            client = httpx.Client(
                transport=deadline.Transport(
                    certificates.trust(files),
                    httpx.Limits(max_connections=None, max_keepalive_connections=32),
                ),
                follow_redirects=False,
                trust_env=False,
            )
            for old in [each for each in _clients if each[0] == host]:
                del _clients[old]  # its certificates were renewed; who still uses it ends in peace
            _clients[key] = client
        return client
