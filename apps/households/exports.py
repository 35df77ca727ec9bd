"""The list of people with their households goes out, in the columns that the import reads."""

import io
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from apps.catalogues import codes
from apps.core import audit, readlog
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.households.models import Membership
from apps.households.sheet import HEADINGS, date_text
from apps.patients.models import Identifier, InsuranceCard, Person
from apps.patients.queries import people_list

MOST = 60_000  # rows: a workbook of them takes about 20 s and 100 MB
WIDTHS = {"full_name": 28, "address_text": 30, "permanent_text": 30, "bhyt": 18, "cccd": 15, "hamlet": 18}


@transaction.atomic
def export_people(*, reason: str, hamlet_id: UUID | None = None) -> bytes:
    """The workbook, audited with its reason and with everyone in it. Raises Refused without a reason."""
    scope = current()
    scope.require("people.export")
    scope.require("households.export")
    reason = clean(reason)
    if not reason:
        raise Refused("Hãy ghi lý do xuất danh sách.", field="reason")
    people = list(_people(hamlet_id)[: MOST + 1])
    if len(people) > MOST:
        raise Refused(f"Danh sách dài quá {MOST} người. Hãy xuất từng thôn.", field="hamlet")
    audit.record("people.exported", data={"rows": len(people), "reason": reason[:300]})
    readlog.record("people.export", [person.pk for person in people], reason=reason[:300])
    return _workbook(people)


def template() -> bytes:
    """An empty workbook with the headings that the import knows."""
    return _workbook([])


def _people(hamlet_id: UUID | None) -> Any:
    homes = Membership.objects.filter(valid_to__isnull=True).select_related("household")
    numbers = Identifier.objects.filter(valid_to__isnull=True, kind__in=["cccd", "cmnd"])
    cards = InsuranceCard.objects.order_by("valid_from", "pk")
    return (
        people_list(current(), hamlet_id=hamlet_id)
        .select_related("hamlet", "mother", "father")
        .defer(*(f"{who}{column}" for who in ("", "mother__", "father__") for column in ("tokens", "search")))
        .prefetch_related(
            Prefetch("memberships", queryset=homes, to_attr="homes"),
            Prefetch("identifiers", queryset=numbers, to_attr="numbers"),
            Prefetch("cards", queryset=cards, to_attr="all_cards"),
        )
        .order_by("hamlet__sort_order", "sort_key", "pk")
    )


def _workbook(people: list[Person]) -> bytes:
    book = Workbook(write_only=True)
    page = book.create_sheet("Danh sách")
    page.freeze_panes = "A2"
    for place, key in enumerate(HEADINGS, start=1):
        page.column_dimensions[get_column_letter(place)].width = WIDTHS.get(key, 13)
    page.append(list(HEADINGS.values()))
    for row in _rows(people):
        page.append([safe(row.get(key, "")) for key in HEADINGS])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def safe(text: str) -> str:
    """The text so that no spreadsheet computes it."""
    return f"'{text}" if re.match(r"[=+@\t\r-]", text) else text


def _rows(people: list[Person]) -> Iterator[dict[str, str]]:
    today = timezone.localdate()
    for person in people:
        home = next(iter(person.homes), None)  # type: ignore[attr-defined]
        numbers = {number.kind: number.value for number in person.numbers}  # type: ignore[attr-defined]
        cards = person.all_cards  # type: ignore[attr-defined]
        card = next((row for row in cards if row.in_force(today)), cards[-1] if cards else None)
        yield {
            "household": home.household.code if home else "",
            "code": person.code,
            "full_name": person.full_name,
            "birth": date_text(person.birth_date, person.birth_precision),
            "sex": person.get_sex_display(),
            "relation": codes.label("relationship_to_head", home.relation) if home else "",
            "hamlet": person.hamlet.name if person.hamlet else "",
            "address_text": person.address_text,
            "poverty": home.household.get_poverty_display() if home and home.household.poverty else "",
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
            "email": person.email,
            "blood_group": person.blood_group,
            "mother": _code(person, person.mother),
            "father": _code(person, person.father),
            "guardian_name": person.guardian_name,
            "life_status": person.get_life_status_display(),
            "died_on": date_text(person.died_on),
            "note": person.note,
        }


def _code(person: Person, parent: Person | None) -> str:
    """A parent's code, where it means something: at the same station."""
    return parent.code if parent and parent.station_id == person.station_id else ""
