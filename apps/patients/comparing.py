"""Two records side by side: what each says in words, what can be chosen, what speaks against one person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from apps.catalogues import codes
from apps.core import ports, registry
from apps.core.errors import Warning
from apps.core.registry import MergeQuestion
from apps.core.scope import current
from apps.core.words import date_words
from apps.patients import addresses, kin, merge, queries
from apps.patients.models import Allergy, Identifier, InsuranceCard, Person, TimelineEntry

LISTS = {
    "ethnicity": "ethnic_groups",
    "nationality": "nationalities",
    "occupation": "occupations",
    "education": "education_level",
    "marital_status": "marital_status",
}


@dataclass(frozen=True)
class Row:
    """One thing that both records tell. With `choice` it is chosen; the others stand there to be read."""

    key: str
    label: str
    kept: str
    old: str
    choice: str = ""  # what is chosen until somebody says otherwise; '' where there is nothing to choose
    joins: bool = False

    @property
    def differs(self) -> bool:
        return self.kept != self.old


@dataclass(frozen=True)
class Holding:
    """What hangs on a record: told of both, and all of it stays."""

    label: str
    kept: list[str]
    old: list[str]


@dataclass(frozen=True)
class Comparison:
    kept: Person
    old: Person
    rows: list[Row]
    holdings: list[Holding]
    doubts: list[Warning]
    refusals: list[str]
    homes: dict[UUID, ports.HouseholdLine] = field(default_factory=dict)

    @property
    def choices(self) -> list[Row]:
        return [row for row in self.rows if row.choice]

    @property
    def same(self) -> list[Row]:
        return [row for row in self.rows if not row.choice and (row.kept or row.old)]


def compare(kept: Person, old: Person, chosen: Mapping[str, str] | None = None) -> Comparison:
    """The page of two people taken through the scope. `chosen`: what was ticked. No query a row."""
    chosen = dict(chosen or {})
    step = merge.step_of(kept, old, chosen)
    homes = queries.household_lines([kept.pk, old.pk])
    asked = merge.questions(step)
    rows = [*_questions(asked, chosen), *_groups(kept, old, chosen, decided_by_household=bool(homes))]
    return Comparison(
        kept=kept,
        old=old,
        rows=rows,
        holdings=_holdings(kept, old, homes),
        doubts=merge.doubts(kept, old),
        refusals=merge.refusals(kept, old, step),
        homes=homes,
    )


def default_kept(a: Person, b: Person) -> Person:
    """Which of two is kept unless somebody says otherwise: who lives here, in a household, entered first."""
    homes = queries.household_lines([a.pk, b.pk])

    def rank(person: Person) -> tuple[bool, bool, UUID]:
        return person.life_status != "alive", person.pk not in homes, person.pk

    return min((a, b), key=rank)


def _questions(asked: Iterable[MergeQuestion], chosen: Mapping[str, str]) -> list[Row]:
    return [Row(each.key, each.label, each.kept, each.old, chosen.get(each.key) or "kept") for each in asked]


def _groups(kept: Person, old: Person, chosen: Mapping[str, str], *, decided_by_household: bool) -> list[Row]:
    rows = []
    for group in merge.GROUPS:
        if group.key == "home" and decided_by_household:
            continue  # whoever lives in a household lives where it stands
        choice = ""
        if merge.differs(kept, old, group):
            choice = chosen.get(group.key) or merge.suggested(kept, old, group)
        said = (in_words(kept, group.key), in_words(old, group.key))
        rows.append(Row(group.key, group.label, *said, choice, group.joins))
    return rows


def in_words(person: Person, key: str) -> str:
    """What a record says of one group."""
    if key in LISTS:
        return codes.label(LISTS[key], getattr(person, key)) if getattr(person, key) else ""
    match key:
        case "birth":
            return person.birth_words if person.birth_date else ""
        case "sex":
            return person.get_sex_display()
        case "home":
            return _joined(person.address_text, person.hamlet.name if person.hamlet else "")
        case "permanent":
            return addresses.permanent(person, timezone.localdate())
        case "mother" | "father":
            parent = person.father if key == "father" else kin.mother_of(current(), person)
            return f"{parent.full_name} ({parent.code})" if parent else ""
        case "guardian":
            return person.guardian_name
        case "life":
            died = f", {date_words(person.died_on)}" if person.died_on else ""
            return f"{person.get_life_status_display()}{died}"
    return str(getattr(person, key) or "")


def _holdings(kept: Person, old: Person, homes: Mapping[UUID, ports.HouseholdLine]) -> list[Holding]:
    pair = [kept.pk, old.pk]
    numbers, cards, allergies = _by_person(pair), _by_person(pair), _by_person(pair)
    for number in Identifier.objects.filter(person_id__in=pair).order_by("kind", "pk"):
        ended = " (hết hiệu lực)" if number.valid_to else ""
        numbers[number.person_id].append(f"{number.get_kind_display()}: {number.value}{ended}")
    for card in InsuranceCard.objects.filter(person_id__in=pair).order_by("-valid_from", "pk"):
        until = f", đến {date_words(card.valid_to)}" if card.valid_to else ""
        cards[card.person_id].append(f"{card.number}{until}")
    for allergy in Allergy.objects.filter(person_id__in=pair).order_by("state", "substance", "pk"):
        state = "" if allergy.state == "active" else f" ({allergy.get_state_display().lower()})"
        allergies[allergy.person_id].append(f"{allergy.substance}{state}")
    houses = {pk: [f"{line.head_name or ''} ({line.code})".strip()] for pk, line in homes.items()}
    told = [
        ("Giấy tờ", numbers),
        ("Thẻ BHYT", cards),
        ("Dị ứng", allergies),
        ("Hộ gia đình", houses),
        ("Đã ghi tại trạm", _what_happened(pair)),
    ]
    return [
        Holding(label, of.get(kept.pk, []), of.get(old.pk, []))
        for label, of in told
        if of.get(kept.pk) or of.get(old.pk)
    ]


def _what_happened(pair: list[UUID]) -> dict[UUID, list[str]]:
    """How much of each kind stands in each one's course, as far as the scope may read it. One query."""
    scope = current()
    rows = TimelineEntry.objects.filter(person_id__in=pair).order_by().values("person_id", "kind")
    found = _by_person(pair)
    for row in rows.annotate(many=Count("pk")).order_by("kind"):
        kind = registry.timeline_kinds.get(row["kind"])
        told = kind is not None and (kind.right is None or scope.can(kind.right))
        title = kind.title if kind is not None and told else "Việc khác"
        found[row["person_id"]].append(f"{title}: {row['many']}")
    return found


def _by_person(pair: list[UUID]) -> dict[UUID, list[str]]:
    return {pk: [] for pk in pair}


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
