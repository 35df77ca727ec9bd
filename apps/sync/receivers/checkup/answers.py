"""What the data axis says beyond its status: taken, wrong data, a signature it does not accept. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.sync.mappings.table import Field
from apps.sync.receivers.base import Answer, Outcome, Part, Verdict
from apps.sync.receivers.checkup.manner import OR, Manner
from apps.sync.receivers.fields import issues_in, need_of
from apps.sync.receivers.judging import NOT_PROVEN, lost, refused, shorten
from apps.sync.receivers.reading import at, read

UNSIGNED = "Nơi nhận không chấp nhận chữ ký: xem lại khóa ký và chứng thư đã đăng ký ({code})."


def judge(answer: Answer, part: Part, manner: Manner, fields: Field, now: datetime) -> Verdict:
    """The verdict on one answer. Taken only where it says so, and says it of this very message."""
    if nothing := lost(answer):
        return nothing
    data = read(answer.body)
    code = shorten(first(data, manner.code) or "")
    said = first(data, manner.message)
    issues = issues_in(first(data, manner.errors), manner.field, manner.text, fields)
    reason = shorten(said) if isinstance(said, str) and said else next((i.text for i in issues if i.text), "")
    if _is(code, manner.unsigned):
        return Verdict(Outcome.PAUSE, UNSIGNED.format(code=code), receiver_fault=True)
    if _is(code, manner.auth):
        return Verdict(Outcome.TOKEN, f"Mã truy cập bị từ chối ({code}).", receiver_fault=True)
    if _is(code, manner.invalid):
        said = reason or f"Nơi nhận từ chối dữ liệu ({code})."
        return Verdict(Outcome.REJECTED, said, issues, need_of(issues))
    if answer.status is not None and 200 <= answer.status < 300:
        about = first(data, manner.ref)
        if not _is(code, manner.taken) or about not in (None, "", part.request):
            return NOT_PROVEN
        number = first(data, manner.number)
        place = shorten(number) if isinstance(number, str | int) and number else part.request
        return Verdict(Outcome.STORED, stored={key: {"location": place, "etag": ""} for key in part.keys})
    return refused(answer, reason, issues, now)


def first(data: Any, places: str) -> Any:
    """What stands at the first of several places at which anything does."""
    found = (at(data, place) for place in places.split(OR))
    return next((each for each in found if each is not None), None)


def _is(code: str, words: str) -> bool:
    return bool(code) and code in words.split(OR)
