"""ICD-10 as the rooms use it: the edition of a day, finding codes, and checking a coded diagnosis."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.catalogues import codes, frequency
from apps.catalogues.models import Edition, Icd10, Icd10Rule
from apps.catalogues.rules import AgeLimit, CodeFacts, Finding, Role, Sex, judge
from apps.catalogues.search import matching, needle, partly, ranked, whole
from apps.core import parameters
from apps.core.text import search_key

# Seconds for which a process keeps the days of the editions: a new one is announced months ahead.
EDITIONS_KEPT = 600

# Letters typed before an everyday name is guessed: 'tieu ' fits too many.
SPOKEN_FROM = 5


def edition_on(date: dt.date) -> Edition:
    """The edition that a visit of that day is coded with."""
    for edition, first, last in editions():
        if (first is None or first <= date) and (last is None or date <= last):
            return edition
    raise parameters.NoParameter(f"icd10.edition on {date}")


def editions() -> list[tuple[Edition, dt.date | None, dt.date | None]]:
    """Each edition with its first and last day, oldest first (parameter icd10.edition)."""
    return _editions(int(monotonic() // EDITIONS_KEPT))


@lru_cache(maxsize=1)
def _editions(span: int) -> list[tuple[Edition, dt.date | None, dt.date | None]]:
    rows = parameters.history("icd10.edition")
    return [(Edition(row.value), row.valid_from, row.valid_to) for row in rows]


# What somebody has had, is left with or is asked about from earlier: after what she is ill with now, unless
# these very words were typed ("nhồi máu cơ tim cũ").
PAST = Q(folded__endswith=" cu") | Q(folded__startswith="di chung ") | Q(folded__startswith="tien su ")


# A heading over more specific codes comes after them, unless stations use it as it is: M54.5 before M54.
HEADING = Q(common=False) & (
    Q(flags__contains={"has_more_specific": True}) | Q(flags__contains={"is_leaf": False})
)


@dataclass(frozen=True)
class Patient:
    """For whom a code is looked for, as far as that changes what comes first. `sex` as in the flags: M, F."""

    sex: str = ""
    child: bool | None = None

    @classmethod
    def read(cls, text: str) -> "Patient":
        """Out of what a form says of her: 'F child', 'M grown'."""
        words = text.split()
        sex = next((word for word in words if word in ("M", "F")), "")
        return cls(sex, True if "child" in words else False if "grown" in words else None)


ANYBODY = Patient()


def find(
    text: str,
    *,
    on: dt.date,
    facility_id: UUID | None = None,
    limit: int = 20,
    patient: Patient = ANYBODY,
) -> list[Icd10]:
    """The codes of the day's edition that match, best first; without text the usual ones. One query.

    One or two letters look for whole words, and for beginnings only among the station's usual codes.
    """
    what = needle(text)
    needles = [what]
    named: list[str] = []
    rows = _in_force(on)
    frequent = frequency.top("icd10", facility_id, child=patient.child)
    if what.short:
        found = matching(rows.filter(Q(common=True) | Q(code__in=frequent)), what)
        if what.folded:
            found = found | rows.filter(search=whole(what))
        elif patient.sex:
            found = found.exclude(flags__contains={"sex": "F" if patient.sex == "M" else "M"})
    else:
        everyday = official(what.folded)
        needles += map(needle, everyday.words)
        named = everyday.codes
        found = matching(rows, *needles)
        if named:
            found = found | rows.filter(code__in=named)
    # After what this station uses comes what every station does: acute before chronic, as the list has it.
    usual = [row.code for row in codes.rows("icd10_common")]
    first = list(dict.fromkeys([*frequent, *usual]))
    best = ranked(found, *needles, named=named, frequent=first, common="common", later=PAST, last=HEADING)
    return list(best.defer("tokens", "search")[:limit])


def near(text: str, *, on: dt.date, facility_id: UUID | None = None, limit: int = 20) -> list[Icd10]:
    """Where no code holds all words: those that hold most of them. One query."""
    what = needle(text)
    if not what.terms:
        return []
    found = partly(_in_force(on), what)
    first = [*frequency.top("icd10", facility_id), *(row.code for row in codes.rows("icd10_common"))]
    # Of those that hold as many, the names that have the first two words in a row.
    begun = needle(" ".join(what.folded.split()[:2]))
    best = ranked(found, begun, frequent=first, common="common", last=HEADING, before=["-held"])
    return list(best.defer("tokens", "search")[:limit])


def _in_force(on: dt.date) -> "QuerySet[Icd10]":
    rows = Icd10.objects.filter(edition=edition_on(on)).on(on)
    return rows.exclude(flags__contains={"status": "qd4469_only"})


@dataclass(frozen=True)
class Everyday:
    """What an everyday name means: official `words` (none or one text), and the `codes` it says itself."""

    words: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


def official(folded: str) -> Everyday:
    """The official words and codes for an everyday name: 'tieu duong tip 2' -> 'đái tháo đường tip 2'.

    A name that is still being typed counts from five letters on, its codes when only its last word is begun.
    At most one answer: the longest name that stands there, else the longest that is begun.
    """
    rank, best = (False, 0), Everyday()
    for row in codes.rows("icd10_spoken"):
        spoken, means = _spoken_key(row.name), row.extra.get("means", "")
        stands = f" {spoken} " in f" {folded} "
        begun = len(folded) >= SPOKEN_FROM and spoken.startswith(folded)
        if not (stands or begun) or (stands, len(spoken)) <= rank:
            continue
        rank, named = (stands, len(spoken)), row.extra.get("codes", "").split()
        if stands:
            best = Everyday([f" {folded} ".replace(f" {spoken} ", f" {means} ").strip()], named)
        else:
            best = Everyday([means], named if folded.count(" ") == spoken.count(" ") else [])
    return best


@lru_cache(maxsize=1024)
def _spoken_key(name: str) -> str:
    return search_key(name)


def names(picked: Collection[str], *, on: dt.date) -> dict[str, str]:
    """Names by code in the edition of the day; unknown codes are left out. One query."""
    rows = Icd10.objects.filter(edition=edition_on(on), code__in=picked).order_by("-marker")
    return dict(rows.values_list("code", "name"))


def names_ever(picked: Collection[str]) -> dict[str, str]:
    """Names by code of whichever edition knows it, the newest's where several do. One query."""
    rows = Icd10.objects.filter(code__in=picked).order_by("-marker").values_list("edition", "code", "name")
    order = [edition for edition, _, _ in editions()]
    return {code: name for _, code, name in sorted(rows, key=lambda row: order.index(Edition(row[0])))}


def check(
    code: str,
    *,
    on: dt.date,
    role: Role,
    sex: Sex,
    age_days: int | None,
    others: Collection[str] = (),
) -> list[Finding]:
    """Findings for one code, gravest first. See `check_all` for a whole visit."""
    return check_all([(code, role)], on=on, sex=sex, age_days=age_days, others=others)[code]


def check_all(
    picked: Sequence[tuple[str, Role]],
    *,
    on: dt.date,
    sex: Sex,
    age_days: int | None,
    others: Collection[str] = (),
) -> dict[str, list[Finding]]:
    """Findings by code for all diagnoses of a visit (code, role), in two queries whatever their number."""
    edition = edition_on(on)
    wanted = [code for code, _ in picked]
    facts = _facts(wanted, edition, on)
    present = {*wanted, *others}
    return {
        code: judge(
            facts.get(code),
            code=code,
            edition_title=edition.label,
            role=role,
            sex=sex,
            age_days=age_days,
            others=present - {code},
        )
        for code, role in picked
    }


def pairs(picked: Collection[str], *, on: dt.date) -> list[tuple[str, str, str]]:
    """What goes with codes that stand without their other half: (chosen code, code, its name).

    First the causes (†) that an asterisk code needs, then the manifestations (*) that a cause may show. Two
    queries, one where nothing goes with them.
    """
    rules = Icd10Rule.objects.filter(rule=Icd10Rule.Kind.PAIR).on(on)
    rows = list(rules.filter(Q(code__in=picked) | Q(other__in=picked)).values_list("code", "other"))
    whole = {code for row in rows if set(row) <= set(picked) for code in row}
    needed = [(star, dagger) for star, dagger in rows if star in picked and star not in whole]
    shown = [(dagger, star) for star, dagger in rows if dagger in picked and dagger not in whole]
    both = [*sorted(needed), *sorted(shown)]
    if not both:
        return []
    known = names([code for _, code in both], on=on)
    return [(chosen, code, known[code]) for chosen, code in both if code in known]


def _facts(wanted: Collection[str], edition: Edition, on: dt.date) -> Mapping[str, CodeFacts]:
    limits: dict[str, list[AgeLimit]] = {}
    daggers: dict[str, list[str]] = {}
    # The annexes of QĐ 4469 are the only age and pair rules there are; TT 06/2026 keeps the codes they name.
    for rule in Icd10Rule.objects.filter(code__in=wanted).on(on):
        if rule.rule == Icd10Rule.Kind.PAIR:
            daggers.setdefault(rule.code, []).append(rule.other)
        else:
            limits.setdefault(rule.code, []).append(
                AgeLimit(rule.data["min_days"], rule.data["max_days"], rule.data["age_text"], rule.source)
            )
    facts: dict[str, CodeFacts] = {}
    # A few codes of 2020 stand twice, plain and with a marker: the plain row comes last and wins.
    for row in (
        Icd10.objects.filter(edition=edition, code__in=wanted).order_by("-marker").defer("tokens", "search")
    ):
        facts[row.code] = CodeFacts(
            code=row.code,
            name=row.name,
            source=row.source,
            in_force=row.in_force(on),
            valid_to=row.valid_to,
            doubtful=row.flags.get("status") == "qd4469_only",
            not_principal=row.flags.get("not_principal", False),
            discouraged_principal=row.flags.get("discouraged_principal", False),
            has_more_specific=row.flags.get("has_more_specific", not row.flags.get("is_leaf", True)),
            death_cause_only=row.flags.get("death_cause_only", False),
            sex=row.flags.get("sex", ""),
            age_limits=tuple(limits.get(row.code, ())),
            daggers=tuple(sorted(daggers.get(row.code, ()))),
        )
    return facts
