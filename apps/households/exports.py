"""The list of people with their households goes out, in the columns that the import reads."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from apps.catalogues import codes
from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import current
from apps.core.workbooks import TextWorkbook
from apps.households.models import Membership
from apps.households.sheet import EXPORTED, date_text
from apps.patients import kin
from apps.patients.models import Identifier, InsuranceCard, Person
from apps.patients.queries import people_list

KIND = "people.list"
AT_ONCE = 1_000  # people read at a time, with what belongs to them
WIDE = {"full_name": 28, "address_text": 30, "permanent_text": 30, "bhyt": 18, "cccd": 15, "hamlet": 18}
WIDTHS = {place: WIDE[key] for place, key in enumerate(EXPORTED) if key in WIDE}


def count(args: Mapping[str, Any]) -> int:
    """How many people the list has."""
    return _people(args).count()


def sheet(args: Mapping[str, Any]) -> ExportSheet:
    """The list, read a part at a time."""
    return ExportSheet(list(EXPORTED.values()), _cells(_people(args)), WIDTHS)


EXPORT = ExportKind(
    KIND,
    "Danh sách dân",
    ("people.export", "households.export"),
    "people.export",
    "danh-sach-dan",
    count,
    sheet,
)


def template() -> bytes:
    """An empty workbook with the headings that the import knows."""
    out = io.BytesIO()
    with TextWorkbook(out, title="Danh sách", headings=list(EXPORTED.values()), widths=WIDTHS):
        pass  # the headings alone
    return out.getvalue()


def _people(args: Mapping[str, Any]) -> QuerySet[Person]:
    hamlet = args.get("hamlet")
    return people_list(current(), hamlet_id=UUID(str(hamlet)) if hamlet else None)


def _cells(people: QuerySet[Person]) -> Iterator[tuple[UUID, Sequence[str]]]:
    homes = Membership.objects.filter(valid_to__isnull=True).select_related("household")
    numbers = Identifier.objects.filter(valid_to__isnull=True, kind__in=["cccd", "cmnd"])
    cards = InsuranceCard.objects.order_by("valid_from", "pk")
    rows = (
        people.select_related("hamlet", "mother", "father", "permanent_unit")
        .defer(*(f"{who}{column}" for who in ("", "mother__", "father__") for column in ("tokens", "search")))
        .prefetch_related(
            Prefetch("memberships", queryset=homes, to_attr="homes"),
            Prefetch("identifiers", queryset=numbers, to_attr="numbers"),
            Prefetch("cards", queryset=cards, to_attr="all_cards"),
        )
        .order_by("hamlet__sort_order", "sort_key", "pk")
    )
    for person, row in _rows(rows.iterator(chunk_size=AT_ONCE)):
        yield person.pk, [row.get(key, "") for key in EXPORTED]


def _rows(people: Iterator[Person]) -> Iterator[tuple[Person, dict[str, str]]]:
    today, scope = timezone.localdate(), current()
    for person in people:
        home = next(iter(person.homes), None)  # type: ignore[attr-defined]
        numbers = {number.kind: number.value for number in person.numbers}  # type: ignore[attr-defined]
        cards = person.all_cards  # type: ignore[attr-defined]
        card = next((row for row in cards if row.in_force(today)), cards[-1] if cards else None)
        row = {
            "household": home.household.code if home else "",
            "code": person.code,
            "full_name": person.full_name,
            "birth": date_text(person.birth_date, person.birth_precision),
            "sex": person.get_sex_display(),
            "relation": codes.label("relationship_to_head", home.relation) if home else "",
            "hamlet": person.hamlet.name if person.hamlet else "",
            "address_text": person.address_text,
            "poverty": home.household.get_poverty_display() if home and home.household.poverty else "",
            "bhxh_code": home.household.bhxh_code if home else "",
            "ethnicity": codes.label("ethnic_groups", person.ethnicity),
            "nationality": codes.label("nationalities", person.nationality),
            "occupation": codes.label("occupations", person.occupation),
            "education": codes.label("education_level", person.education),
            "marital_status": codes.label("marital_status", person.marital_status),
            "phone": person.phone,
            "cccd": numbers.get("cccd", ""),
            "cmnd": numbers.get("cmnd", ""),
            "bhyt": card.number if card else "",
            "bhyt_from": date_text(card.valid_from) if card else "",
            "bhyt_to": date_text(card.valid_to) if card else "",
            "bhyt_place": card.registered_facility_code if card else "",
            "permanent_text": person.permanent_text,
            "permanent_code": person.permanent_unit.code if person.permanent_unit else "",
            "permanent_commune": person.permanent_unit.name if person.permanent_unit else "",
            "email": person.email,
            "blood_group": person.blood_group,
            "mother": _code(person, kin.mother_of(scope, person)),
            "father": _code(person, person.father),
            "guardian_name": person.guardian_name,
            "life_status": person.get_life_status_display(),
            "died_on": date_text(person.died_on),
            "note": person.note,
        }
        yield person, row


def _code(person: Person, parent: Person | None) -> str:
    """A parent's code, where it means something: at the same station."""
    return parent.code if parent and parent.station_id == person.station_id else ""
