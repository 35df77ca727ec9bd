"""Restricted data: marked by dated rules, read by right; one test a channel."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.accounts import api_tokens
from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core.ids import uuid7
from apps.core.scope import enter, system
from apps.encounters import services
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.leaving import visit_for_sync
from apps.encounters.models import Visit
from apps.facilities.models import Practitioner
from apps.patients import restricted
from apps.patients.models import DueItem, TimelineEntry
from apps.patients.restricted import Rule, groups_of
from apps.sync import gather
from apps.sync.models import OutboxRow, Receiver
from tests.factories.accounts import a_member, a_post, a_user, client_of
from tests.factories.catalogues import an_icd10
from tests.factories.encounters import a_visit, scope_of
from tests.factories.patients import a_person
from tests.security.conftest import Attacker, Here

SECRET = "Bệnh do HIV giả định"

RULES = [
    Rule("icd10", "B20", "B24", "hiv", False),
    Rule("icd10", "X85", "Y09", "violence", False),
    Rule("icd10", "Z61.4", "Z61.7", "violence", False),
    Rule("drug", "dolutegravir", "dolutegravir", "hiv", False),
    Rule("lab", "HIV", "HIV", "hiv", False),
    Rule("register", "A8", "A8", "mental", False),
]


@pytest.mark.parametrize(
    ("given", "groups"),
    [
        ({"icd": ["B20"]}, ["hiv"]),
        ({"icd": ["B24.9"]}, ["hiv"]),
        ({"icd": ["B19.9", "B25", "B2"]}, []),
        ({"icd": ["X85.1", "B22.0"]}, ["hiv", "violence"]),
        ({"icd": ["Y09"]}, ["violence"]),
        ({"icd": ["Y10", "X84.9"]}, []),
        ({"icd": ["Z61.5"]}, ["violence"]),
        ({"icd": ["Z61", "Z61.3", "Z61.8"]}, []),
        ({"drugs": ["Tenofovir + lamivudin + Dolutegravir"]}, ["hiv"]),
        ({"drugs": ["Tenofovir disoproxil fumarat"]}, []),
        ({"labs": ["HIV"], "registers": ["A8"]}, ["hiv", "mental"]),
        ({"registers": ["A80"], "labs": ["HIV2"]}, []),
        ({}, []),
    ],
)
def test_the_rules(given: dict[str, list[str]], groups: list[str]) -> None:
    assert groups_of(RULES, **given) == groups


def a_rule(**fields: Any) -> None:
    given = {"list": restricted.LIST, "scope": "icd10", "code": "B20", "name": "HIV"} | fields
    given.setdefault("extra", {"until": "B24", "group": "hiv", "send": "no"})
    CodeEntry.objects.create(**given)
    codes.forget()


def ended(own: Here, code: str, reason: str = "Mệt") -> Visit:
    """A visit with that diagnosis, ended and signed, with an appointment."""
    doctor = Practitioner.objects.get(facility=own.station)
    person = a_person(own.station, "Đinh Văn Giấu")
    visit = a_visit(person, doctor)
    days = {"follow_up_on": visit.on + dt.timedelta(days=7)}
    data = VisitInput(
        fields={"reason": reason, **days},
        vitals={"weight": Decimal(50)},
        diagnoses=[DiagnosisInput(code, "main")],
        lines=[],
    )
    with enter(scope_of(doctor)):
        saved = services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=data)
        return services.visit_finalise(
            visit_id=visit.pk, expected_version=saved.version, override="đã xem lại"
        )


@pytest.fixture
def visit(own: Here) -> Visit:
    a_rule()
    an_icd10("B20", SECRET)
    return ended(own, "B20")


def test_a_visit_is_marked_with_what_hangs_on_it(visit: Visit) -> None:
    assert (visit.restricted, visit.restricted_by) == (True, ["hiv"])
    assert TimelineEntry.unscoped.get(object_id=visit.pk).restricted
    assert DueItem.unscoped.get(person=visit.person).restricted


def test_an_ordinary_visit_is_not(own: Here) -> None:
    a_rule()
    assert not ended(own, "J06.9").restricted


def test_typed_words_close_no_visit_and_do_not_travel(own: Here, nurse: Attacker) -> None:
    """By codes and medicines alone: 'tâm thần bình thường' shall hide no visit from who cares for her.
    Whoever reads visits reads the words; what is sent leaves them out, says so, and keeps the rest.
    """
    a_rule(scope="word", code="hiv", extra={"group": "hiv"})
    said = "Hỏi về xét nghiệm HIV"
    visit = ended(own, "J06.9", reason=said)
    assert (visit.restricted, visit.restricted_by) == (False, [])
    assert said in nurse.get(f"/kham/{visit.pk}/").content.decode()
    with system("test"):
        sent = visit_for_sync(visit.pk)
    assert (sent.reason, sent.hidden) == ("", ("reason",))
    assert [each.icd_code for each in sent.diagnoses] == ["J06.9"]


def test_a_rule_holds_for_its_days(own: Here) -> None:
    a_rule(valid_to=timezone.localdate() - dt.timedelta(days=1))
    an_icd10("B20", SECRET)
    assert not ended(own, "B20").restricted


def test_what_was_once_restricted_stays_so(own: Here, visit: Visit) -> None:
    """The earlier version can still be read."""
    doctor = Practitioner.objects.get(facility=own.station)
    data = VisitInput(diagnoses=[DiagnosisInput("J06.9", "main")])
    with enter(scope_of(doctor, rights=scope_of(doctor).rights | {restricted.RIGHT})):
        amended = services.visit_amend(
            visit_id=visit.pk, expected_version=visit.version, data=data, reason="nhầm", override="đúng"
        )
    assert amended.restricted_by == ["hiv"]


# --- one test a channel: the doctor reads, the nurse does not

Look = Callable[[Attacker, Visit], HttpResponse]
CHANNELS: dict[str, Look] = {
    "person": lambda who, visit: who.get(f"/nguoi/{visit.person_id}/"),
    "visit": lambda who, visit: who.get(f"/kham/{visit.pk}/"),
    "versions": lambda who, visit: who.get(f"/kham/{visit.pk}/cac-ban/"),
    "reception": lambda who, visit: who.get(f"/kham/tiep-nhan/{visit.person_id}/"),
    "day": lambda who, visit: who.get("/kham/"),
    "API list": lambda who, visit: who.get("/api/visits/"),
    "API one": lambda who, visit: who.get(f"/api/visits/{visit.pk}/"),
}
# Channels that tell the words of a visit to nobody.
SILENT: dict[str, Look] = {
    "home": lambda who, visit: who.get("/"),
    "search": lambda who, visit: who.post("/tim/nhanh/", q="dinh van giau"),
    "API people": lambda who, visit: who.get(f"/api/people/{visit.person_id}/"),
    "sync": lambda who, visit: who.get("/dong-bo/?muc=cho"),
}


def text(response: HttpResponse) -> str:
    return response.content.decode()


def told(response: HttpResponse, visit: Visit) -> bool:
    said = text(response)
    if response.status_code == 404:  # a page that tells nothing but the address that was asked for
        return SECRET in said or "B20" in said
    return SECRET in said or "B20" in said or f"/kham/{visit.pk}/" in said or f'"{visit.pk}"' in said


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel(own: Here, visit: Visit, doctor: Attacker, nurse: Attacker, channel: str) -> None:
    look = CHANNELS[channel]
    if channel not in ("reception", "versions"):
        assert told(look(doctor, visit), visit), "the doctor reads it here, or the test proves nothing"
    assert not told(look(nurse, visit), visit)


@pytest.mark.parametrize("channel", SILENT)
@pytest.mark.parametrize("role", ["nurse", "population", "village_worker"])
def test_a_silent_channel(own: Here, visit: Visit, role: str, channel: str) -> None:
    who = Attacker(client_of(a_member(role, own.station, f"{role}.thu")))
    assert not told(SILENT[channel](who, visit), visit)


def test_the_papers(own: Here, visit: Visit, doctor: Attacker, nurse: Attacker) -> None:
    path = f"/kham/{visit.pk}/phieu-kham.pdf"
    assert nurse.get(path).status_code == 404
    assert doctor.get(path).status_code == 200


def test_the_household(own: Here, visit: Visit, doctor: Attacker, nurse: Attacker) -> None:
    from apps.households.models import Membership

    with system("test"):
        Membership.objects.create(household=own.household, person=visit.person, relation="05")
    path = f"/ho/{own.household.pk}/"
    for reader in (doctor, nurse):  # a page of the whole family tells it to nobody
        assert visit.person.full_name in text(reader.get(path))
        assert SECRET not in text(reader.get(path))


def test_who_is_expected(own: Here, visit: Visit, doctor: Attacker, nurse: Attacker) -> None:
    from apps.care.models import Appointment

    Appointment.unscoped.filter(person=visit.person).update(on=timezone.localdate())
    assert "Đinh Văn Giấu" in text(doctor.get("/"))
    assert "Đinh Văn Giấu" not in text(nurse.get("/"))


def test_acts_on_it(own: Here, visit: Visit, nurse: Attacker) -> None:
    for act in ("nhap-nham", "sua-doi", "mo-lai"):
        assert nurse.post(f"/kham/{visit.pk}/{act}/", version=visit.version, reason="x").status_code == 404
    assert nurse.api(f"/api/visits/{visit.pk}/save/", {"version": visit.version}).status_code == 404


def test_it_does_not_leave_the_house(own: Here) -> None:
    Receiver.objects.create(code="kho", name="Kho", base_url="https://kho.invalid", is_on=True)
    a_rule()
    an_icd10("B20", SECRET)
    hidden, open_one = ended(own, "B20"), ended(own, "J06.9")
    assert not OutboxRow.unscoped.filter(aggregate_id=hidden.pk).exists()
    assert OutboxRow.unscoped.filter(aggregate_id=open_one.pk).exists()
    with system("test"):
        assert gather.visit(hidden.pk) is None
        assert gather.visit(open_one.pk) is not None


def test_nor_its_payload_is_shown(own: Here, visit: Visit) -> None:
    receiver = Receiver.objects.create(code="kho", name="Kho", base_url="https://kho.invalid", is_on=True)
    now = timezone.now()
    row = OutboxRow.unscoped.create(
        receiver=receiver,
        kind="visit",
        aggregate_id=visit.pk,
        person_id=visit.person_id,
        facility_id=own.station.pk,
        next_at=now,
        changed_at=now,
    )
    from tests.factories.accounts import a_role

    role = a_role("station_head")
    role.rights = [*role.rights, "sync.export"]
    role.save()
    head = Attacker(client_of(a_member("station_head", own.station, "truong.tram")))
    answer = head.client.get(f"/dong-bo/{row.pk}/goi-tin/", follow=True)
    assert SECRET not in text(answer) and "B20" not in text(answer)


def test_a_province_may_let_a_group_leave(own: Here) -> None:
    a_rule(extra={"until": "B24", "group": "hiv", "send": "yes"})
    an_icd10("B20", SECRET)
    Receiver.objects.create(code="kho", name="Kho", base_url="https://kho.invalid", is_on=True)
    assert OutboxRow.unscoped.filter(aggregate_id=ended(own, "B20").pk).exists()


def test_who_wrote_it_reads_it(own: Here) -> None:
    """A nurse who received somebody goes on seeing what she wrote, and nobody else's."""
    a_rule()
    an_icd10("B20", SECRET)
    account = a_user("chi.lan", "Lê Thị Lan")
    practitioner = Practitioner.objects.create(facility=own.station, full_name="Lê Thị Lan", grade="nurse")
    a_post(account, "nurse", own.station, practitioner=practitioner)
    person = a_person(own.station, "Đinh Văn Giấu")
    visit = a_visit(person, practitioner)
    with enter(scope_of(practitioner)):
        data = VisitInput(diagnoses=[DiagnosisInput("B20", "main")])
        services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=data)
    hers, other = Attacker(client_of(account)), Attacker(client_of(a_member("nurse", own.station, "khac")))
    assert hers.get(f"/kham/{visit.pk}/").status_code == 200
    assert other.get(f"/kham/{visit.pk}/").status_code == 404


def test_no_form_marks_or_unmarks(own: Here, visit: Visit, doctor: Attacker) -> None:
    """Mass assignment: fields that no form has are not taken from a post."""
    key = {"form_key": str(uuid7())}
    doctor.client.post(
        f"/kham/{own.visit.pk}/",
        {**key, "version": own.visit.version, "restricted": "on", "state": "finalised", "facility": "x"},
    )
    for extra in ({"restricted": True}, {"state": "finalised"}, {"facility": str(uuid7())}, {"doctor": "x"}):
        doctor.api(f"/api/visits/{own.visit.pk}/save/", {"version": own.visit.version, **extra})
    own.visit.refresh_from_db()
    assert (own.visit.restricted, own.visit.state, own.visit.doctor) == (False, "in_progress", None)
    assert own.visit.facility_id == own.station.pk


def test_a_program_does_not_read_what_only_its_owner_wrote(own: Here, visit: Visit) -> None:
    head = a_member("station_head", own.station, "truong.khoa")
    Visit.unscoped.filter(pk=visit.pk).update(recorded_by=head.pk)
    with system("test"):
        key = api_tokens.token_create(
            owner=head, name="Đặt lịch", rights=["visits.view"], facility_id=own.station.pk, days=30
        )[1]
    headers = {"authorization": f"Bearer {key}"}
    answer = Client().get("/api/visits/?size=200", headers=headers)
    assert answer.status_code == 200 and str(visit.pk) not in answer.content.decode()
    assert Client().get(f"/api/visits/{visit.pk}/", headers=headers).status_code == 404


def test_what_a_program_makes_restricted_is_kept_and_not_read_back(own: Here, visit: Visit) -> None:
    head = a_member("station_head", own.station, "truong.khoa")
    with system("test"):
        key = api_tokens.token_create(
            owner=head, name="Xét nghiệm", rights=["visits.enter"], facility_id=own.station.pk, days=30
        )[1]
    answer = Client().post(
        f"/api/visits/{own.visit.pk}/save/",
        {"version": own.visit.version, "diagnoses": [{"code": "B20", "role": "main"}]},
        content_type="application/json",
        headers={"authorization": f"Bearer {key}"},
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert Visit.unscoped.get(pk=own.visit.pk).restricted
