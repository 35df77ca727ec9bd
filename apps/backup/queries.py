"""How the copies stand: for the home page, the page of backups and the check of the installation."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from apps.backup import places, rules, sealing
from apps.backup.models import BackupRun, RunState
from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.registry import Result
from apps.core.scope import Scope
from apps.core.words import datetime_words

PAGE = 20
MAX_AGE = "backup.max_age_hours"
# For whoever is at the server; pages name people instead.
RUNBOOKS = {
    "none": "TRAMYTE_BACKUP_KEYS, docs/runbooks/backup-old.md",
    "old": "docs/runbooks/backup-old.md",
    "copy": "docs/runbooks/backup-old.md",
    "clock": "docs/runbooks/wrong-clock.md",
}
LONGEST = dt.timedelta(hours=3)  # a run that began before that and never ended was killed


@dataclass(frozen=True)
class Standing:
    """`state`: good, none, old, clock, or copy (the second place is behind)."""

    state: str
    sentence: str
    what_to_do: str
    good: dt.datetime | None
    copied: dt.datetime | None
    running: bool

    @property
    def fine(self) -> bool:
        return self.state == "good"


def standing(now: dt.datetime | None = None) -> Standing:
    """The state of the newest good copy and of the second place, as sentences. Two queries."""
    now = now or timezone.now()
    found = BackupRun.objects.aggregate(
        good=Max("taken_at", filter=Q(state=RunState.GOOD)),
        copied=Max("taken_at", filter=Q(state=RunState.GOOD, copied_at__isnull=False)),
        began=Max("created_at", filter=Q(state=RunState.RUNNING, created_at__gt=now - LONGEST)),
    )
    limit = float(parameters.values([MAX_AGE], on=timezone.localdate(now)).get(MAX_AGE, 24))
    first = rules.age(now, found["good"], at_most_hours=limit)
    second = rules.age(now, found["copied"], at_most_hours=limit) if settings.BACKUP_COPY else None
    state, sentence, what = _words(first, found["good"], second, found["copied"])
    return Standing(state, sentence, what, found["good"], found["copied"], found["began"] is not None)


def _words(
    first: rules.Age, good: dt.datetime | None, second: rules.Age | None, copied: dt.datetime | None
) -> tuple[str, str, str]:
    again = "Bấm Sao lưu ngay; nếu không thành, làm theo lý do ghi trong trang Sao lưu."
    if first.state == "none":
        if not settings.BACKUP_KEYS:
            ask = "Nhờ người quản trị máy chủ xin khóa công khai của tỉnh và đặt vào máy chủ."
            return "none", "Chưa có bản sao lưu nào: chưa đặt khóa công khai.", ask
        return "none", "Chưa có bản sao lưu nào.", again
    if first.state == "clock":
        sentence = f"Bản sao lưu gần nhất ghi {_at(good)}, sau giờ hiện tại: đồng hồ máy đã hoặc đang sai."
        return "clock", sentence, "Chỉnh đồng hồ máy, rồi bấm Sao lưu ngay."
    if first.state == "old":
        return "old", f"Bản sao lưu tốt gần nhất đã cũ {_long(first)}: {_at(good)}.", again
    if second is not None and second.state != "good":
        behind = f"bản gần nhất ở đó là {_at(copied)}" if copied else "ở đó chưa có bản nào"
        sentence = f"Bản sao lưu tại máy tốt, nhưng nơi thứ hai không theo kịp: {behind}."
        return "copy", sentence, "Cắm lại USB hoặc kiểm tra đường truyền, rồi bấm Sao lưu ngay."
    return "good", f"Bản sao lưu tốt gần nhất: {_at(good)}.", ""


def _at(moment: dt.datetime | None) -> str:
    return datetime_words(timezone.localtime(moment)) if moment else ""


def _long(found: rules.Age) -> str:
    hours = int(found.hours or 0)
    return f"{hours} giờ" if hours < 48 else f"{hours // 24} ngày"


def home(scope: Scope) -> dict[str, Any] | None:
    """The panel of the home page: nothing when all is well."""
    if settings.TRAINING:
        return None
    found = standing()
    return None if found.fine else {"standing": found, "may": scope.can("backup.enter")}


def check() -> Result:
    """What doctor says of the copies."""
    if settings.TRAINING:
        return Result("ok", "Bản tập huấn không sao lưu.")
    found = standing()
    if not found.fine:
        state: Literal["warn", "bad"] = "warn" if found.state == "copy" else "bad"
        return Result(state, found.sentence, found.what_to_do, RUNBOOKS[found.state])
    if not settings.BACKUP_COPY:
        ask = (
            "Nhờ người quản trị máy chủ đặt nơi thứ hai để chép bản sao lưu: ổ USB hoặc máy chủ khác. "
            "Chưa có nơi thứ hai thì mất máy này là mất mọi bản sao lưu."
        )
        return Result("warn", f"{found.sentence} Chưa có nơi thứ hai.", ask, "TRAMYTE_BACKUP_COPY")
    return Result("ok", found.sentence)


def runs(cursor: str) -> Page[BackupRun]:
    return keyset(BackupRun.objects.all(), order=("-created_at", "pk"), cursor=cursor, size=PAGE)


def surroundings() -> dict[str, Any]:
    """Where copies go and whose key opens them, for the page."""
    return {
        "folder": settings.BACKUP_DIR,
        "second": places.title(settings.BACKUP_COPY) if settings.BACKUP_COPY else "",
        "fingerprints": [sealing.fingerprint(key) for key in settings.BACKUP_KEYS],
    }
