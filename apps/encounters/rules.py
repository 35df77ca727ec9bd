"""What is looked at before a visit is saved or finalised: pure checks over plain values.

`blocks` is kept for what the law or arithmetic forbids; everything else asks for a reason, which is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from apps.core.dates import parse_date
from apps.core.words import completed_months
from apps.encounters import doses, insured
from apps.encounters.doses import Counts, DoseLimit

CHILD_MONTHS = 192  # younger has the diseases of children: what comes first in a list
LAST_FOLLOW_UP_DAYS = 366  # further off is a slip of the keyboard, no appointment


REFERRAL = "sick-child-referral"
MISSING = frozenset({"no-diagnosis", "no-performer", "no-reason"})


@dataclass(frozen=True)
class Problem:
    """One remark: `code` is what a given reason is kept under; `field` names the input it belongs to; `apart`
    asks for a reason of its own.
    """

    code: str
    sentence: str
    field: str = ""
    blocks: bool = False
    apart: bool = False


@dataclass(frozen=True)
class PrescriptionLimits:
    """What a circular sets for prescriptions (TT 26/2025/TT-BYT), on the day of the visit.

    Days one may run: `usual` for all, `most` for diseases with long prescriptions. Below `child_months` of
    age the weight stands on it, and who came with the child.
    """

    usual: int
    most: int
    child_months: int
    doses: tuple[DoseLimit, ...] = ()
    pregnancy: frozenset[str] = frozenset()  # ingredients to avoid, folded
    counts: Counts = field(default_factory=lambda: Counts({}))
    cover: insured.CoverRule | None = None


@dataclass(frozen=True)
class Ends:
    """What the codes of outcome and result mean on a day (parameter visits.ends)."""

    died: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    cured: tuple[str, ...] = ()
    referred: tuple[str, ...] = ()
    home: tuple[str, ...] = ()

    @classmethod
    def read(cls, value: Mapping[str, Sequence[str]]) -> Ends:
        return cls(**{name: tuple(codes) for name, codes in value.items()})


def check_end(outcome: str, result: str, follow_up_on: date | None, ends: Ends) -> list[Problem]:
    """How a visit ends: the dead do not come back, who is worse is not simply sent home."""
    found = []
    if result in ends.died and follow_up_on is not None:
        sentence = "Kết quả là tử vong: không ghi ngày tái khám."
        found.append(Problem("died-follow-up", sentence, "follow_up_on", blocks=True))
    if result in ends.died:
        sentence = "Kết quả là tử vong. Đúng là người bệnh đã tử vong? Bấm nhầm thì chọn lại kết quả."
        found.append(Problem("died", sentence, "result"))
    if result in ends.died and outcome in ends.referred:
        sentence = "Kết quả là tử vong mà hình thức ra về là chuyển tuyến: xem lại một trong hai."
        found.append(Problem("died-referred", sentence, "outcome"))
    if result in ends.cured and outcome in ends.referred:
        sentence = "Chuyển tuyến mà kết quả là khỏi: xem lại một trong hai."
        found.append(Problem("cured-referred", sentence, "result"))
    if result in ends.worse and outcome in ("", *ends.home) and follow_up_on is None:
        sentence = "Nặng hơn mà cho về, không hẹn khám lại: chuyển tuyến, hoặc hẹn ngày khám lại?"
        found.append(Problem("worse-home", sentence, "outcome"))
    return found


def check_referral(pink: Sequence[str], outcome: str, result: str, ends: Ends) -> list[Problem]:
    """A sick child with a class in pink is referred: another end asks for its reason."""
    if not pink or outcome in ends.referred or result in ends.died:
        return []
    sentence = (
        f"Phiếu trẻ bệnh có phân loại hồng ({', '.join(pink)}): trẻ cần chuyển tuyến gấp. "
        "Chọn hình thức ra về là chuyển tuyến?"
    )
    return [Problem(REFERRAL, sentence, "outcome")]


@dataclass(frozen=True)
class LineFacts:
    """A prescription line as the rules see it; `ingredient` folded by the caller. One that is not `whole` is
    still being typed: of it only the medicine counts.
    """

    position: int
    name: str
    ingredient: str
    unit: str
    dose: Decimal
    times_per_day: int
    days: int
    quantity: Decimal | None
    drug_code: str = ""
    taken: doses.Taken | None = None
    kind: str = ""  # the catalogue it is of
    insured_code: str = ""
    whole: bool = True


@dataclass(frozen=True)
class AllergyFacts:
    """A known allergy: the substance as written, folded, and the drug's code when it was picked."""

    substance: str
    folded: str
    drug_code: str = ""


@dataclass(frozen=True)
class VisitFacts:
    """A visit as the rules see it before it is finalised."""

    on: date
    age_months: int | None
    reason: str
    main_diagnoses: int
    has_performer: bool
    weight_kg: Decimal | None
    follow_up_on: date | None = None
    payer: str = ""
    pregnant: bool = False
    injured: bool = False  # an injury or a poisoning is among the diagnoses
    injury_cause: str = ""
    lines: list[LineFacts] = field(default_factory=list)
    allergies: list[AllergyFacts] = field(default_factory=list)
    heaviest_kg: Decimal | None = None  # the most that is usual at the age
    long_days: int = 0  # longest run the diagnoses allow (TT 26/2025, list of chronic diseases)


TOO_MUCH = Decimal(100_000)  # at once or in all: a slip of the hand, in whatever unit
LEAST_QUANTITY = Decimal("0.01")  # what is written on paper


def check_line(line: LineFacts, limit: PrescriptionLimits, long_days: int = 0) -> list[Problem]:
    """One line: numbers that cannot be block, numbers that are unusual ask."""
    where = f"line-{line.position}"
    found: list[Problem] = []

    def block(part: str, sentence: str) -> None:
        found.append(Problem(f"{where}-{part}", f"{line.name}: {sentence}", f"{where}-{part}", blocks=True))

    if line.dose <= 0:
        block("dose", "liều mỗi lần phải lớn hơn 0.")
    elif line.dose >= TOO_MUCH:
        block("dose", "liều mỗi lần lớn quá mức có thể.")
    if not 1 <= line.times_per_day <= 24:
        block("times", f"{line.times_per_day} lần một ngày là không thể (1 đến 24).")
    if line.days < 1:
        block("days", "số ngày dùng phải từ 1.")
    elif line.days > limit.most:
        block("days", f"{line.days} ngày là quá {limit.most} ngày, số ngày kê đơn dài nhất được phép.")
    if found:
        return found  # the quantity follows from these
    if line.quantity is None:
        block("quantity", f"chưa có số lượng. Liều tính bằng đơn vị khác: hãy ghi số lượng ({line.unit}).")
    elif line.quantity < LEAST_QUANTITY:
        block("quantity", "số lượng phải lớn hơn 0.")
    elif line.quantity >= TOO_MUCH:
        block("quantity", "số lượng lớn quá mức có thể.")
    if line.days > (usual := max(limit.usual, long_days)):
        found.append(
            Problem(
                f"{where}-long",
                f"{line.name}: {line.days} ngày, dài hơn {usual} ngày cho chẩn đoán này.",
                f"{where}-days",
            )
        )
    return found


def check_lines(visit: VisitFacts, limit: PrescriptionLimits) -> list[Problem]:
    """All lines: each alone, an ingredient twice, an allergy, too much, a small child without weight."""
    whole = [line for line in visit.lines if line.whole]
    found = [problem for line in whole for problem in check_line(line, limit, visit.long_days)]
    seen: dict[str, LineFacts] = {}
    for line in visit.lines:
        first = seen.setdefault(line.ingredient, line) if line.ingredient else line
        found += _against(line, first, visit, limit)
    found += [
        Problem(f"line-{much.position}-{much.code}", much.sentence, f"line-{much.position}-dose")
        for much in doses.check(
            [line.taken for line in visit.lines if line.taken is not None],
            limit.doses,
            limit.counts,
            age_months=visit.age_months,
            weight_kg=visit.weight_kg,
            heaviest_kg=visit.heaviest_kg,
        )
    ]
    small = visit.age_months is not None and visit.age_months < limit.child_months
    if visit.lines and small and visit.weight_kg is None:
        found.append(
            Problem(
                "child-weight",
                f"Trẻ dưới {limit.child_months} tháng tuổi: đơn thuốc phải ghi cân nặng, hãy cân trẻ.",
                "weight",
            )
        )
    return found


def _against(
    line: LineFacts, first: LineFacts, visit: VisitFacts, limit: PrescriptionLimits
) -> list[Problem]:
    """What speaks against a medicine itself; `first` is the first line of its ingredient."""
    found, box = [], f"line-{line.position}-drug"
    if first is not line:
        found.append(
            Problem(
                f"line-{line.position}-twice",
                f"{line.name}: cùng hoạt chất với thuốc số {first.position}.",
                box,
            )
        )
    if visit.pregnant and any(name in line.ingredient for name in limit.pregnancy):
        found.append(
            Problem(
                f"line-{line.position}-pregnancy",
                f"{line.name}: người bệnh đang có thai, thuốc nên tránh hoặc cân nhắc khi có thai.",
                box,
            )
        )
    if insured.cover(limit.cover, payer=visit.payer, kind=line.kind, code=line.insured_code) == "list":
        found.append(
            Problem(
                f"line-{line.position}-insured",
                f"{line.name}: {insured.SENTENCES['list']}. Đã nói với người bệnh chưa?",
                box,
            )
        )
    for allergy in visit.allergies:
        if _concerns(allergy, line):
            found.append(
                Problem(
                    f"line-{line.position}-allergy",
                    f"{line.name}: người bệnh dị ứng {allergy.substance}.",
                    box,
                    apart=True,
                )
            )
    return found


def _concerns(allergy: AllergyFacts, line: LineFacts) -> bool:
    if allergy.drug_code and allergy.drug_code == line.drug_code:
        return True
    words = allergy.folded.split()
    return bool(words) and re.search(rf"\b{re.escape(' '.join(words))}\b", line.ingredient) is not None


def check_visit(visit: VisitFacts, limit: PrescriptionLimits) -> list[Problem]:
    """Everything that stands between a visit and its end."""
    found: list[Problem] = []
    if visit.main_diagnoses == 0:
        found.append(Problem("no-diagnosis", "Chưa có chẩn đoán chính.", "diagnosis", blocks=True))
    elif visit.main_diagnoses > 1:
        found.append(Problem("two-main", "Chỉ một chẩn đoán là chính.", "diagnosis", blocks=True))
    if not visit.has_performer:
        found.append(Problem("no-performer", "Chưa ghi người khám.", "performer", blocks=True))
    if not visit.reason.strip():
        found.append(Problem("no-reason", "Chưa ghi lý do đến khám.", "reason"))
    if visit.injured and not visit.injury_cause:
        sentence = "Chấn thương, ngộ độc: chưa chọn nguyên nhân (tai nạn giao thông, ngã, bạo lực …)."
        found.append(Problem("injury-cause", sentence, "injury_cause"))
    if visit.follow_up_on is not None:
        found += check_follow_up(visit.on, visit.follow_up_on)
    return found + check_lines(visit, limit)


def age_months(born: date | None, on: date) -> int | None:
    """Completed months of life on a day; None without a birth date."""
    return completed_months(born, on) if born else None


def check_follow_up(on: date, follow_up_on: date) -> list[Problem]:
    """A date to come back lies after the visit and within a year."""
    if follow_up_on <= on:
        sentence = f"Ngày tái khám {follow_up_on:%d/%m/%Y} phải sau ngày khám {on:%d/%m/%Y}."
        return [Problem("follow-up", sentence, "follow_up_on", blocks=True)]
    if (follow_up_on - on).days > LAST_FOLLOW_UP_DAYS:
        sentence = f"Ngày tái khám {follow_up_on:%d/%m/%Y} xa quá một năm."
        return [Problem("follow-up", sentence, "follow_up_on", blocks=True)]
    return []


def read_follow_up(text: str, on: date) -> date | None:
    """`7` is in seven days, `27/11` the next such day, else a whole date; blank is none. Else ValueError."""
    plain = text.strip()
    if not plain:
        return None
    if re.fullmatch(r"[0-9]{1,3}", plain):
        return on + timedelta(days=int(plain))
    if not re.fullmatch(r"[0-9]{1,2}[/.-][0-9]{1,2}", plain):
        return parse_date(plain)
    near = parse_date(f"{plain}/{on.year}")
    return near if near > on else parse_date(f"{plain}/{on.year + 1}")
