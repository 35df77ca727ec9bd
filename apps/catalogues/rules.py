"""What ICD-10 and the decisions' annexes say about one coded diagnosis: pure functions over plain values."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

# 'block': the law says no. 'reason': odd, goes through with a reason. 'note': shown, nothing asked.
Level = Literal["block", "reason", "note"]
Role = Literal["main", "secondary", "external"]
Sex = Literal["male", "female", "unknown"]

_SEX_WORD = {"M": "nam", "F": "nữ"}
_SEX_OF = {"male": "M", "female": "F"}


@dataclass(frozen=True)
class Finding:
    """One thing to say about a code. `code` names the rule; `sentence` is shown; `source` is the article."""

    code: str
    level: Level
    sentence: str
    source: str


@dataclass(frozen=True)
class AgeLimit:
    """Days of age, both ends inclusive; None is open."""

    min_days: int | None
    max_days: int | None
    words: str
    source: str


@dataclass(frozen=True)
class CodeFacts:
    """What the catalogue holds about one code on the day of the visit."""

    code: str
    name: str
    source: str
    in_force: bool = True
    valid_to: dt.date | None = None
    doubtful: bool = False
    not_principal: bool = False
    discouraged_principal: bool = False
    has_more_specific: bool = False
    death_cause_only: bool = False
    sex: str = ""
    age_limits: tuple[AgeLimit, ...] = ()
    daggers: tuple[str, ...] = field(default=())


def external(code: str) -> bool:
    """Whether a code is an external cause (chapter XX)."""
    return "V" <= code[:1] <= "Y"


def injured(code: str) -> bool:
    """Whether a code is an injury or a poisoning (chapter XIX), which some cause has brought about."""
    return "S" <= code[:1] <= "T"


def judge(
    facts: CodeFacts | None,
    *,
    code: str,
    edition_title: str,
    role: Role,
    sex: Sex,
    age_days: int | None,
    others: Collection[str] = (),
) -> list[Finding]:
    """All findings for one code, the gravest first.

    `others` are the visit's other codes; `facts` None means that the catalogue does not list the code.
    """
    if facts is None:
        sentence = f"Mã {code} không có trong danh mục {edition_title} áp dụng vào ngày khám. Chọn mã khác."
        return [Finding("unknown", "block", sentence, edition_title)]
    found = [
        *_in_force(facts),
        *_place(facts, role),
        *_sex(facts, sex),
        *_age(facts, age_days),
        *_pair(facts, others),
    ]
    return sorted(found, key=lambda finding: ("block", "reason", "note").index(finding.level))


def _in_force(facts: CodeFacts) -> list[Finding]:
    if not facts.in_force:
        until = f" (dùng đến hết ngày {facts.valid_to:%d/%m/%Y})" if facts.valid_to else ""
        return [
            Finding("retired", "block", f"Mã {facts.code} đã ngừng dùng{until}. Chọn mã khác.", facts.source)
        ]
    if facts.doubtful:
        sentence = f"Mã {facts.code} không thấy trong danh mục mới, có thể đã bỏ. Nên chọn mã khác."
        return [Finding("doubtful", "reason", sentence, facts.source)]
    return []


def _place(facts: CodeFacts, role: Role) -> list[Finding]:
    found = []
    if role == "main" and facts.not_principal:
        sentence = f"Mã {facts.code} không được dùng làm bệnh chính. Ghi ở bệnh kèm theo."
        found.append(Finding("not_principal", "block", sentence, facts.source))
    elif role == "main" and facts.discouraged_principal:
        sentence = f"Mã {facts.code} không khuyến khích dùng làm bệnh chính."
        found.append(Finding("discouraged_principal", "reason", sentence, facts.source))
    if facts.death_cause_only:
        sentence = f"Mã {facts.code} chỉ dùng để ghi nguyên nhân tử vong."
        found.append(Finding("death_cause_only", "reason", sentence, facts.source))
    if facts.has_more_specific:
        sentence = f"Mã {facts.code} còn mã chi tiết hơn. Nên chọn mã chi tiết."
        found.append(Finding("has_more_specific", "note", sentence, facts.source))
    return found


def _sex(facts: CodeFacts, sex: Sex) -> list[Finding]:
    if not facts.sex or _SEX_OF.get(sex) in (None, facts.sex):
        return []
    sentence = (
        f"Mã {facts.code} chỉ dùng cho {_SEX_WORD[facts.sex]}, người bệnh là {_SEX_WORD[_SEX_OF[sex]]}."
    )
    return [Finding("sex", "reason", sentence, facts.source)]


def _age(facts: CodeFacts, age_days: int | None) -> list[Finding]:
    if age_days is None:
        return []
    return [
        Finding(
            "age",
            "reason",
            f"Mã {facts.code} dùng cho tuổi {limit.words}; tuổi người bệnh không phù hợp.",
            limit.source,
        )
        for limit in facts.age_limits
        if (limit.min_days is not None and age_days < limit.min_days)
        or (limit.max_days is not None and age_days > limit.max_days)
    ]


def _pair(facts: CodeFacts, others: Collection[str]) -> list[Finding]:
    if not facts.daggers or set(facts.daggers) & set(others):
        return []
    shown = ", ".join(facts.daggers[:5]) + (" …" if len(facts.daggers) > 5 else "")
    sentence = f"Mã {facts.code} (*) đi cùng mã bệnh nguyên nhân (†): {shown}."
    return [Finding("pair", "note", sentence, "QĐ 4469/QĐ-BYT, phụ lục A1")]
