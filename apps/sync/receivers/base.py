"""What every kind of receiver answers to the worker. A new kind: docs/adding-a-receiver.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Codes = Mapping[tuple[str, str], str]  # {(kind, our code): the receiver's code}


class Outcome(StrEnum):
    """What an attempt came to."""

    STORED = "stored"  # the receiver said so, for every part
    UNCHANGED = "unchanged"  # the same bytes were accepted before; nothing was sent
    RETRY = "retry"  # not proven: again later
    LIMITED = "limited"  # the receiver asks for patience
    CONFLICT = "conflict"  # once more, then rejected
    TOO_LARGE = "too_large"  # once more in parts, then rejected
    TOKEN = "token"  # noqa: S105 - a word, no secret
    PAUSE = "pause"  # nothing will pass until a person has looked
    REJECTED = "rejected"  # this record, as it is, will never pass


@dataclass(frozen=True)
class Issue:
    """One thing the receiver finds wrong. `expression`: where (FHIRPath); `text`: its words, shortened."""

    expression: str
    text: str
    field: str = ""  # our word for it
    target: str = ""  # what to open: visit, person, or empty


@dataclass(frozen=True)
class Part:
    """One request: the bytes, and the keys of its entries in order."""

    body: bytes
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Prepared:
    """A record ready to leave. `problems`: why it must not; then nothing is sent.

    `hash`: SHA-256 of the record as one body, as hex, however it is parted.
    """

    parts: tuple[Part, ...]
    hash: str
    version: int | None = None
    problems: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back. `error`: timeout, connection, too_big, address; empty when an answer came."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    milliseconds: int = 0


@dataclass(frozen=True)
class Verdict:
    """What an answer means. `receiver_fault`: the trouble is the receiver's, not this record's.

    `stored`: for each key its location and etag.
    """

    outcome: Outcome
    reason: str = ""
    issues: tuple[Issue, ...] = ()
    need: str = ""
    retry_after: float | None = None  # seconds
    receiver_fault: bool = False
    stored: dict[str, dict[str, str]] = field(default_factory=dict)


class Adapter(Protocol):
    """One way of talking to a receiver. `file_type`: what a payload is as a file, (content type, ending)."""

    file_type: tuple[str, str]

    def prepare(self, kind: str, record: Any, sent: frozenset[str], in_parts: bool, known: Codes) -> Prepared:
        """The record as bytes. `sent`: keys the receiver holds from before; `known`: its codes for ours.

        Pure, apart from the settings.
        """
        ...

    def send(self, part: Part, request_id: str) -> Answer:
        """One request. Never raises for what the network or the receiver does."""
        ...

    def judge(self, answer: Answer, part: Part) -> Verdict:
        """What the answer means. Pure."""
        ...
