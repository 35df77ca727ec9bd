"""An insurance card judged on a day: whether it is good, and what it pays. No query of its own.

The object code and the level stand in the 15 characters of the card; one known by its 10 or 12 digits tells
neither. What a commune station pays is the parameter `cards.station_percent`.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from apps.catalogues import codes
from apps.core.words import date_words
from apps.patients.models import InsuranceCard

OBJECTS, LEVELS = "bhyt_object", "bhyt_card_benefit_level"


@dataclass(frozen=True)
class JudgedCard:
    """A card as reception sees it: `good` on that day, one sentence of its validity, what it pays."""

    card: InsuranceCard
    good: bool
    validity: str
    soon: bool  # ends within a month
    object_words: str
    level_words: str


def judged(cards: Iterable[InsuranceCard], on: dt.date) -> list[JudgedCard]:
    """Each card on that day, those that are good first, newest first. No query beyond the cards."""
    found = [judge(card, on) for card in cards]
    return sorted(found, key=lambda each: (not each.good, -_begin(each.card)))


def judge(card: InsuranceCard, on: dt.date) -> JudgedCard:
    good, sentence = validity(card.valid_from, card.valid_to, on)
    soon = good and card.valid_to is not None and (card.valid_to - on).days <= 30
    code = card.object_code
    return JudgedCard(
        card,
        good,
        sentence,
        soon,
        f"{code} – {codes.label(OBJECTS, code, on)}"
        if code
        else "Chưa biết mã đối tượng (thẻ ghi số rút gọn)",
        f"Mức hưởng {card.level}: {_level(card.level, on)}" if card.level else "Chưa biết mức hưởng",
    )


def validity(first: dt.date | None, last: dt.date | None, on: dt.date) -> tuple[bool, str]:
    """Whether a card of these days is good on that day, and the sentence. Both ends belong to it."""
    if first and on < first:
        return False, f"Chưa có giá trị, từ {date_words(first)}"
    if last and on > last:
        return False, f"Hết hạn từ {date_words(last)}"
    if last is None:
        return True, "Còn giá trị, không ghi ngày hết hạn"
    days = (last - on).days
    return True, f"Còn giá trị đến {date_words(last)}" + (f" (còn {days} ngày)" if days <= 30 else "")


def _level(level: int, on: dt.date) -> str:
    name = codes.label(LEVELS, str(level), on)
    return name if name != str(level) else "theo thẻ"


def _begin(card: InsuranceCard) -> int:
    return card.valid_from.toordinal() if card.valid_from else 0
