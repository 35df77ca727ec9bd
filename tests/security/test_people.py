"""What of a person is seen and changed, by whom."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.catalogues.models import CodeEntry
from apps.core.models import ReadEntry
from apps.patients.models import DueItem, Person, TreatingAccess
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_card, a_person, an_allergy
from tests.security.conftest import FOREIGN, Attacker, Here

TAKEN_OVER = {
    "full_name": "Tên Bị Đổi",
    "sex": "female",
    "birth_date": "05/03/1990",
    "life_status": "alive",
}


@pytest.fixture
def treated(own: Here, foreign: Here) -> Person:
    """Somebody of the foreign station whom one's own station treats."""
    until = timezone.localdate() + dt.timedelta(days=9)
    TreatingAccess.objects.create(person=foreign.person, facility=own.station, until=until)
    return foreign.person


def test_who_is_only_treated_here_is_not_taken_over(own: Here, treated: Person, nurse: Attacker) -> None:
    assert nurse.get(f"/nguoi/{treated.pk}/").status_code == 200
    hamlet = str(own.person.hamlet_id)
    data: dict[str, Any] = {**TAKEN_OVER, "version": treated.version, "hamlet": hamlet}
    assert nurse.post(f"/nguoi/{treated.pk}/sua/", **data).status_code == 403
    for page in ("sua", "giay-to", "the-bhyt"):
        assert nurse.get(f"/nguoi/{treated.pk}/{page}/").status_code == 403
    treated.refresh_from_db()
    assert (treated.full_name, treated.station_id != own.station.pk) == (FOREIGN, True)


def test_nor_moved_into_a_household_here(own: Here, foreign: Here, treated: Person, nurse: Attacker) -> None:
    free = Person.unscoped.create(
        station=foreign.station, code="P0000777", full_name="Hồ Văn Tự Do", sort_key="do", sex="male"
    )
    TreatingAccess.objects.create(person=free, facility=own.station, until=timezone.localdate())
    for move in ({}, {"move": "on"}):
        response = nurse.post(f"/ho/{own.household.pk}/thanh-vien/", person="P0000777", relation="05", **move)
        assert response.status_code == 422
    free.refresh_from_db()
    assert free.station_id == foreign.station.pk
    assert not free.memberships(manager="unscoped").exists()


def test_a_treating_station_sees_little_of_her(
    own: Here, foreign: Here, treated: Person, nurse: Attacker
) -> None:
    """Who she is, her insurance, her allergies, what was done here: no papers, address, family, nor tasks."""
    a_card(treated, "DN4515112345678")
    an_allergy(treated, "Tôm")
    Person.unscoped.filter(pk=treated.pk).update(
        phone="0912345678", address_text="Số nhà bí mật", guardian_name="Người Giám Hộ", note="Ghi chú riêng"
    )
    due = {"kind": "appointment", "due_on": timezone.localdate(), "object_id": foreign.finished.pk}
    DueItem.unscoped.create(person=treated, title="Tái khám: việc của trạm kia", **due)
    text = nurse.get(f"/nguoi/{treated.pk}/").content.decode()
    assert FOREIGN in text and "DN4515112345678" in text and "Tôm" in text
    api = nurse.get(f"/api/people/{treated.pk}/").json()
    # A program is told the ends of numbers, unless it may export people.
    assert (api["full_name"], api["cards"][0]["number"]) == (FOREIGN, "***********5678")
    hidden = ("062190000222", "0912345678", "Số nhà bí mật", "Người Giám Hộ", "Ghi chú riêng", "J06.9")
    for word in (*hidden, "việc của trạm kia", foreign.household.code):
        assert word not in text, word
        assert word not in str(api), word
    assert (api["identifiers"], api["phone"], api["household"], api["hamlet"]) == ([], "", None, None)


def test_her_own_station_sees_all_of_her(own: Here, nurse: Attacker) -> None:
    assert "051190000111" in nurse.get(f"/nguoi/{own.person.pk}/").content.decode()
    assert nurse.get(f"/api/people/{own.person.pk}/").json()["identifiers"][0]["value"] == "********0111"


def test_a_treating_station_may_note_an_allergy(treated: Person, nurse: Attacker) -> None:
    response = nurse.post(
        f"/nguoi/{treated.pk}/di-ung/", substance="Penicillin", kind="drug", certainty="confirmed"
    )
    assert response.status_code == 302


@pytest.mark.parametrize("role", ["population"])
def test_a_diagnosis_is_not_told_without_the_right_to_visits(own: Here, role: str) -> None:
    DueItem.unscoped.create(
        person=own.person,
        kind="appointment",
        title="Tái khám: J06.9 - Nhiễm trùng",
        due_on=timezone.localdate(),
        object_id=own.finished.pk,
    )
    client = client_of(a_member(role, own.station))
    for path in (f"/nguoi/{own.person.pk}/", f"/ho/{own.household.pk}/"):
        text = client.get(path).content.decode()
        assert "J06.9" not in text and str(own.finished.pk) not in text
        assert "Hẹn khám lại" in text


def test_a_nurse_is_told_the_diagnosis(own: Here, nurse: Attacker) -> None:
    assert "J06.9" in nurse.get(f"/nguoi/{own.person.pk}/").content.decode()


@pytest.mark.parametrize("path", ["people", "households", "visits"])
def test_no_cache_keeps_what_the_api_says(nurse: Attacker, path: str) -> None:
    for response in (nurse.get(f"/api/{path}/"), nurse.client.options(f"/api/{path}/")):
        assert "no-store" in response.headers["Cache-Control"]


def test_a_parent_of_another_station_stays_herself(own: Here, foreign: Here, nurse: Attacker) -> None:
    """Codes are a station's own: the same code is somebody else's here."""
    child = a_person(own.station, "Đinh Văn Con", mother=foreign.person, birth_date=dt.date(2024, 1, 1))
    a_person(own.station, "Người Trùng Mã", code="P0009999")
    Person.unscoped.filter(pk=foreign.person.pk).update(code="P0009999")
    page = nurse.get(f"/nguoi/{child.pk}/sua/").content.decode()
    assert "Người Trùng Mã" not in page
    said = {**TAKEN_OVER, "birth_date": "01/01/2024", "hamlet": str(child.hamlet_id)}
    response = nurse.post(
        f"/nguoi/{child.pk}/sua/", version=child.version, mother="P0009999 (trạm khác)", **said
    )
    assert response.status_code == 302
    child.refresh_from_db()
    assert (child.full_name, child.mother_id) == ("Tên Bị Đổi", foreign.person.pk)


def test_who_tries_the_number_of_a_stranger_is_logged(own: Here, foreign: Here, nurse: Attacker) -> None:
    """That the number is known must be told; who asked must be known too."""
    number = "062190000222"
    create = {**TAKEN_OVER, "hamlet": str(own.person.hamlet_id), "reason": "đúng"}
    household = {f"head-{key}": value for key, value in create.items()} | {"hamlet": create["hamlet"]}
    CodeEntry.objects.create(list="relationship_to_head", code="05", name="Con")
    ways = [
        nurse.post("/nguoi/moi/", cccd=number, **create),
        nurse.post(f"/nguoi/{own.person.pk}/giay-to/", kind="cccd", value=number, reason="đúng"),
        nurse.api("/api/people/", {"full_name": "Ai Đó", "sex": "female", "cccd": number, "reason": "đúng"}),
        nurse.post("/ho/moi/", **household, **{"head-cccd": number}),
        nurse.post(f"/ho/{own.household.pk}/nguoi-moi/", cccd=number, relation="05", **create),
    ]
    for response in ways:
        assert response.status_code == 422
        text = response.content.decode()
        assert "đang thuộc về một người khác" in text
        assert FOREIGN not in text and str(foreign.person.pk) not in text
    rows = ReadEntry.objects.filter(screen="person.number", person_ids=[foreign.person.pk])
    assert rows.count() == len(ways)
