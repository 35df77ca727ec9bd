"""What an answer means whatever is spoken: by its status and by the line. Pure: the table of docs/states.md.

An answer is a stranger's text: it is capped, stripped of control characters and never trusted to be what its
headers say.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from apps.core.text import clean
from apps.sync.receivers.base import Answer, Issue, Outcome, Verdict

MAX_TEXT = 300  # characters kept of one sentence of the receiver
MAX_ISSUES = 20
MAX_RETRY_AFTER = 24 * 3600  # seconds; a longer wish is a mistake or malice

ACCOUNT = "Tài khoản gửi"  # the word on our pages for whose sign-in was refused

LOST = {
    "timeout": "Nơi nhận không trả lời kịp.",
    "connection": "Không nối được tới nơi nhận.",
    "too_big": "Câu trả lời của nơi nhận quá lớn.",
}
NOT_PROVEN = Verdict(Outcome.RETRY, "Nơi nhận trả lời không rõ ràng.", receiver_fault=True)


def lost(answer: Answer) -> Verdict | None:
    """The verdict where no answer came; None where one did."""
    if answer.error == "address":
        return Verdict(Outcome.PAUSE, answer.body.decode(), receiver_fault=True)
    if answer.error == "account":  # one among many: the trouble of its own records alone
        said = answer.body.decode()
        return Verdict(Outcome.REJECTED, said, (Issue("", said, ACCOUNT, "place"),), need="admin")
    if answer.error or answer.status is None:
        return Verdict(Outcome.RETRY, LOST.get(answer.error, LOST["connection"]), receiver_fault=True)
    return None


_CODE = re.compile("[A-Z0-9]+(?:_[A-Z0-9]+)+")  # of an error; no name of a person has such a sign


def our_words(sentence: str, status: int, reason: str) -> str:
    """Why a receiver is paused stands before people of every station: the receiver's own words may quote one,
    so of them only the code of an error is told.
    """
    code = _CODE.search(reason)
    return f"{sentence} ({f'{status}, {code[0][:40]}' if code else status})."


def refused(
    answer: Answer, reason: str, issues: tuple[Issue, ...], now: datetime, *, in_parts: bool = False
) -> Verdict:
    """The verdict on any status but 2xx. `reason`: the receiver's first sentence, or ''; `now` is needed for
    a Retry-After that is a date. `in_parts`: whether a record that is too large can go in several requests.
    """
    status = answer.status or 0
    wait = retry_after(answer.headers.get("retry-after", ""), now)
    if status == 401:
        return Verdict(
            Outcome.TOKEN, our_words("Mã truy cập bị từ chối", status, reason), receiver_fault=True
        )
    if status == 403:
        return Verdict(
            Outcome.PAUSE, our_words("Tài khoản không được phép gửi", status, reason), receiver_fault=True
        )
    if 300 <= status < 400:
        return Verdict(Outcome.PAUSE, "Địa chỉ của nơi nhận chuyển sang nơi khác.", receiver_fault=True)
    if status in (404, 405, 410):
        return Verdict(Outcome.PAUSE, "Địa chỉ của nơi nhận không đúng.", receiver_fault=True)
    if status == 409:
        return Verdict(Outcome.CONFLICT, reason or "Nơi nhận đang có bản ghi trùng.", issues)
    if status == 412:
        return Verdict(Outcome.CONFLICT, reason or "Bản ghi ở nơi nhận đã đổi.", issues, need="duplicate")
    if status == 413:
        outcome = Outcome.TOO_LARGE if in_parts else Outcome.REJECTED
        return Verdict(outcome, reason or "Nơi nhận cho là gói tin quá lớn.", need="admin")
    if status == 429 or (status == 503 and wait is not None):
        return Verdict(Outcome.LIMITED, "Nơi nhận đang quá tải.", retry_after=wait, receiver_fault=True)
    if status >= 500:
        # 500 may come from this very record; 502, 503, 504 never do
        return Verdict(Outcome.RETRY, f"Nơi nhận gặp lỗi ({status}).", receiver_fault=status != 500)
    need = "field" if status == 422 else "admin"
    return Verdict(Outcome.REJECTED, reason or f"Nơi nhận từ chối ({status}).", issues, need)


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait: `120`, or an HTTP date. None when unreadable; at most a day."""
    text = text.strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(min(int(text), MAX_RETRY_AFTER))
    try:
        moment = parsedate_to_datetime(text)
        return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def shorten(text: object) -> str:
    """A stranger's text, fit to be kept: one line, no control or direction marks, at most 300 characters."""
    line = clean(str(text)[: MAX_TEXT * 2])
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
