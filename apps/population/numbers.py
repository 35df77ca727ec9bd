"""Invented identifiers that pass the checks of docs and of the patients room. Pure.

Each commune has a slot and counts inside it, so numbers never meet across communes made apart by several
processes. A multiplication by a number prime to ten spreads neighbours over the whole range.
"""

import zlib
from collections import defaultdict
from datetime import date

# Communes of one population, a prime; each slot holds 2,004 CCCD of one province, sex and birth year.
SLOTS = 499
CCCD_SPAN = 1_000_000
BHXH_SPAN = 10**8
PHONE_SPAN = 10**7
SPREAD = 387_197  # ends in 7 and is no multiple of 5: prime to every power of ten

# Provinces before 07/2025 whose numbers are commonest in a province of today; numbers keep the old codes.
BIRTH_PROVINCES = {
    "51": (("051", 0.80), ("062", 0.12), ("049", 0.03), ("052", 0.03), ("037", 0.02)),
    "52": (("052", 0.55), ("064", 0.38), ("054", 0.04), ("037", 0.03)),
    "75": (("075", 0.55), ("070", 0.35), ("038", 0.05), ("040", 0.05)),
    "08": (("008", 0.50), ("002", 0.43), ("019", 0.04), ("015", 0.03)),
}
# Prefixes that no network uses since the eleven-digit numbers ended in 2018: nobody is ever called.
PHONE_PREFIXES = ("012", "016", "018", "019")
LEVELS = {"TE": 1, "CC": 1, "HN": 2, "DT": 2, "DK": 2, "CB": 2, "KC": 2, "BT": 2, "TS": 2, "CN": 3, "HT": 3}


class Numbers:
    """The counters of one commune: `slot` is its place in the population (0 to 498)."""

    def __init__(self, seed: int, slot: int, province_code: str) -> None:
        if not 0 <= slot < SLOTS:
            raise ValueError(f"slot {slot} is outside 0..{SLOTS - 1}")
        self.seed, self.slot, self.province = seed, slot, province_code
        self.used: defaultdict[str, int] = defaultdict(int)

    def _next(self, kind: str, span: int) -> int:
        count = self.used[kind]
        self.used[kind] = count + 1
        place = self.slot + count * SLOTS
        if place >= span:
            raise ValueError(f"no {kind} numbers are left in slot {self.slot}")
        return (place * SPREAD + zlib.crc32(f"{self.seed}{kind}".encode())) % span

    def cccd(self, province: str, sex: str, birth: date) -> str:
        """Twelve digits: birth province, century and sex, year, six free digits."""
        century = (birth.year // 100 - 19) * 2 + (0 if sex == "male" else 1)
        head = f"{province}{century}{birth.year % 100:02d}"
        return f"{head}{self._next(head, CCCD_SPAN):06d}"

    def bhxh(self) -> str:
        """Ten digits: province, then eight free ones."""
        return f"{self.province}{self._next('bhxh', BHXH_SPAN):08d}"

    def bhyt(self, object_code: str, bhxh: str) -> str:
        """Fifteen characters: object group, benefit level, province, social-insurance number."""
        return f"{object_code}{LEVELS.get(object_code, 4)}{self.province}{bhxh}"

    def phone(self) -> str:
        place = self._next("phone", PHONE_SPAN * len(PHONE_PREFIXES))
        return f"{PHONE_PREFIXES[place // PHONE_SPAN]}{place % PHONE_SPAN:07d}"
