"""What a database holds, as numbers that can be compared: rows and a hash of every table.

The hash does not depend on the order of rows, on the server's major version or on its settings: MD5 of each
row's text, both halves summed over the table. It is computed in the database, where the rows are, and finds
damage; against forgery stands the encryption of the archive. Generated columns are left out (the server makes
them from the others).

Sums can be added: a table is read in pieces of its pages, by as many connections as are given, largest first.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

Contents = dict[str, list[Any]]  # table -> [rows, hash]

PAGES = 16_384  # of a piece: 128 MB, a minute at most
TABLES = """
SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''),
       pg_relation_size(c.oid) / current_setting('block_size')::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
GROUP BY n.nspname, c.relname, c.oid ORDER BY pg_relation_size(c.oid) DESC, 1, 2
"""
# OFFSET 0 keeps the planner from writing md5(...) into both sums, where it would be computed twice a row.
SUMS = """
SELECT count(*), coalesce(sum(('x' || left(h, 16))::bit(64)::bigint), 0),
       coalesce(sum(('x' || right(h, 16))::bit(64)::bigint), 0)
FROM (SELECT md5(ROW({columns})::text) AS h FROM {table} {pages} OFFSET 0) AS hashed
"""
# The text of a value depends on these. The connections are the parallelism: pg_dump needs a processor too.
SESSION = (
    "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';"
    "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET jit = off;"
    "SET max_parallel_workers_per_gather = 0"
)


@dataclass
class _Table:
    """What is known of a table so far; `left` are its pieces that have not been read."""

    name: str
    place: Identifier
    columns: list[str]
    left: int = 0
    rows: int = 0
    first: int = 0
    second: int = 0

    def entry(self) -> list[Any]:
        sums = (f"{value % 2**128:032x}" for value in (self.first, self.second))
        text = "\n".join([",".join(self.columns), str(self.rows), *sums])
        return [self.rows, hashlib.sha256(text.encode()).hexdigest()]


def read(
    first: "psycopg.Connection[Any]",
    *more: "psycopg.Connection[Any]",
    tell: Callable[[str], None] = lambda table: None,
) -> Contents:
    """Rows and hash of every table as the connections see them: one snapshot, or a database at rest."""
    tables, pieces = _pieces(first)
    lock, failed = threading.Lock(), list[BaseException]()

    def work(opened: "psycopg.Connection[Any]") -> None:
        try:
            opened.execute(SESSION)
            while not failed:
                with lock:
                    if not pieces:
                        return
                    table, pages = pieces.popleft()
                row = opened.execute(_query(table, pages)).fetchone() or (0, 0, 0)
                with lock:
                    table.rows, table.left = table.rows + int(row[0]), table.left - 1
                    table.first, table.second = table.first + int(row[1]), table.second + int(row[2])
                    if not table.left:
                        tell(table.name)
        except BaseException as error:  # raised again below, in the caller's thread
            failed.append(error)
            for other in (first, *more):
                other.cancel()

    helpers = [threading.Thread(target=work, args=[each], name="contents") for each in more]
    for helper in helpers:
        helper.start()
    work(first)
    for helper in helpers:
        helper.join()
    if failed:
        raise failed[0]
    return {table.name: table.entry() for table in sorted(tables, key=lambda table: table.name)}


def _pieces(opened: "psycopg.Connection[Any]") -> tuple[list[_Table], deque[tuple[_Table, Composable]]]:
    """Every table, and what is to be read of each, largest first; the last piece of a table has no end."""
    tables: list[_Table] = []
    pieces: deque[tuple[_Table, Composable]] = deque()
    for schema, name, columns, pages in opened.execute(TABLES).fetchall():
        shown = name if schema == "public" else f"{schema}.{name}"
        table = _Table(shown, Identifier(schema, name), columns or [])
        tables.append(table)
        starts = range(0, max(int(pages), 1), PAGES)
        table.left = len(starts)
        for start in starts:
            within = [SQL("ctid >= {}::tid").format(Literal(f"({start},0)"))] if start else []
            if start != starts[-1]:
                within.append(SQL("ctid < {}::tid").format(Literal(f"({start + PAGES},0)")))
            pieces.append((table, SQL("WHERE ") + SQL(" AND ").join(within) if within else SQL("")))
    return tables, pieces


def _query(table: _Table, pages: Composable) -> Composed:
    columns = SQL(", ").join(map(Identifier, table.columns))
    return SQL(SUMS).format(columns=columns, table=table.place, pages=pages)


def differences(expected: Contents, found: Contents) -> list[str]:
    """Each table that is not the same, as a sentence; empty when all are equal."""
    lines = []
    for table in sorted(expected.keys() | found.keys()):
        want, have = expected.get(table), found.get(table)
        if have is None:
            lines.append(f"thiếu bảng {table}")
        elif want is None:
            lines.append(f"thừa bảng {table}")
        elif want[0] != have[0]:
            lines.append(f"bảng {table}: {have[0]} dòng, phải là {want[0]}")
        elif want[1] != have[1]:
            lines.append(f"bảng {table}: nội dung khác (mã băm không khớp)")
    return lines


def total_rows(contents: Contents) -> int:
    return sum(int(rows) for rows, _ in contents.values())
