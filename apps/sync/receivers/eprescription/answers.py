"""What the system of prescriptions says beyond its status: taken, there already, or refused. Pure.

It takes a code once and nothing documented changes or withdraws it. So 'there already' is good news only
where nothing but this very content has ever been tried under the code; else a person has to look there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.sync.mappings.eprescription.sheet import CODE
from apps.sync.mappings.table import Field
from apps.sync.models import Need
from apps.sync.receivers.base import Answer, Issue, Outcome, Part, Verdict
from apps.sync.receivers.eprescription.manner import Manner, says
from apps.sync.receivers.fields import issues_in, with_field
from apps.sync.receivers.judging import NOT_PROVEN, lost, refused, shorten
from apps.sync.receivers.reading import at, read

KEY = "Prescription"  # Prescription/<code>/<content>
TELLING = (400, 409, 422)  # statuses under which it says that a code is there already
OLDER = "Hệ thống đang giữ bản trước của đơn này và không nhận sửa. Sửa hoặc hủy tay trên trang của hệ thống."
FOREIGN = "Hệ thống đã có đơn mang mã này mà phần mềm chưa từng gửi. Đối chiếu tay trên trang của hệ thống."


def key_of(code: str, content: str) -> str:
    """The name under which it is kept what the system has, or may have."""
    return f"{KEY}/{code}/{content}"


def judge(answer: Answer, part: Part, manner: Manner, fields: Field, now: datetime) -> Verdict:
    """The verdict on one answer to one prescription."""
    if nothing := lost(answer):
        return nothing
    data = read(answer.body)
    said, message = at(data, manner.success), at(data, manner.message)
    issues = issues_in(at(data, manner.errors), manner.field, manner.text, fields)
    words = [each for each in (said, message) if isinstance(each, str)]
    everything = " ".join([*words, *(issue.text for issue in issues)]).lower()
    reason = shorten(words[0]) if words else next((issue.text for issue in issues if issue.text), "")
    fine = answer.status is not None and 200 <= answer.status < 300
    if (fine or answer.status in TELLING) and says(everything, manner.exists):
        return _there_already(part, reason)
    if fine:
        return _taken(data, said, everything, reason, issues, part, manner)
    return with_field(refused(answer, reason, issues, now))


def _taken(
    data: dict[str, Any],
    said: Any,
    everything: str,
    reason: str,
    issues: tuple[Issue, ...],
    part: Part,
    manner: Manner,
) -> Verdict:
    if said is False or says(everything, manner.refused):
        return with_field(Verdict(Outcome.REJECTED, reason or "Nơi nhận từ chối.", issues, Need.ADMIN))
    if said is True or says(everything, manner.taken):
        return _stored(part, at(data, manner.code))
    return NOT_PROVEN


def _there_already(part: Part, reason: str) -> Verdict:
    (key,) = part.keys
    _, code, content = key.split("/")
    if part.before == {content}:
        return _stored(part, None)
    issue = Issue("ma_don_thuoc", OLDER if part.before else FOREIGN, f"Đơn thuốc {code}", "visit")
    return Verdict(Outcome.REJECTED, reason or issue.text, (issue,), Need.HAND)


def _stored(part: Part, code: Any) -> Verdict:
    """`code`: the one the system gave, kept where it is another than ours."""
    (key,) = part.keys
    given = code.lower() if isinstance(code, str) and CODE.fullmatch(code.lower()) else key.split("/")[1]
    return Verdict(Outcome.STORED, stored={key: {"location": given, "etag": ""}})
