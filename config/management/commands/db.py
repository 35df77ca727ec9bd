"""``manage.py db start|stop|status|upgrade|reset``: the embedded PostgreSQL of this folder."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import embedded, upgrading


class Command(BaseCommand):
    help = "Cơ sở dữ liệu nhúng: khởi động, dừng, xem tình trạng."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "upgrade", "reset"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if not embedded.in_use():
            raise CommandError("DATABASE_URL đã được đặt: cơ sở dữ liệu nhúng không được dùng.")
        try:
            getattr(self, action)()
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from error

    def start(self) -> None:
        embedded.ensure()
        self.status()

    def stop(self) -> None:
        self.stdout.write("Đã dừng cơ sở dữ liệu." if embedded.stop() else "Cơ sở dữ liệu không chạy.")

    def upgrade(self) -> None:
        """After an update that brought a newer PostgreSQL: the former data folder is kept."""
        kept = upgrading.upgrade(embedded.var_dir(), self.stdout.write)
        if kept is None:
            self.stdout.write(f"Dữ liệu đã thuộc PostgreSQL {embedded.MAJOR}: không có gì phải nâng cấp.")
        else:
            self.stdout.write(
                f"Đã nâng cấp, mọi bảng khớp. Dữ liệu cũ được giữ tại {kept}; sao lưu rồi hãy xóa."
            )

    def reset(self) -> None:
        """For developers whose migrations were made anew: every row is lost."""
        if settings.PRODUCTION:
            raise CommandError("Không xóa cơ sở dữ liệu của một trạm thật.")
        embedded.remove()
        self.stdout.write("Đã xóa cơ sở dữ liệu nhúng.")

    def status(self) -> None:
        state = embedded.status()
        if state.running:
            line = f"Đang chạy, tiến trình {state.pid}, tài khoản {state.owner}"
        else:
            line = "Không chạy"
        self.stdout.write(f"{line}. Dữ liệu: {state.data}. Socket: {state.socket}")
