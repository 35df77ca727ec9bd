"""What a receiver says of the fields of a table, in the words of our forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apps.sync.mappings.check import Problem
from apps.sync.mappings.table import Field
from apps.sync.models import Need
from apps.sync.receivers.base import Issue, Outcome, Verdict
from apps.sync.receivers.judging import MAX_ISSUES, shorten
from apps.sync.receivers.reading import at


def issues_in(raw: Any, field: str, text: str, tree: Field) -> tuple[Issue, ...]:
    """The receiver's lines of what is wrong: sentences, or members of which `field` names the element and
    `text` says what.
    """
    lines = raw if isinstance(raw, list) else [raw] if isinstance(raw, dict | str) and raw else []
    found = []
    for line in lines[:MAX_ISSUES]:
        where, sentence = (at(line, field), at(line, text)) if isinstance(line, dict) else ("", line)
        where = shorten(where) if isinstance(where, str) else ""
        word, target = field_of(where, tree)
        found.append(Issue(where, shorten(sentence or ""), word, target))
    return tuple(found)


def field_of(where: str, tree: Field) -> tuple[str, str]:
    """(our word, what to open) for `THONGTINCHUNG/HOTEN` or `HOTEN`; '' for what we do not know."""
    names = [name for name in re.split(r"[/.]", re.sub(r"\[\d*\]", "", where)) if name]
    best: tuple[int, Field | None] = (0, None)
    for field, elements in _with_elements(tree, ()):
        same = 0
        while same < min(len(names), len(elements)) and names[-1 - same] == elements[-1 - same]:
            same += 1
        if same > best[0]:
            best = same, field
    return (best[1].word, best[1].target) if best[1] else ("", "")


def _with_elements(field: Field, above: tuple[str, ...]) -> list[tuple[Field, tuple[str, ...]]]:
    here = (*above, field.element)
    return [(field, here), *(each for child in field.children for each in _with_elements(child, here))]


def need_of(issues: Sequence[Issue]) -> Need:
    """Who can end a refusal: the station where a field of ours is named."""
    return Need.FIELD if any(issue.target for issue in issues) else Need.ADMIN


def with_field(verdict: Verdict) -> Verdict:
    """The same refusal, for the station where a field of ours is named."""
    if verdict.outcome is Outcome.REJECTED and need_of(verdict.issues) == Need.FIELD:
        return replace(verdict, need=Need.FIELD)
    return verdict


def issue_of(problem: Problem, tree: Field) -> Issue:
    """What was found before sending, in the words of our form."""
    field = next(each for each in tree.walk() if each.path == problem.expression)
    return Issue(field.element or field.key, problem.text, field.word, field.target)
