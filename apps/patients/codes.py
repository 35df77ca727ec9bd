"""The station's own numbers for people and households: P0000123, H0000045."""

import datetime as dt
from uuid import UUID

from django.db import connection

from apps.facilities.models import Facility

TEMPORARY = "temporary"
LETTERS = {"person": "P", "household": "H"}


def take(station_id: UUID, kind: str, count: int = 1) -> list[str]:
    """The next `count` codes of a station. One statement; writers of one station wait for each other."""
    last = _count(station_id, kind, count)
    return [f"{LETTERS[kind]}{number:07d}" for number in range(last - count + 1, last + 1)]


def take_temporary(station: Facility, on: dt.date) -> str:
    """A key for somebody without any paper: 'TAM-51C01-20261120-0007'. It cannot be taken for 12 digits."""
    return f"TAM-{station.kcb_code or '00000'}-{on:%Y%m%d}-{_count(station.pk, TEMPORARY, 1):04d}"


def _count(station_id: UUID, kind: str, count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_codecounter (station_id, kind, last) VALUES (%s, %s, %s)"
            " ON CONFLICT (station_id, kind) DO UPDATE SET last = patients_codecounter.last + excluded.last"
            " RETURNING last",
            [station_id, kind, count],
        )
        return int(cursor.fetchone()[0])
