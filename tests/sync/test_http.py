"""Which addresses may be called, and what a line that lies comes to."""

import socket

import pytest

from apps.sync.models import Receiver
from apps.sync.receivers import http

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
    ["127.0.0.1", "10.0.0.5", "192.168.1.1", "172.16.3.4", "169.254.169.254", "100.64.0.1"],
)
def test_inside_addresses_are_refused_unless_allowed(monkeypatch, address):
    resolves(monkeypatch, address)
    with pytest.raises(http.Forbidden):
        http.reach(URL, False)
    assert http.reach(URL, True)


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
