"""Answers made of text are packed, files are not; what BREACH needs is not there."""

import datetime as dt
import gzip
import re
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.care.models import Measurement
from config.compress import Compressed
from tests.factories import encounters as make
from tests.factories.care import a_measurement
from tests.factories.catalogues import shipped
from tests.factories.patients import a_person
from tests.security.conftest import Attacker, Here

PACKED = {"HTTP_ACCEPT_ENCODING": "gzip, deflate, br"}
LATER_PAGE = 40_000  # bytes as they travel: design, "Light"


def page(client: Client, address: str) -> Any:
    answer = client.get(address, **PACKED)
    assert answer.status_code == 200
    return answer


def test_it_works(own: Here, nurse: Attacker) -> None:
    address = f"/nguoi/{own.person.pk}/"
    answer = page(nurse.client, address)
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert own.person.full_name in gzip.decompress(answer.content).decode()
    assert "no-store" in answer["Cache-Control"] and answer["X-Frame-Options"] == "DENY"
    assert "Content-Encoding" not in nurse.client.get(address), "who cannot unpack is not asked to"


def test_the_token_is_masked_anew_and_the_length_blurred(own: Here, nurse: Attacker) -> None:
    answers = [page(nurse.client, "/").content for _ in range(8)]
    tokens = {
        re.findall(rb"X-CSRFToken[^a-zA-Z0-9]+([a-zA-Z0-9]{64})", gzip.decompress(each))[0]
        for each in answers
    }
    assert len(tokens) == 8
    assert len({len(each) for each in answers}) > 1


def test_files_stay_as_they_are(own: Here, nurse: Attacker) -> None:
    paper = page(nurse.client, f"/kham/{own.finished.pk}/phieu-kham.pdf")
    assert "Content-Encoding" not in paper
    asked = RequestFactory().get("/", **PACKED)
    for answer in (
        HttpResponse(b"%PDF" + b" " * 5_000, content_type="application/pdf"),
        FileResponse([b"x" * 5_000], content_type="text/html"),
        HttpResponse(b"x" * 5_000, content_type="image/png"),
    ):
        assert "Content-Encoding" not in Compressed(lambda _, found=answer: found)(asked)


def test_answers_of_programs_are_packed() -> None:
    asked = RequestFactory().get("/api/", **PACKED)
    answer = Compressed(lambda _: HttpResponse("[" + "1," * 500 + "1]", content_type="application/json"))(
        asked
    )
    assert answer["Content-Encoding"] == "gzip"


def test_other_sites_cannot_ask_with_her_session() -> None:
    assert settings.SESSION_COOKIE_SAMESITE in ("Lax", "Strict")
    assert settings.MIDDLEWARE.index("config.compress.Compressed") < settings.MIDDLEWARE.index(
        "django.middleware.csrf.CsrfViewMiddleware"
    )


def test_the_heaviest_pages_travel_lightly(own: Here, nurse: Attacker) -> None:
    """A child of two, measured each month, and her visit with every form that folds."""
    shipped("exam_organs", "imci_classes")
    today = timezone.localdate()
    child = a_person(own.station, "Đinh Thị Na", sex="female", birth_date=today - dt.timedelta(days=760))
    for month in range(1, 25):
        at = timezone.now() - dt.timedelta(days=760 - 30 * month)
        for key, value in (("weight", 4 + month / 3), ("length", 52 + month * 1.4)):
            a_measurement(child, key, f"{value:.1f}", at=at)
    assert Measurement.unscoped.filter(person=child).count() == 48
    doctor = make.a_practitioner(own.station, "Trần Thị Hai")
    visit = make.a_visit(child, doctor)
    for address in (f"/nguoi/{child.pk}/tang-truong/", f"/kham/{visit.pk}/"):
        answer = page(nurse.client, address)
        assert len(answer.content) < LATER_PAGE / 2, address
