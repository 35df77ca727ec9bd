"""Whoever sees a person stands in the read log, by whatever way she came to see her."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from apps.core.models import ReadEntry
from apps.households.models import Membership
from tests.security.conftest import OWN, Attacker, Here

Look = Callable[[Attacker, Here], HttpResponse]
EDITED = {"full_name": "Tên Khác", "sex": "female", "hamlet": "outside", "life_status": "alive"}


def member(own: Here) -> str:
    row = Membership.unscoped.get(person=own.person)
    return f"/ho/{own.household.pk}/thanh-vien/{row.pk}"


WAYS: dict[str, Look] = {
    "picker": lambda who, own: who.post("/danh-muc/chon/person/", q="dinh"),
    "name of a chosen code": lambda who, own: who.post("/nguoi/moi/", mother=own.person.code),
    "chosen member": lambda who, own: who.post(f"/ho/{own.household.pk}/thanh-vien/", person=own.person.code),
    "home": lambda who, own: who.get("/"),
    "person": lambda who, own: who.get(f"/nguoi/{own.person.pk}/"),
    "refused edit": lambda who, own: who.post(f"/nguoi/{own.person.pk}/sua/"),
    "conflict": lambda who, own: who.post(f"/nguoi/{own.person.pk}/sua/", version=99, **EDITED),
    "refused number": lambda who, own: who.post(f"/nguoi/{own.person.pk}/giay-to/"),
    "refused card": lambda who, own: who.post(f"/nguoi/{own.person.pk}/the-bhyt/"),
    "household": lambda who, own: who.get(f"/ho/{own.household.pk}/"),
    "leaving": lambda who, own: who.get(f"{member(own)}/roi/"),
    "relation": lambda who, own: who.get(f"{member(own)}/quan-he/"),
    "visit": lambda who, own: who.get(f"/kham/{own.visit.pk}/"),
    "refused visit": lambda who, own: who.post(f"/kham/{own.visit.pk}/", version="x"),
    "refused amendment": lambda who, own: who.post(f"/kham/{own.finished.pk}/sua-doi/", version="x"),
    "entered in error": lambda who, own: who.get(f"/kham/{own.finished.pk}/nhap-nham/"),
    "refused error": lambda who, own: who.post(f"/kham/{own.finished.pk}/nhap-nham/"),
    "versions": lambda who, own: who.get(f"/kham/{own.finished.pk}/cac-ban/"),
    "API": lambda who, own: who.get("/api/people/"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_look_is_logged(own: Here, nurse: Attacker, way: str) -> None:
    response = WAYS[way](nurse, own)
    assert OWN in response.content.decode(), "this way shows nobody any more"
    assert ReadEntry.objects.filter(person_ids__contains=[own.person.pk]).exists()


def test_a_conflict_of_a_visit_is_logged(own: Here, nurse: Attacker) -> None:
    response = nurse.post(f"/kham/{own.visit.pk}/", version="77", reason="khác")
    assert response.status_code == 409
    assert ReadEntry.objects.filter(screen="visit.page", person_ids=[own.person.pk]).exists()
