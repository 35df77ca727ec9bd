"""What may be said in the health record: what blocks a save, what asks for a reason. Pure; in
docs/plausibility.md.

Values come as a mapping of field names; dates and bounds of reference are passed in.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.errors import Refused, Warning

Values = Mapping[str, Any]

MOST_TIMES = 30  # pregnancies or births: more than the most on any register is a slip of the finger
MOST_CIGARETTES = 200  # a day, ten packets
MOST_GLASSES = 50  # a day
MOST_MINUTES = 24 * 60  # a day
YOUNGEST_MOTHER = 12  # years; as between mother and child in patients/plausibility.py
OTHER_DISEASE = "15"
OTHER_DISABILITY = "7"
NO, YES = "0", "1"
HABITS = {"tobacco": "tobacco_a_day", "alcohol": "alcohol_glasses", "drugs": "drugs_quantity"}
MOST = {
    "tobacco_a_day": (MOST_CIGARETTES, "điếu"),
    "alcohol_glasses": (MOST_GLASSES, "ly, cốc"),
    "activity_minutes": (MOST_MINUTES, "phút"),
}


@dataclass(frozen=True)
class Subject:
    """What of a person the rules look at."""

    sex: str
    birth: dt.date | None
    today: dt.date

    @property
    def may_have_given_birth(self) -> bool:
        return self.sex != "male"


@dataclass(frozen=True)
class Bounds:
    """A figure's limits: outside `can` blocks, outside `usual` asks."""

    can: tuple[float, float]
    usual: tuple[float, float]


def comma(figure: Any) -> str:
    """A figure as it is written: '49,5', without a point and without noughts at the end."""
    text = f"{figure:f}" if hasattr(figure, "as_tuple") else str(figure)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",")


def years_blocked(values: Values, subject: Subject, names: tuple[str, ...]) -> Iterator[Refused]:
    """A year before birth or in the future."""
    for name in names:
        year = values.get(name)
        if not year:
            continue
        if year > subject.today.year:
            yield Refused(f"Năm {year} còn ở tương lai.", field=name)
        elif subject.birth and year < subject.birth.year:
            yield Refused(f"Năm {year} trước năm sinh ({subject.birth.year}).", field=name)
        elif year < 1880:
            yield Refused(f"Năm {year} quá xa. Hãy ghi năm dương lịch đủ bốn số.", field=name)


# --- B.1


def birth_blocks(values: Values, weight: Bounds, length: Bounds) -> Iterator[Refused]:
    """Weights in grams and lengths in centimetres that no newborn has."""
    grams, cm = values.get("weight_g"), values.get("length_cm")
    if grams is not None and not weight.can[0] <= grams <= weight.can[1]:
        yield Refused(_not_grams(grams, weight), field="weight_g")
    if cm is not None and not length.can[0] <= cm <= length.can[1]:
        low, high = comma(length.can[0]), comma(length.can[1])
        yield Refused(
            f"Chiều dài lúc sinh {comma(cm)} cm không thể có (từ {low} đến {high} cm).", field="length_cm"
        )


def _not_grams(grams: Any, weight: Bounds) -> str:
    """The refusal, with a guess where kilograms were typed."""
    sentence = f"Cân nặng lúc sinh {comma(grams)} g không thể có. Ô này ghi bằng gam, ví dụ 3200."
    meant = grams * 1000
    if grams < 10 and weight.can[0] <= meant <= weight.can[1]:
        return f"{sentence} Có phải {comma(meant)} g?"
    return sentence


def birth_doubts(values: Values, weight: Bounds, length: Bounds) -> Iterator[Warning]:
    """What is rare, and what contradicts itself."""
    grams, cm = values.get("weight_g"), values.get("length_cm")
    if grams is not None and not weight.usual[0] <= grams <= weight.usual[1]:
        yield Warning("birth_weight", f"Cân nặng lúc sinh {comma(grams)} g hiếm gặp.", "weight_g")
    if cm is not None and not length.usual[0] <= cm <= length.usual[1]:
        yield Warning("birth_length", f"Chiều dài lúc sinh {comma(cm)} cm hiếm gặp.", "length_cm")


# --- B.2


def risk_blocks(values: Values) -> Iterator[Refused]:
    """Quantities of somebody who never did, and quantities beyond a day."""
    for habit, quantity in HABITS.items():
        if values.get(habit) in (NO, "") and values.get(quantity):
            yield Refused("Đã ghi Không hoặc chưa hỏi thì không có số lượng.", field=quantity)
        if values.get(habit) in (NO, "") and values.get(f"{habit}_quit"):
            yield Refused("Chưa từng dùng thì không thể là đã bỏ.", field=f"{habit}_quit")
    if values.get("activity") in (NO, "") and values.get("activity_minutes"):
        yield Refused("Đã ghi Không hoặc chưa hỏi thì không có số phút.", field="activity_minutes")
    for name, (most, unit) in MOST.items():
        figure = values.get(name)
        if figure is not None and figure > most:
            yield Refused(f"{comma(figure)} {unit} một ngày là quá nhiều, tối đa {most}.", field=name)


# --- B.7


COUNTS = (
    *("pregnancies", "miscarriages", "abortions", "deliveries", "normal", "caesarean", "difficult"),
    *("term", "preterm", "living_children"),
)


def reproductive_blocks(values: Values, subject: Subject) -> Iterator[Refused]:
    """A man's, an impossible number, a year that cannot be."""
    if not subject.may_have_given_birth:
        yield Refused("Tiền sử sinh sản chỉ ghi cho nữ.")
        return
    for name in COUNTS:
        if (values.get(name) or 0) > MOST_TIMES:
            yield Refused(f"{values[name]} lần là quá nhiều, tối đa {MOST_TIMES}.", field=name)
    yield from years_blocked(values, subject, ("last_pregnancy_year",))
    if values.get("deliveries") == 0:
        for name in ("normal", "caesarean", "difficult", "term", "preterm"):
            if values.get(name):
                yield Refused("Chưa sinh đẻ lần nào thì ô này phải bằng 0.", field=name)


def reproductive_doubts(values: Values, subject: Subject) -> Iterator[Warning]:
    """Sums that do not add up; twins and lost papers make them possible."""
    said = {name: values.get(name) for name in COUNTS}
    born = said["deliveries"]
    ended = [said[name] for name in ("deliveries", "miscarriages", "abortions")]
    if said["pregnancies"] is not None and None not in ended:
        total = sum(count or 0 for count in ended)
        if total > said["pregnancies"]:
            yield Warning(
                "pregnancies_sum",
                f"Sinh đẻ, sảy thai và phá thai cộng lại {total} lần, nhiều hơn số lần có thai "
                f"({said['pregnancies']}).",
                "pregnancies",
            )
    if born is not None:
        yield from _sums(said, born)
    year = values.get("last_pregnancy_year")
    if year and subject.birth and year - subject.birth.year < YOUNGEST_MOTHER:
        yield Warning(
            "young_mother", f"Năm {year} mới {year - subject.birth.year} tuổi.", "last_pregnancy_year"
        )


def _sums(said: Values, born: int) -> Iterator[Warning]:
    if said["living_children"] is not None and said["living_children"] > born:
        yield Warning(
            "living_children",
            f"Số con hiện sống ({said['living_children']}) nhiều hơn số lần sinh đẻ ({born}). Sinh đôi thì "
            "ghi rõ.",
            "living_children",
        )
    ways = [said[name] for name in ("normal", "caesarean")]
    if None not in ways and sum(ways) > born:
        yield Warning("delivery_ways", f"Đẻ thường và đẻ mổ cộng lại nhiều hơn {born} lần sinh đẻ.", "normal")
    months = [said[name] for name in ("term", "preterm")]
    if None not in months and sum(months) != born:
        yield Warning("delivery_terms", f"Đẻ đủ tháng và đẻ non cộng lại khác {born} lần sinh đẻ.", "term")


# --- lines


def line_blocks(part: str, values: Values, subject: Subject) -> Iterator[Refused]:
    """What a line of B.3 to B.6 and B.8 lacks."""
    yield from years_blocked(values, subject, ("since_year", "year"))
    text = values.get("text") or ""
    if part in ("phau-thuat", "khac") and not text:
        yield Refused("Hãy ghi rõ nội dung.", field="text")
    code = values.get("code")
    if part in ("benh-tat", "gia-dinh") and code == OTHER_DISEASE and not (text or values.get("icd_code")):
        yield Refused("Chọn Bệnh khác thì hãy ghi rõ tên bệnh.", field="text")
    if part == "gia-dinh" and code and code.startswith("A") and not text:
        yield Refused("Hãy ghi rõ dị ứng với gì.", field="text")
    if part == "khuyet-tat" and code == OTHER_DISABILITY and not text:
        yield Refused("Chọn Khuyết tật khác thì hãy ghi rõ.", field="text")
