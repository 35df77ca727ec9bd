"""`make bench`: load, serve, play, print, judge. Ends with 1 when a measure falls short."""

import argparse
import os
import sys
import time
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]


def busy(load: float, processors: int) -> str:
    """How far the times may be trusted: who shares the processors measures the neighbours too.

    `load` is that of the minute before the first request: the bench's own clients are not in it.
    """
    told = f"\nload {load:.1f} on {processors} processors before it began"
    if load > processors / 2:
        told += ": BUSY, other work took most of the time; read queries, KB and CPU ms, run it again alone"
    return told


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--stations", type=int, default=20)
    parser.add_argument("--intensity", type=float, default=0.5, help="visits, as a share of the usual")
    parser.add_argument(
        "--requests", type=int, default=120, help="timed requests of a scenario at one client"
    )
    parser.add_argument("--port", type=int, default=8170)
    parser.add_argument("--load", action="store_true", help="load the people and stop")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8], help="how many at once")
    parser.add_argument(
        "--morning", type=float, metavar="MINUTES", help="only a morning of 40 nurses, this long"
    )
    parser.add_argument("--sync", action="store_true", help="only what sending upward costs")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    wanted = parser.parse_args()

    # Its own folder and server: a bench never touches the data of this checkout, nor a real database.
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {
        "TRAMYTE_VAR": str(BASE / "var" / "bench"),
        "TRAMYTE_DEMO": "1",
        "TRAMYTE_LOG_LEVEL": "ERROR",
    }
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    from config import embedded

    django.setup()
    from django.core.management import call_command

    from tests.benchmarks import morning, playing, report, scenarios, serving, store, syncing

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        began = time.monotonic()
        store.prepare(wanted.people, wanted.stations, wanted.intensity, say)
        say(f"database ready after {time.monotonic() - began:.0f} s")
        if wanted.load:
            return 0
        if wanted.sync:
            before = os.getloadavg()[0]
            found = syncing.run(say)
            say(busy(before, os.cpu_count() or 1))
            return 1 if any(measure.short for measure in found) else 0
        call_command("collectstatic", verbosity=0, interactive=False)
        stations = store.stations(sample=200)
        lines = []
        before = os.getloadavg()[0]
        log = embedded.var_dir() / "gunicorn.log"
        with serving.served({}, port=wanted.port, log=log) as address:
            if wanted.morning:
                lines += morning.run(address, stations, minutes=wanted.morning)
            for clients in wanted.clients if not wanted.morning else ():
                requests = wanted.requests * (1 if clients == 1 else 2)
                for scenario in scenarios.ALL:
                    if wanted.only in scenario.name:
                        line = playing.run(scenario, address, stations, clients=clients, requests=requests)
                        lines.append(line)
                        say(f"  {scenario.name}, {clients} clients: p95 {line.p95:.0f} ms")
        say("\n" + report.table(lines))
        say(busy(before, os.cpu_count() or 1))
        short = [each for line in lines for each in line.shortfalls()]
        for each in short:
            say(f"SHORT: {each}")
        return 1 if short else 0
    finally:
        embedded.stop()


if __name__ == "__main__":
    sys.exit(main())
