"""How a catalogue row is found: words without accents in any order, by their beginnings, or a code.

The words go through core.text, so accents, old and new tone places and i/y do not matter. A doubled
letter counts once (amoxicillin, amoxicilin). Codes are kept without their dot: J02.9 and J029 find one row.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, IntegerField, Model, Q, QuerySet, Value, When
from django.db.models.functions import Length

from apps.core.text import fold, search_key

ModelT = TypeVar("ModelT", bound=Model)

# Longer texts are cut: a picker answers to a few words, and a pasted letter must not become a huge query.
MAX_TEXT = 100
MAX_WORDS = 8

_DOUBLED = re.compile(r"([a-z])\1+")
# J02, J02.9, 40.154, 01.0281.1510, TD001.1: letters and digits joined by dots.
_DOTTED = re.compile(r"(?<=[0-9A-Za-z])\.(?=[0-9])")


def _spellings(word: str) -> list[str]:
    """The folded word as written, with the usual i/y, and without doubled letters; each once."""
    return list(dict.fromkeys([word, search_key(word), _DOUBLED.sub(r"\1", word)]))


def code_key(code: str) -> str:
    """A code as it is looked for: without dots and blanks, lower case ('J02.9' -> 'j029')."""
    return re.sub(r"[^0-9a-z]", "", code.lower())


def tokens(texts: Iterable[str], codes: Iterable[str] = ()) -> str:
    """The stored tokens of a row, parted by single blanks, each once."""
    found = [spelling for text in texts for word in fold(text).split() for spelling in _spellings(word)]
    found += [key for code in codes if (key := code_key(code))]
    return " ".join(dict.fromkeys(found))


@dataclass(frozen=True)
class Needle:
    """What somebody typed, ready to be looked for. `tsquery` is raw and holds [a-z0-9:*&|() ] only."""

    text: str
    folded: str
    code: str
    tsquery: str

    @property
    def short(self) -> bool:
        """One letter: too little to look through names."""
        return len(self.folded) < 2


def needle(text: str) -> Needle:
    """`text` as typed; an empty needle matches nothing."""
    text = text[:MAX_TEXT].replace("\0", "")
    words = fold(_DOTTED.sub("", text)).split()[:MAX_WORDS]
    terms = []
    for word in words:
        forms = _spellings(word)
        terms.append(
            f"{word}:*" if len(forms) == 1 else "(" + " | ".join(f"{form}:*" for form in forms) + ")"
        )
    return Needle(text, search_key(text), code_key(text), " & ".join(terms))


def matching(rows: QuerySet[ModelT], what: Needle) -> QuerySet[ModelT]:
    """The rows that hold every word; nothing typed leaves all rows."""
    if not what.tsquery:
        return rows
    return rows.filter(search=SearchQuery(what.tsquery, search_type="raw", config="simple"))


def ranked(
    rows: QuerySet[ModelT], what: Needle, *, frequent: Sequence[str] = (), common: str | None = None
) -> QuerySet[ModelT]:
    """Best first: the code itself, the station's frequent ones, common ones, the phrase typed, short names.

    `frequent` are codes, most used first; `common` names a boolean field of the model.
    """
    order: list[Any] = []
    if what.code and what.code != what.folded:
        order.append(_first(Q(tokens__endswith=f" {what.code}")))
    elif what.code:
        order.append(_first(Q(code__iexact=what.text.strip())))
    if frequent:
        order.append(
            Case(
                *(When(code=code, then=Value(place)) for place, code in enumerate(frequent)),
                default=Value(len(frequent)),
                output_field=IntegerField(),
            )
        )
    if common:
        order.append(f"-{common}")
    if what.folded:
        order.append(_first(Q(folded__startswith=what.folded)))
        order.append(_first(Q(folded__contains=what.folded)))
        order.append(Length("folded"))
    return rows.order_by(*order, "code")


def _first(condition: Q) -> Case:
    return Case(When(condition, then=Value(0)), default=Value(1), output_field=IntegerField())
