"""Sums in words, as receipts are written ('Ba mươi sáu nghìn năm trăm đồng'). Pure."""

from apps.encounters.dosing import DIGITS, in_words

GROUPS = ("", "nghìn", "triệu", "tỷ")
MOST = 10**12  # a thousand times a thousand million: no receipt of a station


def sum_in_words(amount: int) -> str:
    """Whole đồng in words, with a capital; raises ValueError beyond what a receipt may say."""
    if not 0 <= amount < MOST:
        raise ValueError(f"{amount} is outside 0 to {MOST - 1}")
    if not amount:
        return "Không đồng"
    words: list[str] = []
    for place in range(len(GROUPS) - 1, -1, -1):
        group = amount // 1000**place % 1000
        if group:
            words += [_group(group, leading=not words), GROUPS[place]]
    said = " ".join(word for word in [*words, "đồng"] if word)
    return said[0].upper() + said[1:]


def _group(group: int, *, leading: bool) -> str:
    """Three digits; after a higher group its empty hundreds are said."""
    if leading or group >= 100:
        return in_words(group)
    if group < 10:
        return f"không trăm lẻ {DIGITS[group]}"
    return f"không trăm {in_words(group)}"
