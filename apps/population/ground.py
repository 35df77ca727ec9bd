"""What the rows of a commune stand on: its station and its staff.

Made once where the command runs and handed to the processes that write the communes.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from apps.facilities.models import Facility, Grade, Practitioner
from apps.population import names
from apps.population.chance import day_ms, made_id, source

# The staff of a station: grade, sex, may sign, title under the signature. The first three examine.
STAFF = (
    (Grade.DOCTOR, "male", True, "Bác sĩ khám bệnh"),
    (Grade.ASSISTANT, "female", True, "Y sĩ khám bệnh"),
    (Grade.ASSISTANT, "male", False, ""),
    (Grade.NURSE, "female", False, ""),
    (Grade.MIDWIFE, "female", False, ""),
    (Grade.PHARMACIST, "female", False, ""),
    (Grade.POPULATION, "male", False, ""),
)
EXAMINERS = 3


@dataclass(frozen=True, slots=True)
class Worker:
    """One of a station's practitioners."""

    id: str
    full_name: str
    can_sign: bool
    grade: str


@dataclass(frozen=True, slots=True)
class Ground:
    """One station with its commune and staff; ids as text."""

    slot: int
    station_id: str
    station_code: str
    commune_id: str
    commune_code: str
    province_code: str
    urban: bool
    staff: tuple[Worker, ...]

    @property
    def signer(self) -> Worker:
        return self.staff[0]


def grounds(stations: Iterable[tuple[int, Facility]], seed: int, since: date) -> list[Ground]:
    """A ground for each slot and station, in order, with its staff made where it has none."""
    return [_ground(slot, station, seed, since) for slot, station in stations]


def _ground(slot: int, station: Facility, seed: int, since: date) -> Ground:
    staff = list(Practitioner.objects.filter(facility=station, valid_to=None).order_by("id"))
    if not staff:
        staff = _staff(source(seed, slot, "staff"), station, since)
    province = station.unit.parent
    return Ground(
        slot=slot,
        station_id=str(station.pk),
        station_code=station.kcb_code,
        commune_id=str(station.unit_id),
        commune_code=station.unit.code,
        province_code=province.code if province else "",
        urban=station.unit.kind == "phường",
        staff=tuple(Worker(str(p.pk), p.full_name, p.can_sign, p.grade) for p in staff),
    )


def _staff(rng: random.Random, station: Facility, since: date) -> list[Practitioner]:
    made = []
    for place, (grade, sex, can_sign, title) in enumerate(STAFF):
        born = rng.randint(1970, 1998)
        worker = Practitioner(
            id=made_id(rng, day_ms(since, place)),
            full_name=names.full_name(rng, names.lineage(rng, names.KINH), sex, born),
            facility=station,
            grade=grade,
            can_sign=can_sign,
            signature_title=title,
            licence_no=f"{station.kcb_code}{place + 1:03d}/GIA-DINH" if place < EXAMINERS + 3 else "",
            licence_scope="Khám bệnh, chữa bệnh đa khoa" if place < EXAMINERS else "",
            prescriber_code=f"{station.kcb_code}{place + 1:02d}" if place < EXAMINERS else "",
            valid_from=since,
        )
        worker.set_keys()
        made.append(worker)
    return Practitioner.objects.bulk_create(made)
