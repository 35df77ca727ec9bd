"""Who may do what at the bedside: by her role's rights and by her licence. Pure.

| act | right | grade | licence | marked as signer |
|---|---|---|---|---|
| triage, examine | visits.enter | by `practice.grades` | - | - |
| prescribe, order | prescriptions.enter | by `practice.grades` | yes | - |
| dispense | dispensing.enter | by `practice.grades` | - | - |
| finalise | visits.enter | by `practice.grades` | - | - |
| sign, certify | visits.approve | by `practice.grades` | yes | yes |
| refer, sick_leave, check_up, death_notice | visits.approve | by `practice.grades` | yes | yes |

Which grades may do an act is a dated parameter: the laws on practice change, and a province may be stricter.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

GRADES = "practice.grades"  # the parameter: {act: [grades]}


@dataclass(frozen=True)
class Act:
    """What an act asks for beside the grade."""

    title: str
    right: str
    licensed: bool = False
    signer: bool = False


ACTS: dict[str, Act] = {
    "triage": Act("tiếp nhận, đo dấu hiệu sinh tồn", "visits.enter"),
    "examine": Act("khám bệnh", "visits.enter"),
    "prescribe": Act("kê đơn thuốc", "prescriptions.enter", licensed=True),
    "order": Act("chỉ định xét nghiệm, dịch vụ", "prescriptions.enter", licensed=True),
    "dispense": Act("cấp phát thuốc", "dispensing.enter"),
    "finalise": Act("kết thúc lượt khám", "visits.enter"),
    "sign": Act("ký phiếu khám và đơn thuốc", "visits.approve", licensed=True, signer=True),
    "certify": Act("ký giấy chứng nhận", "visits.approve", licensed=True, signer=True),
    "refer": Act("ký giấy chuyển cơ sở", "visits.approve", licensed=True, signer=True),
    "sick_leave": Act("ký giấy nghỉ việc hưởng BHXH", "visits.approve", licensed=True, signer=True),
    "check_up": Act("kết luận giấy khám sức khỏe", "visits.approve", licensed=True, signer=True),
    "death_notice": Act("ký giấy báo tử", "visits.approve", licensed=True, signer=True),
}


@dataclass(frozen=True)
class Holder:
    """A practitioner as the rules see her."""

    grade: str
    grade_word: str
    licensed: bool
    signs: bool


def why_not(
    act: str, *, rights: Collection[str], holder: Holder | None, grades: Mapping[str, Collection[str]]
) -> str:
    """Why somebody may not do an act, as a sentence; empty when she may."""
    asked = ACTS[act]
    if asked.right not in rights:
        return f"Vai trò của bạn không được {asked.title}."
    if holder is None:
        return f"Tài khoản này không gắn với người hành nghề nên không được {asked.title}."
    if act in grades and holder.grade not in grades[act]:
        return f"{holder.grade_word} không được {asked.title} theo phạm vi hành nghề."
    if asked.licensed and not holder.licensed:
        return f"Chưa có số giấy phép hành nghề nên không được {asked.title}."
    if asked.signer and not holder.signs:
        return f"Người hành nghề này chưa được giao {asked.title}."
    return ""
