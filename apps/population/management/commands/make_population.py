"""Invented communes in the database, from a seed."""

import os
import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.scope import system
from apps.core.words import quantity_words
from apps.population import commune, demo, hamlets, herbs, issued, lives, making, prices
from apps.population.desk import desk
from apps.population.waiting_room import waiting_room


class Command(BaseCommand):
    help = (
        "Tạo xã giả định: hộ, người, lượt khám nhiều năm. Mọi người đều là giả định. Cùng số gốc (seed) "
        "và cùng ngày thì cùng dữ liệu. Không dùng nơi có người thật."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=8_000, help="số người (8.000)")
        parser.add_argument("--seed", type=int, default=1, help="số gốc (1)")
        parser.add_argument("--stations", type=int, default=0, help="số trạm (mặc định 8.000 người một trạm)")
        parser.add_argument("--on", type=date.fromisoformat, help="ngày hôm nay của dữ liệu, YYYY-MM-DD")
        parser.add_argument("--years", type=int, default=3, help="số năm có lượt khám (3)")
        parser.add_argument(
            "--intensity", type=float, help="1 là số lượt khám thường gặp (trên 200.000 người: 0,3)"
        )
        parser.add_argument(
            "--copy", action="store_true", help="nhiều trạm cùng lúc, mỗi lõi máy một tiến trình"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Lệnh này tạo người giả định, không chạy với TRAMYTE_ENV=production.")
        now = timezone.localtime()
        order = making.Order(
            people=options["people"],
            seed=options["seed"],
            on=options["on"] or now.date(),
            minute=commune.MORNING if options["on"] else now.hour * 60 + now.minute,
            stations=options["stations"],
            years=options["years"],
            intensity=making.usual_intensity(options["people"])
            if options["intensity"] is None
            else options["intensity"],
            processes=(os.cpu_count() or 1) if options["copy"] else 1,
        )
        began = time.monotonic()
        try:
            if settings.DEMO:
                with system("prices of the demo"):
                    prices.prices(making.PROVINCE, order.on)
            made = making.make(order, self._tell)
            if settings.DEMO:
                demo.accounts(made.stations[0])
                demo.cases(made.stations[0])
                demo.handover(made.stations[0])
                lives.lives(made.stations[0])
                issued.papers(made.stations[0])
                hamlets.news(made.stations[0])
                waiting_room(made.stations[0])
                desk(made.stations[0])
                herbs.formulas(made.stations[0])
        except Refused as refused:
            raise CommandError(refused.message) from refused
        total, seconds = quantity_words(sum(made.rows.values())), quantity_words(time.monotonic() - began, 1)
        self.stdout.write(f"  {total} dòng ở {len(made.stations)} trạm, {seconds} giây")
        if options["verbosity"] > 1:
            for table, count in sorted(made.rows.items()):
                self.stdout.write(f"  {table}: {quantity_words(count)}")

    def _tell(self, done: int, total: int) -> None:
        self.stdout.write(f"  {quantity_words(done)} / {quantity_words(total)} người")
        self.stdout.flush()
