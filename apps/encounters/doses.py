"""Whether a medicine is more than is given: an ingredient's most at once and a day, and odd counts.

Pure. The figures are dated parameters (`dose.<ingredient>`, `prescriptions.counts`) with their sources. A
strength that can be read in two ways is not read: such a line is only looked at for its count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.encounters.dosing import amount_text

MILLIGRAMS = {"g": Decimal(1000), "mg": Decimal(1), "mcg": Decimal("0.001")}
# `1,000mg` is one milligram or a thousand: no comma before three digits, unless only 0 stands before it.
_NUMBER = r"(?:0[.,]\d{1,4}|\d{1,4}(?:[.,]\d{1,2})?)"
_STRENGTH = re.compile(rf"({_NUMBER})\s*(mcg|mg|g)(?:\s*/\s*({_NUMBER})?\s*(\D[^\d/]*))?", re.IGNORECASE)


@dataclass(frozen=True)
class DoseLimit:
    """The most of an ingredient in mg; `names` folded. By weight below `kg_below_months` of age only."""

    key: str
    names: frozenset[str]
    at_once: Decimal | None = None
    a_day: Decimal | None = None
    kg_at_once: Decimal | None = None
    kg_a_day: Decimal | None = None
    kg_below_months: int = 144
    from_months: int | None = None
    sure: bool = True

    @classmethod
    def read(cls, key: str, value: Mapping[str, Any], confidence: str) -> DoseLimit:
        """A limit out of its parameter; a row of low confidence is told as such."""
        figures = {
            name: Decimal(str(value[name]))
            for name in ("at_once", "a_day", "kg_at_once", "kg_a_day")
            if value.get(name) is not None
        }
        months = {name: int(value[name]) for name in ("kg_below_months", "from_months") if name in value}
        return cls(key, frozenset(value["names"]), **figures, **months, sure=confidence != "low")  # type: ignore[arg-type]


@dataclass(frozen=True)
class Counts:
    """How many of a unit are usual at once and a day; forms with a word of `spared` are not counted."""

    usual: Mapping[str, tuple[Decimal, Decimal]]
    spared: tuple[str, ...] = ()

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Counts:
        usual = {
            unit: (Decimal(str(row["at_once"])), Decimal(str(row["a_day"])))
            for unit, row in value["units"].items()
        }
        return cls(usual, tuple(value.get("spared", ())))


@dataclass(frozen=True)
class Taken:
    """A line as it is taken. `ingredient` and `form` folded, `mg` what one dose holds where it is certain."""

    position: int
    name: str
    ingredient: str
    form: str
    dose: Decimal
    dose_unit: str
    times_per_day: int
    mg: Decimal | None = None


@dataclass(frozen=True)
class TooMuch:
    """A remark about the line at `position`; `code` names what is remarked."""

    position: int
    code: str
    sentence: str


def milligrams(strength: str, unit: str, dose: Decimal, dose_unit: str) -> Decimal | None:
    """What a dose holds: `500mg` by the unit, `100mg/5ml` by the ml. None where that is not certain."""
    found = _STRENGTH.fullmatch(strength.strip())
    if found is None:
        return None
    amount = Decimal(found[1].replace(",", ".")) * MILLIGRAMS[found[2].lower()]
    per = (found[4] or "").strip().lower()
    count = Decimal((found[3] or "1").replace(",", "."))
    if per == "":
        return amount * dose if dose_unit == unit else None
    return amount * dose / count if per == dose_unit and count > 0 else None


def main_word(ingredient: str) -> str:
    """The ingredient without what stands in brackets (`(dưới dạng …)`)."""
    return re.sub(r"\([^)]*\)", " ", ingredient).strip()


def check(
    taken: Iterable[Taken],
    limits: Iterable[DoseLimit],
    counts: Counts,
    *,
    age_months: int | None,
    weight_kg: Decimal | None,
    heaviest_kg: Decimal | None = None,
) -> list[TooMuch]:
    """What is more than is given. A child that was not weighed is taken for `heaviest_kg`, never lighter."""
    lines = list(taken)
    found = [remark for line in lines if (remark := _count(line, counts)) is not None]
    for limit in limits:
        held = [line for line in lines if line.ingredient in limit.names]
        if held:
            found += _limit(held, limit, age_months, weight_kg, heaviest_kg)
    return sorted(found, key=lambda remark: remark.position)


def _count(line: Taken, counts: Counts) -> TooMuch | None:
    if line.dose_unit not in counts.usual or any(word in line.form.split() for word in counts.spared):
        return None
    at_once, a_day = counts.usual[line.dose_unit]
    total = line.dose * line.times_per_day
    if line.dose <= at_once and total <= a_day:
        return None
    sentence = (
        f"{line.name}: mỗi lần {amount_text(line.dose)} {line.dose_unit}, cả ngày {amount_text(total)} "
        f"{line.dose_unit} là nhiều khác thường."
    )
    return TooMuch(line.position, "count", sentence)


def _limit(
    held: list[Taken],
    limit: DoseLimit,
    age_months: int | None,
    weight_kg: Decimal | None,
    heaviest_kg: Decimal | None,
) -> list[TooMuch]:
    found: list[TooMuch] = []
    unsure = "" if limit.sure else " Ngưỡng này độ tin cậy thấp, hãy đối chiếu Dược thư."
    last = held[-1]
    if limit.from_months is not None and age_months is not None and age_months < limit.from_months:
        sentence = f"{last.name}: không dùng cho trẻ dưới {_age_words(limit.from_months)}.{unsure}"
        found.append(TooMuch(last.position, "age", sentence))
    certain = [line for line in held if line.mg is not None]
    if not certain:
        return found
    by_kg = age_months is not None and age_months < limit.kg_below_months
    kg = (weight_kg or heaviest_kg) if by_kg else None
    weighed = "" if kg is None else f" cho trẻ {amount_text(kg)} kg" + ("" if weight_kg else " (chưa cân)")
    at_once = max(line.mg for line in certain if line.mg is not None)
    a_day = sum((line.mg * line.times_per_day for line in certain if line.mg is not None), Decimal(0))
    for code, title, amount, most, per_kg in (
        ("at-once", "mỗi lần", at_once, limit.at_once, limit.kg_at_once),
        ("a-day", "cả ngày", a_day, limit.a_day, limit.kg_a_day),
    ):
        allowed = [most] if most is not None else []
        if kg is not None and per_kg is not None:
            allowed.append(per_kg * kg)
        if allowed and amount > min(allowed):
            line = max(certain, key=lambda one: one.mg or 0) if code == "at-once" else certain[-1]
            sentence = (
                f"{line.name}: {title} {_mg(amount)}, quá liều tối đa {_mg(min(allowed))}"
                f"{weighed if min(allowed) != most else ''}.{unsure}"
            )
            found.append(TooMuch(line.position, code, sentence))
    return found


def _mg(amount: Decimal) -> str:
    return f"{int(amount):,} mg".replace(",", ".") if amount >= 1 else f"{amount_text(amount)} mg"


def _age_words(months: int) -> str:
    return f"{months} tháng tuổi" if months % 12 or months < 24 else f"{months // 12} tuổi"
