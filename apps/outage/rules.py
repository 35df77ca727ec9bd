"""The arithmetic of an outage: codes of slips, times as they stand on paper, how late something was written
down. Pure.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence

# No vowels, no d, w or y: typing aids for Vietnamese (Telex, VNI) leave such a word alone, typed or scanned.
# No 0, 1, l or o either. 25 signs; ten of them are 46 bits, and tries are counted (core.rates).
ALPHABET = "23456789BCFGHJKMNPQRSTVXZ"
LENGTH = 10
_RANGE = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
_TIME = re.compile(r"([0-9]{1,2})\s*(?:[:hg.,]\s*([0-9]{1,2})?)?\s*(?:p|ph|phút)?")


def new_code(choose: Callable[[Sequence[str]], str]) -> str:
    """A code that nobody guesses; `choose` is secrets.choice."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def read_code(text: str) -> str:
    """The code out of what was typed or scanned ('ktbx-7qrm-2p', the whole address); '' when it is none."""
    last = text.strip().rstrip("/").rpartition("/")[2]
    plain = re.sub(r"[\s.\-–]", "", last).upper()
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else ""


def shown_code(code: str) -> str:
    """'KTBX-7QRM-2P': as it stands under the QR."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def read_numbers(text: str, most: int) -> list[int]:
    """'3, 5-8' -> [3, 5, 6, 7, 8]; each from 1 to `most`. ValueError with a sentence for anything else."""
    found: set[int] = set()
    for part in filter(None, re.split(r"[\s,;.]+", re.sub(r"\s*[-–]\s*", "-", text.strip()))):
        ends = _RANGE.fullmatch(part)
        first, last = (int(ends[1]), int(ends[2] or ends[1])) if ends else (0, 0)
        if not 1 <= first <= last <= most:
            raise ValueError(
                f"“{part[:12]}” không phải là số phiếu của gói, từ 1 đến {most}. Ghi như 3, 5-8."
            )
        found.update(range(first, last + 1))
    return sorted(found)


def read_time(text: str) -> dt.time:
    """'7h30', '7:30', '0730', '730', '7g', '7'. ValueError with a sentence for anything else."""
    plain = text.strip().lower()
    if plain.isascii() and plain.isdigit() and len(plain) in (3, 4):
        plain = f"{plain[:-2]}:{plain[-2:]}"
    found = _TIME.fullmatch(plain) if plain.isascii() or "phút" in plain else None
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise ValueError(f"“{text.strip()[:12]}” không phải là giờ. Ghi như 7h30.")
    return dt.time(int(found[1]), int(found[2] or 0))


def lateness_words(event: dt.datetime, recorded: dt.datetime) -> str:
    """'40 phút', '5 giờ 20 phút', '3 ngày 4 giờ': from the event to its being written down."""
    minutes = max(0, int((recorded - event).total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} ngày {hours} giờ" if hours else f"{days} ngày"
    if hours:
        return f"{hours} giờ {minutes} phút" if minutes else f"{hours} giờ"
    return f"{minutes} phút"
