"""People asked for by number, visits taken back or moved, templates, figures over the API: what a stranger, a
merged record or a made-up key can do with them.
"""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.ids import uuid7
from apps.encounters.models import ExamTemplate, Visit
from apps.encounters.sick_child.sheet import BOX
from apps.facilities.models import Practitioner
from apps.households.models import Membership, ResidenceEvent, TransferAsk
from apps.patients.models import Person
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.care import a_measurement
from tests.factories.facilities import a_station
from tests.factories.households import an_ask
from tests.factories.patients import a_person
from tests.security.conftest import FOREIGN, Attacker, Here

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
MARKUP = "<img src=x onerror=alert(1)>"


def at_work(own: Here, role: str) -> Attacker:
    """An account of the role that belongs to the station's practitioner."""
    user = a_member(role, own.station)
    user.posts.update(practitioner=Practitioner.objects.filter(facility=own.station).first())
    return Attacker(client_of(user))


# --- people who are asked for


ASKED = {"since": f"{TODAY():%d/%m/%Y}", "reason": MARKUP}


@pytest.mark.parametrize(
    "number",
    [
        "%",
        "06219000%",
        "0621900002_2",
        "' OR 1=1 --",
        "٠٦٢١٩٠٠٠٠٢٢٢",
        FOREIGN,
        "06219000022\x00",
        "062190000",
        "*",
    ],
)
def test_only_the_whole_number_finds_anybody(own: Here, foreign: Here, nurse: Attacker, number: str) -> None:
    give.rules()
    answer = nurse.post(reverse("households:ask"), number=number, **ASKED)
    assert answer.status_code == 422 and not TransferAsk.unscoped.exists()
    assert FOREIGN not in answer.content.decode().replace(f'value="{FOREIGN}"', "")


def test_an_ask_tells_the_asker_nothing_and_its_words_run_nowhere(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    give.rules()
    page = reverse("households:ask")
    more = {"station": str(own.station.pk), "person": str(own.person.pk), "state": "given"}
    assert nurse.post(page, number="062190000222", **ASKED, **more).status_code == 302
    assert nurse.post(page, number="062190000222", **ASKED).status_code == 422, "asked twice"
    assert nurse.post(page, number="051190000111", **ASKED).status_code == 422, "one of ours"
    assert nurse.post(page, number="062190000222", since="31/12/9999", reason="x").status_code == 422
    row = TransferAsk.unscoped.get()
    assert (row.person_id, row.station_id, row.state) == (foreign.person.pk, own.station.pk, "waiting")
    theirs = Attacker(client_of(a_member("nurse", foreign.station)))
    for who in (nurse, theirs):
        for path in ("/", reverse("households:asks")):
            content = who.get(path).content.decode()
            assert MARKUP not in content and (who is theirs or FOREIGN not in content)


def test_an_ask_is_answered_by_whose_she_is_and_stopped_by_who_asks(own: Here, foreign: Here) -> None:
    give.rules()
    third = a_station("21490", "Ba Vì")
    row = an_ask(own.person, foreign.station)
    asking, ours, other = (
        Attacker(client_of(a_member("nurse", each))) for each in (foreign.station, own.station, third)
    )
    theirs = Membership.unscoped.get(household=foreign.household, valid_to=None)
    give_page, refuse, stop = (
        reverse(f"households:{name}", args=[row.pk]) for name in ("ask_give", "ask_refuse", "ask_stop")
    )
    on = {"on": f"{TODAY():%d/%m/%Y}", "version": 1, "reason": "x"}
    for who in (asking, other):
        assert who.post(give_page, **on).status_code == who.post(refuse, **on).status_code == 404
    for who in (ours, other):
        assert who.post(stop, version=1).status_code == 404
    for people in (str(theirs.pk), str(uuid7()), "x", ""):
        assert ours.post(give_page, people=people, **on).status_code == 422
    assert asking.post(stop, version=99).status_code == 302
    row.refresh_from_db()
    assert row.state == "waiting" and not ResidenceEvent.unscoped.exists()
    assert ours.post(refuse, reason=MARKUP).status_code == 302
    assert ours.post(refuse, reason="lần nữa").status_code == 422
    assert MARKUP not in asking.get(reverse("households:asks")).content.decode()
    assert (
        ours.post(give_page, people=str(Membership.unscoped.get(person=own.person).pk), **on).status_code
        == 422
    )


def test_a_village_worker_and_the_province_ask_for_nobody(own: Here, foreign: Here) -> None:
    give.rules()
    for role in ("village_worker", "pharmacist"):
        who = Attacker(client_of(a_member(role, own.station)))
        answer = who.post(reverse("households:ask"), number="062190000222", **ASKED)
        assert answer.status_code == 403
    assert not TransferAsk.unscoped.exists()


# --- a visit moved or taken back


def test_a_visit_moves_to_nobody_of_elsewhere_and_to_no_pointer(own: Here, foreign: Here) -> None:
    doctor = at_work(own, "doctor")
    page = reverse("encounters:wrong_person", args=[own.finished.pk])
    kept = a_person(own.station, "Đinh Thị Thật")
    pointer = a_person(own.station, "Đinh Thị Cũ", merged_into=kept)
    Person.unscoped.filter(pk=foreign.person.pk).update(code="P0777777")
    said = {"version": own.finished.version, "reason": MARKUP, "override": "x"}
    for code in ("P0777777", "", "%", "'"):
        answer = doctor.post(page, person=code, **said)
        assert answer.status_code == 422 and FOREIGN not in answer.content.decode()
    for person in (foreign.person, pointer):
        path = f"/api/visits/{own.finished.pk}/move/"
        assert doctor.api(path, said | {"person": str(person.pk)}).status_code == 422
    for path in ("move", "undo", "save", "finalise"):
        there = f"/api/visits/{foreign.finished.pk}/{path}/"
        assert doctor.api(there, said | {"person": str(kept.pk)}).status_code in (400, 404)
    stranger = Attacker(client_of(a_member("doctor", foreign.station)))
    undo = reverse("encounters:undo", args=[own.finished.pk])
    assert stranger.post(undo, version=own.finished.version).status_code == 404
    assert doctor.post(undo, version="9" * 40).status_code in (302, 409)
    assert doctor.post(undo, version=own.finished.version).status_code == 302, "said on the visit's page"
    row = Visit.unscoped.get(pk=own.finished.pk)
    assert (row.state, row.person_id, row.moved_to_id) == ("finalised", own.person.pk, None)


NONSENSE: tuple[dict[str, Any], ...] = (
    {"sick_child": {"x" * 5000: "yes"}}, {"sick_child": {f"k{number}": "yes" for number in range(3000)}},
    {"sick_child": {"cough_days": "9" * 20}}, {"sick_child": {"cough_days": "-1"}},
    {"sick_child": {"cough_days": "٣"}}, {"sick_child": {"fever_days": "9999"}},
    {"sick_child": {"cough": "no"}},
    {"sick_child": {"cough_days": "NaN"}}, {"sick_child": {"__class__": "yes"}}, {"sick_child": ["cough"]},
    {"sick_child": {"cough_days": "1\x00"}}, {"findings": {"x" * 500: "x"}}, {"findings": {"body": "\x00"}},
    {"vitals": {"weight": "NaN"}}, {"vitals": {"weight": "-1"}}, {"vitals": {"constructor": "1"}},
    {"follow_up_on": "10000-01-01"}, {"reason": "x\ud800"}, {"version": 10**40}, {"version": True},
    {"lines": [{"drug_code": "TD001.1", "dose": "1e9", "times_per_day": 1, "days": 1}]},
    {"lines": [{"drug_code": "TD001.1", "dose": "Infinity", "times_per_day": 1, "days": 1}]},
    {"lines": [{"drug_code": "TD001.1", "dose": "-1", "times_per_day": 1, "days": 1}]},
    {"diagnoses": [{"code": "J06.9", "role": "admin"}]},
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(NONSENSE)))
def test_a_sick_childs_visit_takes_no_nonsense(own: Here, number: int) -> None:
    give.rules()
    child = a_person(own.station, "Đinh Bé", birth_date=TODAY() - dt.timedelta(days=400))
    who = Practitioner.objects.get(facility=own.station)
    visit = make.a_visit(child, who)
    doctor = at_work(own, "doctor")
    answer = doctor.api(f"/api/visits/{visit.pk}/save/", {"version": visit.version} | NONSENSE[number])
    assert answer.status_code in (400, 409, 422), (NONSENSE[number], answer.status_code)
    visit.refresh_from_db()
    assert visit.version == 1 or not visit.sick_child
    boxes = NONSENSE[number].get("sick_child")
    if isinstance(boxes, dict):
        said = {BOX + key: value for key, value in boxes.items()} | boxes
        answer = doctor.post(reverse("encounters:sick_child", args=[visit.pk]), **said)
        assert answer.status_code in (200, 400)  # 400: more boxes than a form may have


# --- templates, figures


def test_templates_are_the_stations_own(own: Here, foreign: Here) -> None:
    doctor = at_work(own, "doctor")
    theirs = ExamTemplate.unscoped.create(station=foreign.station, name="Mẫu lạ", made_by_name="x")
    assert doctor.post(reverse("encounters:template_retire", args=[theirs.pk]), version=1).status_code == 404
    assert (
        doctor.post(reverse("encounters:template_make", args=[foreign.visit.pk]), name="x").status_code == 404
    )
    assert doctor.get(f"/api/templates/{theirs.pk}/").status_code == 404
    answer = doctor.post(
        reverse("encounters:visit", args=[own.visit.pk]), action=f"template-{theirs.pk}",
        template=str(theirs.pk), version=own.visit.version,
    )  # fmt: skip
    assert answer.status_code in (302, 400, 404, 409, 422)
    theirs.refresh_from_db()
    assert theirs.used == 0 and theirs.retired_at is None
    for name in ("", "\x00", " \u200b ", MARKUP, MARKUP, "x" * 5000):
        page = reverse("encounters:template_make", args=[own.visit.pk])
        assert doctor.post(page, name=name).status_code == 302
    names = list(ExamTemplate.unscoped.filter(station=own.station).values_list("name", flat=True))
    assert sorted(map(len, names)) == [len(MARKUP), 100]
    assert MARKUP not in doctor.get(reverse("encounters:templates")).content.decode()
    nurse = Attacker(client_of(a_member("nurse", own.station)))
    assert nurse.post(reverse("encounters:template_make", args=[own.visit.pk]), name="x").status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        "person=x",
        "person=",
        "",
        "person=%00",
        "person=1&person=2",
        "person={foreign}",
        "person={foreign}&x=1",
    ],
)
def test_growth_over_the_api_is_told_of_ones_own_alone(own: Here, foreign: Here, asked: str) -> None:
    give.rules()
    a_measurement(foreign.person, "weight", "48")
    doctor = at_work(own, "doctor")
    answer = doctor.get(f"/api/measurements/growth/?{asked.format(foreign=foreign.person.pk)}")
    assert answer.status_code in (400, 404), answer.status_code
    listed = doctor.get(f"/api/measurements/?person={foreign.person.pk}&sign=weight")
    assert listed.json()["results"] == []
    for query in (
        "sign=x",
        "since=x",
        "person=x",
        "until=9999-12-31T23:59:59Z",
        "changed_since=0001-01-01",
        "c=x",
    ):
        assert doctor.get(f"/api/measurements/?{query}").status_code in (200, 400), query
    assert doctor.client.post("/api/measurements/", {}).status_code in (403, 405)


@pytest.mark.parametrize("reason", ["\u200b", " \u2060\ufeff ", "\u202e"])
def test_a_reason_that_nobody_can_read_is_none(own: Here, reason: str) -> None:
    """Over the API nothing has cleaned it: what is odd is still asked about."""
    give.rules()
    doctor = at_work(own, "doctor")
    again = {"person": str(own.person.pk), "reason": "Ho", "override": reason}
    answer = doctor.api("/api/visits/", again)
    assert answer.status_code == 422, answer.content
    assert doctor.api("/api/visits/", again | {"override": "khám lần hai"}).status_code == 201
    move = {"version": own.finished.version, "person": str(own.person.pk), "reason": reason}
    assert doctor.api(f"/api/visits/{own.finished.pk}/move/", move).status_code == 422
