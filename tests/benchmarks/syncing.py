"""`python -m tests.benchmarks --sync`: what sending upward costs, against a receiver that waits for 20 ms.

Receiver and worker are processes of their own, as they are at a station. The bare loop posts the same bodies
with httpx and does nothing else; both are measured in the same run, each against an empty receiver.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.db import connection, transaction
from django.utils import timezone

from apps.core.scope import system
from apps.encounters import states
from apps.encounters.events import VisitFinalised
from apps.encounters.models import Visit
from apps.sync import claims, outbox, push, subscribers, worker
from apps.sync.models import Delivery, OutboxRow, Receiver, RowState, SyncAnswer
from apps.sync.receivers import adapter_for
from config.embedded import BASE_DIR, var_dir
from tests.benchmarks.report import at
from tests.benchmarks.serving import free_port
from tests.receiver.server import Receiver as Warehouse

DELAY = 20  # ms that the receiver lets every sender wait
SHARE = 60  # percent of the bare loop
CLAIM_MS, MEMORY_MB, IDLE_S, SAVE_MS = 20, 200, 5.0, 5.0
STATEMENTS, BODY_KB = 3.0, 30.0
CODE = "bench"
TYPE = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
WAITING = """
INSERT INTO sync_outboxrow (id, created_at, updated_at, version, receiver_id, kind, aggregate_id, person_id,
    facility_id, state, change_no, sent_change, attempts, tries, conflicts, in_parts, next_at, changed_at,
    reason, issues, need)
SELECT uuidv7(-age), now() - age, now(), 1, %s, 'visit', gen_random_uuid(), md5((n %% %s)::text)::uuid,
    md5((n %% 100)::text)::uuid, 'pending', 1, 0, 0, 0, 0, false, now() - age, now() - age, '', '[]', ''
FROM generate_series(%s, 1, -1) n, LATERAL (SELECT n * interval '1 second' AS age)
"""


@dataclass(frozen=True)
class Measure:
    """One figure and what it may be; `least`: it must be at least that."""

    name: str
    value: float
    limit: float
    unit: str
    least: bool = False
    note: str = ""

    @property
    def short(self) -> bool:
        return self.value < self.limit if self.least else self.value > self.limit

    def __str__(self) -> str:
        bound = "at least" if self.least else "at most"
        told = f"{self.name}: {self.value:.1f} {self.unit} ({bound} {self.limit:g}){self.note}"
        return f"SHORT: {told}" if self.short else told


def run(say: Callable[[str], None], *, visits: int = 400, rows: int = 1_000_000) -> list[Measure]:
    """All measures of sending; the database is left without a trace of them."""
    found: list[Measure] = []

    def add(measure: Measure) -> None:
        found.append(measure)
        say(f"  {measure}")

    with system("measure what sending costs"):
        _clean()
        chosen = _visits(visits)
        try:
            add(_saving(chosen))
            for measure in counted(chosen[:60]):
                add(measure)
            for parallel in (1, 8):
                for measure in _sending(chosen, parallel):
                    add(measure)
            for measure in _waiting(rows):
                add(measure)
        finally:
            _clean()
    return found


def _visits(many: int) -> list[Visit]:
    """Finished visits, the newest of as many people."""
    newest = Visit.objects.filter(state=states.FINALISED).order_by("person_id", "-on").distinct("person_id")
    return list(newest[:many])


def _receiver(url: str, *, on: bool = True) -> Receiver:
    fields = {"name": "Kho đo", "base_url": url, "is_on": on, "allow_private": True}
    return Receiver.objects.create(code=CODE, **fields)


def _clean() -> None:
    SyncAnswer.objects.filter(row__receiver__code=CODE).delete()
    for model in (Delivery, OutboxRow):
        rows = model.objects.filter(receiver__code=CODE)
        rows._raw_delete(rows.db)
    Receiver.objects.filter(code=CODE).delete()


def _saving(chosen: list[Visit]) -> Measure:
    """What the end of a visit spends on telling the outbox, in its own transaction."""
    _receiver("http://127.0.0.1:9/fhir")
    times = []
    for visit in chosen:
        event = VisitFinalised(visit.pk, visit.person_id, visit.facility_id, visit.on)
        with transaction.atomic():
            began = time.perf_counter()
            subscribers.visit_final(event)
            times.append((time.perf_counter() - began) * 1000)
            transaction.set_rollback(True)
    _clean()
    return Measure("the request that saves spends on sync, p95", at(times, 0.95), SAVE_MS, "ms")


def counted(chosen: list[Visit]) -> list[Measure]:
    """What a record costs that no machine changes: statements of the worker, for each record more, and bytes
    of what leaves. Against a receiver in this process; at least a dozen visits.
    """
    some = len(chosen) // 3
    with Warehouse() as warehouse:
        receiver = _receiver(warehouse.base_url)
        few, many = _statements(receiver, chosen[:some]), _statements(receiver, chosen[some:])
        kilobytes = [note["bytes"] / 1000 for note in warehouse.requests]
    _clean()
    more = (many - few) / (len(chosen) - 2 * some)
    return [
        Measure("statements a record", more, STATEMENTS, ""),
        Measure("body of a record, p95", at(kilobytes, 0.95), BODY_KB, "KB"),
    ]


def _statements(receiver: Receiver, chosen: list[Visit]) -> int:
    """How many the worker needs for these."""
    with transaction.atomic():
        for visit in chosen:
            _put(visit)
    many = 0

    def count(execute: Callable[..., Any], *told: Any) -> Any:
        nonlocal many
        many += 1
        return execute(*told)

    with connection.execute_wrapper(count):
        worker.drain(parallel=8)
    ids = [visit.pk for visit in chosen]
    rows = OutboxRow.objects.filter(receiver=receiver, aggregate_id__in=ids, state=RowState.ACCEPTED)
    if rows.count() < len(chosen):
        raise RuntimeError(f"only {rows.count()} of {len(chosen)} were accepted")
    return many


def _sending(chosen: list[Visit], parallel: int) -> Iterator[Measure]:
    """The product beside the bare loop, then one record alone; the worker's memory over both."""
    bodies = _bodies(chosen)
    with _listening() as url:
        bare = _bare(url, bodies, parallel)
    with _listening() as url, _worker(parallel) as running:
        receiver = _receiver(url)
        _one(receiver, chosen[0])  # the worker has loaded what it loads once
        with transaction.atomic():
            for visit in chosen[1:]:
                _put(visit)
        began = time.perf_counter()
        _until_settled(receiver)
        ours = (len(chosen) - 1) / (time.perf_counter() - began)
        taken = OutboxRow.objects.filter(receiver=receiver, state=RowState.ACCEPTED).count()
        if taken < len(chosen):
            raise RuntimeError(f"only {taken} of {len(chosen)} were accepted")
        note = f", {ours:.0f} of {bare:.0f} a second"
        yield Measure(f"sending, {parallel} in flight", 100 * ours / bare, SHARE, "% of bare", True, note)
        time.sleep(1.5)  # idle again
        Delivery.objects.filter(receiver=receiver, aggregate_id=chosen[0].pk).update(body_hash="")
        yield Measure("saved to accepted when idle", _one(receiver, chosen[0]), IDLE_S, "s")
        yield Measure(f"memory of the worker, {parallel} in flight", running.peak, MEMORY_MB, "MB")
    _clean()


def _waiting(rows: int) -> Iterator[Measure]:
    """Claims, and the worker itself, before a very long queue."""
    receiver = _receiver("http://127.0.0.1:9/fhir")
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [receiver.pk, rows // 3, rows])
        cursor.execute("VACUUM (ANALYZE) sync_outboxrow")
    times = []
    for _ in range(200):
        began = time.perf_counter()
        claims.claim(receiver, 20, timezone.now())
        times.append((time.perf_counter() - began) * 1000)
    note = f", p50 {at(times, 0.5):.1f}"
    yield Measure(f"claim of 20 among {rows:,}, p95", at(times, 0.95), CLAIM_MS, "ms", note=note)
    with _worker(8) as running:  # these records are nowhere: the worker finds so and goes on
        until = time.monotonic() + 15
        while time.monotonic() < until:
            time.sleep(0.5)
    yield Measure(f"memory of the worker before {rows:,} rows", running.peak, MEMORY_MB, "MB")


def _bodies(chosen: list[Visit]) -> list[bytes]:
    receiver = _receiver("http://127.0.0.1:9/fhir")
    adapter = adapter_for(receiver)
    bodies = []
    for visit in chosen:
        row = OutboxRow(receiver=receiver, kind="visit", aggregate_id=visit.pk, person_id=visit.person_id)
        prepared = push.prepare(row, adapter, in_parts=False)
        if prepared is None or prepared.problems:
            raise RuntimeError("a visit of the bench may not leave")
        bodies.append(prepared.parts[0].body)
    _clean()
    return bodies


def _bare(url: str, bodies: list[bytes], parallel: int) -> float:
    """Posts a second of a loop that does nothing else."""
    kept = threading.local()

    def post(body: bytes) -> None:
        if not hasattr(kept, "client"):
            kept.client = httpx.Client(timeout=20)
        kept.client.post(url, content=body, headers=TYPE).raise_for_status()

    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(post, bodies[:parallel]))
        began = time.perf_counter()
        list(pool.map(post, bodies))
        return len(bodies) / (time.perf_counter() - began)


def _put(visit: Visit) -> None:
    outbox.put(kind="visit", aggregate_id=visit.pk, person_id=visit.person_id, facility_id=visit.facility_id)


def _one(receiver: Receiver, visit: Visit) -> float:
    """Seconds from the commit of one record to its acceptance."""
    _put(visit)
    began = time.perf_counter()
    _until_settled(receiver)
    return time.perf_counter() - began


def _until_settled(receiver: Receiver, seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    open_ = OutboxRow.objects.filter(receiver=receiver, state__in=[RowState.PENDING, RowState.IN_FLIGHT])
    while open_.exists():
        if time.monotonic() > until:
            raise RuntimeError("the worker did not come to an end")
        time.sleep(0.02)


@contextmanager
def _listening() -> Iterator[str]:
    """An empty test receiver in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "tests.receiver", "--port", str(port), "--delay-ms", str(DELAY)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().partition(": ")[2].strip()
        finally:
            process.terminate()


@dataclass
class _Running:
    peak: float = 0.0  # MB, of the worker and its children


@contextmanager
def _worker(parallel: int) -> Iterator[_Running]:
    """`sync_worker` as a station runs it; how much memory it had at most."""
    command = [sys.executable, "manage.py", "sync_worker", "--parallel", str(parallel)]
    running, ended = _Running(), threading.Event()
    with (var_dir() / "sync_worker.log").open("w") as log:
        with subprocess.Popen(
            command, cwd=BASE_DIR, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            watching = threading.Thread(target=_watch, args=(process.pid, running, ended))
            watching.start()
            try:
                assert process.stdout is not None
                if "started" not in process.stdout.readline():
                    raise RuntimeError("the worker did not start")
                yield running
            finally:
                ended.set()
                watching.join()
                process.send_signal(signal.SIGTERM)


def _watch(pid: int, running: _Running, ended: threading.Event) -> None:
    while not ended.wait(0.2):
        running.peak = max(running.peak, sum(_resident(each) for each in _family(pid)))


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(own for child in children for own in _family(int(child)))]


def _resident(pid: int) -> float:
    """MB of memory that are this process's share (shared pages are divided)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
