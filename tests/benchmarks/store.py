"""The people that the measurements run on: loaded once into var/bench and kept between runs."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Role, User
from apps.accounts.services import user_create
from apps.core.scope import system
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Grade, Practitioner
from apps.facilities.posting import post_open
from apps.households.models import Household
from apps.patients.models import Person
from apps.population import making
from config import embedded
from tests import databases

PASSWORD = "bench-tramyte"
SOURCES = ("apps/population", "fixtures/population", "fixtures/names", "fixtures/parameters")


@dataclass(frozen=True)
class Station:
    """One station as the scenarios need it: its doctor's account and what to look for."""

    id: UUID
    username: str
    people: list[tuple[UUID, str, int]]  # id, full name, birth year
    households: list[UUID]
    waiting: list[UUID]  # visits of today that are still to be examined


def fingerprint(people: int, stations: int, intensity: float) -> str:
    """Changes when the tables, the generator or the size asked for change."""
    digest = hashlib.sha256(f"{databases.template_name()} {people} {stations} {intensity}".encode())
    for folder in SOURCES:
        for file in sorted(Path(embedded.BASE_DIR, folder).rglob("*.*")):
            if file.suffix in {".py", ".csv"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()


def prepare(people: int, stations: int, intensity: float, say: Callable[[str], None]) -> None:
    """Make var/bench hold `people` in `stations`; quick when it does already."""
    var = embedded.var_dir()
    mark = var / "loaded"
    wanted = fingerprint(people, stations, intensity)
    if mark.exists() and mark.read_text() == wanted:
        embedded.ensure()
        return
    say(f"loading {people:,} people in {stations} stations (kept in {var} for the next runs)")
    mark.unlink(missing_ok=True)
    connection.close()
    connection.close_pool()
    embedded.remove()
    embedded.ensure()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_catalogues", verbosity=0)
    fill(people, stations, intensity, processes=os.cpu_count() or 1)
    mark.write_text(wanted)


def fill(people: int, stations: int, intensity: float = 0.5, processes: int = 1) -> None:
    """The people, about two visits each (at half the usual intensity), and one doctor's account a station."""
    order = making.Order(
        people=people,
        seed=1,
        on=timezone.localdate(),
        stations=stations,
        intensity=intensity,
        processes=processes,
    )
    accounts(making.make(order).stations)


def accounts(places: Sequence[Facility]) -> None:
    """A doctor's account at each of these stations."""
    with system("make the accounts of the measurements"):
        role = Role.objects.get(code="doctor")
        for number, station in enumerate(places):
            doctor = Practitioner.objects.filter(facility=station, grade=Grade.DOCTOR).earliest("id")
            user = user_create(full_name=doctor.full_name, username=f"bench{number:02d}", password=PASSWORD)
            post_open(user=user, role=role, facility=station, practitioner=doctor)


def stations(sample: int) -> list[Station]:
    """What each station's doctor looks for: the same people in every run."""
    found = []
    with system("choose whom the measurements look for"):
        for user in User.objects.filter(username__startswith="bench").order_by("username"):
            place = Facility.objects.get(posts__user=user)
            people = Person.objects.filter(station=place).order_by("id")
            step = max(1, people.count() // sample)
            homes = Household.objects.filter(station=place).order_by("id").values_list("id", flat=True)
            found.append(
                Station(
                    id=place.pk,
                    username=user.username,
                    people=[
                        (person.pk, person.full_name, person.birth_year or 0)
                        for person in people[: step * sample : step]
                    ],
                    households=list(homes[: step * sample : step]),
                    waiting=list(
                        Visit.objects.filter(facility=place, state__in=["waiting", "in_progress"])
                        .order_by("-on", "id")
                        .values_list("id", flat=True)
                    ),
                )
            )
    return found
