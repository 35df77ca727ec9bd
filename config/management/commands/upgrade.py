"""``manage.py upgrade``: everything a station does after new code, in one step that may be repeated."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import upgrade


class Command(BaseCommand):
    help = "Nâng cấp sau khi có bản phần mềm mới: kiểm tra, sao lưu, bảng dữ liệu, danh mục, tệp tĩnh."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--no-backup", action="store_true", help="đã tự sao lưu, không sao lưu nữa")
        parser.add_argument("--no-static", action="store_true", help="tệp tĩnh đã nằm trong bản cài đặt")

    def handle(self, *args: Any, no_backup: bool, no_static: bool, **options: Any) -> None:
        steps = upgrade.Steps(backup=not no_backup, static=not no_static)
        try:
            worst = upgrade.run(self.say, steps)
        except upgrade.UpgradeError as error:
            raise CommandError(str(error)) from error
        if worst == "bad":
            self.say("\nĐã nâng cấp, nhưng còn mục hỏng ở trên: xử lý trước khi cho người dùng vào.")
        self.say("\nBây giờ khởi động lại máy chủ web, tiến trình việc nền và tiến trình đồng bộ.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
