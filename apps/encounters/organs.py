"""The examination organ by organ, in the words of section D of QĐ 831/QĐ-BYT (list exam_organs).

What was found is kept in `Visit.findings` as {organ's key: words}; only what was written stands there.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.catalogues import codes
from apps.core.text import clean

LIST = "exam_organs"
BOX = "find-"  # before an organ's key: the name of its box in a form
LONGEST = 500
SIGHT = "sight"
# '8/10'; counting fingers, hand movement, light and none are words.
_TENTHS = re.compile(r"(\d{1,3}) ?/ ?(\d{1,3})")
MOST_TENTHS = 20


@dataclass(frozen=True)
class Organ:
    """One organ: `normal` is what one key writes into it ('' for nothing), `kind` 'sight' an acuity.

    `sex` and `under_months` say whose form shows it; empty is everybody's.
    """

    key: str
    title: str
    normal: str = ""
    sex: str = ""
    under_months: int | None = None
    kind: str = ""

    @property
    def box(self) -> str:
        return BOX + self.key


def listed(on: dt.date) -> list[Organ]:
    """The organs in force on a day, in the order of the paper. No query."""
    return [_organ(row) for row in codes.rows(LIST) if row.in_force(on)]


def _organ(row: codes.Code) -> Organ:
    extra = row.extra
    months = extra.get("under_months", "")
    return Organ(
        row.code,
        row.name,
        extra.get("normal", ""),
        extra.get("sex", ""),
        int(months) if months else None,
        extra.get("kind", ""),
    )


def offered(
    organs: list[Organ], *, sex: str, age_months: int | None, written: Mapping[str, str]
) -> list[Organ]:
    """Those that a form shows for this person, and whatever has been written already. Pure."""
    return [organ for organ in organs if organ.key in written or _concerns(organ, sex, age_months)]


def _concerns(organ: Organ, sex: str, age_months: int | None) -> bool:
    if organ.sex and sex not in (organ.sex, "unknown"):
        return False
    return organ.under_months is None or age_months is None or age_months < organ.under_months


def tidy(findings: Mapping[str, Any]) -> dict[str, str]:
    """As it is stored: cleaned, without what is empty."""
    cleaned = {key: clean(str(value or ""))[:LONGEST] for key, value in findings.items()}
    return {key: value for key, value in cleaned.items() if value}


def sight_problem(words: str) -> str:
    """Why this is no visual acuity; empty when it may be one ('8/10', '1/10', 'ĐNT 3 m', 'ST (+)')."""
    found = _TENTHS.fullmatch(words.strip())
    if found and (int(found[2]) != 10 or int(found[1]) > MOST_TENTHS):
        return f"Thị lực “{words.strip()}” không có trên bảng: ghi theo phần mười (8/10), hoặc ĐNT, BBT, ST."
    return ""


def said(findings: Mapping[str, str], on: dt.date) -> list[tuple[str, str]]:
    """(title, words) in the order of the paper; a key that the day's list does not know comes last."""
    known = {organ.key: organ.title for organ in listed(on)}
    order = [key for key in known if key in findings] + [key for key in findings if key not in known]
    return [(known.get(key) or codes.label(LIST, key), findings[key]) for key in order]


def told(findings: Mapping[str, str], on: dt.date) -> list[str]:
    """As it is printed: each organ with its finding, and all that are normal together at the end."""
    normal = {organ.title: organ.normal for organ in listed(on)}
    lines, well = [], []
    for title, words in said(findings, on):
        if words == normal.get(title):
            well.append(title)
        else:
            lines.append(f"{title}: {words}")
    if well:
        names = ", ".join([well[0], *(name[:1].lower() + name[1:] for name in well[1:])])
        lines.append(f"{names}: bình thường")
    return lines
