"""The checklist and the decided plan as the page shows them."""

from dataclasses import dataclass
from typing import Any

from apps.core import registry
from apps.core.registry import SuccessionStep
from apps.facilities.models import Becomes, Reform, ReformState, ReformStep
from apps.facilities.reforming.succession import succession

BEFORE = (ReformState.DRAFT, ReformState.ASKED, ReformState.SCHEDULED)

WORDS = {"waits": "Chưa chạy", "runs": "Đang chuyển", "done": "Đã xong", "stays": "Giữ nguyên"}


@dataclass(frozen=True)
class Line:
    """One step: how many rows it found or will find, how many have gone over, how many are left."""

    step: SuccessionStep
    before: int
    moved: int | None
    left: int | None
    state: str  # waits, runs, done, stays
    chip: str

    @property
    def word(self) -> str:
        return {"waits": "Chưa chạy", "runs": "Đang chuyển", "done": "Đã xong", "stays": "Giữ nguyên"}[
            self.state
        ]


def lines(reform: Reform) -> list[Line]:
    """The steps in their order. One query a step while the reform has not begun, two afterwards."""
    if reform.state in (ReformState.DROPPED, ReformState.UNDONE):
        return []
    told = {row.key: row for row in reform.steps.all()}
    now = succession(reform)
    return [_line(step, told.get(step.key), reform, now) for step in registry.succession_steps]


def _line(step: SuccessionStep, row: ReformStep | None, reform: Reform, now: Any) -> Line:
    before = row.before if row is not None and reform.state not in BEFORE else step.count(now)
    if step.move is None:
        left = row.left if row is not None else None
        return Line(step, before, None, left, "stays", "info")
    if row is None or reform.state in BEFORE:
        return Line(step, before, None, None, "waits", "off")
    if row.done_at is None:
        return Line(step, before, row.moved, None, "runs", "info")
    return Line(step, before, row.moved, row.left, "done", "done")


def decided(reform: Reform) -> dict[str, Any]:
    """The plan that is no longer being made: its stations, its hamlets by station, its posts."""
    stations = list(reform.stations.select_related("facility", "successor"))
    names = {row.facility_id: row.name for row in stations}
    by_station: dict[str, list[Any]] = {}
    for row in reform.hamlets.select_related("hamlet__commune", "station"):
        station = row.station
        by_station.setdefault(names.get(station.pk, station.name) if station else "", []).append(row)
    return {
        "going_on": [row for row in stations if row.becomes == Becomes.GOES_ON],
        "ending": [row for row in stations if row.becomes != Becomes.GOES_ON],
        "names": names,
        "hamlets": sorted(by_station.items()),
        "posts": list(reform.posts.select_related("post__user", "post__role", "facility", "role")),
    }
