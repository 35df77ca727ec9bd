"""``make demo``: everything of one invented station on this machine, until Ctrl-C."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.population.demo import PASSWORD
from config import demo, embedded
from config.processes import Died, Stopped, stop_on_signals


class Command(BaseCommand):
    help = "Chạy bản demo: một xã giả định, máy chủ web, tiến trình đồng bộ, máy nhận thử (dùng 'make demo')."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="xóa dữ liệu demo rồi dừng")
        parser.add_argument("--people", type=int, default=demo.PEOPLE, help="số người của xã giả định")
        parser.add_argument("--prepare-only", action="store_true", help="chỉ tạo dữ liệu, không chạy máy chủ")

    def handle(self, *args: Any, reset: bool, people: int, prepare_only: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Lệnh này chỉ chạy với TRAMYTE_DEMO=1; hãy dùng 'make demo'.")
        if not embedded.in_use():
            raise CommandError("Bản demo dùng cơ sở dữ liệu riêng; hãy bỏ DATABASE_URL.")
        stop_on_signals()
        var = embedded.var_dir()
        try:
            with demo.alone(var):
                if reset:
                    demo.reset(var, self.say)
                    return
                try:
                    demo.prepare(var, people, self.say)
                    if not prepare_only:
                        demo.serve(var, self.say, self.greet)
                finally:
                    embedded.stop(var)
        except Stopped:
            self.say(f"\nĐã dừng. Dữ liệu {demo.NAME} được giữ lại; chạy lại lệnh để làm tiếp.")
        except (demo.DemoError, embedded.EmbeddedError, Died) as error:
            raise CommandError(str(error)) from error

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def greet(self, address: str, accounts: list[tuple[str, str]]) -> None:
        self.say(f"\nTài khoản (mật khẩu chung: {PASSWORD})")
        for username, roles in accounts:
            self.say(f"  {username:<14}{roles}")
        self.say(f"\nBản {demo.NAME} chạy tại  {address}   (chỉ trên máy này; người trong đó là giả định)")
        self.say("Ctrl-C để dừng tất cả.")
