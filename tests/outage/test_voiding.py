"""Slips that hold nothing are voided by their numbers, and open nothing any more."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.core.scope import enter
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Practitioner
from apps.outage import queries, rules
from apps.outage.models import Pack, Slip
from apps.patients.models import Person
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre
from tests.factories.patients import a_station
from tests.outage.conftest import a_pack, cells, send, slip_of
from tests.outage.test_entry import errors


def void(client: Client, pack: Pack, numbers: str, reason: str = "Viết hỏng") -> Any:
    return client.post(
        f"/du-phong/{pack.pk}/", {"form_key": str(uuid7()), "numbers": numbers, "reason": reason}
    )


def voided(pack: Pack) -> list[int]:
    return list(
        Slip.unscoped.filter(pack=pack, voided_at__isnull=False)
        .order_by("number")
        .values_list("number", flat=True)
    )


def test_it_works(nurse: Client, station: Facility, doctor: Practitioner, patient: Person) -> None:
    pack = a_pack(station, slips=6)
    send(nurse, cells(pack, doctor, patient))
    assert void(nurse, pack, "2, 4-5").status_code == 302
    assert voided(pack) == [2, 4, 5]
    page = nurse.get(f"/du-phong/{pack.pk}/").content.decode()
    for words in ("còn <b>2</b>", "Viết hỏng", "Lê Thị Thu hủy lúc", Visit.unscoped.get().number):
        assert words in page
    assert "còn <b>2</b> phiếu trắng" in nurse.get("/du-phong/").content.decode()
    entry = AuditEntry.objects.get(action="outage.slips_voided", facility_id=station.pk)
    assert entry.data["numbers"] == [2, 4, 5] and entry.data["reason"] == "Viết hỏng"


def test_a_voided_code_opens_nothing(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    void(nurse, pack, "1", "Mất phiếu")
    said = errors(send(nurse, cells(pack, doctor, patient)))["slip"]
    assert "Lê Thị Thu đã hủy" in said and "Mất phiếu" in said
    assert not Visit.unscoped.exists()
    scanned = nurse.get(f"/nhap-bu/phieu/{slip_of(pack).code}/")
    assert scanned.status_code == 302 and scanned["Location"] == f"/du-phong/{pack.pk}/"


def test_an_entered_and_a_voided_slip_stay_as_they_are(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    send(nurse, cells(pack, doctor, patient))
    answer = void(nurse, pack, "1-3")
    assert answer.status_code == 422 and "Phiếu số 1 đã nhập bù" in answer.content.decode()
    assert voided(pack) == []
    void(nurse, pack, "3", "Mất phiếu")
    assert "Phiếu số 3 đã hủy trước đó" in void(nurse, pack, "2 3").content.decode()
    assert voided(pack) == [3] and slip_of(pack, 3).void_reason == "Mất phiếu"


@pytest.mark.parametrize("numbers", ["", ",", "0", "4", "1-4", "3-1", "-1", "một", "1e1", "9" * 150])
def test_numbers_that_cannot_be(nurse: Client, pack: Pack, numbers: str) -> None:
    assert void(nurse, pack, numbers).status_code == 422
    assert voided(pack) == []


def test_a_reason_is_asked(nurse: Client, pack: Pack) -> None:
    assert void(nurse, pack, "1", "   ").status_code == 422
    assert voided(pack) == []


def test_the_same_form_twice_is_one_voiding(nurse: Client, pack: Pack) -> None:
    form = {"form_key": str(uuid7()), "numbers": "2", "reason": "Viết hỏng"}
    first, again = (nurse.post(f"/du-phong/{pack.pk}/", form) for _ in range(2))
    assert (first.status_code, again.status_code) == (302, 302)
    assert AuditEntry.objects.filter(action="outage.slips_voided").count() == 1


def test_a_stranger_and_a_reader_void_nothing(nurse: Client, pack: Pack) -> None:
    foreign = a_pack(a_station("21490", "Trạm Y tế xã Ba Vì"))
    assert nurse.get(f"/du-phong/{foreign.pk}/").status_code == 404
    assert void(nurse, foreign, "1").status_code == 404
    reader = client_of(a_member("region_head", a_centre(), "lanh.dao"))
    assert void(reader, pack, "1").status_code in (403, 404)
    assert voided(pack) == voided(foreign) == []


def test_the_list_costs_the_same_for_2_and_for_20(
    nurse: Client, station: Facility, doctor: Practitioner, patient: Person
) -> None:
    costs = []
    for count in (2, 20):
        pack = a_pack(station, slips=count)
        send(nurse, cells(pack, doctor, patient, keep="Khám lại"))
        with enter(make.scope_of(doctor)) as scope, CaptureQueriesContext(connection) as asked:
            assert len(queries.slips(scope, pack)) == count
        costs.append(len(asked))
    assert costs[0] == costs[1] == 2


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("3", [3]), ("3, 5-8", [3, 5, 6, 7, 8]), ("8 3;3", [3, 8]), ("2 – 4", [2, 3, 4]), ("", [])],
)
def test_numbers_are_read_as_people_write_them(text: str, numbers: list[int]) -> None:
    assert rules.read_numbers(text, 20) == numbers
