"""Send what waits in the outbox, as it comes: where there is no broker."""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core.scope import system
from apps.sync import attending, backfill, services, worker


class Command(BaseCommand):
    help = "Send records to their receivers as they are finished"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due, then stop")
        parser.add_argument(
            "--parallel", type=int, default=settings.SYNC_PARALLEL, help="people sent at the same time"
        )

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
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        self.stdout.write("sync worker started")
        self.stdout.flush()
        attending.attend(parallel=options["parallel"], stop=lambda: self.stopping)
        self.stdout.write("sync worker stopped")

    def _stop(self, *_: Any) -> None:
        self.stopping = True
