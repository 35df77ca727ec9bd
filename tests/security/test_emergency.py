"""Break-glass: a record of elsewhere, opened by number with a reason, for a day, so often, and told."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.models import AuditEntry, Parameter, ReadEntry
from apps.encounters.models import Visit
from apps.patients.models import EmergencyAccess, Person, TimelineEntry
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_card, an_allergy
from tests.security.conftest import FOREIGN, Attacker, Here

NUMBER = "062190000222"


def ask(who: Attacker, **more: Any) -> Any:
    said = {"number": NUMBER, "reason": "coma", "note": "Ngất ngoài chợ", **more}
    return who.post("/nguoi/khan-cap/", **said)


def page(who: Attacker, person: Person) -> Any:
    return who.get(f"/nguoi/{person.pk}/")


def test_it_works(own: Here, foreign: Here, doctor: Attacker) -> None:
    an_allergy(foreign.person, "Penicillin")
    assert page(doctor, foreign.person).status_code == 404
    assert ask(doctor).url == f"/nguoi/{foreign.person.pk}/"
    text = page(doctor, foreign.person).content.decode()
    assert FOREIGN in text and "Penicillin" in text and "J06.9" in text
    assert "Đang mở khẩn cấp" in text, "marked on the banner"
    assert NUMBER not in text, "her papers are no business of an emergency"
    assert AuditEntry.objects.get(action="emergency.opened").person_id == foreign.person.pk
    assert ReadEntry.objects.filter(screen="person.page", person_ids=[foreign.person.pk]).exists()
    assert doctor.get(f"/kham/{foreign.finished.pk}/").status_code == 200


def test_by_her_insurance_card_too(own: Here, foreign: Here, doctor: Attacker) -> None:
    a_card(foreign.person, "DN4515112345678")
    assert ask(doctor, number="dn 4515 1123 45678").status_code == 302


def test_it_is_of_one_account(own: Here, foreign: Here, doctor: Attacker, nurse: Attacker) -> None:
    ask(doctor)
    assert page(nurse, foreign.person).status_code == 404


def test_it_ends_after_its_hours(own: Here, foreign: Here, doctor: Attacker) -> None:
    ask(doctor)
    row = EmergencyAccess.unscoped.get()
    assert dt.timedelta(hours=23) < row.until - timezone.now() <= dt.timedelta(hours=24)
    EmergencyAccess.unscoped.update(until=timezone.now())
    assert page(doctor, foreign.person).status_code == 404
    assert doctor.get(f"/kham/{foreign.finished.pk}/").status_code == 404


def test_it_opens_nobody_else(own: Here, foreign: Here, doctor: Attacker) -> None:
    """And without one open, nobody at all is seen."""
    other = Person.unscoped.create(
        station=foreign.station, code="P0000777", full_name="Hồ Văn Khác", sort_key="k", sex="male"
    )
    assert page(doctor, other).status_code == 404
    ask(doctor)
    assert page(doctor, other).status_code == 404
    assert "Hồ Văn Khác" not in doctor.post("/tim/nhanh/", q="ho van khac").content.decode()
    listed = doctor.get("/api/visits/?size=200").json()["results"]
    assert {row["person"] for row in listed} <= {str(own.person.pk), str(foreign.person.pk)}


def test_restricted_records_stay_closed(own: Here, foreign: Here, doctor: Attacker) -> None:
    Visit.unscoped.filter(pk=foreign.finished.pk).update(restricted=True, restricted_by=["hiv"])
    TimelineEntry.unscoped.filter(object_id=foreign.finished.pk).update(restricted=True, title="B20")
    ask(doctor)
    assert "B20" not in page(doctor, foreign.person).content.decode()
    assert doctor.get(f"/kham/{foreign.finished.pk}/").status_code == 404


def test_nothing_of_hers_is_changed(own: Here, foreign: Here, doctor: Attacker) -> None:
    ask(doctor)
    for path in ("sua", "giay-to", "the-bhyt"):
        assert doctor.get(f"/nguoi/{foreign.person.pk}/{path}/").status_code == 403
    doctor.post(f"/kham/{foreign.finished.pk}/nhap-nham/", version=foreign.finished.version, reason="x")
    foreign.finished.refresh_from_db()
    assert foreign.finished.state == "finalised"


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"reason": "tò mò"}, {"note": " "}, {"number": ""}])
def test_a_reason_is_given(own: Here, foreign: Here, doctor: Attacker, wrong: dict[str, str]) -> None:
    answer = ask(doctor, **wrong)
    assert answer.status_code == 422 and FOREIGN not in answer.content.decode()
    assert not EmergencyAccess.unscoped.exists()


@pytest.mark.parametrize(
    "number", ["06219000022", "062190000223", FOREIGN, "%", "1' OR '1'='1", "٠٦٢", "x" * 31]
)
def test_only_the_whole_number(own: Here, foreign: Here, doctor: Attacker, number: str) -> None:
    assert ask(doctor, number=number).status_code == 422
    assert not EmergencyAccess.unscoped.exists()


def test_so_often_a_day_and_tries_count(own: Here, foreign: Here, doctor: Attacker) -> None:
    Parameter.objects.filter(key="emergency.daily_cap").update(value=3)
    for last in range(3):
        assert "Không có ai" in ask(doctor, number=f"06219000099{last}").content.decode()
    assert "đã dùng hết số lần" in ask(doctor).content.decode()
    assert page(doctor, foreign.person).status_code == 404


@pytest.mark.parametrize("role", ["population", "village_worker", "pharmacist"])
def test_only_who_examines(own: Here, foreign: Here, role: str) -> None:
    who = Attacker(client_of(a_member(role, own.station, f"{role}.thu")))
    assert ask(who).status_code == 403


def test_both_heads_and_the_province_are_told(own: Here, foreign: Here, doctor: Attacker) -> None:
    ask(doctor)
    department = a_department(a_centre(own.station, foreign.station))
    readers = {
        "ours": Attacker(client_of(a_member("station_head", own.station, "truong.ta"))),
        "hers": Attacker(client_of(a_member("station_head", foreign.station, "truong.ho"))),
        "province": Attacker(client_of(a_member("province_admin", department, "quan.tri"))),
    }
    said = {who: reader.get("/").content.decode() for who, reader in readers.items()}
    assert all("Ngất ngoài chợ" in text for text in said.values())
    assert FOREIGN not in said["ours"] and FOREIGN not in said["province"]
    assert foreign.person.code in said["hers"]
    third = Attacker(client_of(a_member("nurse", own.station, "khac")))
    assert "Ngất ngoài chợ" not in third.get("/").content.decode()


def test_whoever_is_known_is_simply_opened(own: Here, doctor: Attacker) -> None:
    assert ask(doctor, number="051190000111").url == f"/nguoi/{own.person.pk}/"
    assert not EmergencyAccess.unscoped.exists()


def test_it_costs_a_request_no_query(own: Here, foreign: Here, doctor: Attacker) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            page(doctor, own.person)
        return len(found)

    cost()
    before = cost()
    ask(doctor)
    assert cost() == before
