"""A child's own track: what was measured, day by day, as z-scores. Pure."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from apps.care.growth import classes
from apps.care.growth.classes import Class, Limits, Verdict
from apps.care.growth.tables import Sex
from apps.care.growth.zscores import FIVE_YEARS, GROWN_UP, STANDING_FROM, Body, Scores, evaluate, months_of
from apps.care.vitals import number_text
from apps.core.words import age_words, completed_months, quantity_words

SIGNS = ("weight", "length", "height", "head", "muac")
MIDDLE = 15  # the day that stands for a month of birth, as in WHO Anthro


@dataclass(frozen=True)
class Child:
    """Who is measured: `sex` "male", "female" or anything else; `precision` "day", "month" or "year"."""

    sex: str
    birth_date: dt.date | None
    precision: str = "day"

    @property
    def table_sex(self) -> Sex | None:
        """The sex as the tables name it."""
        return {"male": "M", "female": "F"}.get(self.sex)  # type: ignore[return-value]


@dataclass(frozen=True)
class Figure:
    """One figure: the sign's key, the day, and whether the feet were swollen when it was weighed."""

    key: str
    value: Decimal
    on: dt.date
    at: dt.datetime
    oedema: bool = False


@dataclass(frozen=True)
class Point:
    """All that was measured on one day and what it says. `by_age` False: only weight for length is told."""

    on: dt.date
    age_days: int
    age_text: str
    by_age: bool
    figures: dict[str, Figure]
    scores: Scores
    verdicts: list[Verdict]
    acute: Class | None

    @property
    def oedema(self) -> bool:
        """Whether the feet were swollen."""
        return any(figure.oedema for figure in self.figures.values())

    def of(self, key: str) -> float | None:
        """The figure of a sign as it was measured."""
        figure = self.figures.get(key)
        return float(figure.value) if figure else None

    def verdict(self, indicator: str) -> Verdict | None:
        """What an indicator says."""
        return next((one for one in self.verdicts if one.indicator == indicator), None)

    @property
    def tall_text(self) -> str:
        """The length or height as it was measured: '78 cm, đo đứng'; with what it counts as."""
        figure = self.tall
        if figure is None:
            return ""
        text = f"{number_text(figure.value)} cm, {'đo nằm' if figure.key == 'length' else 'đo đứng'}"
        counted = self.scores.length_cm
        if counted is not None and abs(counted - float(figure.value)) > 0.01:
            text += f" (tính {quantity_words(round(counted, 2))})"
        return text

    @property
    def tall(self) -> Figure | None:
        """The length or the height that counts: of both the later."""
        return tall_of(self.figures)

    @property
    def remarks(self) -> list[str]:
        """What has to be known of this measuring."""
        said = []
        if self.scores.mistaken_position:
            said.append("Dưới 9 tháng mà ghi đo đứng: coi như không rõ tư thế, không cộng 0,7 cm.")
        if self.oedema:
            said.append("Phù hai bàn chân: cân nặng không dùng để xếp loại.")
        if any(one.flagged for one in self.verdicts):
            said.append("Có điểm z khó tin: đo lại; không tính vào chỉ tiêu.")
        return said

    @property
    def weighed(self) -> classes.Weighed:
        """What the alerts compare."""
        return classes.Weighed(
            self.age_days,
            None if self.oedema else self.of("weight"),
            self.scores.length_cm,
            self.scores,
        )


def is_young(child: Child, on: dt.date) -> bool:
    """Whether WHO has anything to say of this age: to 19 years, by what is known of the birth."""
    if child.birth_date is None or on < child.birth_date:
        return False
    return months_of((on - child.birth_date).days) <= GROWN_UP


def age_on(child: Child, on: dt.date) -> int | None:
    """Days of age. A month of birth stands for its 15th; a year for no day, so that None is told."""
    if child.birth_date is None or child.precision == "year":
        return None
    born = child.birth_date
    if child.precision == "month":
        born = min(born.replace(day=MIDDLE), max(on, born))
    return (on - born).days if on >= born else None


def age_text(child: Child, on: dt.date) -> str:
    """The age as a growth card says it: days, months to the fifth birthday, then years and months."""
    born = child.birth_date
    if born is None or on < born:
        return ""
    months = completed_months(born, on)
    if child.precision == "year" or months < 1:
        return age_words(born, on, child.precision)
    about = "khoảng " if child.precision == "month" else ""
    if months < FIVE_YEARS:
        return f"{about}{months} tháng"
    rest = f" {months % 12} tháng" if months % 12 else ""
    return f"{about}{months // 12} tuổi{rest}"


def doubt(child: Child) -> str:
    """A sentence about what is not known of the child; empty when all is."""
    if child.table_sex is None:
        return "Chưa rõ giới tính nên không có chuẩn để so. Ghi giới tính thì điểm z tự hiện."
    if child.birth_date is None:
        return "Chưa rõ ngày sinh nên không tính được điểm z. Ghi ngày sinh thì điểm z tự hiện."
    if child.precision == "year":
        return (
            f"Chỉ biết năm sinh ({child.birth_date.year}): không tính được các chỉ số theo tuổi, chỉ tính "
            "cân nặng theo chiều dài, cao khi chắc trẻ dưới hoặc trên 24 tháng."
        )
    if child.precision == "month":
        return (
            f"Chỉ biết tháng sinh ({child.birth_date:%m/%Y}): tuổi tính từ ngày {MIDDLE}, có thể lệch "
            "nửa tháng, nên điểm z theo tuổi là ước lượng."
        )
    return ""


def track(child: Child, figures: Sequence[Figure], limits_on: Callable[[dt.date], Limits]) -> list[Point]:
    """A point for each day of measuring, the oldest first; of a sign the last figure of the day."""
    if child.table_sex is None or child.birth_date is None:
        return []
    days: dict[dt.date, dict[str, Figure]] = {}
    for figure in sorted(figures, key=lambda one: one.at):
        if figure.key in SIGNS:
            days.setdefault(figure.on, {})[figure.key] = figure
    found = []
    for on, measured in sorted(days.items()):
        point = _point(child, on, measured, limits_on(on))
        if point is not None:
            found.append(point)
    return found


def _point(child: Child, on: dt.date, measured: dict[str, Figure], limits: Limits) -> Point | None:
    age = age_on(child, on)
    by_age = age is not None
    if age is None and child.precision == "year":
        age = _sure_age(child, on)
    if age is None or months_of(age) > GROWN_UP:
        return None
    body = body_of(child.table_sex, age, measured)
    scores = evaluate(body)
    if not by_age:
        scores = replace(scores, waz=None, haz=None, baz=None, hcaz=None)
    muac = measured.get("muac")
    return Point(
        on,
        age,
        age_text(child, on),
        by_age,
        measured,
        scores,
        classes.verdicts(scores, age, limits),
        classes.acute(
            scores, age, muac_cm=float(muac.value) if muac else None, oedema=body.oedema, limits=limits
        ),
    )


def _sure_age(child: Child, on: dt.date) -> int | None:
    """Of a child known by its year: an age to choose the table by, when every possible one does so."""
    assert child.birth_date is not None  # noqa: S101 - asked before
    oldest = (on - child.birth_date.replace(month=1, day=1)).days
    youngest = max((on - child.birth_date.replace(month=12, day=31)).days, 0)
    one_table = (oldest < STANDING_FROM) == (youngest < STANDING_FROM)
    if oldest < 0 or months_of(oldest) >= FIVE_YEARS or not one_table:
        return None
    return oldest


def tall_of(measured: Mapping[str, Figure]) -> Figure | None:
    """Of a length and a height of one day the later."""
    found = [measured[key] for key in ("length", "height") if key in measured]
    return max(found, key=lambda one: one.at) if found else None


def body_of(sex: Sex | None, age_days: int, measured: dict[str, Figure]) -> Body:
    """The figures of one day as the method takes them; of a length and a height the later counts."""
    tall = tall_of(measured)

    def figure(key: str) -> float | None:
        return float(measured[key].value) if key in measured else None

    return Body(
        sex=sex,
        age_days=age_days,
        weight_kg=figure("weight"),
        lenhei_cm=float(tall.value) if tall else None,
        position=None if tall is None else "L" if tall.key == "length" else "H",
        oedema=any(one.oedema for one in measured.values()),
        headc_cm=figure("head"),
    )
