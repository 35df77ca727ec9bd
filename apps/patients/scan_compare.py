"""What a scanned card says otherwise than the record of its owner; and taking over what somebody has chosen.

Nothing is taken over silently: a difference stands beside what is stored until it is taken or left.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.core.scope import current
from apps.core.text import search_key, sort_key
from apps.core.words import partial_date_words
from apps.patients import services
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.models import Identifier, InsuranceCard, Person, Sex
from apps.patients.numbers import card_add, identifier_add
from apps.patients.scan import Card, CitizenCard, InsuranceQr

REASON = "Theo thẻ vừa quét"


@dataclass(frozen=True)
class Difference:
    """One thing that the card says otherwise. `weighty`: it may be another person's card."""

    key: str
    label: str
    stored: str
    scanned: str
    weighty: bool = False


def differences(person: Person, card: Card) -> list[Difference]:
    """In the order of the form. Two queries."""
    found = [*_name(person, card), *_birth(person, card), *_sex(person, card)]
    if isinstance(card, CitizenCard):
        found += _numbers(person, card)
        if card.address and search_key(card.address) != search_key(person.permanent_text):
            found.append(Difference("permanent_text", "Nơi thường trú", person.permanent_text, card.address))
    else:
        found += _insurance(person, card)
    return found


def _name(person: Person, card: Card) -> list[Difference]:
    if sort_key(person.full_name) == sort_key(card.name):
        return []
    unlike = search_key(person.full_name) != search_key(card.name)
    return [Difference("full_name", "Họ và tên", person.full_name, card.name, weighty=unlike)]


def _birth(person: Person, card: Card) -> list[Difference]:
    stored = partial_date_words(person.birth_date, person.birth_precision) if person.birth_date else ""
    if isinstance(card.dob, int):  # an insurance card may know the year alone
        if person.birth_year == card.dob:
            return []
        return [Difference("birth_date", "Ngày sinh", stored, str(card.dob), weighty=bool(stored))]
    if person.birth_date == card.dob and person.birth_precision == "day":
        return []
    exacter = person.birth_precision != "day" and person.birth_year == card.dob.year
    weighty = bool(stored) and not exacter
    return [Difference("birth_date", "Ngày sinh", stored, f"{card.dob:%d/%m/%Y}", weighty=weighty)]


def _sex(person: Person, card: Card) -> list[Difference]:
    if person.sex == card.sex:
        return []
    words = dict(Sex.choices)
    weighty = person.sex != Sex.UNKNOWN
    return [Difference("sex", "Giới tính", str(words[Sex(person.sex)]), str(words[Sex(card.sex)]), weighty)]


def _numbers(person: Person, card: CitizenCard) -> list[Difference]:
    stored = {
        number.kind: number.value
        for number in Identifier.objects.filter(person=person, valid_to__isnull=True)
    }
    found = []
    for kind, label, value in (("cccd", "Số CCCD", card.cccd), ("cmnd", "Số CMND cũ", card.cmnd)):
        if value and stored.get(kind) != value:
            held = stored.get(kind, "")
            found.append(Difference(kind, label, held, value, weighty=bool(held)))
    return found


def _insurance(person: Person, card: InsuranceQr) -> list[Difference]:
    rows = list(InsuranceCard.objects.filter(person=person).order_by("valid_from", "pk"))
    if any(_same_card(row, card) for row in rows):
        return []
    last = rows[-1] if rows else None
    stored = _card_words(last.number, last.valid_from, last.valid_to) if last else ""
    return [Difference("card", "Thẻ BHYT", stored, _card_words(card.number, card.valid_from, card.valid_to))]


def _same_card(row: InsuranceCard, card: InsuranceQr) -> bool:
    if row.number[-10:] != card.number[-10:]:
        return False
    return card.valid_from is None or (row.valid_from, row.valid_to) == (card.valid_from, card.valid_to)


def _card_words(number: str, since: dt.date | None, until: dt.date | None) -> str:
    days = [f"từ {since:%d/%m/%Y}"] * bool(since) + [f"đến {until:%d/%m/%Y}" if until else ""] * bool(until)
    return " ".join([number, *days])


@transaction.atomic
def take(*, person: Person, card: Card, chosen: Collection[str], expected_version: int) -> Sequence[str]:
    """Writes the differences that were chosen, and nothing else; gives their labels. Raises Refused and
    StaleVersion.
    """
    current().require("people.edit")
    wanted = [each for each in differences(person, card) if each.key in chosen]
    fields = _fields(card, {each.key for each in wanted})
    if fields:
        now: dict[str, Any] = {name: getattr(person, name) for name in FIELDS}
        services.person_update(
            person=person, data=PersonData(**now | fields), expected_version=expected_version, reason=REASON
        )
    for each in wanted:
        if each.key in ("cccd", "cmnd"):
            number = NumberData(each.key, each.scanned, issued_on=_issued(card, each.key), source="qr")
            identifier_add(person=person, number=number, reason=REASON)
        elif each.key == "card" and isinstance(card, InsuranceQr):
            card_add(person=person, card=_card_data(card), reason=REASON)
    return [each.label for each in wanted]


def _fields(card: Card, keys: Collection[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "full_name" in keys:
        fields["full_name"] = card.name
    if "birth_date" in keys:
        exact = not isinstance(card.dob, int)
        fields["birth_date"] = dt.date(card.dob, 1, 1) if isinstance(card.dob, int) else card.dob
        fields["birth_precision"] = "day" if exact else "year"
    if "sex" in keys:
        fields["sex"] = card.sex
    if "permanent_text" in keys and card.address:
        fields["permanent_text"] = card.address[:300]
    return fields


def _issued(card: Card, kind: str) -> dt.date | None:
    return card.issued if isinstance(card, CitizenCard) and kind == "cccd" else None


def _card_data(card: InsuranceQr) -> CardData:
    return CardData(
        number=card.number,
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        registered_facility_code=(card.facility or "")[:5],
        five_year_on=card.five_year_on,
        area_code=card.area_code or "",
        source="qr",
    )
