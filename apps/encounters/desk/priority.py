"""Who goes before others in the queue, and why. Pure: dates and rules are passed in.

Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15, Điều 3 (emergencies, children, pregnant women, the disabled,
the old and people of merit first). Ages, degrees, groups and order are parameters `queue.*`, read with the
day of the visit.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.core.words import completed_months

EMERGENCY, CHILD, ELDER, PREGNANT, DISABLED = "emergency", "child", "elder", "pregnant", "disabled"
MERIT = "merit"
DANGER = "danger"  # a danger sign among what was measured while she waited
PRIVATE = "private"  # goes first as a pregnant woman does; which reason it is only few may read
ORDINARY = 9  # the rank of whoever has no reason to go first

WORDS = {
    EMERGENCY: "cấp cứu",
    DANGER: "dấu hiệu nguy hiểm",
    CHILD: "trẻ dưới {child} tuổi",
    ELDER: "từ {elder} tuổi",
    PREGNANT: "có thai",
    DISABLED: "khuyết tật nặng",
    MERIT: "người có công",
    PRIVATE: "được ưu tiên",
}


@dataclass(frozen=True)
class PriorityRules:
    """What holds on a day: ages in years, degrees of disability and groups of merit (codes), rank of each
    reason (0 is first).
    """

    child_under: int
    elder_from: int
    disability_degrees: frozenset[str]
    ranks: Mapping[str, int]
    merit_groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Known:
    """What is known of somebody on the day she is received."""

    birth: dt.date | None = None
    precision: str = "day"
    pregnant: bool = False
    minor: bool = False  # under age: that she is pregnant is not told
    degrees: Collection[str] = ()  # of disabilities in force
    emergency: bool = False
    merits: Collection[str] = ()  # groups of merit in force


@dataclass(frozen=True)
class Priority:
    """The rank in the queue (the lower the earlier) and the reasons that count, weightiest first."""

    rank: int
    reasons: tuple[str, ...]


def judge(known: Known, on: dt.date, rules: PriorityRules) -> Priority:
    """Where she stands. A birth year alone is read in favour of children and of the old."""
    found = []
    if known.emergency:
        found.append(EMERGENCY)
    years = age(known.birth, known.precision, on)
    if years is not None and years[0] < rules.child_under:
        found.append(CHILD)
    if years is not None and years[1] >= rules.elder_from:
        found.append(ELDER)
    if known.pregnant:
        found.append(PREGNANT)
    if rules.disability_degrees & set(known.degrees):
        found.append(DISABLED)
    if rules.merit_groups & set(known.merits):
        found.append(MERIT)
    counted = sorted(
        (reason for reason in found if reason in rules.ranks), key=lambda each: rules.ranks[each]
    )
    rank = min((rules.ranks[reason] for reason in counted), default=ORDINARY)
    told = (PRIVATE if reason == PREGNANT and known.minor else reason for reason in counted)
    return Priority(rank, tuple(told))


def endangered(place: Priority, rules: PriorityRules) -> Priority:
    """The same with a danger sign that was found while she waited: as early as an emergency."""
    rank = min(place.rank, rules.ranks.get(EMERGENCY, ORDINARY))
    urgent = [reason for reason in place.reasons if reason == EMERGENCY]
    return Priority(rank, (*urgent, DANGER, *(each for each in place.reasons if each != EMERGENCY)))


def age(birth: dt.date | None, precision: str, on: dt.date) -> tuple[int, int] | None:
    """Least and greatest age in whole years that the birth date allows; None when nobody knows."""
    if birth is None or birth > on:
        return None
    if precision == "year":
        return max(on.year - birth.year - 1, 0), on.year - birth.year
    if precision == "month":
        months = (on.year - birth.year) * 12 + on.month - birth.month
        return max(months - 1, 0) // 12, months // 12
    years = completed_months(birth, on) // 12
    return years, years


SHORT = {
    EMERGENCY: "cấp cứu",
    DANGER: "nguy hiểm",
    CHILD: "trẻ nhỏ",
    ELDER: "cao tuổi",
    PREGNANT: "có thai",
    DISABLED: "khuyết tật",
    MERIT: "có công",
    PRIVATE: "được ưu tiên",
}


def short(reason: str) -> str:
    """A reason in a list: 'trẻ nhỏ'."""
    return SHORT.get(reason, reason)


def words(reason: str, rules: PriorityRules) -> str:
    """A reason as it is said: 'trẻ dưới 6 tuổi'."""
    return WORDS.get(reason, reason).format(child=rules.child_under, elder=rules.elder_from)
