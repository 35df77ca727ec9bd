"""What each answer says to the browser, and what is refused before it is read."""

import socket
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from apps.catalogues import sheets
from config import gunicorn
from tests.config.test_settings import PRODUCTION, run
from tests.house import walk
from tests.security.conftest import Attacker, Here


def test_every_page_says_what_a_browser_may_do(db: None) -> None:
    page = Client().get("/dang-nhap/")
    said = {name: page[name] for name in page.headers}
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["X-Frame-Options"] == "DENY" and "frame-ancestors 'none'" in said["Content-Security-Policy"]
    assert said["Referrer-Policy"] == "same-origin"
    assert said["Cross-Origin-Opener-Policy"] == said["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in said["Permissions-Policy"] and "geolocation=()" in said["Permissions-Policy"]


@pytest.mark.parametrize("directive", ["default-src 'none'", "base-uri 'none'", "form-action 'self'"])
def test_the_policy_of_content_begins_with_nothing(db: None, directive: str) -> None:
    assert directive in Client().get("/dang-nhap/")["Content-Security-Policy"]


def test_production_keeps_browsers_on_https_and_cookies_on_this_host() -> None:
    code = """
import config.settings as s
print(s.SECURE_HSTS_SECONDS >= 31536000, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
      s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_HTTPONLY, s.SESSION_COOKIE_HTTPONLY,
      s.SESSION_COOKIE_SAMESITE, 'upgrade-insecure-requests' in s.CONTENT_SECURITY_POLICY['DIRECTIVES'],
      hasattr(s, 'SESSION_COOKIE_DOMAIN'))
"""
    printed = run("-c", code, **PRODUCTION)
    want = "True True True True __Host-tramyte __Host-csrf True True Lax True False"
    assert printed.stdout.split() == want.split(), printed.stderr


def test_nothing_personal_stays_in_a_cache(own: Here, nurse: Attacker) -> None:
    """Every address that a nurse may open without arguments, and the pages of a person."""
    paths = [address.path({}) for address in walk.addresses() if not address.arguments]
    paths += [
        f"/nguoi/{own.person.pk}/",
        f"/kham/{own.finished.pk}/phieu-kham.pdf",
        "/khong-co/",
        "/api/people/",
    ]
    kept = []
    for path in paths:
        answer = nurse.get(path)
        if "no-store" not in answer.get("Cache-Control", ""):
            kept.append((path, answer.get("Cache-Control")))
        assert not answer.has_header("ETag"), path
    assert not kept, kept


# --- whose name, where to


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "", "127.0.0.1@evil.example", "x y"]
)
def test_another_name_of_the_host_is_refused(db: None, host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DEBUG = False
    client = Client(raise_request_exception=False)
    answer = client.get("/dang-nhap/", headers={"host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "http:evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:///evil.example",
        "/%0d%0aSet-Cookie:x=1",
        "\t//evil.example",
        "/" * 3 + "evil.example",
    ],
)
def test_the_door_leads_nowhere_else(own: Here, nurse: Attacker, target: str) -> None:
    answer = nurse.client.get("/dang-nhap/", {"next": target})
    assert answer.status_code == 302
    assert answer["Location"] in ("/", "/%0d%0aSet-Cookie:x=1")


def test_a_framed_page_is_refused_everywhere(own: Here, nurse: Attacker) -> None:
    for path in ("/", f"/nguoi/{own.person.pk}/", f"/kham/{own.finished.pk}/phieu-kham.pdf"):
        assert nurse.get(path)["X-Frame-Options"] == "DENY"


# --- sizes and silence


def test_a_body_that_no_form_sends_is_not_read(own: Here, nurse: Attacker) -> None:
    answer = nurse.client.generic("POST", "/ho/nhap/", b"x", CONTENT_LENGTH="20000001")
    assert answer.status_code == 413
    assert "20 MB" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("length", ["x", "-1", ""])
def test_a_length_that_is_none_is_no_fault(own: Here, nurse: Attacker, length: str) -> None:
    answer = nurse.client.generic("POST", "/tim/", b"", CONTENT_LENGTH=length)
    assert answer.status_code < 500


def test_a_form_of_endless_fields_is_refused(own: Here, nurse: Attacker) -> None:
    assert nurse.post("/tim/", **{f"f{n}": "" for n in range(2_100)}).status_code == 400


def test_the_largest_list_fits_into_the_largest_request(settings: Any) -> None:
    assert sheets.MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE <= settings.LARGEST_REQUEST


def test_every_file_that_is_taken_goes_one_way(settings: Any) -> None:
    """A form with a file reads it through catalogues/sheets.py (kinds, size, bombs, formulas, macros), a
    picture or PDF of a visit through encounters/ordering/filetypes.py (content, pixels, encoded anew).
    """
    ways = ("content_of", "attachments.attach(")
    takes = {
        str(file.relative_to(settings.BASE_DIR))
        for file in Path(settings.BASE_DIR, "apps").rglob("*.py")
        if "request.FILES" in file.read_text()
    }
    assert takes
    for name in takes:
        text = Path(settings.BASE_DIR, name).read_text()
        assert any(way in text for way in ways), f"{name} reads a file in its own way"
    judging = Path(settings.BASE_DIR, "apps/encounters/ordering/attachments.py").read_text()
    assert "def attach(" in judging and "filetypes.judge" in judging


def test_a_client_that_stops_in_mid_request_gives_its_thread_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn, "SILENT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        gunicorn.when_ready(SimpleNamespace(LISTENERS=[SimpleNamespace(sock=listening)]))
        with socket.create_connection(listening.getsockname()) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHo")
            served, _ = listening.accept()
            with served:
                served.setblocking(True)
                assert served.recv(100) == b"GET / HTTP/1.1\r\nHo"
                with pytest.raises(BlockingIOError):
                    served.recv(100)
                kept = served.getsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.calcsize("ll"))
                assert struct.unpack("ll", kept)[0] == 1


def test_the_server_bounds_what_it_reads() -> None:
    assert gunicorn.limit_request_line <= 4094 and gunicorn.limit_request_fields <= 100
    assert gunicorn.timeout <= 60
