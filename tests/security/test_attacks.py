"""What an attacker tries next: races, verbs, days at the ends of time, a receiver that means harm."""

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from apps.population import demo
from apps.sync.models import Receiver
from apps.sync.receivers import http
from tests.factories.patients import a_station
from tests.security.conftest import Attacker, Here

# --- verbs and the ends of numbers


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_the_api_knows_no_other_verbs(own: Here, doctor: Attacker, verb: str) -> None:
    for path in (
        f"people/{own.person.pk}",
        f"visits/{own.visit.pk}",
        f"households/{own.household.pk}",
        "people",
    ):
        answer = getattr(doctor.client, verb)(f"/api/{path}/", "{}", content_type="application/json")
        # People and households are changed by PATCH, which asks for the version that was read.
        changes = verb == "patch" and path.split("/")[0] in {"people", "households"} and "/" in path
        assert answer.status_code in ((400, 403) if changes else (403, 405)), path
    own.person.refresh_from_db()


ENDS = ["0001-01-01", "9999-12-31", "0000-00-00", "-0001-01-01", "10000-01-01", "2026-02-30", "9" * 60]


@pytest.mark.parametrize("day", ENDS)
def test_days_at_the_ends_of_time(own: Here, doctor: Attacker, day: str) -> None:
    typed = "/".join(reversed(day.split("-"))) if day.count("-") == 2 else day
    answers = [
        doctor.get(f"/kham/?on={day}"),
        doctor.get(f"/kham/?on={typed}"),
        doctor.get(f"/api/visits/?on={day}"),
        doctor.get(f"/api/people/?changed_since={day}T00:00:00Z"),
        doctor.api("/api/people/", {"full_name": "Ai Đó", "sex": "male", "birth_date": day, "reason": "x"}),
        doctor.api(f"/api/visits/{own.visit.pk}/save/", {"version": own.visit.version, "follow_up_on": day}),
        doctor.post("/nguoi/moi/", full_name="Ai Đó", sex="male", birth_date=typed, hamlet="outside"),
        doctor.post(f"/kham/{own.visit.pk}/", version=own.visit.version, follow_up_on=typed),
        doctor.post(f"/nguoi/{own.person.pk}/the-bhyt/", number="DN4515112345678", valid_from=typed),
    ]
    assert not [answer.status_code for answer in answers if answer.status_code >= 500]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "9" * 400, "0." + "1" * 400])
def test_numbers_at_the_ends(own: Here, doctor: Attacker, number: str) -> None:
    data = {"version": own.visit.version, "vitals": {"weight": number}}
    answers = [
        doctor.api(f"/api/visits/{own.visit.pk}/save/", data),
        doctor.api(f"/api/visits/{own.visit.pk}/save/", {"version": number}),
        doctor.client.post(
            f"/api/visits/{own.visit.pk}/save/",
            f'{{"version": {number}}}',
            content_type="application/json",
        ),
        doctor.post(f"/kham/{own.visit.pk}/", version=own.visit.version, weight=number, pressure=number),
    ]
    assert not [answer.status_code for answer in answers if answer.status_code >= 500]


# --- a receiver that means harm


class Hostile(BaseHTTPRequestHandler):
    seen: list[str] = []
    mode = ""

    def do_POST(self) -> None:
        Hostile.seen.append(self.path)
        if Hostile.mode == "redirect":
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/ben-trong")
            self.end_headers()
            return
        self.send_response(200)
        if Hostile.mode == "gzip":
            body = gzip.compress(b"0" * 50_000_000)
            self.send_header("Content-Encoding", "gzip")
        else:
            body = b""
        self.end_headers()
        if Hostile.mode == "endless":
            try:
                while True:
                    self.wfile.write(b"x" * 100_000)
            except OSError:
                return
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        return


@pytest.fixture
def hostile(db: None) -> Iterator[Receiver]:
    server = HTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Hostile.seen = []
    yield Receiver(code="x", base_url=f"http://127.0.0.1:{server.server_port}/fhir", allow_private=True)
    server.shutdown()
    server.server_close()


def test_no_redirect_is_followed(hostile: Receiver) -> None:
    Hostile.mode = "redirect"
    answer = http.post(hostile, b"{}", "1", "application/json")
    assert (answer.status, Hostile.seen) == (307, ["/fhir"])


def test_an_endless_answer_is_cut(hostile: Receiver) -> None:
    Hostile.mode = "endless"
    assert http.post(hostile, b"{}", "1", "application/json").error == "too_big"


def test_nothing_that_was_packed_is_unpacked(hostile: Receiver) -> None:
    Hostile.mode = "gzip"
    answer = http.post(hostile, b"{}", "1", "application/json")
    assert len(answer.body) < 200_000


def test_a_name_cannot_turn_inward_after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url, headers, extensions = http.reach("https://doi.vn/fhir", allow_private=False)
    assert url == "https://93.184.216.34:443/fhir", "the connection goes where the look went"
    assert (headers["Host"], extensions) == ("doi.vn", {"sni_hostname": "doi.vn"})
    with pytest.raises(http.Forbidden):
        http.reach("https://doi.vn/fhir", allow_private=False)


# --- production


@pytest.mark.django_db
def test_no_demo_account_where_real_people_are(settings: Any) -> None:
    settings.DEMO = settings.TESTING = False
    with pytest.raises(RuntimeError):
        demo.accounts(a_station())


@pytest.mark.django_db
def test_developers_pages_and_health_tell_nothing_in_production(settings: Any, client: Any) -> None:
    settings.DEMO = settings.TESTING = settings.DEBUG = False
    for path in ("/giao-dien/", "/giao-dien/loi/", "/giao-dien/giay/a5/"):
        assert client.get(path).status_code in (302, 404), path
    assert client.post("/giao-dien/bang/", {"weight": "5"}).status_code == 404
    assert client.get("/khoe").content.decode() == "tốt\n"
