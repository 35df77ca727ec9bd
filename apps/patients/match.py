"""Who may be the same person: asked before a new one is made.

A small set of candidates comes from the search index (same number, same phone, same year of birth, same
name); RapidFuzz compares the names, so that a typing mistake does not make a second person.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from rapidfuzz import fuzz

from apps.core.text import search_key
from apps.patients.data import NumberData, PersonData
from apps.patients.identifiers import normalise
from apps.patients.models import Person
from apps.patients.rawquery import search_matches

CANDIDATES = 400  # one year of birth in a commune of 20,000 people is about 350
SHOWN = 5
SAME_NAME = 95  # 0..100: one letter of a usual name differs by about 4
LIKE_NAME = 88  # one or two slips of the hand


@dataclass(frozen=True)
class Candidate:
    """A person already stored who may be meant; `why` says it in words."""

    person: Person
    score: int
    why: list[str] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        """The same number: not a question of judgement."""
        return self.score >= 100


def candidates(data: PersonData, numbers: Iterable[NumberData] = ()) -> list[Candidate]:
    """Stored people within the scope who may be the same, likeliest first, at most five. Two queries."""
    codes = {normalise(number.kind, number.value).lower() for number in numbers}
    codes = {code for code in codes if code.isascii() and code.isalnum()}
    codes |= {code[-10:] for code in codes if len(code) == 15}
    found = [
        candidate for person in _set(data, codes) if (candidate := _weigh(person, data, codes)) is not None
    ]
    found.sort(key=lambda candidate: (-candidate.score, candidate.person.sort_key))
    return found[:SHOWN]


def _set(data: PersonData, codes: set[str]) -> list[Person]:
    words = search_key(data.full_name).split()
    alternatives = [f"C{code}" for code in sorted(codes)]
    if len(words) > 1:
        alternatives.append("X" + "".join(words))
    if data.birth_date:
        alternatives.append(f"Y{data.birth_date.year}")
    if data.phone:
        alternatives.append("P" + data.phone[::-1])
    if not alternatives:
        return []
    same_sex = Q() if data.sex == "unknown" else Q(sex__in=[data.sex, "unknown"])
    certain = search_matches(" | ".join(f"C{code}" for code in sorted(codes))) if codes else Q(pk__in=())
    return list(
        Person.objects.filter(search_matches(" | ".join(alternatives)), same_sex | certain)
        .filter(merged_into=None)
        .select_related("hamlet")
        .order_by("sort_key", "pk")[:CANDIDATES]
    )


def _weigh(person: Person, data: PersonData, codes: set[str]) -> Candidate | None:
    """How alike, in 0..100, and why; None when a stranger."""
    if codes & {token[1:] for token in person.tokens.split() if token.startswith("C")}:
        return Candidate(person, 100, ["trùng số giấy tờ hoặc số thẻ"])
    alike = fuzz.ratio(search_key(person.full_name), search_key(data.full_name))
    same_day = person.birth_date is not None and person.birth_date == data.birth_date
    vague = (person.birth_precision, data.birth_precision) != ("day", "day")
    same_year = person.birth_year is not None and person.birth_year == data.birth_year
    same_name = search_key(person.full_name) == search_key(data.full_name)
    name_word = "trùng họ tên" if same_name else "họ tên gần giống"
    if same_day and not vague and alike >= LIKE_NAME:
        return Candidate(person, 90, [name_word, "trùng ngày sinh"])
    if same_year and alike >= SAME_NAME and (same_day or vague):
        return Candidate(person, 85, [name_word, "trùng năm sinh"])
    if same_year and alike >= SAME_NAME:
        return Candidate(person, 70, [name_word, "trùng năm sinh, khác ngày"])
    if person.phone and person.phone == data.phone and alike >= LIKE_NAME:
        return Candidate(person, 75, [name_word, "trùng số điện thoại"])
    if alike >= SAME_NAME and (person.birth_date is None or data.birth_date is None):
        return Candidate(person, 60, [name_word, "chưa rõ ngày sinh"])
    return None
