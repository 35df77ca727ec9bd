"""`python -m tests.receiver --port N [--store FILE] [--token T] [--chaos RATE]`. SIGTERM stops it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from .server import Chaos, Receiver

REFUSAL = "Lý do đến khám quá ngắn, cần ghi rõ triệu chứng và thời gian mắc"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.receiver",
        description="A receiver for tests and the demo: FHIR R4 under /fhir, QĐ 831 XML under /api.",
    )
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--store", type=Path, help="file that keeps what came; read again at the next start")
    parser.add_argument("--token", default="", help="bearer token that a sender must bring")
    parser.add_argument("--delay-ms", type=int, default=0, help="wait before each answer")
    parser.add_argument(
        "--chaos", type=float, default=0.0, metavar="RATE", help="share of requests that go wrong"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the chaos")
    parser.add_argument(
        "--refuse-first",
        action="store_true",
        help="a new store refuses the first record, once, with its reason",
    )
    options = parser.parse_args()
    if options.store:
        options.store.parent.mkdir(parents=True, exist_ok=True)
    new = options.store is None or not options.store.exists()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with Receiver(
        options.port, token=options.token, store=options.store, delay=options.delay_ms / 1000
    ) as receiver:
        if options.chaos:
            receiver.faults.chaos = Chaos(options.chaos, options.seed)
        if options.refuse_first and new:
            receiver.faults.add("422", text=REFUSAL)
        print(f"receiver: {receiver.base_url}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
