"""How a catalogue row is found: words without accents in any order, by their beginnings, or a code.

The words go through core.text, so accents, old and new tone places and i/y do not matter. A doubled
letter counts once (amoxicillin, amoxicilin). Codes are kept without their dot: J02.9 and J029 find one row.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import add, or_
from typing import Any, TypeVar, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, Func, IntegerField, Model, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Concat, Length, StrIndex

from apps.core.text import fold, search_key

ModelT = TypeVar("ModelT", bound=Model)

# Longer texts are cut: a picker answers to a few words, and a pasted letter must not become a huge query.
MAX_TEXT = 100
MAX_WORDS = 8

_DOUBLED = re.compile(r"([a-z])\1+")
# J02, J02.9, 40.154, 01.0281.1510, TD001.1: letters and digits joined by dots.
_DOTTED = re.compile(r"(?<=[0-9A-Za-z])\.(?=[0-9])")


@lru_cache(maxsize=20_000)  # the words of all names of a catalogue: some 10,000, each met many times
def _spellings(word: str) -> tuple[str, ...]:
    """The folded word as written, with the usual i/y, and without doubled letters; each once."""
    return tuple(dict.fromkeys([word, search_key(word), _DOUBLED.sub(r"\1", word)]))


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
    def terms(self) -> list[str]:
        """The query of each word, each once."""
        return list(dict.fromkeys(self.tsquery.split(" & "))) if self.tsquery else []

    @property
    def short(self) -> bool:
        """One or two letters: too many names begin so. A code begun (J0) is not short."""
        return len(self.folded) < 3 and not any(char.isdigit() for char in self.folded)


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


def matching(rows: QuerySet[ModelT], *any_of: Needle) -> QuerySet[ModelT]:
    """The rows that hold every word of one of the needles; nothing typed leaves all rows."""
    queries = [f"({what.tsquery})" for what in any_of if what.tsquery]
    if not queries:
        return rows
    return rows.filter(search=SearchQuery(" | ".join(queries), search_type="raw", config="simple"))


def partly(rows: QuerySet[ModelT], what: Needle) -> QuerySet[ModelT]:
    """The rows that hold two of the words, or half of fewer, with how many as `held`; one must be typed.

    Words as they are, the last one begun: of many words the beginnings are in too many names.
    """
    *before, last = what.terms
    terms = [*(term.replace(":*", "") for term in before), last]
    queries = [SearchQuery(term, search_type="raw", config="simple") for term in terms]
    held = reduce(add, (Case(When(search=query, then=Value(1)), default=Value(0)) for query in queries))
    # One query of all words finds by the index; only what it finds is counted.
    some = SearchQuery(" | ".join(terms), search_type="raw", config="simple")
    counted = rows.filter(search=some).annotate(held=held)
    return cast("QuerySet[ModelT]", counted.filter(held__gte=min(2, (len(terms) + 1) // 2)))


def whole(what: Needle) -> SearchQuery:
    """The query for the words as they are, not as beginnings."""
    return SearchQuery(what.tsquery.replace(":*", ""), search_type="raw", config="simple")


def ranked(
    rows: QuerySet[ModelT],
    *any_of: Needle,
    named: Sequence[str] = (),
    frequent: Sequence[str] = (),
    common: str | None = None,
    later: Q | None = None,
    last: Q | None = None,
    before: Sequence[str] = (),
) -> QuerySet[ModelT]:
    """Best first: the code itself, `named` codes, what is not `last`, the words with their accents, the words
    in a row (whole, then begun), what is not `later`, the station's frequent codes, common ones, then names
    that begin early with the words and are short.

    The first needle is what was typed. `frequent` are codes, most used first, then those usual everywhere;
    `common` names a boolean field; `before` orders before all of it.
    """
    typed, best = any_of[0], any_of[-1]
    order: list[Any] = [*before]
    if typed.code:
        order.append(_first(Q(code__iexact=typed.text.strip()) | Q(tokens__endswith=f" {typed.code}")))
    if named:
        order.append(_place(named).asc(nulls_last=True))
    if last is not None:
        order.append(_last(last))
    if typed.folded:
        padded = Concat(Value(" "), "folded", Value(" "), output_field=TextField())
        rows = cast("QuerySet[ModelT]", rows.annotate(padded=padded))
        # What was typed alone: an everyday name that only begins so (viêm họng hạt) must not come before it.
        if fold(typed.text) != typed.text.strip().lower():  # without accents, 'tri' would be in 'triệu chứng'
            order.append(_first(Q(name__icontains=typed.text.strip())))
        # the name itself: 'ho' is the cough before every word that begins so
        order.append(_first(Q(folded=typed.folded)))
        # "viem da" is "viêm da" before it is the beginning of "viêm dạ dày".
        order.append(_first(_any(Q(padded__contains=f" {what.folded} ") for what in any_of)))
        order.append(_first(_any(Q(padded__contains=f" {what.folded}") for what in any_of)))
    if later is not None:
        order.append(_last(later))
    if frequent:
        order.append(_place(frequent).asc(nulls_last=True))
    if common:
        order.append(f"-{common}")
    if typed.folded:
        order.append(StrIndex("padded", Value(f" {best.folded}")))
        order.append(Length("folded"))
    return rows.order_by(*order, "code")


def _place(codes: Sequence[str]) -> Func:
    """Where a row's code stands in `codes`; NULL for one that is not there."""
    listed = Value(list(codes), output_field=ArrayField(TextField()))
    return Func(listed, Cast("code", TextField()), function="array_position", output_field=IntegerField())


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)


def _first(condition: Q) -> Case:
    return Case(When(condition, then=Value(0)), default=Value(1), output_field=IntegerField())


def _last(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())
