"""Every parameter that code reads is shipped, and has a value today and in two months."""

import datetime as dt
import re

from django.utils import timezone

from apps.core.doctor_checks import missing_parameters, shipped_keys
from config.embedded import BASE_DIR

KEY = re.compile(r'"([a-z0-9_]+\.[a-z0-9_]+)"')
READ = re.compile(r"parameters\.(?:value|values|history)\(([^)]*)\)")


def keys_read() -> set[str]:
    """Keys that stand in a call of core.parameters, written out there or as a constant of the module."""
    found: set[str] = set()
    for path in (BASE_DIR / "apps").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for call in READ.findall(source):
            found.update(KEY.findall(call))
            for name in re.findall(r"\b[A-Z][A-Z_]+\b", call):
                for names, values in re.findall(r"^([A-Z_, ]+) = (\"[^\n]+)$", source, re.MULTILINE):
                    if name in names.split(", "):
                        found.update(KEY.findall(values))
    return found


def test_what_is_read_is_shipped() -> None:
    read = keys_read()
    assert {"visits.page_size", "visits.treating_days", "appointments.missed_after_days"} <= read
    assert read <= shipped_keys(), read - shipped_keys()


def test_what_is_shipped_has_a_value(db: None) -> None:
    today = timezone.localdate()
    assert missing_parameters(today) == []
    assert missing_parameters(today + dt.timedelta(days=60)) == []
