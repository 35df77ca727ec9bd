"""The causes of injury that are counted (list injury_cause), and which external causes suggest each."""

import datetime as dt
from collections.abc import Collection, Iterable

from apps.catalogues import codes
from apps.catalogues.rules import external

LIST = "injury_cause"


def fitting(ranges: Iterable[tuple[str, str]], codes: Collection[str]) -> list[str]:
    """The causes, given as (cause, 'W00-W19;X59'), that hold one of the codes: the narrowest range first.

    Burns by explosion (W36-W40) stand among accidents at work too: the narrower one is what was meant.
    """
    found: list[tuple[int, str]] = []
    for cause, spans in ranges:
        for span in filter(None, spans.split(";")):
            first, _, last = span.partition("-")
            if any(first <= code[:3] <= (last or first) for code in codes if external(code)):
                found.append((_width(first, last or first), cause))
    return list(dict.fromkeys(cause for _, cause in sorted(found)))


def _width(first: str, last: str) -> int:
    return (ord(last[0]) - ord(first[0])) * 100 + int(last[1:]) - int(first[1:])


def proposed(picked: Collection[str], on: dt.date) -> list[str]:
    """What external causes of a record of that day suggest; a person decides. No query."""
    ranges = [(row.code, row.extra.get("icd10", "")) for row in codes.rows(LIST) if row.in_force(on)]
    return fitting(ranges, picked)
