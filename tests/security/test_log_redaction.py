"""What goes wrong leaves no person in the machine's logs, in mails, or on the page of the error.

Every line is taken as production writes it: through the formatter of config/logs.py, at the loudest level.
"""

import io
import json
import logging
import os
import runpy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import get_resolver

from apps.core import jobs, registry
from apps.core.ids import uuid7
from apps.core.models import Job
from apps.core.registry import JobKind, NightlyWork
from apps.core.scope import system
from apps.facilities.models import Facility
from apps.patients import services
from apps.patients.models import Identifier
from config import logs
from tests.factories.accounts import PASSWORD, a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db

NAME, CCCD, PHONE, CARD = "Đinh Thị Vân Kiều", "051190000111", "0912345678", "DN4515112345678"
TOLD = "đau bụng kể rằng bị chồng đánh"
PERSONAL = (NAME, "Vân Kiều", "V\\u00e2n", "%C3%A2n", CCCD, PHONE, CARD, TOLD, "chồng đánh", PASSWORD)

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def lines() -> Iterator[Lines]:
    """What the machine writes while the test runs; nothing of it, nor a mail, may tell of a person."""
    # Every view is imported before a test replaces a name: an import meanwhile would keep the broken one.
    assert get_resolver().url_patterns
    options = dict(logs.config(debug=False, level="DEBUG")["formatters"]["lines"])
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(options.pop("()")(**options))
    # Django's logger has a level of its own, that of the test run.
    loggers = [logging.getLogger(), logging.getLogger("django")]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    clean(written.getvalue())
    assert not mail.outbox, "errors are not mailed"


def clean(text: str) -> None:
    found = [word for word in PERSONAL if word in text]
    assert not found, f"{found} in {text[:2000]}"


@pytest.fixture
def station() -> Facility:
    for name, code, words in (("ethnic_groups", "01", "Kinh"), ("nationalities", "VN", "Việt Nam")):
        a_code(name, code, words)
    return a_station()


@pytest.fixture
def nurse(station: Facility) -> Client:
    client = client_of(a_member("nurse", station))
    client.raise_request_exception = False
    return client


def save(nurse: Client) -> Any:
    said = {
        "full_name": NAME,
        "birth_date": "5/3/1990",
        "sex": "female",
        "ethnicity": "01",
        "nationality": "VN",
    }
    said |= {"hamlet": "outside", "cccd": CCCD, "phone": PHONE, "note": TOLD, "form_key": str(uuid7())}
    return nurse.post("/nguoi/moi/", said)


def errors(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if "error" in line]


class Own(Exception):
    """An error of the house."""


@pytest.mark.parametrize(
    "error", [ValueError, KeyError, RuntimeError, LookupError, AssertionError, UnicodeError, Own, Exception]
)
def test_it_works(nurse: Client, lines: Lines, monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    """A mistake in a view that holds a form with a name: the line says where, and not whom."""

    def breaks(*, data: Any, **more: Any) -> None:
        try:
            raise error(f"{NAME} {CCCD} {PHONE}")
        except Exception as first:
            raise error(f"cannot save {data}, {TOLD}") from first

    monkeypatch.setattr(services, "person_create", breaks)
    answer = save(nurse)
    assert answer.status_code == 500
    clean(answer.content.decode())
    (line,) = errors(lines)
    assert line["error"] == error.__name__ and any("breaks" in place for place in line["trace"])
    assert "/nguoi/moi/" in line["event"]


def test_an_error_of_the_database_that_quotes_values(
    nurse: Client, lines: Lines, station: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = a_person(station, NAME)

    def breaks(**more: Any) -> None:
        for _ in range(2):  # the second violates a unique constraint; PostgreSQL says of which value
            Identifier.unscoped.create(person=person, kind="cccd", value=CCCD, source="test")

    monkeypatch.setattr(services, "person_create", breaks)
    with pytest.raises(IntegrityError, match=CCCD), transaction.atomic():
        breaks()
    answer = save(nurse)
    assert answer.status_code == 500
    clean(answer.content.decode())
    assert errors(lines)[-1]["error"] == "IntegrityError"


@pytest.mark.parametrize(
    "statement", ["SELECT %s::uuid", "SELECT %s::int", "SELECT %s::date", "SELECT %s FROM no_such_table"]
)
def test_other_errors_of_the_database(lines: Lines, statement: str) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [NAME])
    except Exception:
        logging.getLogger("apps.test").exception("database.failed")
    assert errors(lines)[0]["trace"]


def test_a_job_that_fails(lines: Lines, station: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(job: Job) -> None:
        raise ValueError(f"{NAME} {CCCD}")

    monkeypatch.setitem(registry.jobs._items, "test.breaks", JobKind("test.breaks", "Việc thử", breaks))
    with system("test") as scope:
        job = jobs.start("test.breaks", title="Việc thử", scope=scope)
    jobs.run_one()
    job.refresh_from_db()
    assert job.state == "failed"
    clean(job.message)
    assert errors(lines)[0]["event"] == "job.failed"


def test_a_night_that_fails(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import timezone

    from apps.core import nightly

    def breaks(day: Any) -> str:
        raise RuntimeError(f"{NAME} {TOLD}")

    work = NightlyWork("test.breaks", "Việc thử", breaks)
    run = nightly._claim(work, timezone.localdate(), timezone.now())
    assert run is not None
    clean(nightly._run(work, run).message)
    assert errors(lines)[0]["event"] == "nightly.failed"


@pytest.mark.parametrize("typed", [NAME, CCCD, PHONE, PASSWORD])
def test_a_wrong_sign_in(lines: Lines, station: Facility, typed: str) -> None:
    """What is typed into the box of the name may be anything, a password too."""
    a_member("nurse", station, "hoa.nt")
    for _ in range(6):
        answer = Client().post("/dang-nhap/", {"username": typed, "password": TOLD})
        assert answer.status_code in (200, 422, 429)
        Client().post("/dang-nhap/", {"username": "hoa.nt", "password": CCCD})
    assert lines()


def test_a_list_with_bad_rows(nurse: Client, lines: Lines, station: Facility) -> None:
    rows = f"Mã hộ,Họ và tên,Ngày sinh,Số CCCD,SĐT\n1,{NAME},31/02/1990,{CCCD}9,{PHONE}x\n,,{TOLD},,\n"
    for content, name in (
        (rows.encode(), "a.csv"),
        (rows.encode("utf-16"), "b.csv"),
        (b"PK\x03\x04", "c.xlsx"),
    ):
        file = SimpleUploadedFile(f"{NAME} {name}", content)
        answer = nurse.post("/ho/nhap/", {"file": file, "form_key": str(uuid7())})
        assert answer.status_code in (302, 422)
        if answer.status_code == 302:
            assert nurse.get(answer.url).status_code == 200


@pytest.mark.parametrize(
    "path", [f"/nguoi/{NAME}/", f"/{CCCD}/", f"/nguoi/?q={NAME}", f"/tim/?q={NAME}&sdt={PHONE}"]
)
def test_an_address_that_somebody_typed(nurse: Client, lines: Lines, path: str) -> None:
    """Our own addresses carry ids; what a hand puts there is not written down."""
    answer = nurse.get(path)
    assert answer.status_code in (302, 404, 405)
    assert any("django.request" in line["logger"] for line in lines()) or answer.status_code == 302


def test_a_form_without_its_token(lines: Lines, station: Facility) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = client_of(a_member("nurse", station)).cookies
    answer = save(client)
    assert answer.status_code == 403
    clean(answer.content.decode())
    assert lines()


def test_a_body_that_is_none(nurse: Client, lines: Lines) -> None:
    answer = nurse.post(
        "/nguoi/moi/", f"{NAME}={CCCD}\x00".encode(), content_type="multipart/form-data; boundary="
    )
    assert answer.status_code in (400, 403, 409, 422)
    clean(answer.content.decode())


def test_gunicorn_writes_no_line_of_access() -> None:
    gunicorn = runpy.run_path(str(settings.BASE_DIR / "config/gunicorn.py"))
    assert gunicorn["accesslog"] is None
    assert gunicorn.get("loglevel", "info") != "debug"  # debug writes the settings of each request
    assert not settings.ADMINS and not settings.MANAGERS, "nobody is mailed an error"


@pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="another server's log is its operator's")
def test_the_embedded_server_writes_no_values() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('log_error_verbosity'), current_setting('log_min_error_statement')"
        )
        assert cursor.fetchone() == ("terse", "panic")
