"""Plays a scenario at a number of clients and collects the shots."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.client import Client, Shot
from tests.benchmarks.report import Limit, Line
from tests.benchmarks.store import PASSWORD, Station

Play = Callable[[Client, Station, random.Random], Shot]
Bare = Callable[[Station, random.Random], float]

WARM_UP = 3  # requests of each client before the clock counts: imports, connections, caches of a process


@dataclass(frozen=True)
class Scenario:
    """`play` makes one timed request as a station's doctor; `bare` times the plain SQL of the same rows
    (ms)."""

    name: str
    play: Play
    limit: Limit = field(default_factory=Limit)
    bare: Bare | None = None
    share: float = 1.0  # of the requests asked for; below 1 for what changes rows


def run(
    scenario: Scenario, address: str, stations: Sequence[Station], *, clients: int, requests: int
) -> Line:
    """`requests` shared among `clients`, each signed in at a station of its own."""
    shots: list[Shot] = []
    errors: list[BaseException] = []
    ready = threading.Barrier(clients + 1, timeout=120)
    each = max(1, round(requests * scenario.share / clients))

    def work(place: int) -> None:
        station, rng = stations[place % len(stations)], random.Random(f"{scenario.name} {place}")
        try:
            with Client(address, station.username, PASSWORD, place) as client:
                for _ in range(WARM_UP):
                    scenario.play(client, station, rng)
                ready.wait()
                shots.extend([scenario.play(client, station, rng) for _ in range(each)])
        except BaseException as error:
            errors.append(error)
            ready.abort()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    try:
        ready.wait()
    except threading.BrokenBarrierError:
        pass
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if errors:
        raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
    seconds = time.perf_counter() - began
    return Line(scenario.name, clients, shots, seconds, _bare(scenario, stations), scenario.limit)


def _bare(scenario: Scenario, stations: Sequence[Station]) -> float | None:
    if scenario.bare is None:
        return None
    rng = random.Random(scenario.name)
    times = sorted(scenario.bare(stations[0], rng) for _ in range(21))
    return times[len(times) // 2]
