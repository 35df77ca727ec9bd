"""The ten-year risk of a first heart attack or stroke (WHO 2019, laboratory chart, Southeast Asia). Pure.

The table is fixtures/cvd (1,400 cells), read once a process. Who is at high risk anyway is not looked up
(ncd.md R3). A prompt, no diagnosis.
"""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "cvd"
CHARTS = {"who-2019-sea-lab": "lab_southeast_asia_2019.csv"}
PRESSURES = (("<120", 120), ("120-139", 140), ("140-159", 160), ("160-179", 180), (">=180", None))
CHOLESTEROLS = (("<4", 4), ("4-4.9", 5), ("5-5.9", 6), ("6-6.9", 7), (">=7", None))
YEARS = 5  # of one band of age

Cell = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Asked:
    """Who is asked about; `cholesterol` in mmol/L."""

    sex: str  # male, female
    age: int
    systolic: Decimal | None
    diastolic: Decimal | None
    smoker: bool | None
    diabetes: bool
    cholesterol: Decimal | None
    comorbid: Collection[str] = ()


@dataclass(frozen=True)
class Risk:
    """`percent` None: high without the chart, or not to be known; `word` says which, `chart` by which."""

    percent: int | None
    word: str
    high: bool = False
    chart: str = ""


@cache
def table(chart: str) -> Mapping[Cell, int]:
    """The cells of a chart. Raises KeyError for one that is not shipped."""
    with (FOLDER / CHARTS[chart]).open(encoding="utf-8", newline="") as lines:
        return {
            (
                row["sex"],
                row["diabetes"],
                row["smoker"],
                row["age_band"],
                row["sbp_band_mmhg"],
                row["total_cholesterol_band_mmol_l"],
            ): int(row["risk_percent_10y"])
            for row in csv.DictReader(lines)
        }


def risk(asked: Asked, limits: Mapping[str, Any]) -> Risk | None:
    """The risk by the parameter `ncd.cvd`; None where no chart is in use, or she is under age for it.

    Over the last band she counts as of the last band (R3).
    """
    chart = limits.get("chart")
    youngest, oldest = limits["ages"]
    if not chart or asked.age < youngest or asked.sex not in ("male", "female"):
        return None
    if anyway := _anyway(asked, limits["high_pressure"]):
        return Risk(None, f"Nguy cơ cao, không cần tra bảng: {anyway}", True, chart)
    missing = [
        word
        for word, value in (
            ("huyết áp", asked.systolic),
            ("cholesterol toàn phần", asked.cholesterol),
            ("có hút thuốc không", asked.smoker),
        )
        if value is None
    ]
    if asked.systolic is None or asked.cholesterol is None or asked.smoker is None:
        return Risk(None, f"Chưa tính được nguy cơ tim mạch: còn thiếu {', '.join(missing)}", chart=chart)
    percent = table(chart)[
        "M" if asked.sex == "male" else "F",
        "yes" if asked.diabetes else "no",
        "yes" if asked.smoker else "no",
        _age_band(min(asked.age, oldest)),
        _band(asked.systolic, PRESSURES),
        _band(asked.cholesterol, CHOLESTEROLS),
    ]
    word = next(word for most, word in limits["groups"] if most is None or percent < most)
    return Risk(percent, f"{percent} %: {word}", percent >= 20, chart)


def _anyway(asked: Asked, high: tuple[int, int]) -> str:
    """Why the chart is not needed."""
    if "cvd" in asked.comorbid:
        return "đã có bệnh tim mạch"
    if "ckd" in asked.comorbid:
        return "có bệnh thận mạn"
    raised = (asked.systolic or 0) >= high[0] or (asked.diastolic or 0) >= high[1]
    return f"huyết áp từ {high[0]}/{high[1]}" if raised else ""


def _age_band(age: int) -> str:
    first = age - age % YEARS
    return f"{first}-{first + YEARS - 1}"


def _band(value: Decimal, bands: tuple[tuple[str, int | None], ...]) -> str:
    return next(name for name, most in bands if most is None or value < most)
