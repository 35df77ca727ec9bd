"""Seals the audit and the read log each night, proves them, and removes what is beyond its years.

Nothing of this is on the way of a write. A seal covers every row whose `seq` was drawn before the sealing
began: rows of transactions that were still open then are waited for, so a row committed late is in this seal
or the next, never between two.
"""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection, models, transaction
from django.utils import timezone

from apps.core import audit, parameters, seals
from apps.core.models import AuditEntry, LogSeal, ReadEntry, SealKind

log = structlog.get_logger(__name__)

MODELS: dict[str, type[models.Model]] = {"audit": AuditEntry, "read": ReadEntry}
TITLES = {"audit": "Nhật ký thao tác", "read": "Nhật ký xem"}
KEPT_YEARS = {"audit": "audit.keep_years", "read": "readlog.keep_years"}

MOST = 200_000  # rows of one seal: some seconds of hashing, a megabyte of marks
PATIENCE = 60.0  # seconds to wait for open transactions; a longer one leaves the sealing to the next night
TURN = 7_300_118  # key of the advisory lock: two sealings at once take turns


class Busy(RuntimeError):
    """A transaction that wrote to the log is open for longer than PATIENCE: seal later."""


@dataclass(frozen=True)
class Broken:
    """What verify found: the seal and, where it can be told, the row."""

    log: str
    number: int | None
    sentence: str


def seal_all(*, patience: float = PATIENCE) -> list[LogSeal]:
    """Seal both logs up to now. The nightly work; may be run at any time. Raises Busy."""
    return [made for name in MODELS for made in seal(name, patience=patience)]


def seal(name: str, *, patience: float = PATIENCE) -> list[LogSeal]:
    """Seal one log up to now: one seal a night, more when there are more than MOST rows."""
    upto = _settled(name, patience)
    made: list[LogSeal] = []
    while True:
        with _turn():
            last = LogSeal.objects.filter(log=name, kind=SealKind.SEALED).order_by("-number").first()
            begin = last.to_seq + 1 if last else 1
            rows = _rows(name, seals.FORM, begin, upto, MOST)
            found = seals.covered(rows)
            full = found.count == MOST
            if not found.count and last and (made or _same_day(last.sealed_at)):
                return made  # a day without a row is sealed once
            end = found.seqs[-1] if full else max(upto, begin - 1)
            one = _link(
                name,
                kind=SealKind.SEALED,
                from_seq=begin,
                to_seq=end,
                count=found.count,
                digest=found.digest,
                first_at=found.first_at,
                last_at=found.last_at,
                marks=bytes(found.marks),
            )
        # The line in the log of the machine is a copy of the hash that stands outside the database.
        log.info("log.sealed", log=name, number=one.number, rows=one.count, hash=one.hash)
        made.append(one)
        if not full:
            return made


def verify(name: str, *, kept_hash: str = "") -> Iterator[Broken]:
    """Recompute the whole chain of one log and tell what is not as it was sealed, oldest first.

    `kept_hash` is the hash of any seal that was kept outside: it must stand in the chain.
    """
    previous, number, upto = "", 0, 0
    hashes = {}
    # The marks are read only where a seal is broken.
    links = list(LogSeal.objects.filter(log=name).order_by("number").defer("marks"))
    removed = {link.from_seq: link for link in links if link.kind == SealKind.REMOVED}
    if links and (early := _outside(name, links[0].from_seq)):
        yield Broken(name, None, f"có {early} dòng nằm trước niêm phong đầu tiên")
    for link in links:
        number += 1
        hashes[link.hash] = link
        if link.number != number:
            yield Broken(name, number, "thiếu niêm phong này")
            number = link.number
        if link.previous != previous:
            yield Broken(name, link.number, "không nối với niêm phong trước")
        if link.hash != _hash(link):
            yield Broken(name, link.number, "mã của chính niêm phong không khớp")
        previous = link.hash
        if link.kind == SealKind.REMOVED:
            if sentence := _wrongly_removed(name, link, hashes.get(link.digest)):
                yield Broken(name, link.number, sentence)
            continue
        if link.from_seq != upto + 1:
            yield Broken(name, link.number, f"không nối tiếp dòng {upto}")
        upto = link.to_seq
        if sentence := _compared(name, link, removed.get(link.from_seq)):
            yield Broken(name, link.number, sentence)
    if kept_hash and kept_hash not in hashes:
        yield Broken(name, None, "không có niêm phong nào mang mã đã giữ bên ngoài")


def unsealed(name: str) -> int:
    """How many rows wait for the next seal."""
    last = LogSeal.objects.filter(log=name, kind=SealKind.SEALED).order_by("-number").first()
    return MODELS[name]._default_manager.filter(seq__gt=last.to_seq if last else 0).count()


def removable(name: str) -> list[LogSeal]:
    """The oldest seals whose every row is beyond the years of the law, without a gap."""
    today = timezone.localdate()
    years = _kept_years(name, today)
    sealed = LogSeal.objects.filter(log=name).order_by("number").defer("marks")
    gone = {link.from_seq for link in sealed if link.kind == SealKind.REMOVED}
    found = []
    for link in sealed:
        if link.kind == SealKind.REMOVED or link.from_seq in gone or not link.count:
            continue
        if link.last_at is None or _years_after(link.last_at, years) > timezone.now():
            break
        found.append(link)
    return found


def remove(link: LogSeal) -> LogSeal:
    """Delete the rows of one seal beyond its years; the seal stays, and a new one tells of the removal.

    Needs the owner of the tables: the application's own account cannot set the trigger aside.
    """
    if link not in removable(link.log):
        raise ValueError("this seal's rows are to be kept, or are gone")
    if sentence := _compared(link.log, link, None):
        raise ValueError(f"seal {link.number} does not hold: {sentence}")
    table = MODELS[link.log]._meta.db_table
    with _turn(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        cursor.execute(
            f"DELETE FROM {table} WHERE seq BETWEEN %s AND %s",  # noqa: S608 - one of MODELS  # nosec B608
            [link.from_seq, link.to_seq],
        )
        gone = cursor.rowcount
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
        if gone != link.count:
            raise ValueError(f"seal {link.number} has {link.count} rows, {gone} were found")
        made = _link(
            link.log,
            kind=SealKind.REMOVED,
            from_seq=link.from_seq,
            to_seq=link.to_seq,
            count=gone,
            digest=link.hash,
            first_at=link.first_at,
            last_at=link.last_at,
            marks=b"",
        )
        audit.record("log.removed", object_id=made.pk, data={"log": TITLES[link.log].lower(), "rows": gone})
    return made


# --- parts


def _settled(name: str, patience: float) -> int:
    """The last `seq` drawn, once every transaction that may have drawn one up to it has ended.

    Whoever inserts holds ROW EXCLUSIVE on the table until the end of the transaction, and holds it before
    the number is drawn. Nobody is blocked by looking.
    """
    table = MODELS[name]._meta.db_table
    with connection.cursor() as cursor:
        named = f"FROM {table}_seq"  # one of MODELS
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END " + named)
        upto = int(cursor.fetchone()[0])
        wait = _writers(cursor, table)
        until = time.monotonic() + patience
        while wait := wait & _writers(cursor, table):
            if time.monotonic() > until:
                raise Busy(name)
            time.sleep(0.05)
    return upto


def _writers(cursor: Any, table: str) -> set[str]:
    cursor.execute(
        "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted"
        " AND mode = 'RowExclusiveLock'"
        " AND relation = %s::regclass AND pid IS DISTINCT FROM pg_backend_pid()"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [table],
    )
    return {row[0] for row in cursor.fetchall()}


@contextmanager
def _turn() -> Iterator[None]:
    """A transaction in which nobody else makes a seal."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
        yield


def _rows(name: str, form: int, begin: int, end: int, most: int | None = None) -> Iterator[Any]:
    columns = seals.COLUMNS[name, form]
    rows = MODELS[name]._default_manager.filter(seq__gte=begin, seq__lte=end).order_by("seq")
    yield from rows.values_list(*columns)[:most].iterator(chunk_size=5_000)


def _outside(name: str, begin: int) -> int:
    return MODELS[name]._default_manager.filter(seq__lt=begin).count()


def _compared(name: str, link: LogSeal, removal: LogSeal | None) -> str:
    """What is wrong with the rows of a seal, or ''."""
    if removal is not None:
        left = MODELS[name]._default_manager.filter(seq__gte=link.from_seq, seq__lte=link.to_seq).count()
        return f"có {left} dòng ở phần đã xóa" if left else ""
    found = seals.covered(_rows(name, link.form, link.from_seq, link.to_seq))
    if found.count == link.count and found.digest == link.digest:
        return ""
    marks = bytes(LogSeal.objects.values_list("marks", flat=True).get(pk=link.pk))
    return seals.first_difference(marks, found)


def _wrongly_removed(name: str, removal: LogSeal, link: LogSeal | None) -> str:
    """What is wrong with a removal, or ''."""
    if link is None or (link.from_seq, link.last_at) != (removal.from_seq, removal.last_at):
        return "việc xóa này không thuộc niêm phong nào"
    years = _kept_years(name, timezone.localdate(removal.sealed_at))
    if link.last_at is None or _years_after(link.last_at, years) > removal.sealed_at:
        return f"đã xóa khi chưa đủ {years} năm"
    return ""


def _link(name: str, **said: Any) -> LogSeal:
    """The next link of a chain."""
    last = LogSeal.objects.filter(log=name).order_by("-number").first()
    link = LogSeal(
        log=name,
        number=last.number + 1 if last else 1,
        previous=last.hash if last else "",
        form=seals.FORM,
        sealed_at=timezone.now(),
        **said,
    )
    link.hash = _hash(link)
    link.save(force_insert=True)
    return link


def _hash(link: LogSeal) -> str:
    return seals.seal_hash(
        log=link.log,
        number=link.number,
        kind=link.kind,
        from_seq=link.from_seq,
        to_seq=link.to_seq,
        count=link.count,
        form=link.form,
        digest=link.digest,
        previous=link.previous,
        times=[link.first_at, link.last_at, link.sealed_at],
    )


def _same_day(at: dt.datetime) -> bool:
    return timezone.localdate(at) == timezone.localdate()


def _kept_years(name: str, on: dt.date) -> int:
    return int(parameters.value(KEPT_YEARS[name], on=on))


def _years_after(at: dt.datetime, years: int) -> dt.datetime:
    try:
        return at.replace(year=at.year + years)
    except ValueError:  # 29 February
        return at.replace(year=at.year + years, day=28)
