"""``manage.py make_morning``: the day under way of a demo that was made on an earlier day."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.scope import system
from apps.population import making, morning, prices


class Command(BaseCommand):
    help = "Thêm buổi sáng hôm nay vào bản demo đã có: người chờ, người đang khám, người khám xong."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Lệnh này chỉ chạy trong bản demo (TRAMYTE_DEMO=1).")
        station = morning.station_of_demo()
        try:
            made = morning.morning(station) if station else 0
        except (Refused, NeedsReason, PermissionDenied):
            # Somebody has changed rooms, rights or people of her demo: it starts all the same.
            self.stdout.write("• Không thêm được buổi sáng hôm nay: dữ liệu demo đã được sửa khác đi")
            return
        if made:
            with system("prices of the demo"):
                prices.prices(making.PROVINCE, timezone.localdate())
            self.stdout.write(f"• Buổi sáng hôm nay: {made} lượt khám")
