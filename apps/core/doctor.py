"""The health of an installation: every room's checks (registry.checks), run, kept and shown with what to do.

`manage.py doctor` and the page look afresh; the worker's loop looks every few minutes and keeps what it
found, so that a home page costs one query.
"""

import datetime as dt
import logging
from dataclasses import dataclass

from django.utils import timezone

from apps.core import registry
from apps.core.models import DoctorFinding
from apps.core.registry import DoctorCheck, Result
from apps.core.scope import system

log = logging.getLogger(__name__)

# Older findings say that the worker does not run: it looks every few minutes.
STALE = dt.timedelta(hours=1)
GRAVE = {"bad": 0, "warn": 1, "ok": 2}
NOT_LOOKED = Result(
    "bad",
    "Không kiểm tra được mục này.",
    "Báo người quản trị máy chủ: lý do ghi trong nhật ký máy chủ.",
    "manage.py doctor",
)


@dataclass(frozen=True)
class Finding:
    """A check with what it said."""

    check: DoctorCheck
    result: Result


def examine() -> list[Finding]:
    """Run every check now, gravest first. One that fails itself is a bad finding and stops no other."""
    findings = []
    with system("doctor"):
        for check in registry.checks:
            try:
                result = check.run()
            except Exception:
                log.exception("doctor.check_failed", extra={"check": check.key})
                result = NOT_LOOKED
            findings.append(Finding(check, result))
    return sorted(findings, key=lambda finding: GRAVE[finding.result.state])


def keep(findings: list[Finding], now: dt.datetime | None = None) -> None:
    """Write down what was found, for the home page; findings of checks that are gone go too."""
    now = now or timezone.now()
    rows = [
        DoctorFinding(
            key=finding.check.key,
            state=finding.result.state,
            sentence=finding.result.sentence[:500],
            what_to_do=finding.result.what_to_do[:500],
            at=now,
        )
        for finding in findings
    ]
    DoctorFinding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["state", "sentence", "what_to_do", "at"],
    )
    DoctorFinding.objects.exclude(key__in=[row.key for row in rows]).delete()


def look() -> list[Finding]:
    """Examine and keep."""
    findings = examine()
    keep(findings)
    return findings


def worst(findings: list[Finding]) -> str:
    """The gravest state among findings; 'ok' for none."""
    return min((finding.result.state for finding in findings), key=GRAVE.__getitem__, default="ok")


@dataclass(frozen=True)
class Trouble:
    """A kept finding that somebody must act on."""

    title: str
    state: str
    sentence: str
    what_to_do: str


def troubles(now: dt.datetime | None = None) -> list[Trouble]:
    """What is wrong by the last look, gravest first; a look too long ago is itself trouble. One query."""
    now = now or timezone.now()
    rows = list(DoctorFinding.objects.all())
    found = [
        Trouble(check.title, row.state, row.sentence, row.what_to_do)
        for row in rows
        if row.state != "ok" and (check := registry.checks.get(row.key))
    ]
    if not rows or max(row.at for row in rows) < now - STALE:
        found.append(
            Trouble(
                "Tiến trình việc nền",
                "bad",
                "Máy chủ chưa được kiểm tra trong một giờ qua: tiến trình việc nền có thể không chạy.",
                "Báo người quản trị máy chủ khởi động lại tiến trình việc nền.",
            )
        )
    return sorted(found, key=lambda trouble: GRAVE[trouble.state])
