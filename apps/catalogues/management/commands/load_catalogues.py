"""Loads everything that ships under fixtures/: every room's loaders, in order. May be run again."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.core import registry
from apps.core.registry import Loader, LoadReport
from apps.core.scope import system
from apps.core.words import quantity_words


class Command(BaseCommand):
    help = "Nạp các danh mục đi kèm phần mềm; chạy lại bao nhiêu lần cũng được."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only", action="append", metavar="KHÓA", help="chỉ nạp danh mục này (có thể lặp lại)"
        )
        parser.add_argument("--dry-run", action="store_true", help="chỉ cho biết sẽ thay đổi gì")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = self._chosen(options["only"])
        began = time.monotonic()
        total = LoadReport()
        with system("load_catalogues"), transaction.atomic() if options["dry_run"] else nullcontext():
            for place, loader in enumerate(chosen, start=1):
                report = self._load(loader, f"[{place}/{len(chosen)}]")
                total.added += report.added
                total.changed += report.changed
                total.withdrawn += report.withdrawn
                total.unchanged += report.unchanged
            if options["dry_run"]:
                transaction.set_rollback(True)
        changes = total.added + total.changed + total.withdrawn
        word = "Sẽ thay đổi" if options["dry_run"] else "Đã thay đổi"
        seconds = quantity_words(time.monotonic() - began, 1)
        self.stdout.write(f"{word} {quantity_words(changes)} dòng trong {seconds} giây.")

    def _chosen(self, only: list[str] | None) -> list[Loader]:
        known = {loader.key: loader for loader in registry.loaders}
        unknown = [key for key in only or () if key not in known]
        if unknown:
            raise CommandError(f"Không có danh mục {', '.join(unknown)}. Có: {', '.join(known)}.")
        return [loader for key, loader in known.items() if not only or key in only]

    def _load(self, loader: Loader, place: str) -> LoadReport:
        began = time.monotonic()
        report = LoadReport()
        try:
            loader.load(Path(settings.BASE_DIR) / "fixtures", report)
        except Exception as error:
            raise CommandError(
                f"{place} {loader.title}: không nạp được ({error}). Sửa rồi chạy lại."
            ) from error
        counts = (
            f"thêm {quantity_words(report.added)}, sửa {quantity_words(report.changed)}, "
            f"ngừng {quantity_words(report.withdrawn)}, giữ nguyên {quantity_words(report.unchanged)}"
        )
        seconds = quantity_words(time.monotonic() - began, 1)
        self.stdout.write(f"{place} {loader.title}: {counts} ({seconds} giây)")
        for note in report.notes:
            self.stdout.write(f"    {note}")
        return report
