"""Look at the installation and say what to do. Ends with 0 (well), 1 (soon) or 2 (now)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import doctor
from apps.core.models import DoctorFinding

MARKS = {"ok": "tốt   ", "warn": "CHÚ Ý ", "bad": "HỎNG  "}
CODES = {"ok": 0, "warn": 1, "bad": 2}


class Command(BaseCommand):
    help = "Kiểm tra máy chủ và cách xử lý từng mục. Mã kết thúc: 0 tốt, 1 có mục cần chú ý, 2 có mục hỏng."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = doctor.examine()
        for finding in findings:
            said = finding.result
            self.stdout.write(f"{MARKS[said.state]} {finding.check.title}: {said.sentence}")
            if said.what_to_do:
                self.stdout.write(f"        → {said.what_to_do}")
            if said.at_server:
                self.stdout.write(f"        → {said.at_server}")
        if _has_table():
            doctor.keep(findings)
        sys.exit(CODES[doctor.worst(findings)])


def _has_table() -> bool:
    """Before the first migration there is nowhere to keep what was found."""
    from django.db import connection

    return DoctorFinding._meta.db_table in connection.introspection.table_names()
