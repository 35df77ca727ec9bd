"""One POST to a receiver over a line that may lie: time-outs, TLS, no redirects, no inside addresses.

The address is resolved and judged here, and the connection goes to the very address that was judged, so that
a name cannot turn to an inside machine between the look and the call.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import threading
import time
from urllib.parse import SplitResult, urlsplit

import certifi
import httpx
from django.conf import settings

from apps.sync.models import Receiver
from apps.sync.receivers.base import Answer

TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds: connect, and each silence while reading or writing
TOTAL = 45.0  # seconds an answer may take in all; well below the worker's lease
MAX_ANSWER = 5_000_000  # bytes
_clients = threading.local()


class Forbidden(Exception):
    """The receiver's address may not be called."""


def post(receiver: Receiver, body: bytes, request_id: str, content_type: str) -> Answer:
    """Send once. Never raises: an Answer with `error` tells what went wrong."""
    started = time.monotonic()

    def took() -> int:
        return int((time.monotonic() - started) * 1000)

    try:
        url, headers, extensions = target(receiver)
    except Forbidden as refused:
        return Answer(error="address", body=str(refused).encode())
    except OSError:
        return Answer(error="connection", milliseconds=took())
    headers |= {"Content-Type": content_type, "Accept": content_type, "X-Request-Id": request_id}
    headers["Accept-Encoding"] = "identity"  # nothing that swells when unpacked
    if token := os.environ.get(receiver.token_key, "") if receiver.token_key else "":
        headers["Authorization"] = f"Bearer {token}"
    try:
        with _client().stream("POST", url, content=body, headers=headers, extensions=extensions) as response:
            data = bytearray()
            for chunk in response.iter_raw():
                data += chunk
                if len(data) > MAX_ANSWER:
                    return Answer(error="too_big", milliseconds=took())
                if time.monotonic() - started > TOTAL:
                    return Answer(error="timeout", milliseconds=took())
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


def target(receiver: Receiver) -> tuple[str, dict[str, str], dict[str, str]]:
    """(address by number, headers, TLS name) of a receiver. Raises Forbidden, or OSError when unknown."""
    parts = check_address(receiver.base_url)
    host, plain = parts.hostname or "", parts.scheme == "http"
    port = parts.port or (80 if plain else 443)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(info[4][0]) for info in found]
    if not addresses:
        raise OSError("no address")
    if not receiver.allow_private and not all(a.is_global for a in addresses):
        raise Forbidden("Nơi nhận nằm ở địa chỉ nội bộ mà chưa được cho phép.")
    address = addresses[0]
    number = f"[{address}]" if address.version == 6 else str(address)
    url = f"{parts.scheme}://{number}:{port}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
    return url, {"Host": parts.netloc}, {} if plain else {"sni_hostname": host}


def _client() -> httpx.Client:
    """One a thread: keeps the line open between records and loads the certificates once."""
    client: httpx.Client | None = getattr(_clients, "client", None)
    if client is None or client.is_closed:
        own = os.environ.get("TRAMYTE_RECEIVER_CA_FILE")  # a province with an authority of its own
        trust = ssl.create_default_context(cafile=own or certifi.where())
        client = httpx.Client(verify=trust, timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        _clients.client = client
    return client
