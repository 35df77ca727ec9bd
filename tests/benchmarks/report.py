"""What was measured, in a table, and what falls short."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.client import Shot


@dataclass(frozen=True)
class Limit:
    """What a scenario may cost; None is not judged. `p95` in ms (at one client), `size` in bytes."""

    p95: float | None = None
    queries: int | None = None
    size: int | None = None


@dataclass(frozen=True)
class Line:
    """A scenario at a number of clients, with the bare SQL's median of the same rows in ms."""

    name: str
    clients: int
    shots: Sequence[Shot]
    seconds: float
    bare_ms: float | None
    limit: Limit
    judged: bool = False  # at several clients too: they ask at the pace of people

    @property
    def p50(self) -> float:
        return at([shot.ms for shot in self.shots], 0.50)

    @property
    def p95(self) -> float:
        return at([shot.ms for shot in self.shots], 0.95)

    @property
    def cpu(self) -> float:
        return at([shot.cpu for shot in self.shots], 0.50)

    @property
    def queries(self) -> int:
        return max(shot.queries for shot in self.shots)

    @property
    def size(self) -> int:
        return max(shot.size for shot in self.shots)

    def shortfalls(self) -> list[str]:
        found = []
        if self.limit.p95 is not None and (self.clients == 1 or self.judged) and self.p95 > self.limit.p95:
            found.append(f"p95 {self.p95:.0f} ms, at most {self.limit.p95:.0f}")
        if self.limit.queries is not None and self.queries > self.limit.queries:
            found.append(f"{self.queries} queries, at most {self.limit.queries}")
        if self.limit.size is not None and self.size > self.limit.size:
            found.append(f"{self.size / 1000:.0f} KB, at most {self.limit.size / 1000:.0f}")
        return [f"{self.name}, {self.clients} clients: {each}" for each in found]


def at(values: Sequence[float], part: float) -> float:
    """The value below which `part` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


COLUMNS = (
    ("scenario", 24),
    ("clients", 8),
    ("n", 6),
    ("p50 ms", 8),
    ("p95 ms", 8),
    ("req/s", 7),
    ("CPU ms", 8),
    ("queries", 8),
    ("KB", 7),
    ("SQL ms", 8),
)


def table(lines: Sequence[Line]) -> str:
    """A line a scenario and number of clients, with the limits behind it."""
    head = _row([name for name, _ in COLUMNS]) + "  limit"
    return "\n".join([head, "-" * len(head), *(_line(line) for line in lines)])


def _line(line: Line) -> str:
    cells = [line.name, line.clients, len(line.shots), f"{line.p50:.1f}", f"{line.p95:.1f}"]
    cells += [
        f"{len(line.shots) / line.seconds:.0f}",
        f"{line.cpu:.0f}",
        line.queries,
        f"{line.size / 1000:.1f}",
    ]
    cells.append("" if line.bare_ms is None else f"{line.bare_ms:.1f}")
    limits = []
    if line.limit.p95 and (line.clients == 1 or line.judged):
        limits.append(f"p95 <= {line.limit.p95:.0f} ms")
    if line.limit.queries:
        limits.append(f"queries <= {line.limit.queries}")
    if line.limit.size:
        limits.append(f"size <= {line.limit.size / 1000:.0f} KB")
    return f"{_row(cells)}  {', '.join(limits)}".rstrip()


def _row(cells: Sequence[object]) -> str:
    shown = zip(cells, COLUMNS, strict=True)
    return "".join(
        f"{cell!s:<{width}}" if not place else f"{cell!s:>{width}}"
        for place, (cell, (_, width)) in enumerate(shown)
    )
