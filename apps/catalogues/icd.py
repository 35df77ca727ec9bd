"""ICD-10 as the rooms use it: the edition of a day, finding codes, and checking a coded diagnosis."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from time import monotonic
from uuid import UUID

from django.db.models import Q

from apps.catalogues import codes, frequency
from apps.catalogues.models import Edition, Icd10, Icd10Rule
from apps.catalogues.rules import AgeLimit, CodeFacts, Finding, Role, Sex, judge
from apps.catalogues.search import matching, needle, ranked, whole
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


def find(text: str, *, on: dt.date, facility_id: UUID | None = None, limit: int = 20) -> list[Icd10]:
    """The codes of the day's edition that match, best first; without text the usual ones. One query.

    One or two letters look for whole words, and for beginnings only among the station's usual codes.
    """
    what = needle(text)
    needles = [what]
    rows = Icd10.objects.filter(edition=edition_on(on)).on(on)
    rows = rows.exclude(flags__contains={"status": "qd4469_only"})
    frequent = frequency.top("icd10", facility_id)
    if what.short:
        found = matching(rows.filter(Q(common=True) | Q(code__in=frequent)), what)
        if what.folded:
            found = found | rows.filter(search=whole(what))
    else:
        needles += map(needle, official(what.folded))
        found = matching(rows, *needles)
    # After what this station uses comes what every station does: acute before chronic, as the list has it.
    usual = [row.code for row in codes.rows("icd10_common")]
    first = list(dict.fromkeys([*frequent, *usual]))
    best = ranked(found, *needles, frequent=first, common="common", later=PAST)
    return list(best.defer("tokens", "search")[:limit])


def official(folded: str) -> list[str]:
    """The official words for an everyday name: 'tieu duong tip 2' -> 'đái tháo đường tip 2'.

    A name that is still being typed counts from five letters on. At most one answer, the longest name's.
    """
    best: tuple[int, str] = (0, "")
    for row in codes.rows("icd10_spoken"):
        spoken, means = _spoken_key(row.name), row.extra.get("means", "")
        if len(spoken) <= best[0]:
            continue
        if f" {spoken} " in f" {folded} ":
            best = (len(spoken), f" {folded} ".replace(f" {spoken} ", f" {means} ").strip())
        elif len(folded) >= SPOKEN_FROM and spoken.startswith(folded):
            best = (len(spoken), means)
    return [best[1]] if best[1] else []


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
