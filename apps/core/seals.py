"""The chain over the audit and the read log, as arithmetic: what a row hashes to, what a seal hashes to.

A seal covers the rows of a span of `seq`, the order of writing. Its digest is the hash over the hashes of
all its rows; its own hash covers the digest and the hash of the seal before it. So a row that is changed,
taken out or slipped in breaks its seal, and a seal that is rewritten breaks all that follow. Whoever rewrites
the whole chain is found by the hash of a later seal that was kept outside.

`marks` holds the first four bytes of each row's hash: they prove nothing, they tell which row it was.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

FORM = 1  # which columns a row's hash covers, and how they are written
MARK = 4  # bytes

COLUMNS: dict[tuple[str, int], tuple[str, ...]] = {
    ("audit", 1): (
        *("seq", "id", "at", "action", "user_id", "username", "workplace_id", "facility_id"),
        *("person_id", "object_id", "data"),
    ),
    ("read", 1): (
        *("seq", "id", "at", "screen", "user_id", "username", "workplace_id", "person_ids", "reason"),
    ),
}


def row_hash(values: Sequence[Any]) -> bytes:
    """The hash of one row's values, in the order of COLUMNS: JSON with sorted keys, times in UTC."""
    text = json.dumps(values, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    raise TypeError(f"a log row holds no {type(value).__name__}")


@dataclass
class Covered:
    """What a span of rows comes to. Fed row by row, in the order of `seq`."""

    count: int = 0
    seqs: list[int] = field(default_factory=list)
    marks: bytearray = field(default_factory=bytearray)
    first_at: dt.datetime | None = None
    last_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, values: Sequence[Any]) -> None:
        """One row; `seq` is its first value, `at` its third."""
        own = row_hash(values)
        self._hash.update(own)
        self.marks += own[:MARK]
        self.seqs.append(values[0])
        self.count += 1
        at = values[2]
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        self.last_at = at if self.last_at is None else max(self.last_at, at)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def covered(rows: Iterable[Sequence[Any]]) -> Covered:
    found = Covered()
    for values in rows:
        found.add(values)
    return found


def seal_hash(
    *,
    log: str,
    number: int,
    kind: str,
    from_seq: int,
    to_seq: int,
    count: int,
    form: int,
    digest: str,
    previous: str,
    times: Sequence[dt.datetime | None],
) -> str:
    """The hash of a seal: of what it says, and of the seal before it."""
    said = [log, number, kind, from_seq, to_seq, count, form, digest, previous]
    said += [at and _plain(at) for at in times]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def first_difference(marks: bytes, now: Covered) -> str:
    """Which row is not as it was sealed, as a sentence."""
    before = [marks[at : at + MARK] for at in range(0, len(marks), MARK)]
    present = bytes(now.marks)
    after = [present[at : at + MARK] for at in range(0, len(present), MARK)]
    place = next(
        (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new),
        min(len(before), len(after)),
    )
    beyond = f"trước dòng {now.seqs[place]}" if place < len(now.seqs) else "ở cuối"
    if len(after) < len(before):
        return f"thiếu {len(before) - len(after)} dòng, dòng thiếu đầu tiên {beyond}"
    if len(after) > len(before):
        where = f"dòng {now.seqs[place]}" if place < len(now.seqs) else beyond
        return f"thừa {len(after) - len(before)} dòng, từ {where}"
    if place < len(now.seqs):
        return f"dòng {now.seqs[place]} đã bị sửa"
    return "dấu của từng dòng khớp nhưng mã băm của cả phần thì không"
