"""What somebody typed into the search box, taken apart. Pure: text in, a raw tsquery out."""

import datetime as dt
import re
from dataclasses import dataclass

from apps.core.text import clean, fold, search_key, word_prefix

FIRST_YEAR, LAST_YEAR = 1900, 2099
SHORTEST_ENDING = 3  # digits of a phone's end: two would match everybody


@dataclass(frozen=True)
class Asked:
    """`query` holds the lexemes that must match; `words` the typed words of a name, for ranking; `born_on` a
    whole date that was typed. Nothing asked: `query` empty and no date.
    """

    query: str = ""
    words: tuple[str, ...] = ()
    born_on: dt.date | None = None

    def __bool__(self) -> bool:
        return bool(self.query)


def read(text: str) -> Asked:
    """Takes 'nguyen van a 1990', 'nth', '345678', '051090000111', 'P123', '5/3/1990 hoa' apart."""
    text = clean(text)
    if number := _one_number(text):
        return Asked(_digits(number))
    if card := re.fullmatch(r"([A-Za-z]{2})\s*([0-9][0-9\s]{12,16})", text):
        return Asked(f"C{fold(card[1])}{re.sub('[^0-9]', '', card[2])}:*")
    if re.fullmatch("tam(-[0-9a-z]+){1,3}-?", text, re.IGNORECASE | re.ASCII):
        return Asked(f"C{fold(text).replace(' ', '')}:*")  # a temporary key, as far as it is typed
    terms: list[str] = []
    words: list[str] = []
    born_on = None
    for piece in text.split():
        if date := _date(piece):
            born_on = date
            terms.append(f"Y{date.year}")
            continue
        for word in fold(piece).split():
            term = _term(word)
            if term:
                terms.append(term)
            if word.isalpha():
                words.append(word)
    if len(words) == 1 and len(terms) == 1 and terms[0].startswith((words[0], "(")):
        terms = [_single_word(words[0])]
    return Asked(" & ".join(terms), tuple(words), born_on)


def _one_number(text: str) -> str:
    """A phone or card number typed with blanks, dots or +84, as its digits; '' when it is not one."""
    digits = re.sub(r"[\s.-]", "", text)
    digits = re.sub(r"^\+84", "0", digits)
    return digits if re.fullmatch("[0-9]{6,15}", digits) else ""


def _term(word: str) -> str:
    if word.isalpha():
        return word_prefix(word)
    if word.isdigit():
        return _digits(word)
    if match := re.fullmatch("p0*([0-9]{1,7})", word):
        return f"Cp{int(match[1]):07d}"
    return f"C{word}:*"


def _digits(number: str) -> str:
    """A run of digits: a year, the end of a phone, a whole number of a paper or card, or its beginning."""
    options = []
    if len(number) == 4 and FIRST_YEAR <= int(number) <= LAST_YEAR:
        options.append(f"Y{number}")
    if len(number) == 2:
        options += [f"Y19{number}", f"Y20{number}"]
    if SHORTEST_ENDING <= len(number) <= 11:
        options.append(f"P{number[::-1]}:*")
    if len(number) >= 9:
        options.append(f"C{number}:*")
    return f"({' | '.join(options)})" if options else ""


def _single_word(word: str) -> str:
    """One word alone may also be initials ('nth') or a name typed without blanks ('nguyenthihoa')."""
    options = [word_prefix(word)]
    if 2 <= len(word) <= 5:
        options.append(f"I{word}:*")
    if len(word) >= 6:
        options.append(f"X{search_key(word)}:*")
    return f"({' | '.join(options)})" if len(options) > 1 else options[0]


def _date(piece: str) -> dt.date | None:
    match = re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", piece)
    if not match:
        return None
    try:
        return dt.date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        return None


def rank(asked: Asked, full_name: str) -> int:
    """0 when every typed word is a whole word of the name, 1 when one only begins one or is initials."""
    name = set(search_key(full_name).split()) | set(fold(full_name).split())
    if not asked.words:
        return 0
    return 0 if all(word in name for word in asked.words) else 1
