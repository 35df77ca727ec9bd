"""Days of sick leave, of a referral, of a health certificate: pure checks over plain values.

Circulars change these figures: they come from the parameters `certificates.*` of the day of the visit.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from apps.core.words import completed_months
from apps.encounters.rules import Problem

HOLDER = re.compile(r"[0-9]{10}")


@dataclass(frozen=True)
class LeaveRules:
    """Parameters `certificates.leave*`: the `most` days of one certificate, `longer` {beginning of an ICD-10
    code: days}; a parent's leave below `child_under` years of age; issued at most `late` days after.
    """

    most: int
    child_under: int
    late: int
    longer: Mapping[str, int] = field(default_factory=dict)

    def most_of(self, codes: Collection[str]) -> int:
        """The most days that one of these diagnoses allows."""
        longer = [days for begins, days in self.longer.items() if any(c.startswith(begins) for c in codes)]
        return max([self.most, *longer])


@dataclass(frozen=True)
class Leave:
    """A sick-leave certificate as the rules see it. `holder` is the number at the social insurance."""

    visit_on: dt.date
    issued_on: dt.date
    since: dt.date
    until: dt.date
    codes: Collection[str]
    holder: str
    born: dt.date | None
    parent: str = ""


@dataclass(frozen=True)
class Certified:
    """Leave of the same insured person that stands already; `number` '' where another station gave it."""

    number: str
    since: dt.date
    until: dt.date


def is_child(born: dt.date | None, on: dt.date, rules: LeaveRules) -> bool:
    """Whether a parent stays at home with her: it is the parent's leave."""
    return born is not None and completed_months(born, on) < 12 * rules.child_under


def check_leave(leave: Leave, rules: LeaveRules, standing: Sequence[Certified]) -> list[Problem]:
    """What is refused (no day before the visit, no day twice, no more than is allowed) and what is asked."""
    found: list[Problem] = []

    def block(code: str, box: str, sentence: str) -> None:
        found.append(Problem(code, sentence, box, blocks=True))

    def ask(code: str, box: str, sentence: str) -> None:
        found.append(Problem(code, sentence, box))

    if leave.until < leave.since:
        block("leave-order", "until", "Ngày nghỉ đến hết phải từ ngày bắt đầu nghỉ.")
        return found
    if leave.since < leave.visit_on:
        sentence = f"Không cấp lùi ngày: nghỉ từ {leave.since:%d/%m/%Y}, khám ngày {leave.visit_on:%d/%m/%Y}."
        block("leave-back", "since", sentence)
    elif leave.since > leave.visit_on:
        sentence = f"Ngày bắt đầu nghỉ khác ngày khám {leave.visit_on:%d/%m/%Y}: xem lại."
        ask("leave-later", "since", sentence)
    days, most = (leave.until - leave.since).days + 1, rules.most_of(leave.codes)
    if days > most:
        block("leave-days", "until", f"Nghỉ {days} ngày, quá {most} ngày một lần cấp cho chẩn đoán này.")
    late = (leave.issued_on - leave.visit_on).days
    if late > rules.late:
        sentence = f"Khám đã {late} ngày; chỉ cấp trong {rules.late} ngày kể từ ngày khám."
        block("leave-too-late", "since", sentence)
    elif late > 0:
        ask("leave-late", "since", f"Cấp sau ngày khám {late} ngày, trên giấy là ngày hôm nay: vì sao?")
    for row in standing:
        if row.since <= leave.until and leave.since <= row.until:
            of = f"giấy số {row.number}" if row.number else "giấy của nơi khác"
            days_words = f"từ {row.since:%d/%m/%Y} đến {row.until:%d/%m/%Y}"
            block("leave-twice", "since", f"Trùng ngày với {of}, nghỉ {days_words}. Hủy giấy đó trước.")
    if not leave.holder:
        ask("leave-no-holder", "holder", "Chưa có mã số BHXH: cơ quan BHXH không nhận giấy thiếu mã số.")
    elif not HOLDER.fullmatch(leave.holder):
        block("leave-holder", "holder", "Mã số BHXH có 10 chữ số (10 số cuối của thẻ BHYT).")
    if is_child(leave.born, leave.visit_on, rules) and not leave.parent:
        sentence = f"Trẻ dưới {rules.child_under} tuổi: ghi tên cha hoặc mẹ nghỉ trông con."
        block("leave-parent", "mother", sentence)
    return found


def valid_until(on: dt.date, months: int) -> dt.date:
    """The last day of a paper that is good for `months` from `on`: the day before it is that long ago."""
    year, month = divmod(on.month - 1 + months, 12)
    first = dt.date(on.year + year, month + 1, 1)
    last = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    return min(last, first.replace(day=min(on.day, last.day))) - dt.timedelta(days=1)


def answer_is_late(issued_on: dt.date, today: dt.date, days: int) -> bool:
    """Whether an answer to a referral has been waited for longer than usual."""
    return (today - issued_on).days > days
