"""The kinds of records that travel: how each is read for sending, and how it is called."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Kind:
    """`gather(id)` gives the record as it now is (mappings.records), or None when it is not to be sent;
    `several(ids)` gives many of them in as many queries as one. `forms[name](record)` adds what a statutory
    form asks beside it (base.Form), for receivers that want it, `many[name](records)` the same beside several
    in as many queries as beside one. `few(ids)` says in which of them something is read by right alone,
    whoever asks. `owners(ids)` says whose each record is now: after two people were merged, or were two after
    all. `about` is visit where the record goes by the id of one. `follows`: whether what was accepted is told
    again when two people become one, or are two after all; not where a receiver takes nothing back.
    `page(id)` is where holders of `page_right` open it; `called(ids)` what lists call them, no name of a
    person in it; `in_use(kind, since)` gives (code, name, uses) of a kind of codes that only such records
    carry.
    """

    key: str
    title: str
    gather: Callable[[UUID], Any]
    owners: Callable[[Collection[UUID]], Mapping[UUID, UUID]] | None = None
    forms: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    several: Callable[[Collection[UUID]], Mapping[UUID, Any]] | None = None
    about: str = ""
    few: Callable[[Collection[UUID]], Collection[UUID]] | None = None
    follows: bool = True
    page: Callable[[UUID], str] | None = None
    page_right: str = ""
    called: Callable[[Collection[UUID]], Mapping[UUID, str]] | None = None
    in_use: Callable[[str, date], Iterable[tuple[str, str, int]]] | None = None
    many: Mapping[str, Callable[[Mapping[UUID, Any]], Mapping[UUID, Any]]] = field(default_factory=dict)


_kinds: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Register a kind; a second one of the same key raises."""
    if kind.key in _kinds:
        raise ValueError(f"sync kind {kind.key!r} is registered twice")
    _kinds[kind.key] = kind


def gather(key: str, aggregate_id: UUID, *, form: str = "") -> Any:
    """The record as it now is, with all that `form` asks. Raises KeyError for an unknown kind."""
    kind = _kinds[key]
    record = kind.gather(aggregate_id)
    return kind.forms[form](record) if form in kind.forms and record is not None else record


def several(key: str, aggregate_ids: Collection[UUID], *, form: str = "") -> Mapping[UUID, Any]:
    """The records as they now are, without those that are not to be sent; `form` as above."""
    kind = _kinds[key]
    if kind.several:
        found = kind.several(aggregate_ids)
    else:
        read = {each: kind.gather(each) for each in aggregate_ids}
        found = {each: record for each, record in read.items() if record is not None}
    if form in kind.many and found:
        return kind.many[form](found)
    if form in kind.forms:
        return {each: kind.forms[form](record) for each, record in found.items()}
    return found


def owners(key: str, aggregate_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Whose each record is now; empty for a kind that does not say. At most one query."""
    kind = _kinds.get(key)
    return kind.owners(aggregate_ids) if kind and kind.owners else {}


def registered() -> frozenset[str]:
    """The kinds that some room gives."""
    return frozenset(_kinds)


def page(key: str, aggregate_id: UUID) -> str:
    """Where people open a record of this kind; empty for a kind without a page of its own."""
    kind = _kinds.get(key)
    return kind.page(aggregate_id) if kind and kind.page else ""


def rights() -> dict[str, str]:
    """By kind the right to open its page, of kinds with a page of their own."""
    return {kind.key: kind.page_right for kind in _kinds.values() if kind.page}


def called(key: str, aggregate_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """What lists call these records; those that are not here are called by their kind alone."""
    kind = _kinds.get(key)
    return kind.called(aggregate_ids) if kind and kind.called else {}


def codes_in_use(code_kind: str, since: date) -> list[tuple[str, str, int]]:
    """(code, name, uses) since that day of codes that the records of rooms above carry."""
    return [line for kind in _kinds.values() if kind.in_use for line in kind.in_use(code_kind, since)]


def of_visits() -> list[str]:
    """The kinds whose records go by the id of a visit."""
    return [kind.key for kind in _kinds.values() if kind.about == "visit"]


def few(key: str, aggregate_ids: Collection[UUID]) -> Collection[UUID]:
    """The records in which something is read by right alone."""
    kind = _kinds.get(key)
    return kind.few(aggregate_ids) if kind and kind.few else ()


def follows(key: str) -> bool:
    """Whether what was accepted of this kind is told again under another person."""
    return key not in _kinds or _kinds[key].follows


def title(key: str) -> str:
    """What a kind is called on a page."""
    return _kinds[key].title if key in _kinds else key
