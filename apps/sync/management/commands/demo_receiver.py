"""Points the demo at its test receiver."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.sync import services
from apps.sync.models import ReceiverKind


class Command(BaseCommand):
    help = "Set the demo's receiver (only with TRAMYTE_DEMO=1 or in tests)"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--url", required=True, help="of the test receiver: http://127.0.0.1:8001")
        parser.add_argument(
            "--manner",
            choices=list(services.DEMO),
            default=ReceiverKind.FHIR,
            help="how it is spoken to",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO or settings.TESTING):
            raise CommandError("Chỉ dùng cho bản DEMO. Nơi nhận thật được khai báo trong trang quản trị.")
        receiver, new = services.receiver_for_demo(
            root=options["url"].rstrip("/").removesuffix("/fhir"), manner=options["manner"]
        )
        self.stdout.write(f"{'added' if new else 'kept'}: {receiver.code} {receiver.base_url}")
