"""What every kind of receiver answers to the worker. A new kind: docs/adding-a-receiver.md."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.sync.models import Receiver
    from apps.sync.receivers.tokens import Account

Codes = Mapping[tuple[str, str], str]  # {(kind, our code): the receiver's code}


def wrong_settings(why: ValueError) -> str:
    """What is said of settings of a receiver, or secrets of its, that cannot be."""
    return f"Thiết lập nơi nhận sai: {why}"


class Form(StrEnum):
    """What a receiver is told beside the record itself."""

    PLAIN = ""
    QD831 = "qd831"  # the health record
    QD3891 = "qd3891"  # who she is, as the vaccination system asks


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
    """One request: the bytes, the keys of its entries in order, and the code of the station that sends it.

    `account`: who signs in for it, where that is somebody else. `before`: which contents of it the receiver
    may have from earlier attempts, as the adapter names them. `request`: the sender's own id of the request,
    where the manner has one. `by_hand`: why no line carries it and a person
    has to do it at the receiver.
    """

    body: bytes
    keys: tuple[str, ...]
    unit: str = ""
    account: Account | None = None
    before: frozenset[str] = frozenset()
    request: str = ""
    by_hand: Issue | None = None


@dataclass(frozen=True)
class Telling:
    """A record (mappings.records) that is to be told. `sent`: keys the receiver holds from before; `known`:
    its codes for ours; `change`: which change of the record is told, the same for every attempt at it;
    `in_parts`: in several requests, each as small as can be.
    """

    record: Any
    sent: frozenset[str] = frozenset()
    known: Codes = field(default_factory=dict)
    change: str = ""
    in_parts: bool = False


@dataclass(frozen=True)
class Prepared:
    """A record ready to leave. `problems`: why it must not; then nothing is sent.

    `hash`: SHA-256 of the record as one body, as hex, however it is parted. `apart`: each part stands for
    itself, so that one which is refused does not hold up the others.
    """

    parts: tuple[Part, ...]
    hash: str
    version: int | None = None
    problems: tuple[Issue, ...] = ()
    apart: bool = False

    @property
    def leaving(self) -> tuple[Part, ...]:
        """The parts that go by the line."""
        return tuple(part for part in self.parts if part.by_hand is None)

    @property
    def by_hand(self) -> tuple[Issue, ...]:
        """What a person has to do at the receiver."""
        return tuple(part.by_hand for part in self.parts if part.by_hand is not None)


@dataclass(frozen=True)
class Answer:
    """What came back. `error`: timeout, connection, too_big, address, account; empty when an answer came. Of
    the last two `body` is our own sentence.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    milliseconds: int = 0

    @classmethod
    def unsent(cls, why: str) -> Answer:
        """Nothing has left, and nothing will until a person has looked: our own sentence says why."""
        return cls(error="address", body=why.encode())


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


class Found(StrEnum):
    """What a later look at the receiver has found of one record."""

    SAME = "same"  # it holds the record as we have it
    CHANGED = "changed"  # it holds it otherwise
    MISSING = "missing"  # it does not have it, or not all of it
    DOUBLED = "doubled"  # it has it more than once: a person must look there
    INVALID = "invalid"  # it has it, has examined it since, and refuses it: a rejection with `issues`
    LATER = "later"  # it has not examined it yet
    UNKNOWN = "unknown"  # no answer, or none that can be understood: nothing is said


@dataclass(frozen=True)
class Check:
    """What the receiver shows of one record. `theirs`: somebody else wrote there after us, so that sending
    again would overwrite it. `stored`: location and etag of the keys that were found the same.

    `hash`: SHA-256 of what it shows, as hex; empty where it shows no content. `requests`: how many questions
    it took, for the receiver's limits.
    """

    found: Found
    reason: str = ""
    issues: tuple[Issue, ...] = ()
    need: str = ""
    theirs: bool = False
    stored: dict[str, dict[str, str]] = field(default_factory=dict)
    hash: str = ""
    requests: int = 1


class Adapter(ABC):
    """One way of talking to a receiver. `file_type`: what a payload is as a file, (content type, ending).

    `kinds`: the kinds of records (`sync.kinds`) that it takes. `login`: how receivers of this kind give
    tokens where their settings do not say (receivers/tokens.py). `code_kinds`: which of our codes a receiver
    of this kind may call by its own, `mapped` those that it does unless its settings say otherwise. `form`:
    what it is told beside the record (`Kind.forms`). `verifies`: whether the receiver can be asked later what
    it holds; `verify` is called only then.
    """

    file_type: tuple[str, str] = ("application/json", "json")
    kinds: tuple[str, ...]
    login: Mapping[str, str] = {}
    code_kinds: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()
    form = Form.PLAIN
    verifies: bool = False

    def __init__(self, receiver: Receiver) -> None:
        """Reads the receiver's settings; raises ValueError with a Vietnamese sentence for what cannot be."""
        self.receiver = receiver

    @abstractmethod
    def prepare(self, telling: Telling) -> Prepared | None:
        """The record as bytes; None when there is nothing of it to tell this receiver.

        Pure, apart from the settings.
        """

    def as_file(self, record: Any, prepared: Prepared, known: Codes) -> bytes:
        """The record as a person gives it in, of the type `file_type`. Pure; raises Refused for what its form
        has no place for.
        """
        return prepared.parts[0].body

    @abstractmethod
    def send(self, part: Part, request_id: str) -> Answer:
        """One request. Never raises for what the network or the receiver does. Called, as `judge` is, by
        threads that have no database.
        """

    @abstractmethod
    def shown(self, parts: tuple[Part, ...], whole: bool) -> str:
        """A payload of one part or more as people look at it; who it is about is covered unless `whole`."""

    @abstractmethod
    def judge(self, answer: Answer, part: Part) -> Verdict:
        """What the answer means. Pure: no database."""

    def verify(self, prepared: Prepared, stored: Mapping[str, Mapping[str, str]], request_id: str) -> Check:
        """Ask the receiver what it holds of a record that it has accepted. Never raises.

        `prepared`: the record as it now is, whole; `stored`: what `judge` gave for each key when it was
        accepted (a tracking id is a location).
        """
        return Check(Found.UNKNOWN)


def printed(bodies: Sequence[Any]) -> str:
    """JSON as people read it; of several bodies a list."""
    return json.dumps(bodies if len(bodies) > 1 else bodies[0], ensure_ascii=False, indent=2)
