"""Input made to break something: a sentence or a plain refusal, never a fault, never a datum in the log."""

import logging
from typing import Any

import pytest
from django.db import DatabaseError

from apps.encounters.models import PrescriptionLine
from config.logs import described
from tests.security.conftest import Attacker, Here

CCCD = "051090000111"


@pytest.mark.parametrize("old", ["' & :(", "1:* & !C2", "('", ":*", "&", "a\\", "C)", "1 2"])
def test_a_card_with_operators_in_its_old_number(nurse: Attacker, old: str) -> None:
    text = f"{CCCD}|{old}|NGUYỄN VĂN A|05031990|Nam|Xã Ba Tơ|01012021"
    assert nurse.post("/tim/", q=text).status_code in (200, 302)
    assert nurse.post("/tim/nhanh/", q=text).status_code == 200


def test_the_database_own_words_stay_out_of_the_log(own: Here, caplog: pytest.LogCaptureFixture) -> None:
    from django.db import connection, transaction

    with caplog.at_level(logging.ERROR), pytest.raises(DatabaseError) as caught, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::tsquery", [f"C{CCCD}' & :("])
    assert CCCD in str(caught.value)
    assert CCCD not in described(caught.value)


def test_json_nested_out_of_measure(nurse: Attacker) -> None:
    response = nurse.api("/api/people/", "[" * 100_000)
    assert response.status_code == 400


@pytest.mark.parametrize("size", ["9" * 5000, "٣", "-1", "0", "1e9", "²"])
def test_a_page_size_of_any_kind(nurse: Attacker, size: str) -> None:
    assert nurse.get(f"/api/people/?size={size}").status_code == 200


def test_a_draft_with_nul_in_a_name(own: Here, nurse: Attacker) -> None:
    data = {"version": str(own.visit.version), "a\0b": "c\0d"}
    assert nurse.post(f"/ban-nhap/visit/{own.visit.pk}/", **data).status_code == 200


def line(**more: Any) -> dict[str, Any]:
    return {"drug_code": "TD001.1", "dose": "1", "times_per_day": 2, "days": 5, **more}


@pytest.mark.parametrize(
    "wrong",
    [
        {"dose": "999999.999"},
        {"dose": "999999.999", "times_per_day": 24, "days": 90},
        {"dose": "50000", "times_per_day": 24, "days": 90},
        {"quantity": "9999999.99"},
        {"quantity": "0"},
    ],
)
def test_a_medicine_without_measure(own: Here, doctor: Attacker, wrong: dict[str, Any]) -> None:
    data = {"version": own.visit.version, "lines": [line(**wrong)]}
    assert doctor.api(f"/api/visits/{own.visit.pk}/save/", data).status_code == 422


def test_more_medicines_than_any_slip_holds(own: Here, doctor: Attacker) -> None:
    data = {"version": own.visit.version, "lines": [line()] * 500}
    assert doctor.api(f"/api/visits/{own.visit.pk}/save/", data).status_code == 400


@pytest.mark.parametrize(
    ("dose", "quantity"),
    [("9" * 30, ""), ("0,0001", ""), ("1/999999999999", ""), ("1", "0,001"), ("1", "999999999"), ("9e9", "")],
)
def test_a_medicine_typed_without_measure(own: Here, doctor: Attacker, dose: str, quantity: str) -> None:
    before = PrescriptionLine.unscoped.filter(prescription__visit=own.visit).count()
    typed = {"drug": "TD001.1", "dose": dose, "times": "2", "days": "5", "quantity": quantity, "note": ""}
    response = doctor.post(
        f"/kham/{own.visit.pk}/",
        version=own.visit.version,
        line="0",
        **{f"line-0-{name}": value for name, value in typed.items()},
    )
    assert response.status_code == 422
    assert PrescriptionLine.unscoped.filter(prescription__visit=own.visit).count() == before


@pytest.mark.parametrize("value", ["9" * 40, "-1", "0", "1e3", "\x00", "٩"])
def test_a_version_of_any_kind(own: Here, nurse: Attacker, value: str) -> None:
    for path in (f"/nguoi/{own.person.pk}/sua/", f"/kham/{own.visit.pk}/", f"/kham/{own.finished.pk}/ky/"):
        data = {"full_name": "Ai Đó", "sex": "female", "hamlet": "outside", "life_status": "alive"}
        assert nurse.post(path, version=value, **data).status_code in (403, 409, 422)
