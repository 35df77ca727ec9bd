"""Two people at one form: what each of them changed is kept, and only what both changed is asked about.

A page tells what its form began with, a short mark for each box that holds something (`marks`, posted as
`seen`). When somebody else has saved meanwhile three versions are known: what the form began with, what is
stored now, and what was typed. Boxes that are one thing (the lines of a prescription) are a group.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

from django.http import HttpRequest, QueryDict

SEEN = "seen"
TAKE = "take-"  # what was chosen of a group, as JSON {name: [values]}
OWN = frozenset({"csrfmiddlewaretoken", "form_key", "version", SEEN})  # each page has its own

Values = dict[str, list[str]]


@dataclass(frozen=True)
class ThreeWay:
    """How a form is brought together with what was saved since it was opened.

    `stored(record)`: the record as the form would post it. `tidy(post)`: a post without boxes that say
    nothing. `group(name)`: the group of a box. `shows(group)`: whether the form has it for this user.
    `title(record, group)` and `words(record, group, values)`: how a group and its values are read.
    `alone(request, record, groups)`: nothing is to be asked; whether the post goes on by itself, with what
    somebody else wrote in `groups`.
    """

    stored: Callable[[Any], QueryDict]
    tidy: Callable[[QueryDict], QueryDict]
    group: Callable[[str], str]
    shows: Callable[[str], bool]
    title: Callable[[Any, str], str]
    words: Callable[[Any, str, Values], str]
    alone: Callable[[HttpRequest, Any, list[str]], bool]


@dataclass(frozen=True)
class Merged:
    """What is posted now; the groups that both changed; those taken over from what is stored."""

    post: QueryDict
    asked: list[str]
    theirs: list[str]


def marks(posted: QueryDict, how: ThreeWay) -> str:
    """What a form begins with: 'name:mark name:mark', of the groups in which something stands."""
    return " ".join(f"{name}:{_mark(values)}" for name, values in groups(posted, how).items())


def merge(posted: QueryDict, stored: QueryDict, how: ThreeWay) -> Merged:
    """Bring together what was typed and what is stored, by what the form began with."""
    began = dict(each.split(":", 1) for each in posted.get(SEEN, "").split() if ":" in each)
    mine, theirs = groups(posted, how), groups(stored, how)
    post, asked, taken = posted.copy(), [], []
    for name in {**theirs, **mine}:
        own, now = mine.get(name, {}), theirs.get(name, {})
        if own == now or not how.shows(name):
            continue
        before = began.get(name, _mark({}))
        if _mark(own) == before:
            taken.append(name)
            _put(post, name, now, how)
        elif _mark(now) != before:
            asked.append(name)
    return Merged(post, asked, taken)


def groups(posted: QueryDict, how: ThreeWay) -> dict[str, Values]:
    """Boxes by group, without empty ones, as a browser and a record both write them."""
    found: dict[str, Values] = {}
    for name, values in sorted(how.tidy(posted).lists()):
        clean = [text for value in values if (text := str(value).replace("\r\n", "\n").strip())]
        if clean and name not in OWN and not name.startswith(TAKE):
            found.setdefault(how.group(name), {})[name] = clean
    return found


def against(post: QueryDict, record: Any, stored: QueryDict, how: ThreeWay) -> QueryDict:
    """A post as if its form had been opened on what is stored now."""
    post["version"], post[SEEN] = str(record.version), marks(stored, how)
    return post


def chosen(posted: QueryDict, how: ThreeWay) -> QueryDict:
    """A post in which what was chosen on the page of two versions stands in its boxes."""
    post = posted.copy()
    for name in [each for each in posted if each.startswith(TAKE)]:
        del post[name]
        try:
            values = json.loads(str(posted[name]))
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict) and all(isinstance(each, list) for each in values.values()):
            own = {key: [str(value) for value in each] for key, each in values.items()}
            _put(post, name.removeprefix(TAKE), own, how)
    return post


def rows(merged: Merged, stored: QueryDict, record: Any, how: ThreeWay) -> list[dict[str, Any]]:
    """A row a group that both changed, for components/conflict.html."""
    mine, theirs = groups(merged.post, how), groups(stored, how)
    return [
        {
            "name": TAKE + name,
            "label": how.title(record, name),
            "mine": how.words(record, name, mine.get(name, {})),
            "theirs": how.words(record, name, theirs.get(name, {})),
            "mine_value": json.dumps(mine.get(name, {})),
            "theirs_value": json.dumps(theirs.get(name, {})),
        }
        for name in merged.asked
    ]


def _mark(values: Values) -> str:
    text = json.dumps(sorted(values.items()), ensure_ascii=True)
    return blake2s(text.encode(), digest_size=4).hexdigest()


def _put(post: QueryDict, name: str, values: Mapping[str, list[str]], how: ThreeWay) -> None:
    """Let a group of a post hold these values, and no other."""
    for each in [each for each in post if how.group(each) == name]:
        del post[each]
    for each, own in values.items():
        if how.group(each) == name:
            post.setlist(each, own)
