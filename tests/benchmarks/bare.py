"""The same rows in plain SQL: what the database alone needs, in ms, beside what the page costs."""

import random
import time
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from apps.core.text import search_key
from tests.benchmarks.store import Station

PERSON = (
    "SELECT * FROM patients_person WHERE id = %(id)s",
    "SELECT * FROM patients_identifier WHERE person_id = %(id)s",
    "SELECT * FROM patients_insurancecard WHERE person_id = %(id)s",
    "SELECT * FROM patients_allergy WHERE person_id = %(id)s",
    "SELECT * FROM patients_dueitem WHERE person_id = %(id)s AND state = 'open'",
    "SELECT * FROM patients_timelineentry WHERE person_id = %(id)s ORDER BY at DESC, id DESC LIMIT 21",
    "SELECT h.* FROM households_household h JOIN households_membership m ON m.household_id = h.id "
    "WHERE m.person_id = %(id)s AND m.valid_to IS NULL",
)
HOUSEHOLD = (
    "SELECT * FROM households_household WHERE id = %(id)s",
    "SELECT p.id, p.code, p.full_name, p.birth_date, m.relation FROM households_membership m "
    "JOIN patients_person p ON p.id = m.person_id WHERE m.household_id = %(id)s AND m.valid_to IS NULL",
    "SELECT d.* FROM patients_dueitem d JOIN households_membership m ON m.person_id = d.person_id "
    "WHERE m.household_id = %(id)s AND m.valid_to IS NULL AND d.state = 'open'",
)
SEARCH = (
    "SELECT id, code, full_name, birth_date FROM patients_person WHERE station_id = %(station)s "
    "AND search @@ %(query)s::tsquery ORDER BY sort_key, id LIMIT 20",
)
DAY = (
    "SELECT id, number, state, queue_no, person_id FROM encounters_visit "
    'WHERE facility_id = %(station)s AND "on" = CURRENT_DATE ORDER BY queue_no',
    'SELECT * FROM care_appointment WHERE facility_id = %(station)s AND "on" <= CURRENT_DATE '
    "AND state = 'planned' ORDER BY \"on\" LIMIT 20",
)
ICD = (
    "SELECT code, name FROM catalogues_icd10 WHERE edition = 'tt06' "
    "AND search @@ %(query)s::tsquery LIMIT 20",
)


def person(station: Station, rng: random.Random) -> float:
    return _timed(PERSON, id=rng.choice(station.people)[0])


def household(station: Station, rng: random.Random) -> float:
    return _timed(HOUSEHOLD, id=rng.choice(station.households))


def search(station: Station, rng: random.Random) -> float:
    words = search_key(rng.choice(station.people)[1]).split()
    return _timed(SEARCH, station=station.id, query=" & ".join(f"{word}:*" for word in words))


def day(station: Station, rng: random.Random) -> float:
    return _timed(DAY, station=station.id)


def icd(station: Station, rng: random.Random) -> float:
    return _timed(ICD, query="viem:* & hong:*")


def save(station: Station, rng: random.Random) -> float:
    """The rows of one save, written and taken back: the visit, its figures, its diagnosis, a read and an
    audit."""
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM encounters_visit WHERE facility_id = %s AND state = 'waiting' LIMIT 1 FOR UPDATE",
            [station.id],
        )
        (visit,) = cursor.fetchone()
        cursor.execute("UPDATE encounters_visit SET version = version + 1 WHERE id = %s", [visit])
        for table, column in (("care_measurement", "source_id"), ("encounters_diagnosis", "visit_id")):
            cursor.execute(f"UPDATE {table} SET version = version + 1 WHERE {column} = %s", [visit])
        transaction.set_rollback(True)
    return (time.perf_counter() - began) * 1000


def _timed(statements: Sequence[str], **values: Any) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
            cursor.fetchall()
    return (time.perf_counter() - began) * 1000
