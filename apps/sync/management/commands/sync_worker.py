"""Send what waits in the outbox, as it comes: where there is no broker."""

import logging
import os
import signal
import sys
import time
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.core.scope import system
from apps.sync import backfill, services, verifying, worker
from apps.sync.outbox import CHANNEL

log = logging.getLogger("tramyte.sync")
NOT_PSYCOPG = {"cursor_factory", "context", "pool", "prepare_threshold"}  # Django's own wishes
POLL = 1.0  # seconds: what no notification tells of (waits that end, leases that run out)


class Command(BaseCommand):
    help = "Send records to their receivers as they are finished"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due, then stop")
        parser.add_argument("--parallel", type=int, default=4, help="people sent at the same time")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        if settings.DEMO and (url := os.environ.get("TRAMYTE_DEMO_RECEIVER")):
            receiver, new = services.receiver_for_demo(root=url.rstrip("/"))
            if new:
                with system("the demo's receiver hears of the visits of today"):
                    list(backfill.queue(receiver, timezone.localdate()))
        if options["once"]:
            done = worker.drain(parallel=options["parallel"])
            self.stdout.write(", ".join(f"{name}: {count}" for name, count in sorted(done.items())) or "0")
            return
        # Who waits for an answer is soon heard while another record is being built.
        sys.setswitchinterval(0.001)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        self.stdout.write("sync worker started")
        self.stdout.flush()
        listener: psycopg.Connection[Any] | None = None
        while not self.stopping:
            try:
                done = worker.run_once(parallel=options["parallel"], stop=lambda: self.stopping)
                if done or self.stopping or verifying.verify_due():
                    continue
                listener = _wait(listener)
            except (DatabaseError, psycopg.Error):
                # the database is away: look again, and keep nothing of the old lines
                log.exception("sync.database_away")
                connection.close()
                listener = None
                time.sleep(POLL)
            except Exception:
                # one round went wrong: what it had claimed returns when its lease runs out
                log.exception("sync.round_failed")
                time.sleep(POLL)
        self.stdout.write("sync worker stopped")

    def _stop(self, *_: Any) -> None:
        self.stopping = True


def _wait(listener: psycopg.Connection[Any] | None) -> psycopg.Connection[Any]:
    """Until something is put into the outbox, at most a second. The listening line is kept between waits."""
    if listener is None or listener.closed:
        params = {k: v for k, v in connection.get_connection_params().items() if k not in NOT_PSYCOPG}
        listener = psycopg.connect(**params, autocommit=True)
        listener.execute(f"LISTEN {CHANNEL}")
    for _ in listener.notifies(timeout=POLL, stop_after=1):
        pass
    return listener
