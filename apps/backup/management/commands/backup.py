"""``manage.py backup``: one backup now. ``--list`` shows the copies, ``--verify`` checks one."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.backup import archive, making, places
from apps.backup.errors import BackupError


class Command(BaseCommand):
    help = "Sao lưu cơ sở dữ liệu và tệp đính kèm, mã hóa bằng khóa công khai của tỉnh."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--list", action="store_true", help="liệt kê các bản đang có")
        parser.add_argument("--verify", metavar="FILE", type=Path, help="đối chiếu một tệp, không cần khóa")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["list"]:
                self._list()
            elif options["verify"]:
                self._verify(options["verify"])
            else:
                self._make()
        except BackupError as error:
            raise CommandError(error.message) from error

    def _make(self) -> None:
        run = making.make(by="manage.py", tell=self.stdout.write)
        self.stdout.write(
            f"Đã sao lưu: {settings.BACKUP_DIR / run.file}, {archive.megabytes(run.size)} MB, "
            f"{run.tables} bảng, {run.rows} dòng, {run.attachments} tệp đính kèm."
        )
        if run.copy_reason:
            raise CommandError(f"Bản thứ nhất tốt, nhưng chưa chép được sang nơi thứ hai. {run.copy_reason}")
        if run.copied_to:
            self.stdout.write(f"Đã chép và đối chiếu tại nơi thứ hai: {run.copied_to}")

    def _list(self) -> None:
        names = sorted(path.name for path in settings.BACKUP_DIR.glob("*") if places.copy_of(path.name))
        for name in names:
            size = (settings.BACKUP_DIR / name).stat().st_size
            self.stdout.write(f"{name}  {archive.megabytes(size)} MB")
        if not names:
            self.stdout.write("Chưa có bản sao lưu nào.")

    def _verify(self, file: Path) -> None:
        with archive.ArchiveReader(file) as reader:
            reader.verify()
            for part in reader.parts:
                self.stdout.write(f"{part.name}  {part.size}  {part.sha256}")
        self.stdout.write("Tệp nguyên vẹn. Chỉ 'restore --check' với khóa riêng mới chứng tỏ khôi phục được.")
