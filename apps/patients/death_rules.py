"""What may be said of a death: the chain of causes, its intervals, a possible maternal death, the bands of
age. Pure.

Sources: the medical certificate of cause of death (WHO ICD-10 volume 2; register A6, TT 23/2025/TT-BYT), the
community death report TV (13 columns of age: all, then twelve bands), maternal death (QĐ 4869/QĐ-BYT 2014),
injury causes (QĐ 97/QĐ-PB 2026, annex IV).
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.catalogues.rules import external, injured
from apps.core.errors import Refused, Warning
from apps.core.words import completed_months

PART_ONE = ("a", "b", "c", "d")
OTHER = "o"  # part II
LINE_WORDS = {"a": "Ia", "b": "Ib", "c": "Ic", "d": "Id", "o": "II"}

# Shortest and longest minutes of one unit: a month is 28 to 31 days, a year 365 or 366.
DAY = 24 * 60
UNITS = {
    "minute": (1, 1),
    "hour": (60, 60),
    "day": (DAY, DAY),
    "week": (7 * DAY, 7 * DAY),
    "month": (28 * DAY, 31 * DAY),
    "year": (365 * DAY, 366 * DAY),
}
# A malformation is as old as the pregnancy: nothing begins earlier than that before birth.
BEFORE_BIRTH = 300 * DAY
BIRTH_UNSURE = {"day": 1, "month": 31, "year": 366}  # days by which a birth date may be off


@dataclass(frozen=True)
class Cause:
    """One line of the certificate: 'a' to 'd' of part I, or 'o' of part II.

    The interval is from its onset to death.
    """

    line: str
    code: str = ""
    text: str = ""
    value: int | None = None
    unit: str = ""

    @property
    def filled(self) -> bool:
        return bool(self.code or self.text)

    @property
    def field(self) -> str:
        """The form's field that says what it is."""
        return f"{self.line}_text"

    @property
    def span(self) -> tuple[int, int] | None:
        """Shortest and longest minutes of its interval: '3 days' is anything up to 4."""
        if self.value is None or self.unit not in UNITS:
            return None
        shortest, longest = UNITS[self.unit]
        return self.value * shortest, (self.value + 1) * longest


def filled(causes: Sequence[Cause]) -> list[Cause]:
    """The lines that say something, in the order of the certificate."""
    order = [*PART_ONE, OTHER]
    return sorted((cause for cause in causes if cause.filled), key=lambda cause: order.index(cause.line))


def underlying(causes: Sequence[Cause]) -> Cause | None:
    """What began it all: the lowest filled line of part I (A6 columns 12 and 13, the report by causes)."""
    chain = [cause for cause in filled(causes) if cause.line in PART_ONE]
    return chain[-1] if chain else None


def blocks(
    causes: Sequence[Cause], *, age_days: int | None = None, birth_precision: str = "day"
) -> list[Refused]:
    """What a chain of causes cannot be."""
    found = []
    chain = {cause.line: cause for cause in filled(causes)}
    if "a" not in chain:
        found.append(
            Refused(
                "Hãy ghi nguyên nhân trực tiếp dẫn đến tử vong; không rõ thì ghi “không rõ nguyên nhân”.",
                field="a_text",
            )
        )
    last = max((PART_ONE.index(line) for line in chain if line in PART_ONE), default=-1)
    for line in PART_ONE[1 : last + 1]:
        if line not in chain:
            lower = LINE_WORDS[PART_ONE[last]]
            found.append(
                Refused(
                    f"Dòng {LINE_WORDS[line]} còn trống mà dòng {lower} đã ghi. Hãy ghi liền nhau.",
                    field=f"{line}_text",
                )
            )
    life = None
    if age_days is not None:
        life = (age_days + BIRTH_UNSURE.get(birth_precision, 366)) * DAY + BEFORE_BIRTH
    for cause in causes:
        span = cause.span
        if cause.value is not None and not cause.filled:
            found.append(
                Refused(
                    f"Dòng {LINE_WORDS[cause.line]} có khoảng thời gian mà chưa ghi nguyên nhân.",
                    field=cause.field,
                )
            )
        elif span and life is not None and span[0] > life:
            found.append(
                Refused(
                    f"Khoảng thời gian ở dòng {LINE_WORDS[cause.line]} dài hơn cả tuổi của người này.",
                    field=f"{cause.line}_value",
                )
            )
    return found


def doubts(causes: Sequence[Cause], injury_cause: str = "") -> list[Warning]:
    """What is odd in a chain, and goes through with a reason."""
    found = []
    chain = [cause for cause in filled(causes) if cause.line in PART_ONE]
    timed = [(cause, cause.span) for cause in chain if cause.span]
    for (later, short), (earlier, long) in pairwise(timed):
        if short and long and short[0] > long[1]:
            found.append(
                Warning(
                    f"order_{later.line}{earlier.line}",
                    f"Dòng {LINE_WORDS[later.line]} có trước dòng {LINE_WORDS[earlier.line]}, trong khi dòng"
                    " dưới phải là bệnh gây ra dòng trên. Hãy xem lại thứ tự hoặc khoảng thời gian.",
                    f"{later.line}_value",
                )
            )
    seen: dict[str, Cause] = {}
    for cause in filled(causes):
        if cause.code and cause.code in seen:
            first = LINE_WORDS[seen[cause.code].line]
            found.append(
                Warning(
                    f"twice_{cause.line}",
                    f"Mã {cause.code} đã ghi ở dòng {first}. Mỗi bệnh chỉ ghi một lần.",
                    cause.field,
                )
            )
        elif cause.code:
            seen[cause.code] = cause
    codes = [cause.code for cause in filled(causes)]
    hurt = any(injured(code) for code in codes)
    if hurt and not injury_cause and not any(external(code) for code in codes):
        found.append(
            Warning(
                "no_external",
                "Có chấn thương hoặc ngộ độc mà chưa ghi vì sao (tai nạn, ngã, tự tử …).",
                "injury_cause",
            )
        )
    return found


# --- maternal death


ASK_MATERNAL = "Hãy hỏi gia đình: lúc mất đang mang thai, đang đẻ, hay mới đẻ, sảy, phá thai?"
IN_TIME = frozenset({"pregnant", "delivery", "within42"})


def asks_maternal(
    sex: str, age_years: int | None, codes: Collection[str] = (), *, first: int = 15, last: int = 49
) -> bool:
    """Whether it must be asked if she was pregnant: women of those years or of unknown age, and whoever has
    a code of pregnancy.
    """
    if sex == "male":
        return False
    if any(code.startswith("O") for code in codes):
        return True
    return sex == "female" and (age_years is None or first <= age_years <= last)


def possible_maternal(answer: str) -> bool:
    """Whether a person has to look at this death as a possible maternal death."""
    return answer in IN_TIME


def maternal_blocks(
    answer: str,
    ended_on: dt.date | None,
    died_on: dt.date,
    *,
    asked: bool,
    counted: int = 42,
    late: int = 365,
) -> list[Refused]:
    """What the answer cannot be beside the dates.

    A death counts until so many days after the end of a pregnancy, and is told as late for so many.
    """
    if asked and not answer:
        return [
            Refused(
                ASK_MATERNAL,
                field="maternal",
            )
        ]
    if ended_on is None:
        return []
    if ended_on > died_on:
        return [Refused("Ngày kết thúc thai kỳ phải trước hoặc bằng ngày mất.", field="pregnancy_ended_on")]
    days = (died_on - ended_on).days
    right = "within42" if days <= counted else "late" if days <= late else "no"
    fits = {right, "delivery"} if days <= 1 else {right}
    if answer in fits:
        return []
    words = {
        "within42": f"trong {counted} ngày",
        "late": f"từ {counted + 1} ngày đến 1 năm",
        "no": "hơn 1 năm",
    }
    return [
        Refused(
            f"Từ ngày kết thúc thai kỳ đến ngày mất là {days} ngày, tức {words[right]}. Chọn lại cho khớp.",
            field="maternal",
        )
    ]


def maternal_doubts(answer: str, codes: Collection[str]) -> list[Warning]:
    """A code of pregnancy beside the answer that she was not pregnant."""
    of_pregnancy = sorted(code for code in codes if code.startswith("O"))
    if of_pregnancy and answer in ("no", ""):
        return [
            Warning(
                "maternal_code",
                f"Mã {', '.join(of_pregnancy)} là bệnh của thai sản, mà câu trả lời là không mang thai.",
                "maternal",
            )
        ]
    return []


# --- ages


BANDS = (
    ("0d", "0 đến dưới 28 ngày"),
    ("28d", "28 ngày đến dưới 1 tuổi"),
    ("1y", "1 đến dưới 5 tuổi"),
    ("5y", "5 đến dưới 10 tuổi"),
    ("10y", "10 đến dưới 15 tuổi"),
    ("15y", "15 đến dưới 20 tuổi"),
    ("20y", "20 đến dưới 30 tuổi"),
    ("30y", "30 đến dưới 40 tuổi"),
    ("40y", "40 đến dưới 50 tuổi"),
    ("50y", "50 đến dưới 60 tuổi"),
    ("60y", "60 đến dưới 70 tuổi"),
    ("70y", "từ 70 tuổi"),
)
NEONATAL_DAYS = 28


def years_at(born: dt.date, died: dt.date, precision: str = "day") -> int:
    """Completed years; of a birth known to the year alone, the difference of the years."""
    if precision == "year":
        return died.year - born.year
    return completed_months(born, died) // 12


def age_band(born: dt.date | None, died: dt.date, precision: str = "day") -> str:
    """The band of the community death report; '' when the birth is unknown.

    A birth known to the month or year counts as its first day, as everywhere in the records.
    """
    if born is None or born > died:
        return ""
    if (died - born).days < NEONATAL_DAYS:
        return "0d"
    years = years_at(born, died, precision)
    if years < 1:
        return "28d"
    lows = [(int(key[:-1]), key) for key, _ in BANDS if key.endswith("y")]
    return next(key for low, key in reversed(lows) if years >= low)


def child_words(born: dt.date | None, died: dt.date, precision: str = "day") -> str:
    """What kind of child death it is, as the reports count it; '' from five years on."""
    if born is None or born > died or (precision == "year" and died.year - born.year >= 5):
        return ""
    days = (died - born).days
    if precision == "day" and days < 7:
        return "Tử vong sơ sinh sớm (0–6 ngày)"
    if precision == "day" and days < NEONATAL_DAYS:
        return "Tử vong sơ sinh muộn (7–27 ngày)"
    years = years_at(born, died, precision)
    if years < 1:
        return "Tử vong trẻ dưới 1 tuổi"
    return "Tử vong trẻ dưới 5 tuổi" if years < 5 else ""
