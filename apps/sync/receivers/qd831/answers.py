"""What the warehouse's answer says beyond its status: taken under a tracking id, or refused. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.sync.mappings.table import Field
from apps.sync.receivers.base import Answer, Check, Found, Issue, Outcome, Part, Verdict
from apps.sync.receivers.fields import issues_in, need_of, with_field
from apps.sync.receivers.judging import NOT_PROVEN, lost, refused, shorten
from apps.sync.receivers.qd831.manner import Manner
from apps.sync.receivers.reading import at, read

TRUE, FALSE = (True, "true", "True", "1"), (False, "false", "False", "0")
SENTENCES = {
    "ORG_MISMATCH": "Mã đơn vị trong hồ sơ khác đơn vị của tài khoản (ORG_MISMATCH).",
    "REQUEST_ID_CONFLICT": "Nơi nhận đã có yêu cầu cùng mã với nội dung khác (REQUEST_ID_CONFLICT).",
}


def judge(answer: Answer, part: Part, manner: Manner, fields: Field, now: datetime) -> Verdict:
    """The verdict on one answer. Taken only with a tracking id; whether the record is valid is said later."""
    if nothing := lost(answer):
        return nothing
    data = read(answer.body)
    issues = issues_in(at(data, manner.errors), manner.field, manner.text, fields)
    code = shorten(at(data, manner.code) or "")
    reason = SENTENCES.get(code) or _reason(data, manner, issues)
    if answer.status is not None and 200 <= answer.status < 300:
        return _taken(data, code, reason, issues, part, manner)
    return with_field(refused(answer, reason, issues, now))


def _taken(
    data: dict[str, Any], code: str, reason: str, issues: tuple[Issue, ...], part: Part, manner: Manner
) -> Verdict:
    said = at(data, manner.success)
    if said is None:
        return NOT_PROVEN
    if said not in TRUE:
        return Verdict(Outcome.REJECTED, reason or "Nơi nhận từ chối.", issues, need_of(issues))
    tracking = at(data, manner.tracking)
    told = shorten(tracking) if isinstance(tracking, str | int) and not isinstance(tracking, bool) else ""
    if not told or not code.startswith(manner.accepted):
        return NOT_PROVEN
    return Verdict(Outcome.STORED, stored={key: {"location": told, "etag": ""} for key in part.keys})


def judge_later(answer: Answer, manner: Manner, fields: Field) -> Check:
    """What the later check says of a record: found valid, found wrong and where, or not looked at yet."""
    if nothing := lost(answer):
        return Check(Found.UNKNOWN, nothing.reason)
    data = read(answer.body)
    issues = issues_in(at(data, manner.errors), manner.field, manner.text, fields)
    reason = _reason(data, manner, issues)
    if answer.status == 404 and at(data, manner.success) in FALSE:  # it answers, and knows no such number
        return Check(Found.MISSING, reason or "Nơi nhận không có mã tra cứu này.")
    if answer.status != 200 or at(data, manner.success) not in TRUE:
        return Check(Found.UNKNOWN, f"Nơi nhận không trả lời được câu hỏi đối chiếu ({answer.status}).")
    state = at(data, manner.state)
    if state == manner.valid:
        return Check(Found.SAME)
    if state != manner.invalid:
        return Check(Found.LATER)
    first = next((issue.text for issue in issues if issue.text), "")
    said = first or reason or "Nơi nhận cho là hồ sơ không hợp lệ."
    return Check(Found.INVALID, said, issues, need_of(issues))


def _reason(data: dict[str, Any], manner: Manner, issues: tuple[Issue, ...]) -> str:
    said = at(data, manner.message)
    return shorten(said) if isinstance(said, str) else next((each.text for each in issues if each.text), "")
