"""``manage.py restore FILE --key KEY --check``: prove a backup; ``--into NAME``: really put it back."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from apps.backup import restoring, sealing
from apps.backup.errors import BackupError


class Command(BaseCommand):
    help = "Khôi phục bên cạnh và đối chiếu (--check), hoặc khôi phục thật (--into TÊN)."
    requires_system_checks: list[str] = []  # it is used where the database is broken or empty

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="tệp sao lưu .tar")
        parser.add_argument("--key", required=True, help="tệp khóa riêng, hoặc - để gõ khóa từ giấy")
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--check", action="store_true", help="khôi phục bên cạnh, đối chiếu, rồi bỏ đi")
        way.add_argument("--into", metavar="NAME", help="tên cơ sở dữ liệu nhận")
        parser.add_argument("--replace", action="store_true", help="thay cơ sở dữ liệu đang có dữ liệu")
        parser.add_argument("--confirm", metavar="NAME", help="gõ lại tên thay cho câu hỏi")

    def handle(self, *args: Any, file: Path, key: str, into: str | None, **options: Any) -> None:
        try:
            opener = _key(key)
            if into is None:
                outcome = restoring.check(file, opener, self.stdout.write)
            else:
                if options["replace"]:
                    self._confirm(into, options["confirm"])
                connection.close()
                connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
                outcome = restoring.put_back(
                    file, opener, into=into, replace=options["replace"], tell=self.stdout.write
                )
        except BackupError as error:
            raise CommandError(error.message) from error
        self._report(outcome)
        if outcome.differences:
            raise CommandError("Bản sao lưu KHÔNG khớp: " + "; ".join(outcome.differences))
        if into is None:
            self.stdout.write("Bản sao lưu khôi phục được, mọi bảng khớp. Cơ sở dữ liệu đang chạy không đổi.")
            return
        self.stdout.write(
            f"Đã khôi phục vào '{into}'. Mọi người phải đăng nhập lại. Các nơi nhận đều đã tắt: nhập lại "
            "từ giấy những ngày bị mất trước, rồi mới xin bật (docs/runbooks/restore.md)."
        )
        if outcome.kept_as:
            self.stdout.write(f"Bản trước được giữ với tên '{outcome.kept_as}'; xóa tay khi chắc chắn.")
        if outcome.kept_files:
            self.stdout.write(f"Tệp đính kèm trước được giữ tại {outcome.kept_files}.")

    def _confirm(self, into: str, given: str | None) -> None:
        if given is None and sys.stdin.isatty():
            given = input(f"Gõ lại tên '{into}' để thay toàn bộ dữ liệu đang có: ")
        if given != into:
            raise BackupError("Tên gõ lại không khớp: không thay gì cả.")

    def _report(self, outcome: restoring.Outcome) -> None:
        manifest = outcome.manifest
        self.stdout.write(f"Số liệu lúc {manifest['taken_at']}, PostgreSQL {manifest['postgresql']}")
        self.stdout.write(
            f"{outcome.tables} bảng, {outcome.rows} dòng, {outcome.attachments} tệp đính kèm; "
            f"nạp {_minutes(outcome.load_seconds)}, đối chiếu {_minutes(outcome.compare_seconds)}, "
            f"tổng {_minutes(outcome.seconds)} phút"
        )


def _key(where: str) -> sealing.Identity:
    if where != "-":
        return sealing.identity_of(Path(where))
    typed = getpass.getpass("Khóa riêng: ") if sys.stdin.isatty() else sys.stdin.readline()
    return sealing.identity(typed)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}".replace(".", ",")
