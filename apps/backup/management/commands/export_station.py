"""``manage.py export_station CODE FILE --reason …``: one station's own data as CSV, by the operator."""

import argparse
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone

from apps.backup import exporting
from apps.backup.errors import BackupError
from apps.core.scope import Scope
from apps.facilities.models import Facility, FacilityKind


class Command(BaseCommand):
    help = "Xuất dữ liệu của một trạm: CSV, từ điển dữ liệu, tệp đính kèm, trong một tệp zip."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("station", help="mã KCB hoặc mã (UUID) của trạm")
        parser.add_argument("file", type=Path, help="tệp zip sẽ ghi")
        parser.add_argument("--reason", required=True, help="lý do, được ghi vào nhật ký")
        parser.add_argument("--seal", action="append", default=[], metavar="age1…", help="khóa công khai")

    def handle(self, *args: Any, station: str, file: Path, reason: str, **options: Any) -> None:
        if file.exists():
            raise CommandError(f"Đã có tệp {file}.")
        scope = _scope(station)
        try:
            done = exporting.export(file, scope, reason=reason, keys=options["seal"])
        except BackupError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Đã xuất {done.rows} dòng, {len(done.people)} người: {file}")


def _scope(word: str) -> Scope:
    """What the station itself sees, for the operator."""
    today = timezone.localdate()
    stations = Facility.objects.on(today).filter(kind=FacilityKind.STATION)
    by = Q(kcb_code=word) | Q(pk=word) if _is_uuid(word) else Q(kcb_code=word)
    found = list(stations.filter(by)[:2])
    if len(found) != 1:
        raise CommandError(f"Không có trạm nào mang mã '{word}'.")
    points = Facility.objects.on(today).filter(part_of=found[0]).values_list("pk", flat=True)
    return Scope(
        user_id=None,
        username="manage.py",
        label=found[0].name,
        facility_ids=frozenset({found[0].pk, *points}),
        workplace_id=found[0].pk,
        rights=frozenset(exporting.RIGHTS),
    )


def _is_uuid(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True
