"""Who may be the same person: asked before a new one is made.

A small set of candidates comes from the search index (same number, same phone, same year of birth, same
name); `alike` weighs each, so that a typing mistake does not make a second person.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from apps.core.scope import current
from apps.patients import alike
from apps.patients.data import NumberData, PersonData
from apps.patients.identifiers import normalise
from apps.patients.models import Person
from apps.patients.models.person import treated_ids
from apps.patients.rawquery import of_station, search_matches

CANDIDATES = 400  # one year of birth in a commune of 20,000 people is about 350
SHOWN = 5
COMPARED = ("pk", "full_name", "sex", "birth_date", "birth_precision", "phone", "hamlet_id", "mother_id")


@dataclass(frozen=True)
class Candidate:
    """A person already stored who may be meant; `why` says it in words."""

    person: Person
    score: int
    why: list[str] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        """The same number: not a question of judgement."""
        return self.score >= alike.CERTAIN


def candidates(data: PersonData, numbers: Iterable[NumberData] = ()) -> list[Candidate]:
    """Stored people within the scope who may be the same, likeliest first, at most five. Two queries, one
    where nobody is.
    """
    keys = alike.number_keys([normalise(number.kind, number.value) for number in numbers])
    asked = alike.Facts(
        full_name=data.full_name,
        sex=data.sex,
        birth_date=data.birth_date,
        birth_precision=data.birth_precision,
        phone=data.phone,
        hamlet_id=data.hamlet_id,
        mother_id=data.mother_id,
        numbers=keys,
    )
    return _likeliest(asked, _rows(asked))


def candidates_of(person: Person) -> list[Candidate]:
    """Who else of the scope may be this stored person: the same question, asked later. Two queries."""
    facts = facts_of({name: getattr(person, name) for name in (*COMPARED, "tokens")})
    return _likeliest(facts, _rows(facts, without=person))


def facts_of(row: dict[str, Any]) -> alike.Facts:
    """What is compared of a stored person: a row of COMPARED and `tokens`."""
    return alike.Facts(
        full_name=row["full_name"],
        sex=row["sex"],
        birth_date=row["birth_date"],
        birth_precision=row["birth_precision"],
        phone=row["phone"],
        hamlet_id=row["hamlet_id"],
        mother_id=row["mother_id"],
        numbers=numbers_in(row["tokens"]),
    )


def numbers_in(tokens: str) -> frozenset[str]:
    """The numbers of papers and cards among the search tokens; the station's own codes are none."""
    found = (token[1:] for token in tokens.split() if token.startswith("C"))
    return frozenset(number for number in found if not number.startswith("p0"))


def _rows(asked: alike.Facts, without: Person | None = None) -> list[dict[str, Any]]:
    parts = asked.key.split()
    certain = [f"C{key}" for key in sorted(asked.numbers)]
    alternatives = list(certain)
    if len(parts) > 1:
        alternatives.append("X" + "".join(parts))
    if asked.birth_date:
        alternatives.append(f"Y{asked.birth_date.year}")
    if asked.phone:
        alternatives.append("P" + asked.phone[::-1])
    if not alternatives:
        return []
    like = " | ".join(alternatives)
    # unscoped: the scope is spelled out below in two halves, as in queries.find_people, so that a station's
    # people are found by tokens of their own
    ordered = Person.unscoped.filter(merged_into=None).order_by("sort_key", "pk")
    if without is not None:
        ordered = ordered.exclude(pk=without.pk)

    def of(query: str, numbers: str) -> QuerySet[Person]:
        found = ordered.filter(search_matches(query))
        if asked.sex == "unknown":
            return found
        # Whoever carries the number is meant whatever sex is written.
        sexes = Q(sex__in=[asked.sex, "unknown"])
        return found.filter(sexes | search_matches(numbers) if numbers else sexes)

    # The plain columns of hundreds, whole people of the few that are shown.
    scope, held = current(), " | ".join(certain)
    everybody = of(like, held)
    if scope.everything:
        return list(everybody.values(*COMPARED, "tokens")[:CANDIDATES])
    ours = everybody.filter(station_id__in=scope.facility_ids)
    if scope.level == "station" and scope.workplace_id:
        here = scope.workplace_id
        ours = of(of_station(like, here), of_station(held, here)).filter(station_id=here)
    if scope.hamlet_ids is not None:
        return list(ours.filter(Person.scope_q(scope)).values(*COMPARED, "tokens")[:CANDIDATES])
    treated = everybody.filter(pk__in=treated_ids(scope)).exclude(station_id__in=scope.facility_ids)
    names = (*COMPARED, "tokens")
    return list(ours.values(*names)[:CANDIDATES].union(treated.values(*names)[:CANDIDATES], all=True))


def _likeliest(asked: alike.Facts, rows: Iterable[dict[str, Any]]) -> list[Candidate]:
    weighed = [(found, row["pk"]) for row in rows if (found := alike.weigh(asked, facts_of(row)))]
    weighed.sort(key=lambda pair: (-pair[0].score, pair[1]))
    best = weighed[:SHOWN]
    if not best:
        return []
    people = Person.objects.select_related("hamlet").defer("search").in_bulk([pk for _, pk in best])
    return [
        Candidate(people[pk], found.score, alike.words(found.reasons)) for found, pk in best if pk in people
    ]
