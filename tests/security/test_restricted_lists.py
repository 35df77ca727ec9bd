"""What was typed by hand, in lists that travel outside the record: apps/patients/hush.py, one test a list."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from apps.care import services
from apps.care.models import Appointment, AppointmentCall
from apps.core import paper
from apps.encounters.models import Visit
from apps.patients import hush
from apps.patients.models import DueItem, OwnDisease, Person, TimelineEntry
from tests.factories.accounts import a_member, client_of
from tests.factories.care import an_appointment
from tests.factories.catalogues import a_code
from tests.factories.patients import scope_at
from tests.security.conftest import Attacker, Here

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
PLAIN, WORDED = "đo lại huyết áp", "tư vấn HIV, mang theo giấy"


@pytest.fixture(autouse=True)
def words(own: Here) -> None:
    a_code("restricted_data", "hiv", "Chữ HIV", scope="word", extra={"group": "hiv"})


@pytest.fixture(autouse=True)
def plain_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        paper, "pdf", lambda template, context, *a, **k: render_to_string(template, context).encode()
    )


def expected(person: Person, reason: str, on: dt.date) -> Appointment:
    made = an_appointment(person, on, reason=reason, hand_reason=f"dời vì {reason}")
    AppointmentCall.unscoped.create(appointment=made, outcome="not_reached", note=f"gọi về {reason}")
    services.tell(made)
    return made


Look = Callable[[Attacker, Here], HttpResponse]
YESTERDAY = dt.timedelta(days=1)
# Lists that travel: where what was typed stands, for whoever may read it.
LISTS: dict[str, tuple[dt.timedelta, Look]] = {
    "day": (dt.timedelta(), lambda who, own: who.get(f"/lich-hen/?ngay={TODAY():%d/%m/%Y}")),
    "recall": (YESTERDAY, lambda who, own: who.get("/lich-hen/chua-den/?ky=30-ngay")),
    "family": (dt.timedelta(), lambda who, own: who.get(f"/ho/{own.household.pk}/")),
}
# Where nothing typed stands, for nobody.
SILENT: dict[str, tuple[dt.timedelta, Look]] = {
    "week": (dt.timedelta(), lambda who, own: who.get(f"/lich-hen/?ngay={TODAY():%d/%m/%Y}&xem=tuan")),
    "recall paper": (YESTERDAY, lambda who, own: who.get("/lich-hen/chua-den/in/?ky=30-ngay")),
    "home": (dt.timedelta(), lambda who, own: who.get("/")),
    "household sheet": (dt.timedelta(), lambda who, own: who.get(f"/ho/{own.household.pk}/phieu-ho.pdf")),
}


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_a_list(own: Here, nurse: Attacker, name: str) -> None:
    """The plain words are shown, of nobody of whom something restricted is stored."""
    before, look = LISTS[name]
    expected(own.person, PLAIN, TODAY() - before)
    assert PLAIN in text(look(nurse, own)), "not told at all: the rest proves nothing"
    OwnDisease.unscoped.create(person=own.person, text="x", restricted=True)
    assert PLAIN not in text(look(nurse, own))


@pytest.mark.parametrize("name", LISTS)
def test_a_word_of_the_rules(own: Here, nurse: Attacker, name: str) -> None:
    before, look = LISTS[name]
    expected(own.person, WORDED, TODAY() - before)
    seen = text(look(nurse, own))
    assert own.person.full_name in seen and "HIV" not in seen


@pytest.mark.parametrize("name", SILENT)
def test_a_silent_list(own: Here, nurse: Attacker, name: str) -> None:
    before, look = SILENT[name]
    for reason in (PLAIN, WORDED):
        expected(own.person, reason, TODAY() - before)
    seen = text(look(nurse, own))
    assert PLAIN not in seen and WORDED not in seen


def test_whoever_may_read_it_does_on_her_screen(own: Here) -> None:
    doctor = Attacker(client_of(a_member("doctor", own.station, "bs.doc")))
    expected(own.person, WORDED, TODAY())
    assert WORDED in text(LISTS["day"][1](doctor, own))


def test_a_familys_page_is_read_aloud(own: Here) -> None:
    """Also to the doctor, and the text that is sent to the family."""
    doctor = Attacker(client_of(a_member("doctor", own.station, "bs.doc")))
    expected(own.person, PLAIN, TODAY())
    TimelineEntry.unscoped.create(
        person=own.person, at=timezone.now(), kind="enrolment", title="x", object_id=own.station.pk,
        facility=own.station, restricted=True,
    )  # fmt: skip
    seen = text(doctor.get(f"/ho/{own.household.pk}/"))
    assert "Hẹn khám lại" in seen and PLAIN not in seen


def test_what_is_due_never_holds_such_a_word(own: Here) -> None:
    made = expected(own.person, WORDED, TODAY())
    assert "HIV" not in DueItem.unscoped.get(object_id=made.pk).title


@pytest.mark.parametrize("path", ["/", "/kham/"])
def test_the_queue(own: Here, nurse: Attacker, path: str) -> None:
    waiting = Visit.unscoped.filter(pk=own.visit.pk)
    waiting.update(reason=PLAIN, summary="", on=TODAY(), state="waiting")
    assert PLAIN in text(nurse.get(path))
    waiting.update(reason=WORDED)
    assert "HIV" not in text(nurse.get(path))
    waiting.update(reason=PLAIN)
    OwnDisease.unscoped.create(person=own.person, text="x", restricted=True)
    seen = text(nurse.get(path))
    assert own.person.full_name in seen and PLAIN not in seen


def test_the_village_workers_list(own: Here) -> None:
    worker = Attacker(client_of(a_member("village_worker", own.station, "thon.doc")))
    for reason in (PLAIN, WORDED):
        expected(own.person, reason, TODAY())
    for path in ("/thon/", f"/thon/ho/{own.household.pk}/"):
        seen = text(worker.get(path))
        assert own.person.full_name in seen and PLAIN not in seen and WORDED not in seen


def test_the_pack_of_an_outage(own: Here) -> None:
    from apps.encounters import back_entry

    expected(own.person, PLAIN, TODAY())
    (line,) = back_entry.expected(scope_at(own.station), TODAY(), TODAY())
    assert PLAIN not in repr(line)


def test_her_own_appointment_is_of_the_record(own: Here, nurse: Attacker) -> None:
    made = expected(own.person, WORDED, TODAY())
    assert WORDED in text(nurse.get(f"/lich-hen/{made.pk}/doi/"))


@pytest.mark.parametrize(
    ("typed", "speaks"),
    [
        ("Tư vấn HIV", True), ("tu van hiv", True), ("hivernal", False), ("", False), ("Tái khám", False),
    ],
)  # fmt: skip
def test_words(own: Here, typed: str, speaks: bool) -> None:
    assert hush.speaks(typed) is speaks


def test_one_query_whatever_the_list(own: Here, django_assert_num_queries: Any) -> None:
    hush.of(scope_at(own.station), [own.person.pk])  # the rules are kept by the process
    for count in (1, 20):
        with django_assert_num_queries(1):
            hush.of(scope_at(own.station), [own.person.pk] * count)
    with django_assert_num_queries(0):
        hush.of(scope_at(own.station), [])
