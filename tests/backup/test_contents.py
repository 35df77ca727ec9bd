"""Rows and hash of every table: exact, whatever the pieces and the connections."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest
from django.db import connection

from apps.backup import contents, postgres

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 900  # on some twenty pages


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["psycopg.Connection[Any]"]]:
    """Three connections to a database with a table of many pages; pieces are of two pages."""
    monkeypatch.setattr(contents, "PAGES", 2)
    server = postgres.Server.running()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE pieces (id int, word text, at timestamptz, double int)")
        cursor.execute(
            "INSERT INTO pieces SELECT n, repeat(md5(n::text), 4), to_timestamp(n), 0"
            f" FROM generate_series(1, {ROWS}) AS n"
        )
    with ExitStack() as stack:
        yield [stack.enter_context(closing(server.connect(autocommit=True))) for _ in range(3)]


def change(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_it_works(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many connections and pieces say what one says of whole tables; as in backups of before."""
    tables, pieces = contents._pieces(opened[0])
    assert next(table for table in tables if table.name == "pieces").left > 5
    assert len(pieces) > len(tables)
    told: list[str] = []
    by_three = contents.read(*opened, tell=told.append)
    assert sorted(told) == sorted(by_three) and by_three["pieces"][0] == ROWS
    monkeypatch.setattr(contents, "PAGES", 10**6)
    assert contents.read(opened[0]) == by_three
    opened[0].execute(contents.SESSION)
    rows, first, second = (
        opened[0]
        .execute(
            "SELECT count(*), sum(('x' || left(md5(pieces::text), 16))::bit(64)::bigint),"
            " sum(('x' || right(md5(pieces::text), 16))::bit(64)::bigint) FROM pieces"
        )
        .fetchone()
    )
    whole = contents._Table("pieces", None, ["id", "word", "at", "double"], 0, rows, int(first), int(second))  # type: ignore[arg-type]
    assert whole.entry() == by_three["pieces"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE pieces SET word = word || ' ' WHERE id = 450",
        "UPDATE pieces SET word = NULL WHERE id = 900",
        "UPDATE pieces SET at = at + interval '1 microsecond' WHERE id = 1",
        # what one row loses the other gains
        "UPDATE pieces SET double = CASE id WHEN 7 THEN 1 ELSE -1 END WHERE id IN (7, 800)",
        # two rows exchange a value
        "UPDATE pieces SET word = CASE id WHEN 7 THEN (SELECT word FROM pieces WHERE id = 8)"
        " ELSE (SELECT word FROM pieces WHERE id = 7) END WHERE id IN (7, 8)",
        # one lost, another doubled: the number of rows is the same
        "WITH gone AS (DELETE FROM pieces WHERE id = 3) INSERT INTO pieces SELECT * FROM pieces WHERE id = 4",
    ],
)
def test_a_changed_value_is_seen(opened: Any, damage: str) -> None:
    before = contents.read(*opened)
    change(damage)
    assert contents.differences(before, contents.read(*opened)) == [
        "bảng pieces: nội dung khác (mã băm không khớp)"
    ]


@pytest.mark.parametrize(
    ("damage", "rows"),
    [
        ("DELETE FROM pieces WHERE id = 900", ROWS - 1),
        ("INSERT INTO pieces SELECT * FROM pieces WHERE id = 5", ROWS + 1),
        ("INSERT INTO pieces SELECT * FROM pieces", ROWS * 2),
    ],
)
def test_a_lost_and_a_doubled_row_are_seen(opened: Any, damage: str, rows: int) -> None:
    before = contents.read(*opened)
    change(damage)
    assert contents.differences(before, contents.read(*opened)) == [
        f"bảng pieces: {rows} dòng, phải là {ROWS}"
    ]


def test_the_order_of_rows_does_not_count(opened: Any) -> None:
    before = contents.read(*opened)
    change("CREATE TABLE other AS SELECT * FROM pieces ORDER BY word")
    change("DROP TABLE pieces")
    change("ALTER TABLE other RENAME TO pieces")
    assert contents.read(*opened) == before


def test_one_connection_that_fails_fails_all(opened: Any) -> None:
    opened[1].close()
    with pytest.raises(psycopg.OperationalError):
        contents.read(*opened)
