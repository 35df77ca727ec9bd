"""``manage.py training``: a place to learn, apart from the station's records, until Ctrl-C."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import embedded


def environment(base: dict[str, str], var: Path) -> dict[str, str]:
    """The environment of the training installation: its own folder and database, nothing of the real one."""
    kept = {
        name: value
        for name, value in base.items()
        if name != "DATABASE_URL" and not name.startswith("TRAMYTE_")
    }
    own = {"TRAMYTE_DEMO": "1", "TRAMYTE_TRAINING": "1", "TRAMYTE_VAR": str(var / "training")}
    return kept | own | {"TRAMYTE_HOSTS": "localhost 127.0.0.1"}


class Command(BaseCommand):
    help = "Chạy bản tập huấn: cơ sở dữ liệu riêng, người giả định, không gửi đi đâu (--reset: làm lại)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="xóa dữ liệu tập huấn rồi dừng")
        parser.add_argument("--people", type=int, help="số người của xã giả định")
        parser.add_argument("--port", type=int, default=8090, help="cổng trên máy này (8090)")

    def handle(self, *args: Any, reset: bool, people: int | None, port: int, **options: Any) -> None:
        if settings.DEMO:
            raise CommandError("Lệnh này chạy từ bản cài đặt thật, không từ bản demo hay bản tập huấn.")
        given = [*(["--reset"] if reset else []), *(["--people", str(people)] if people else [])]
        wanted = environment(dict(os.environ), embedded.var_dir()) | {"PORT": str(port)}
        program = str(settings.BASE_DIR / "manage.py")
        # Settings are read once a process: the training installation is one of its own.
        os.execve(sys.executable, [sys.executable, program, "demo", *given], wanted)  # noqa: S606
