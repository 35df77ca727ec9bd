"""Which addresses may be called, and what a line that lies comes to."""

import socket
import threading
import time

import pytest

from apps.sync.models import Receiver
from apps.sync.receivers import certificates, http

URL = "https://kho.example.vn/fhir"


def to(url, **more):
    return Receiver(code="x", name="x", base_url=url, **more)


def resolves(monkeypatch, *addresses):
    def fake(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(http.socket, "getaddrinfo", fake)


def test_it_works(monkeypatch):
    resolves(monkeypatch, "93.184.216.34")
    url, headers, extensions = http.reach(URL, False)
    assert url == "https://93.184.216.34:443/fhir"
    assert headers == {"Host": "kho.example.vn"}
    assert extensions == {"sni_hostname": "kho.example.vn"}


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.5", "192.168.1.1", "172.16.3.4", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
        *("::1", "fe80::1", "fd00::1", "fec0::1", "ff02::1", "::127.0.0.1", "::ffff:10.0.0.5"),
        *("64:ff9b::10.0.0.5", "64:ff9b:1::a00:5", "2002:a00:5::1"),
    ],
)
def test_inside_addresses_are_refused_unless_allowed(monkeypatch, address):
    resolves(monkeypatch, address)
    with pytest.raises(http.Forbidden):
        http.reach(URL, False)
    assert http.reach(URL, True)


@pytest.mark.parametrize("address", ["2606:4700::1", "64:ff9b::93.184.216.34", "::ffff:93.184.216.34"])
def test_an_open_address_may_be_called_however_it_is_written(monkeypatch, address):
    resolves(monkeypatch, address)
    assert http.reach(URL, False)


def test_one_inside_address_among_others_is_enough_to_refuse(monkeypatch):
    resolves(monkeypatch, "93.184.216.34", "10.0.0.5")
    with pytest.raises(http.Forbidden):
        http.reach(URL, False)


@pytest.mark.parametrize(
    "url",
    ["ftp://kho.example.vn", "https://", "file:///etc/passwd", "https://a:b@kho.example.vn/", "kho", ""],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(http.Forbidden):
        http.reach(url, False)


def test_plain_http_is_for_demo_and_tests_only(settings):
    settings.TESTING = settings.DEMO = False
    with pytest.raises(http.Forbidden):
        http.check_address("http://kho.example.vn")


def test_a_refused_address_is_an_answer_not_an_exception():
    assert http.post(to("ftp://x"), b"{}", "1", "application/json").error == "address"


def test_an_unknown_name_is_a_lost_connection(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(http.socket, "getaddrinfo", unknown)
    assert http.post(to("https://khong.co.vn"), b"{}", "1", "application/json").error == "connection"


def test_a_certificate_of_a_stranger_is_refused(liar):
    url = liar.base_url.replace("http:", "https:")  # it speaks no TLS at all
    assert http.post(to(url, allow_private=True), b"{}", "1", "application/json").error == "connection"


# --- an answer that never ends


def dripping(drip):
    """The port of a server that takes one request and answers it by `drip(socket)`."""
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        line, _ = server.accept()
        with server, line:
            line.recv(65536)
            try:
                drip(line)
            except OSError:
                pass  # the other side has had enough

    threading.Thread(target=run, daemon=True).start()
    return server.getsockname()[1]


def slow(line, first, piece, last=b""):
    line.sendall(first)
    for _ in range(50):
        line.sendall(piece)
        time.sleep(0.1)
    line.sendall(last)


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("first", "piece", "last"),
    [
        (HEAD + b"X-A: ", b"a", b"\r\nContent-Length: 0\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", HEAD + b"Content-Length: 0\r\n\r\n"),
        (HEAD + b"Content-Length: 50\r\n\r\n", b"a", b""),
    ],
    ids=["headers", "answers before the answer", "body"],
)
def test_whoever_drips_is_left_after_the_whole_time(monkeypatch, first, piece, last):
    monkeypatch.setattr(http, "TOTAL", 1.0)
    port, began = dripping(lambda line: slow(line, first, piece, last)), time.monotonic()
    answer = http.fetch(f"http://127.0.0.1:{port}/x", True, {}, 1000)
    assert (answer.error, answer.status) == ("timeout", None)
    assert time.monotonic() - began < 3.0


def test_whoever_takes_nothing_is_left_too(monkeypatch):
    monkeypatch.setattr(http, "TOTAL", 1.0)
    port, began = dripping(lambda line: time.sleep(5)), time.monotonic()
    answer = http._once(
        "POST", f"http://127.0.0.1:{port}/x", True, certificates.files({}), b"x" * 20_000_000, {}
    )
    assert answer.error == "timeout"
    assert time.monotonic() - began < 3.0
