"""A station with a doctor, a nurse who enters, a patient, and a printed pack."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.ids import uuid7
from apps.facilities.models import Facility, Practitioner
from apps.outage.models import Pack, Slip
from apps.outage.services import pack_make, pack_printed
from apps.patients.models import Person
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station

PATIENT = "Đinh Thị Vân Kiều"


@pytest.fixture
def station(db: None) -> Facility:
    make.catalogues()
    return a_station()


@pytest.fixture
def doctor(station: Facility) -> Practitioner:
    return make.a_practitioner(station)


@pytest.fixture
def patient(station: Facility) -> Person:
    return a_person(station, PATIENT)


@pytest.fixture
def nurse(station: Facility) -> Client:
    """Enters what others have done; may not sign."""
    hers = make.a_practitioner(
        station, "Lê Thị Thu", grade="nurse", can_sign=False, licence_no="000789/QNG-GPHN"
    )
    return signed_in("nurse", hers, "thu.lt")


def a_pack(station: Facility, slips: int = 3, on: dt.date | None = None) -> Pack:
    """A printed pack."""
    from apps.core.scope import system

    with system("test"):
        pack = pack_make(
            facility_id=station.pk, on=on or timezone.localdate(), slips={"kham": slips, "kho": 0}
        )
        pack_printed(pack)
    return pack


@pytest.fixture
def pack(station: Facility) -> Pack:
    return a_pack(station)


def slip_of(pack: Pack, number: int = 1) -> Slip:
    found: Slip = Slip.unscoped.get(pack=pack, number=number)
    return found


def cells(pack: Pack | None, doctor: Practitioner, patient: Person, **changes: Any) -> dict[str, str]:
    """What a filled row posts: yesterday at 7:30."""
    day = timezone.localdate() - dt.timedelta(days=1)
    slip = slip_of(pack) if pack else None
    return {
        "row": str(uuid7()),
        "version": "0",
        "slip": slip.shown.lower() if slip else "",
        "day": f"{day:%d/%m/%Y}",
        "time": "7h30",
        "who": str(doctor.pk),
        "person": patient.code,
        "visit_reason": "Ho, sốt hai ngày",
        "pulse": "92",
        "temperature": "38,2",
        "pressure": "120/80",
        "weight": "52",
        "main": "J06.9",
        "treatment": "Uống nhiều nước",
        "after": "end",
        "keep": "",
        "reason": "",
        **changes,
    }


def send(client: Client, data: dict[str, str]) -> Any:
    return client.post("/nhap-bu/kham/dong/", data)
