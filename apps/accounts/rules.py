"""Names and passwords of accounts: pure functions over plain values."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Collection

# Letters without look-alikes (l/1, o/0) and without the keys that Telex or VNI turn into tones or
# hats when pressed after a vowel (s f r x j z w d, doubled vowels): the slip can be typed with the
# Vietnamese keyboard on. Digits follow a hyphen, so VNI leaves them alone.
_CONSONANTS = "bchkmntv"
_VOWELS = "aeiu"
_DIGITS = "23456789"

# Six syllables and four digits: 32**6 * 8**4 = 2**42. Valid 24 hours behind a lockout of five tries.
_PATTERN = ("ss", "dddd", "ss", "ss")

_NOT_USERNAME = re.compile(r"[^a-z0-9._-]")


def username_key(text: str) -> str:
    """The one spelling of a sign-in name: lower case, no accents, no blanks, [a-z0-9._-], at most 40."""
    text = text.replace("đ", "d").replace("Đ", "d")
    plain = unicodedata.normalize("NFD", text).casefold()
    return _NOT_USERNAME.sub("", plain)[:40]


def username_suggest(full_name: str, taken: Collection[str]) -> str:
    """Given name and initials, the way offices do: 'Nguyễn Thị Hoa' -> 'hoa.nt', then 'hoa.nt2' ..."""
    words = [word for word in (username_key(part) for part in full_name.split()) if word]
    if not words:
        return ""
    *before, given = words
    base = ".".join(part for part in (given, "".join(word[0] for word in before)) if part)
    if base not in taken:
        return base
    return next(name for number in range(2, len(taken) + 3) if (name := f"{base}{number}") not in taken)


def slip_password(choose: Callable[[str], str] = secrets.choice) -> str:
    """A random password that can be read aloud and typed with Telex on: 'kabu-4729-time-hanu'."""

    def part(kind: str) -> str:
        if kind == "dddd":
            return "".join(choose(_DIGITS) for _ in range(4))
        return "".join(choose(_CONSONANTS) + choose(_VOWELS) for _ in range(2))

    return "-".join(part(kind) for kind in _PATTERN)


def expand_rights(words: str, actions: Collection[str]) -> list[str]:
    """'people.* visits.view' -> every right by name, sorted. Raises ValueError for an unknown action."""
    rights: set[str] = set()
    for word in words.split():
        section, _, action = word.partition(".")
        if action == "*":
            rights.update(f"{section}.{each}" for each in actions)
        elif section and action in actions:
            rights.add(word)
        else:
            raise ValueError(f"không có quyền {word!r}")
    return sorted(rights)


def may_hand_on(held: Collection[str], hands_on: Collection[str], wanted: Collection[str]) -> bool:
    """Nobody grants a right she neither holds nor was expressly given to hand on."""
    return set(wanted) <= set(held) | set(hands_on)
