"""Asking the insurance's reception gateway about a card. Absent by default: reception never needs it.

Whoever installs an adapter provides the port `CardGateway`. The adapter is not trusted: it may be slow, fail,
or answer about somebody else. Whatever it does, `look_up` comes back within `cards.gateway_seconds` with a
code of the list bhyt_lookup_result or a sentence why there is none, and reception goes on.
"""

import datetime as dt
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore
from typing import Protocol

import structlog

from apps.catalogues import codes
from apps.core import parameters, ports
from apps.core.text import fold

LIST = "bhyt_lookup_result"
SECONDS = "cards.gateway_seconds"
DIFFERS = "060"
AT_ONCE = 2  # questions of a process at one time: a gateway that hangs takes no more than these threads

ABSENT = "Chưa kết nối cổng tra cứu thẻ. Tra ở trang của cơ quan BHXH rồi chọn ở ô Kết quả tra thẻ."
SLOW = "Cổng chưa trả lời sau {seconds} giây. Cứ tiếp nhận, tra lại sau."
BUSY = "Cổng đang chậm, còn câu hỏi trước chưa trả lời. Cứ tiếp nhận, tra lại sau."
FAILED = "Không hỏi được cổng. Cứ tiếp nhận, tra lại sau."
STRANGE = "Cổng trả lời không đúng với thẻ đã hỏi, nên không dùng. Cứ tiếp nhận, tra lại sau."

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CardAsked:
    """What is asked: the card's 10, 12 or 15 characters, name, and birth date as dd/MM/yyyy or yyyy."""

    number: str
    name: str
    born: str


@dataclass(frozen=True)
class CardAnswer:
    """What an adapter gives back; texts as the gateway sent them. `code` is maKetQua."""

    code: str
    number: str = ""
    name: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class CardGateway(Protocol):
    def look_up(self, asked: CardAsked, seconds: float) -> CardAnswer:
        """Asks once; may raise anything. `seconds` is how long the caller waits."""
        ...


@dataclass(frozen=True)
class LookedUp:
    """What came of it: a `code` that the catalogue knows, or none and a sentence why."""

    code: str
    sentence: str
    advice: str = ""
    kind: str = ""  # good, papers, renewed, bad, differs, technical
    valid_to: dt.date | None = None

    @property
    def state(self) -> str:
        """How the page colours it."""
        return {"good": "done", "bad": "danger", "": "off"}.get(self.kind, "warning")


def is_connected() -> bool:
    """Whether an adapter is installed."""
    return ports.get(CardGateway) is not None


def look_up(asked: CardAsked, on: dt.date) -> LookedUp:
    """Ask the gateway, if there is one. Never raises, never waits longer than the parameter says."""
    adapter = ports.get(CardGateway)
    if adapter is None:
        return LookedUp("", ABSENT)
    seconds = float(parameters.value(SECONDS, on=on))
    free = _free()
    if not free.acquire(blocking=False):
        return LookedUp("", BUSY)

    def ask() -> CardAnswer:
        try:
            return adapter.look_up(asked, seconds)
        finally:
            free.release()

    try:
        answer = _pool().submit(ask).result(timeout=seconds)
    except TooSlow:
        log.warning("card_gateway_slow", seconds=seconds)
        return LookedUp("", SLOW.format(seconds=f"{seconds:g}".replace(".", ",")))
    except Exception as error:  # an adapter may fail in any way; no number of a card goes to the log
        log.warning("card_gateway_failed", error=type(error).__name__)
        return LookedUp("", FAILED)
    return read(asked, answer, on)


def read(asked: CardAsked, answer: object, on: dt.date) -> LookedUp:
    """The answer as far as it can be believed."""
    if not isinstance(answer, CardAnswer) or not isinstance(answer.code, str):
        return LookedUp("", STRANGE)
    found = codes.get(LIST, answer.code, on)
    if found is None or not _about(asked, answer):
        log.warning("card_gateway_strange", known=found is not None)
        return LookedUp("", STRANGE)
    if found.extra.get("kind") == "good":
        if answer.name and fold(answer.name) != fold(asked.name):
            return in_words(DIFFERS, on)  # says 'right', and names somebody else
        if answer.valid_to and answer.valid_to < on:
            return in_words("010", on)  # says 'right' of a card that has ended
    return in_words(answer.code, on, answer.valid_to)


def _about(asked: CardAsked, answer: CardAnswer) -> bool:
    """Whether the answer is about the card that was asked for: the long number ends with the short one."""
    told, wanted = answer.number.strip().upper(), asked.number.strip().upper()
    dates = not (answer.valid_from and answer.valid_to and answer.valid_to < answer.valid_from)
    if not told or len(wanted) == 12:  # the personal number is no part of the card's
        return dates
    return dates and told.endswith(wanted[-10:])


def in_words(code: str, on: dt.date, valid_to: dt.date | None = None) -> LookedUp:
    """A result code as it is told."""
    found = codes.get(LIST, code, on)
    extra: Mapping[str, str] = found.extra if found else {}
    name = found.name if found else code
    return LookedUp(code, f"{code} – {name}", extra.get("advice", ""), extra.get("kind", ""), valid_to)


def choices(on: dt.date) -> list[tuple[str, str]]:
    """(code, words) for the box in which she writes what she found elsewhere, usual ones first."""
    rows = [row for row in codes.rows(LIST) if row.in_force(on)]
    rows.sort(key=lambda row: not row.extra.get("common"))
    return [(row.code, f"{row.code} – {row.name}") for row in rows]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="card-gateway")


@cache
def _free() -> BoundedSemaphore:
    return BoundedSemaphore(AT_ONCE)
