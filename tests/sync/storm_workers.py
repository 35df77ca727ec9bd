"""`python -m tests.sync.storm_workers FOLDER`: workers of a storm, each a process that can really be killed.

For each line that it reads it forks one that works at once (nothing is loaded anew) and says its number. They
end with who started them.
"""

import os
import signal
import sys
import time
import traceback
from pathlib import Path

import django
import httpx

FLYING = 4  # people at once
SILENT = 1.5  # seconds: a receiver that says nothing for so long


def main(folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings

    from apps.sync import kinds
    from apps.sync.receivers import http
    from tests.factories.shelves import SharedClock, Shelves

    settings.TESTING = True
    kinds._kinds.update(Shelves(folder).kinds())
    http.TIMEOUT = httpx.Timeout(SILENT, connect=5.0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who was killed leaves nothing behind
    clock, parent = SharedClock(folder / "clock"), os.getpid()
    print("ready", flush=True)
    for _ in sys.stdin:
        if pid := os.fork():
            print(pid, flush=True)
        else:
            work(clock, parent)
            os._exit(0)


def work(clock: object, parent: int) -> None:
    from apps.sync.worker import Worker

    working = Worker(clock=clock, parallel=FLYING)
    while os.getppid() == parent:
        try:
            if not working.turn():
                time.sleep(0.02)
        except Exception:
            traceback.print_exc()  # the test looks for it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
