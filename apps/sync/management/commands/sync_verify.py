"""Ask the receivers now what they hold of what they accepted, and say where it differs."""

import datetime as dt
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.scope import system
from apps.sync import comparing, verifying
from apps.sync.models import Comparison, Receiver
from apps.sync.receivers.base import Found


class Command(BaseCommand):
    help = "Compare what receivers hold with what they accepted; what is lost is sent again by the worker"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--days", type=int, default=comparing.NIGHTS, help="days back, today included")
        parser.add_argument("--receiver", default="", help="code of one receiver (default: all that are on)")
        parser.add_argument("--minutes", type=int, default=60, help="stop after; the rest is the worker's")

    def handle(self, *args: Any, **options: Any) -> None:
        receivers = Receiver.objects.filter(is_on=True)
        if options["receiver"]:
            receivers = receivers.filter(code=options["receiver"])
            if not receivers:
                raise CommandError(f"no receiver {options['receiver']!r} that is on")
        last = timezone.localdate()
        first = last - dt.timedelta(days=max(options["days"], 1) - 1)
        end = time.monotonic() + options["minutes"] * 60
        with system("sync_verify"):
            for receiver in receivers:
                comparing.ask(receiver, first, last, timezone.now())
        while time.monotonic() < end:
            done = verifying.verify_due(limit=50)
            if not done or set(done) == {Found.UNKNOWN}:
                break
        rows = Comparison.objects.filter(receiver__in=receivers, on__gte=first).select_related("receiver")
        for row in rows:
            self.stdout.write(
                f"{row.receiver.code} {row.on:%Y-%m-%d} {row.kind}: ours {row.ours}, theirs {row.theirs}, "
                f"missing {row.missing}, changed {row.changed}: {_word(row)}"
            )
        if not all(row.finished_at and row.equal for row in rows):
            raise CommandError("not all is the same, or not all was answered", returncode=2)


def _word(row: Comparison) -> str:
    if not row.finished_at:
        return "not finished"
    return "same" if row.equal else f"{row.unanswered} unanswered" if row.unanswered else "differs"
