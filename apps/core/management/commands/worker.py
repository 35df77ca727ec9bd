"""Run background jobs where there is no broker."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.core import jobs


class Command(BaseCommand):
    help = "Run background jobs as they come (used without a broker)"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="run what waits, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            while jobs.run_one():
                pass
            return
        try:
            jobs.work()
        except KeyboardInterrupt:
            self.stdout.write("worker stopped")
