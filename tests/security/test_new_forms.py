"""The newer forms under attack: two editors at once, no token, another station's ids in hidden fields, and
the machine's own lines of log while all of them are opened and sent.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role
from apps.care.models import Appointment
from apps.core import jobs, nightly, registry
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.facilities.models import Hamlet
from apps.households.models import HouseholdStatus, Membership, PersonStatus, ResidenceEvent
from apps.patients.models import Death, DuplicatePair, Person
from apps.sync import worker
from tests.factories.accounts import BACKEND, a_post, a_user, client_of
from tests.factories.catalogues import a_code
from tests.factories.households import a_person_status, a_status
from tests.factories.patients import a_person
from tests.house import walk
from tests.security.conftest import Attacker
from tests.security.test_log_redaction import Lines, lines  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
ACTIONS = ("view", "enter", "edit", "approve", "export")
TODAY = timezone.localdate
TYPED = "chữ đã gõ không được mất"


@pytest.fixture
def world(walked: tuple[walk.Side, walk.Side, walk.Shared]) -> tuple[walk.Side, walk.Side, walk.Shared]:
    return deepcopy(walked)


@pytest.fixture
def shared(world: tuple[walk.Side, walk.Side, walk.Shared]) -> walk.Shared:
    return world[2]


@pytest.fixture
def own(world: tuple[walk.Side, walk.Side, walk.Shared]) -> walk.Side:
    return world[0]


@pytest.fixture
def foreign(world: tuple[walk.Side, walk.Side, walk.Shared]) -> walk.Side:
    return world[1]


def everything(side: walk.Side) -> Any:
    """Somebody of the station who holds every right."""
    rights = [f"{section.key}.{action}" for section in registry.sections for action in ACTIONS]
    Role.objects.create(code="moi_viec", name="Mọi việc", level="station", rights=rights)
    user = a_user("tat.ca", "Phạm Thị Tất Cả")
    a_post(user, "moi_viec", side.station, practitioner=side.practitioner)
    return user


@pytest.fixture
def head(own: walk.Side) -> Attacker:
    return Attacker(client_of(everything(own)))


@contextmanager
def taken_back() -> Iterator[None]:
    """What one form does changes nothing for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# --- two at once: the second is told, and what she typed is on the page that tells her

OUTRUN = 99  # a version that nobody has read: somebody has saved since
DAY = f"{dt.date(2026, 11, 2):%d/%m/%Y}"


def second_forms(side: walk.Side) -> dict[str, tuple[str, dict[str, Any], Any]]:
    """Name -> the address, what the second editor typed, and the row that must stay as it is."""
    twin = side.pair
    a_code("enrolment_outcome", "lost", "Mất dấu")
    Appointment.unscoped.filter(pk=side.appointment.pk).update(state="planned")  # her visit has met it
    surgery, person = side.surgery, side.person
    status = PersonStatus.unscoped.get(person=side.member.person)
    event = ResidenceEvent.unscoped.get(household=side.household, kind="absent")
    home = {"hamlet": str(side.hamlet.pk), "address_text": TYPED, "note": ""}
    return {
        "household": (reverse("households:edit", args=[side.household.pk]), home, side.household),
        "event withdrawn": (
            reverse("households:withdraw", args=[side.household.pk, event.pk]), {"reason": TYPED}, event,
        ),
        "status ended": (
            reverse("households:status_end", args=[side.household.pk, status.pk]),
            {"on": f"{TODAY():%d/%m/%Y}", "what": "end", "reason": TYPED}, status,
        ),
        "death amended": (
            reverse("patients:death_amend", args=[side.death.pk]),
            {"died_on": DAY, "entered_on": DAY, "place": "home", "a_text": TYPED,
             "maternal": "pregnant", "reason": "xem lại"},
            side.death,
        ),
        "death in error": (
            reverse("patients:death_in_error", args=[side.death.pk]), {"reason": TYPED}, side.death,
        ),
        "duplicates": (
            reverse("patients:duplicate", args=[twin.pk]),
            {"keep": "a", "kept_version": OUTRUN, "old_version": OUTRUN, "reason": TYPED}, twin,
        ),
        "line of the record": (
            reverse("patients:record_line", args=[person.pk, "phau-thuat", surgery.pk]),
            {"text": TYPED, "state": "active"}, surgery,
        ),
        "enrolment ended": (
            reverse("care:enrolment_end", args=[side.enrolment.pk]),
            {"until": f"{TODAY():%d/%m/%Y}", "outcome": "lost", "note": TYPED}, side.enrolment,
        ),
        "enrolment in error": (
            reverse("care:enrolment_error", args=[side.enrolment.pk]), {"why": TYPED}, side.enrolment,
        ),
        "appointment moved": (
            reverse("care:move", args=[side.appointment.pk]),
            {"on": f"{TODAY() + dt.timedelta(days=9):%d/%m/%Y}", "why": TYPED, "override": "x"},
            side.appointment,
        ),
        "appointment cancelled": (
            reverse("care:cancel", args=[side.appointment.pk]), {"why": TYPED}, side.appointment,
        ),
        "measurement corrected": (
            reverse("care:correct", args=[person.pk, side.measurement.pk]),
            {"value": "52", "why": TYPED}, side.measurement,
        ),
    }  # fmt: skip


FORMS = (
    *("household", "event withdrawn", "status ended", "death amended", "death in error", "duplicates"),
    *("line of the record", "enrolment ended", "enrolment in error", "appointment moved"),
    *("appointment cancelled", "measurement corrected"),
)


def test_every_such_form_is_here(own: walk.Side) -> None:
    assert set(second_forms(own)) == set(FORMS)


TOLD = ("người khác", "máy khác", "hai người cùng sửa", "vừa thay đổi", "vừa đổi")


@pytest.mark.parametrize("name", FORMS)
def test_the_second_is_told_and_loses_nothing(own: walk.Side, head: Attacker, name: str) -> None:
    path, typed, row = second_forms(own)[name]
    assert head.get(path).status_code == 200
    before = type(row)._base_manager.filter(pk=row.pk).values().get()
    answer = head.post(path, **{"version": OUTRUN} | typed)
    content = answer.content.decode()
    if answer.status_code == 302:
        content = head.get(answer["Location"]).content.decode()
        raise AssertionError(content[content.find("toast") - 100 :][:900])
    assert answer.status_code in (409, 422), (answer.status_code, content[-1500:])
    assert TYPED in content, "what she typed is gone"
    heard = content.lower()
    assert any(word in heard for word in TOLD), content[-3000:]
    assert type(row)._base_manager.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("first", ["decide", "refuse"])
def test_the_second_answer_to_a_proposal_is_told(own: walk.Side, head: Attacker, first: str) -> None:
    pages = [reverse(f"field:{name}", args=[own.proposal.pk]) for name in (first, "refuse")]
    assert head.post(pages[0], reason="Đã ghi rồi").status_code == 302
    answer = head.client.post(pages[1], {"form_key": str(uuid7()), "reason": TYPED}, follow=True)
    own.proposal.refresh_from_db()
    assert own.proposal.state == ("accepted" if first == "decide" else "refused")
    content = answer.content.decode()
    assert "Đề xuất này đã được" in content, content[content.find("toast") :][:900]


# --- no token


def test_no_form_is_taken_without_its_token(own: walk.Side, shared: walk.Shared) -> None:
    """403 with a page in Vietnamese that says nothing is broken; nothing is written."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(everything(own), backend=BACKEND)
    before, wrong, asked = AuditEntry.objects.count(), [], 0
    for address in walk.addresses():
        if address.access in ("public", "developers_only"):
            continue
        sample = walk.SAMPLES.get(address.name)
        given = walk.SHARED.get(address.name)
        arguments = sample(own) if sample else given(shared) if given else {}
        if address.arguments and not arguments:
            continue
        with taken_back():
            path = address.path(arguments)
            answer = client.post(path, {"form_key": str(uuid7())})
            asked += 1
            if path.startswith("/api/"):
                fine = answer.status_code in (401, 403, 405, 415)
            else:
                fine = answer.status_code == 403 and "Phiên làm việc đã đổi" in answer.content.decode()
            if not fine:
                wrong.append((address.name, answer.status_code))
    assert not wrong
    assert asked > 150 and AuditEntry.objects.count() == before


# --- another station's ids in hidden fields


def test_hidden_fields_take_no_other_stations_ids(own: walk.Side, foreign: walk.Side, head: Attacker) -> None:
    theirs = PersonStatus.unscoped.get(person=foreign.member.person)
    their_hamlet = Hamlet.objects.get(catchments__facility=foreign.station)
    tried = [
        (reverse("households:status_end", args=[own.household.pk, theirs.pk]), {"version": 1, "what": "end"}),
        (reverse("households:survey_withdraw", args=[own.household.pk, own.household.pk]), {"reason": "x"}),
        (
            reverse("households:person_status", args=[own.household.pk]),
            {"person": str(foreign.member.person_id), "kind": "merit", "category": "4", "since": DAY},
        ),
        (reverse("field:tell_of", args=[own.household.pk, "death"]),
         {"person": str(foreign.person.pk), "died_on": DAY, "place": "home"}),
        (reverse("field:tell", args=["cluster"]),
         {"hamlet": str(their_hamlet.pk), "sign": "diarrhoea", "many": "4", "since": DAY}),
        (reverse("patients:newborn", args=[own.person.pk]),
         {"born_on": DAY, "place": "home", "sex_1": "male", "father": foreign.person.code + "x"}),
        (reverse("households:import_choose", args=[foreign.batch.pk]), {"row": str(foreign.batch.pk)}),
        (reverse("patients:record_line", args=[own.person.pk, "phau-thuat", foreign.surgery.pk]),
         {"version": 1, "text": "x", "state": "active"}),
        (reverse("care:correct", args=[own.person.pk, foreign.measurement.pk]), {"version": 1, "value": "1"}),
    ]  # fmt: skip
    counts = _counts()
    for path, said in tried:
        answer = head.post(path, **said)
        assert answer.status_code in (403, 404, 422), (path, answer.status_code)
        assert walk.FOREIGN_NAME not in answer.content.decode(), path
    assert _counts() == counts


def _counts() -> list[int]:
    models = (PersonStatus, HouseholdStatus, ResidenceEvent, Membership, Death, DuplicatePair, Person)
    return [model._base_manager.count() for model in models]


FILTERED = (
    *("/lich-hen/", "/lich-hen/chua-den/", "/doi-tuong/", "/tu-vong/", "/thon/so-a0/", "/thon/de-xuat/"),
    *("/nhap-bu/", "/nguoi/trung/", "/chuong-trinh/", "/nguoi/ho-so/den-han/"),
)


def test_filters_take_none_either(own: walk.Side, foreign: walk.Side, head: Attacker) -> None:
    ids = (("thon", foreign.hamlet.pk), ("diem", foreign.station.pk), ("tram", foreign.station.pk))
    for path in FILTERED:
        for name, pk in (*ids, ("nguoi", foreign.person.pk)):
            answer = head.get(f"{path}?{name}={pk}")
            assert answer.status_code in (200, 404), path
            assert walk.FOREIGN_NAME not in answer.content.decode(), path


# --- the machine's own lines


def test_no_line_of_log_tells_of_a_person(
    own: walk.Side,
    shared: walk.Shared,
    lines: Lines,  # noqa: F811 - the fixture
) -> None:
    """Every page opened and every form sent empty, the queue of jobs, a night and the worker of receivers:
    the fixture reads what was written meanwhile.
    """
    Person.unscoped.filter(pk=own.person.pk).update(phone="0912345678")
    a_status(own.household)
    a_person_status(own.person)
    client = client_of(everything(own))
    client.raise_request_exception = False
    broken = []
    for address in walk.addresses():
        sample = walk.SAMPLES.get(address.name)
        if sample is None and address.arguments:
            continue
        path = address.path(sample(own) if sample else {})
        for act in (client.get, client.post):
            with taken_back():
                answer = act(path, {"form_key": str(uuid7())} if act == client.post else {})
                if answer.status_code >= 500:
                    broken.append((address.name, answer.status_code))
    assert not broken
    with taken_back():
        while jobs.run_one():
            pass
        nightly.run_due(timezone.now())
    with taken_back():
        worker.run_once()
    assert len(lines()) > 20, "nothing was written: the look proves nothing"


def test_names_in_forms_are_not_written_either(own: walk.Side, lines: Lines) -> None:  # noqa: F811
    other = a_person(own.station, "Đinh Thị Vân Kiều Khác", cccd="051190000111")
    client = client_of(everything(own))
    client.raise_request_exception = False
    said = {"full_name": walk.OWN_NAME, "phone": "0912345678", "cccd": "051190000111", "note": "chồng đánh"}
    for path in (
        "/nguoi/moi/", f"/nguoi/{other.pk}/sua/", f"/nguoi/{other.pk}/dat-ten/", "/nguoi/chua-ro/",
        f"/nguoi/{other.pk}/ho-so/khac/them/", f"/ho/{own.household.pk}/thanh-vien/moi/", "/ho/moi/",
        f"/nguoi/{other.pk}/tu-vong/", f"/nguoi/{other.pk}/hen/", "/thon/bao/move_in/", "/tim/",
    ):  # fmt: skip
        client.post(path, {"form_key": str(uuid7()), "q": walk.OWN_NAME, **said})
    assert lines() is not None
