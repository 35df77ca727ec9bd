"""Whether a person is at the target of her treatment at a visit: columns 14 (97-II-01A) and 13 (97-II-01B).

0 not reached, 1 reached, 2 not judged. Pure: figures, day and limits are passed in (ncd.md H6, D4).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.care.ncd.control import personal_target
from apps.care.vitals import number_text

HYPERTENSION, DIABETES = "hypertension", "diabetes"
NOT_REACHED, REACHED, NOT_JUDGED = 0, 1, 2
FASTING, POST_MEAL, RANDOM = "fasting", "post_meal", "random"
COMORBID_WORDS = {"diabetes": "đái tháo đường", "ckd": "bệnh thận mạn", "cvd": "bệnh tim mạch"}
GLUCOSE_WORDS = {FASTING: "lúc đói", POST_MEAL: "sau ăn", RANDOM: "bất kỳ"}


@dataclass(frozen=True)
class Figures:
    """What was found at one visit; mmHg, mmol/L, %. None where it was not measured."""

    systolic: Decimal | None = None
    diastolic: Decimal | None = None
    glucose: Decimal | None = None
    glucose_kind: str = ""
    hba1c: Decimal | None = None


@dataclass(frozen=True)
class Target:
    """The code of the book and the sentence that says why."""

    code: int
    reason: str


@dataclass(frozen=True)
class Aim:
    """What was agreed with a person herself (ncd.md H6 'if tolerated', D4 'elderly or frail'): below which
    pressure (mmHg, both or none), below which HbA1c (%). None is what the rules say of everybody like her.
    """

    systolic: int | None = None
    diastolic: int | None = None
    hba1c: Decimal | None = None


RULES = Aim()


def judge(
    programme: str,
    figures: Figures,
    on: dt.date,
    *,
    comorbid: Collection[str] = (),
    born: dt.date | None = None,
    aim: Aim = RULES,
    ncd: Mapping[str, Any],
    control: Mapping[str, Any],
) -> Target:
    """The target of a programme. Raises KeyError for a programme that has none."""
    if programme == HYPERTENSION:
        return of_pressure(figures, comorbid, born, on, control, aim)
    if programme == DIABETES:
        return of_glucose(figures, ncd["glucose_target"], aim)
    raise KeyError(programme)


def of_pressure(
    figures: Figures,
    comorbid: Collection[str],
    born: dt.date | None,
    on: dt.date,
    control: Mapping[str, Any],
    aim: Aim = RULES,
) -> Target:
    """Below the person's own target, both figures (ncd.md H6)."""
    own = aim.systolic is not None and aim.diastolic is not None
    high, low = below(comorbid, born, on, control, aim)
    if figures.systolic is None or figures.diastolic is None:
        return Target(NOT_JUDGED, "chưa đo huyết áp")
    reached = figures.systolic < high and figures.diastolic < low
    word = "mục tiêu riêng" if own else "mục tiêu"
    said = f"{number_text(figures.systolic)}/{number_text(figures.diastolic)}, {word} dưới {high}/{low}"
    known = [word for key, word in COMORBID_WORDS.items() if key in comorbid]
    if known and not own:
        said += f" vì có {', '.join(known)}"
    return Target(REACHED if reached else NOT_REACHED, said)


def below(
    comorbid: Collection[str],
    born: dt.date | None,
    on: dt.date,
    control: Mapping[str, Any],
    aim: Aim = RULES,
) -> tuple[int, int]:
    """Below which pressure somebody should be: what was agreed with her, else what the rules say."""
    if aim.systolic is not None and aim.diastolic is not None:
        return aim.systolic, aim.diastolic
    return personal_target(comorbid, born, on, control)


def of_glucose(figures: Figures, target: Mapping[str, Any], aim: Aim = RULES) -> Target:
    """HbA1c where it was measured, else the glucose fasting or two hours after a meal (ncd.md D4)."""
    if figures.hba1c is not None:
        most = Decimal(str(target["hba1c"])) if aim.hba1c is None else aim.hba1c
        word = "mục tiêu" if aim.hba1c is None else "mục tiêu riêng"
        said = f"HbA1c {number_text(figures.hba1c)} %, {word} dưới {number_text(most)} %"
        return Target(REACHED if figures.hba1c < most else NOT_REACHED, said)
    if figures.glucose is None:
        return Target(NOT_JUDGED, "chưa có đường huyết, HbA1c")
    kind = GLUCOSE_WORDS.get(figures.glucose_kind, "")
    said = f"đường huyết {kind} {number_text(figures.glucose)}".replace("  ", " ")
    if figures.glucose_kind == FASTING:
        least, most = (Decimal(str(each)) for each in target["fasting"])
        reached = least <= figures.glucose <= most
        return Target(
            REACHED if reached else NOT_REACHED,
            f"{said}, mục tiêu {number_text(least)} đến {number_text(most)} mmol/L",
        )
    if figures.glucose_kind == POST_MEAL:
        most = Decimal(str(target["post_meal"][1]))
        reached = figures.glucose < most
        return Target(
            REACHED if reached else NOT_REACHED, f"{said}, mục tiêu dưới {number_text(most)} mmol/L"
        )
    return Target(NOT_JUDGED, f"{said}: không dùng để đánh giá mục tiêu")


def comorbid_of(
    codes: Sequence[str],
    complications: Collection[str],
    also: Collection[str],
    ncd: Mapping[str, Any],
) -> frozenset[str]:
    """Diseases that lower the target: by ICD-10 codes, by complications of the form, by what is known."""
    found = {key for key, starts in ncd["comorbid"].items() if begins(codes, starts)}
    known = ncd["complications"]
    found |= {known[each]["as"] for each in complications if each in known}
    return frozenset(each for each in (*found, *also) if each in COMORBID_WORDS)


def begins(codes: Sequence[str], starts: Sequence[str]) -> bool:
    """Whether any of `codes` stands under one of the three-character categories."""
    return any(code.startswith(tuple(starts)) for code in codes)
