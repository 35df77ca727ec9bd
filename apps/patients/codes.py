"""The station's own numbers for people and households: P0000123, H0000045."""

from uuid import UUID

from django.db import connection

LETTERS = {"person": "P", "household": "H"}


def take(station_id: UUID, kind: str, count: int = 1) -> list[str]:
    """The next `count` codes of a station. One statement; writers of one station wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_codecounter (station_id, kind, last) VALUES (%s, %s, %s)"
            " ON CONFLICT (station_id, kind) DO UPDATE SET last = patients_codecounter.last + excluded.last"
            " RETURNING last",
            [station_id, kind, count],
        )
        last = cursor.fetchone()[0]
    return [f"{LETTERS[kind]}{number:07d}" for number in range(last - count + 1, last + 1)]
