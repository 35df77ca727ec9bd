"""Vital signs: their codes, how a typed figure is read, what is impossible, odd or dangerous at an age.

Pure: no database, no clock. The limits by age stand in fixtures/parameters/care.csv with their sources; a
caller that has read dated parameters from the database passes them as `bounds`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

BOUNDS_FILE = Path(__file__).resolve().parents[2] / "fixtures" / "parameters" / "care.csv"

Level = Literal["impossible", "odd", "danger"]
Band = dict[str, Any]


@dataclass(frozen=True)
class Vital:
    """One sign: `key` in forms, LOINC `code`, UCUM `unit`, the unit as staff write it, decimals kept."""

    key: str
    code: str
    unit: str
    title: str
    unit_text: str
    decimals: int
    low_word: str = ""
    high_word: str = ""
    # How far the LOINC code can be trusted: seen in use, or from memory alone.
    confidence: str = "high"
    # Another unit that may have been typed by mistake: its word, and how many of it make one of `unit`.
    other_unit: tuple[str, str] | None = None


VITALS: tuple[Vital, ...] = (
    Vital("pulse", "8867-4", "/min", "Mạch", "lần/phút", 0, "Mạch chậm", "Mạch nhanh"),
    Vital("temperature", "8310-5", "Cel", "Nhiệt độ", "°C", 1, "Hạ thân nhiệt", "Sốt cao"),
    Vital("systolic", "8480-6", "mm[Hg]", "Huyết áp tối đa", "mmHg", 0, "Huyết áp thấp", "Huyết áp rất cao"),
    Vital(
        "diastolic", "8462-4", "mm[Hg]", "Huyết áp tối thiểu", "mmHg", 0, "Huyết áp thấp", "Huyết áp rất cao"
    ),
    Vital("breathing", "9279-1", "/min", "Nhịp thở", "lần/phút", 0, "Thở chậm", "Thở nhanh"),
    Vital("spo2", "59408-5", "%", "SpO₂", "%", 0, "SpO₂ thấp"),
    Vital("weight", "29463-7", "kg", "Cân nặng", "kg", 2),
    Vital("height", "8302-2", "cm", "Chiều cao", "cm", 1),
    Vital("waist", "8280-0", "cm", "Vòng bụng", "cm", 1),
)
GLUCOSE = ("mg/dL", "18.0182")  # NCD-D10
# Measured outside a visit's form too: of children, and of who is followed for a chronic disease.
MORE_SIGNS: tuple[Vital, ...] = (
    Vital("length", "8306-3", "cm", "Chiều dài (nằm)", "cm", 1),
    Vital("head", "9843-4", "cm", "Vòng đầu", "cm", 1),
    Vital("muac", "56072-2", "cm", "Vòng cánh tay", "cm", 1, "Vòng cánh tay nhỏ", confidence="medium"),
    Vital(
        "glucose_fasting",
        "14771-0",
        "mmol/L",
        "Đường huyết lúc đói",
        "mmol/L",
        1,
        "Hạ đường huyết",
        "Đường huyết rất cao",
        other_unit=GLUCOSE,
    ),
    Vital(
        "glucose_random",
        "14749-6",
        "mmol/L",
        "Đường huyết bất kỳ",
        "mmol/L",
        1,
        "Hạ đường huyết",
        "Đường huyết rất cao",
        other_unit=GLUCOSE,
    ),
    Vital("hba1c", "4548-4", "%", "HbA1c", "%", 1),
    Vital("peak_flow", "33452-4", "L/min", "Lưu lượng đỉnh", "lít/phút", 0, confidence="medium"),
)
SIGNS: tuple[Vital, ...] = VITALS + MORE_SIGNS
BY_KEY: dict[str, Vital] = {vital.key: vital for vital in SIGNS}
BY_CODE: dict[str, Vital] = {vital.code: vital for vital in SIGNS}

PRESSURE = ("systolic", "diastolic")  # typed in one box
GENERAL = ("pulse", "temperature", "breathing", "spo2")
CHILD_BELOW_DAYS = 6 * 366  # a child's registers end at six years
LYING_USUAL_DAYS = 731  # younger, a child is measured lying

# A height is measured standing, a length lying. Below 9 months nobody is measured standing (WHO Anthro).
LYING_UNTIL_DAYS = 274


@dataclass(frozen=True)
class Finding:
    """What a figure says: `impossible` blocks, `odd` asks for a reason, `danger` only warns."""

    key: str
    level: Level
    sentence: str
    word: str = ""


def number_text(value: Decimal) -> str:
    """A figure as it is written in Vietnamese: a comma, no idle zeros."""
    text = format(value.normalize(), "f")
    return text.replace(".", ",")


def pressure_text(systolic: Decimal, diastolic: Decimal) -> str:
    """A pressure with its unit: 150/95 mmHg."""
    return f"{number_text(systolic)}/{number_text(diastolic)} {BY_KEY['systolic'].unit_text}"


def read_number(text: str) -> Decimal:
    """`37,5` and `37.5` are one figure. ValueError with a sentence for anything else."""
    plain = text.strip().replace(",", ".")
    if not plain or not plain.isascii() or not set(plain) <= set("0123456789.") or len(plain) > 9:
        raise ValueError(f"“{text.strip()[:20]}” không phải là số. Ghi như 37,5.")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise ValueError(f"“{text.strip()[:20]}” không phải là số. Ghi như 37,5.") from None


def read_pressure(text: str) -> tuple[Decimal, Decimal]:
    """Blood pressure in one box: `120/80`, `120 80` or `120-80` -> (systolic, diastolic) in mmHg."""
    parts = text.replace("/", " ").replace("-", " ").split()
    if len(parts) != 2:
        raise ValueError(f"“{text.strip()[:20]}” chưa đủ hai số. Ghi huyết áp như 120/80.")
    return read_number(parts[0]), read_number(parts[1])


MOST_READINGS = 6  # of one visit: more is a diary kept at home


def read_readings(text: str) -> list[tuple[Decimal, Decimal]]:
    """One or several pressures in one box, in their order: `120/80`, `150/95 146/92`, `150/95; 146/92`."""
    parts = text.replace(";", " ").replace(",", " ").split()
    if len(parts) < 2 or not all("/" in part or "-" in part for part in parts):
        return [read_pressure(text)]
    if len(parts) > MOST_READINGS:
        raise ValueError(f"Nhiều nhất {MOST_READINGS} lần đo trong một lượt.")
    return [read_pressure(part) for part in parts]


def of_age(age_days: int | None) -> tuple[Vital, ...]:
    """The signs of a visit's form, beside the pressure, in the order in which they are taken at an age."""
    keys = list(GENERAL)
    if age_days is not None and age_days < CHILD_BELOW_DAYS:
        tall = ["length", "height"] if age_days < LYING_USUAL_DAYS else ["height", "length"]
        keys += ["weight", *tall, "head", "muac"]
    else:
        keys += ["weight", "height", "waist"]
    return tuple(BY_KEY[key] for key in keys)


def bmi(weight_kg: Decimal | None, height_cm: Decimal | None) -> Decimal | None:
    """Body mass index in kg/m², one decimal; None unless both are there and above zero."""
    if not weight_kg or not height_cm:
        return None
    metres = height_cm / 100
    return (weight_kg / (metres * metres)).quantize(Decimal("0.1"))


@lru_cache(maxsize=1)
def shipped_bounds() -> dict[str, list[Band]]:
    """Limits as shipped: {key: [{"to_days", "can", "usual", "danger"}, ...]} from youngest to oldest."""
    return shipped_under("vitals.")


@lru_cache(maxsize=1)
def shipped_watch() -> dict[str, list[Band]]:
    """What is aimed at, as shipped: {key: [{"to_days", "watch"}, ...]}; few signs have it."""
    return shipped_under("watch.")


@cache
def shipped_under(prefix: str) -> dict[str, Any]:
    """The values as shipped of every key under a prefix, without it."""
    with BOUNDS_FILE.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["key"].startswith(prefix)]
    return {row["key"].removeprefix(prefix): json.loads(row["value"]) for row in rows}


def band_for(bands: list[Band], age_days: int | None) -> Band:
    """The band of an age: `to_days` is the first day outside it; without an age, the adults' (last) band."""
    if age_days is not None:
        for band in bands:
            if band["to_days"] is None or age_days < band["to_days"]:
                return band
    return bands[-1]


def assess(
    values: dict[str, Decimal | None],
    age_days: int | None,
    bounds: dict[str, list[Band]] | None = None,
    readings: Sequence[tuple[Decimal, Decimal]] = (),
) -> list[Finding]:
    """What is impossible, odd or dangerous among `values` ({key: figure}) at `age_days`, in SIGNS' order.

    Of several `readings` of a pressure each has to be possible; the value that counts stands in `values`.
    """
    limits = bounds or shipped_bounds()
    unknown = set(values) - set(BY_KEY)
    if unknown:
        raise KeyError(f"unknown vital signs: {sorted(unknown)}")
    findings: list[Finding] = []
    for vital in SIGNS:
        value = values.get(vital.key)
        if value is not None:
            findings += _one(vital, value, band_for(limits[vital.key], age_days))
    systolic, diastolic = values.get("systolic"), values.get("diastolic")
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        findings.append(
            Finding(
                "systolic",
                "impossible",
                f"Huyết áp {number_text(systolic)}/{number_text(diastolic)}: "
                "số tối đa phải lớn hơn số tối thiểu.",
            )
        )
    if systolic is not None and diastolic is not None and not pressure_cannot_be(findings):
        findings = _together(findings, pressure_text(systolic, diastolic))
    for high, low in readings if len(readings) > 1 else ():
        each = assess({"systolic": high, "diastolic": low}, age_days, limits)
        findings += [one for one in each if one.level == "impossible" and one not in findings]
    return findings


def pressure_cannot_be(findings: Sequence[Finding]) -> bool:
    """Whether a pressure was typed that is none: it is called nothing."""
    return any(finding.level == "impossible" and finding.key in PRESSURE for finding in findings)


def _together(findings: Sequence[Finding], shown: str) -> list[Finding]:
    """A pressure is one: what its two figures warn of in the same word is one sentence with both."""
    told: list[Finding] = []
    for finding in findings:
        if finding.level == "danger" and finding.key in PRESSURE:
            finding = replace(finding, sentence=f"{finding.word}: {shown}")
            if any(finding.sentence == other.sentence for other in told):
                continue
        told.append(finding)
    return told


def posture(values: dict[str, Decimal | None], age_days: int | None) -> list[Finding]:
    """How a child was measured: a height is taken standing, a length lying (who-growth: the posture rule)."""
    found = []
    if values.get("height") is not None and age_days is not None and age_days < LYING_UNTIL_DAYS:
        found.append(
            Finding(
                "height",
                "odd",
                "Trẻ dưới 9 tháng đo nằm: ghi vào ô Chiều dài. Đúng là đo đứng thì ghi lý do.",
            )
        )
    if values.get("height") is not None and values.get("length") is not None:
        found.append(
            Finding("length", "impossible", "Chỉ ghi một: chiều dài (đo nằm) hoặc chiều cao (đo đứng).")
        )
    return found


def watched(bands: list[Band] | None, value: Decimal, age_days: int | None) -> bool:
    """Whether a figure lies beyond what is aimed at (`watch` of the age's band) without being dangerous."""
    low, high = (band_for(bands, age_days).get("watch") or (None, None)) if bands else (None, None)
    return (low is not None and value < Decimal(str(low))) or (
        high is not None and value >= Decimal(str(high))
    )


def _one(vital: Vital, value: Decimal, band: Band) -> list[Finding]:
    shown = f"{vital.title} {number_text(value)} {vital.unit_text}"
    low, high = (Decimal(str(limit)) for limit in band["can"])
    if not low <= value <= high:
        ask = _guess(vital, value, band) or " Hãy đo và ghi lại."
        return [Finding(vital.key, "impossible", f"{shown} là không thể.{ask}")]
    found: list[Finding] = []
    low, high = (Decimal(str(limit)) for limit in band["usual"])
    if not low <= value <= high:
        limits_text = f"thường từ {number_text(low)} đến {number_text(high)}"
        found.append(
            Finding(vital.key, "odd", f"{shown} là lạ ở tuổi này ({limits_text}). Đúng thì ghi lý do.")
        )
    danger_low, danger_high = band.get("danger") or (None, None)
    if danger_low is not None and value < Decimal(str(danger_low)):
        found.append(
            Finding(
                vital.key,
                "danger",
                f"{vital.low_word}: {number_text(value)} {vital.unit_text}",
                vital.low_word,
            )
        )
    if danger_high is not None and value >= Decimal(str(danger_high)):
        word = band.get("high_word") or vital.high_word
        found.append(Finding(vital.key, "danger", f"{word}: {number_text(value)} {vital.unit_text}", word))
    return found


def _guess(vital: Vital, value: Decimal, band: Band) -> str:
    """What was probably meant, as a question; '' when nothing fits."""
    if vital.other_unit is not None:
        # 126 mg/dL is 7 mmol/L: a comma moved by one place would be another disease.
        word, many = vital.other_unit
        told = (value / Decimal(many)).quantize(Decimal("0.1"))
        low, high = (Decimal(str(limit)) for limit in band["usual"])
        if not low <= told <= high:
            return ""
        return f" Có phải là {number_text(value)} {word}, tức {number_text(told)} {vital.unit_text} không?"
    hint = _shifted(value, band)
    return f" Có phải là {number_text(hint)} không?" if hint else ""


def _shifted(value: Decimal, band: Band) -> Decimal | None:
    """The figure that was probably meant: the comma one place (or two) off."""
    low, high = (Decimal(str(limit)) for limit in band["usual"])
    for factor in (Decimal("0.1"), Decimal("10"), Decimal("0.01"), Decimal("100")):
        if low <= value * factor <= high:
            return value * factor
    return None
