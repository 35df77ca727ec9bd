"""Whether the insurance pays for a medicine that a station prescribes. Pure; the lists are dated data
(parameter prescriptions.insured), since the ministry's lists change and ours is not checked to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Cover = Literal["", "list", "code"]  # paid; of no list that is paid; of the list, without its code

SENTENCES: dict[Cover, str] = {
    "": "",
    "list": "ngoài danh mục thuốc BHYT của trạm, người bệnh có thể phải tự trả",
    "code": "chưa có mã BHYT trong danh mục, đối chiếu trước khi thanh toán",
}


@dataclass(frozen=True)
class CoverRule:
    """`kinds` are the catalogues whose medicines are paid, `payers` whose prescriptions are looked at."""

    kinds: frozenset[str]
    payers: frozenset[str]

    @classmethod
    def read(cls, value: Mapping[str, Sequence[str]]) -> CoverRule:
        return cls(frozenset(value["kinds"]), frozenset(value["payers"]))


def cover(rule: CoverRule | None, *, payer: str, kind: str, code: str) -> Cover:
    """Why the insurance may not pay for a medicine of this catalogue and insurance code."""
    if rule is None or payer not in rule.payers:
        return ""
    if kind not in rule.kinds:
        return "list"
    return "" if code else "code"
