"""docs/security.md: no duty without an answer, no answer that names what is not there."""

import re
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
PAGE = (ROOT / "docs/security.md").read_text()
NO_ROW = r"\|[-|]+$|\| duty "
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and not re.match(NO_ROW, line)]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def test_no_row_is_empty() -> None:
    assert len(ROWS) >= 30
    empty = [row for row in ROWS if len(cells(row)) != 4 or not all(len(cell) > 3 for cell in cells(row))]
    assert not empty, empty


def test_every_proof_is_there() -> None:
    missing = []
    for row in ROWS:
        named = re.findall(r"`([^`]+)`", cells(row)[2])
        assert named, f"nothing shows: {cells(row)[0]}"
        missing += [name for name in named if not (ROOT / name).exists()]
    assert not missing, missing
