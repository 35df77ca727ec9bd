"""What of a record only few may read: HIV, mental health, violence, abortion.

Which codes, medicines, tests and registers make a record restricted are dated rows of the catalogue
`restricted_data`. A record is marked when it is written (`restricted`); every channel reads it through its
model's `scope_q`, which asks `readable` here: pages, timeline, due items, lists, API, papers, exports. What
leaves the house asks `may_leave`.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Q
from django.utils import timezone

from apps.catalogues import codes
from apps.core.scope import RESTRICTED_RIGHT, Scope
from apps.core.text import fold
from apps.core.words import completed_months

RIGHT = RESTRICTED_RIGHT
LIST = "restricted_data"
MOTHER = "mother"  # of a rule: the birth of a child by somebody younger than `code` years
GROUPS = {
    "hiv": "HIV",
    "mental": "sức khỏe tâm thần",
    "violence": "bạo lực, xâm hại",
    "abortion": "phá thai",
    "minor": "sinh sản của người chưa thành niên",
}


@dataclass(frozen=True)
class Rule:
    """One row: `what` is icd10, drug, lab, register, word or mother; `code` begins a range, is a medicine's
    word or one to look for in free text, or the age below which a mother is kept from her child's record."""

    what: str
    code: str
    until: str
    group: str
    leaves: bool


def groups_of(
    rules: Iterable[Rule],
    *,
    icd: Iterable[str] = (),
    drugs: Iterable[str] = (),
    labs: Iterable[str] = (),
    registers: Iterable[str] = (),
    texts: Iterable[str] = (),
) -> list[str]:
    """The groups that a record with these codes, active ingredients and texts belongs to, sorted. Pure."""
    icd, named = list(icd), {"lab": set(labs), "register": set(registers)}
    spoken = {
        "drug": [f" {fold(drug)} " for drug in drugs],
        "word": [f" {fold(each)} " for each in texts],
    }
    found = set()
    for rule in rules:
        if rule.what in spoken:
            hit = any(_word(rule.code) in words for words in spoken[rule.what])
        elif rule.what == "icd10":
            hit = any(_within(code, rule) for code in icd)
        else:
            hit = rule.code in named.get(rule.what, ())
        if hit:
            found.add(rule.group)
    return sorted(found)


@lru_cache(maxsize=1000)
def _word(code: str) -> str:
    """A word of the rules as it is looked for; kept, since every text is asked for each of them."""
    return f" {fold(code)} "


def _within(code: str, rule: Rule) -> bool:
    """Whether a code stands in the range: 'B24.9' stands in B20-B24, each end with all below it."""
    code = code.upper()
    return rule.code <= code[: len(rule.code)] and code[: len(rule.until)] <= rule.until


def minor_mother(mother: tuple[dt.date | None, str], child: tuple[dt.date | None, str]) -> bool:
    """Whether it is read by few that this child was born of this mother: at the birth she was, or may have
    been, younger than the rule of that day says. Births as (day, precision 'day', 'month' or 'year'); where
    one is unknown nothing is known of her age.
    """
    (bore, her_precision), (born, its_precision) = mother, child
    if bore is None or born is None:
        return False
    latest, earliest = _edge(bore, her_precision, last=True), _edge(born, its_precision, last=False)
    ages = [int(rule.code) for rule in rules_on(born) if rule.what == MOTHER and rule.code.isdecimal()]
    return any(completed_months(latest, earliest) < age * 12 for age in ages)


def _edge(day: dt.date, precision: str, *, last: bool) -> dt.date:
    """The first or last day that a date of this precision may mean."""
    if precision == "year":
        return dt.date(day.year, 12, 31) if last else dt.date(day.year, 1, 1)
    if precision == "month":
        first = day.replace(day=1)
        return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1) if last else first
    return day


def rules_on(on: dt.date) -> list[Rule]:
    """The rows in force on that day; kept in the process like every small list."""
    return [
        Rule(
            row.scope,
            row.code,
            row.extra.get("until") or row.code,
            row.extra.get("group", ""),
            row.extra.get("send", "no") == "yes",
        )
        for row in codes.rows(LIST)
        if row.in_force(on)
    ]


def readable(scope: Scope, own: Q | None = None) -> Q:
    """The rows with `restricted` that a scope may read: all by right, else the open ones and `own`."""
    if scope.can(RIGHT):
        return Q()
    return Q(restricted=False) | own if own is not None else Q(restricted=False)


def may_leave(groups: Iterable[str], on: dt.date | None = None) -> bool:
    """Whether a record of these groups may be sent to another system; only where a rule says so for each."""
    wanted = set(groups)
    sent = {rule.group for rule in rules_on(on or timezone.localdate()) if rule.leaves}
    return wanted <= sent


def words(groups: Iterable[str]) -> str:
    """'HIV, bạo lực, xâm hại', for whoever may read it."""
    return ", ".join(GROUPS.get(group, group) for group in groups)
