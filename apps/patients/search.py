"""The people's answer to the one search box: typed words, numbers, and scanned cards."""

import datetime as dt
from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.core.registry import Hit
from apps.core.scope import Scope
from apps.patients import queries, scan, scan_compare
from apps.patients.models import Person, ScannedCard
from apps.patients.models.scans import KEPT_FOR


def search(scope: Scope, text: str, limit: int) -> list[Hit]:
    """Hits, best first. A scan finds its owner, or leads to the form that it fills, or says why it cannot."""
    if scan.looks_scanned(text):
        return _search_scan(scope, text)
    return hits(queries.find_people(scope, text, limit))


def hits(lines: list[queries.PersonLine]) -> list[Hit]:
    """People as lines of the search box, each with her household's head. One query."""
    households = queries.household_lines([line.id for line in lines])
    found = []
    for line in lines:
        household = households.get(line.id)
        note = f"Hộ {household.head_name}" if household and household.head_id != line.id else ""
        if household and household.head_id == line.id:
            note = "Chủ hộ"
        found.append(
            Hit(
                title=line.full_name,
                subtitle=line.facts,
                url=reverse("patients:person", args=[line.id]),
                note=note,
                person_id=line.id,
            )
        )
    return found


def _search_scan(scope: Scope, text: str) -> list[Hit]:
    card = scan.parse(text)
    if isinstance(card, scan.Unreadable):
        return [Hit(title=card.sentence, subtitle="Thẻ vừa quét chưa đọc được", url="", kind="notice")]
    found = queries.people_by_number(numbers_of(card))
    if len(found) == 1:
        return _owner(scope, found, card)
    if found or not scope.can("people.enter") or scope.user_id is None:
        return hits(found)
    _keep(scope.user_id, card)
    return [
        Hit(
            title=f"Thêm người mới: {card.name}",
            subtitle="Chưa có ai mang số này. Bấm để mở phiếu đã điền sẵn từ thẻ.",
            url=reverse("patients:create_scanned"),
            kind="action",
        )
    ]


def _owner(scope: Scope, found: list[queries.PersonLine], card: scan.Card) -> list[Hit]:
    """Who carries the number. Where the card says otherwise than her record her page tells it; where it may
    be another's card both stand side by side first.
    """
    (owner,) = hits(found)
    person = Person.objects.filter(pk=found[0].id).defer("tokens", "search").first()
    if person is None or scope.user_id is None or not scope.can("people.edit"):
        return [owner]
    if not scope.reaches(person.station_id):
        return [owner]
    unlike = scan_compare.differences(person, card)
    if not unlike:
        return [owner]
    _keep(scope.user_id, card, person.pk)
    told = ", ".join(each.label.lower() for each in unlike)
    if not any(each.weighty for each in unlike):
        return [replace(owner, url=f"{owner.url}?the=khac", note=f"Thẻ khác hồ sơ: {told}")]
    compare = Hit(
        title=f"Thẻ khác hồ sơ {person.code}: {told}",
        subtitle="Chưa sửa gì. Bấm để xem hai bên và chọn.",
        url=reverse("patients:scan_compare", args=[person.pk]),
        kind="action",
    )
    return [compare, owner]


def _keep(user_id: UUID, card: scan.Card, person_id: UUID | None = None) -> None:
    """The card waits for the page that it leads to; what waited before is forgotten."""
    ScannedCard.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()
    of = {"of": str(person_id)} if person_id else {}
    ScannedCard.objects.update_or_create(
        user_id=user_id, defaults={"fields": pack(card) | of, "at": timezone.now()}
    )


def numbers_of(card: scan.Card) -> list[str]:
    """The numbers by which the owner of a card may be known, old ones too."""
    if isinstance(card, scan.CitizenCard):
        return [number for number in (card.cccd, card.cmnd) if number]
    return [card.number, card.number[-10:]] if len(card.number) == 15 else [card.number]


def pack(card: scan.Card) -> dict[str, Any]:
    """The read fields of a card as JSON; `kind` says which."""
    kind = "citizen" if isinstance(card, scan.CitizenCard) else "insurance"
    return {"kind": kind} | {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in asdict(card).items()
    }


def scanned_by(user_id: Any) -> dict[str, Any] | None:
    """The fields of the card that the user scanned just now, if nobody carried its number."""
    kept = _kept(user_id)
    return kept if kept and "of" not in kept else None


def scanned_of(user_id: Any, person_id: UUID) -> scan.Card | None:
    """The card that the user scanned just now, if it is this person's."""
    kept = _kept(user_id)
    return unpack(kept) if kept and kept.get("of") == str(person_id) else None


def _kept(user_id: Any) -> dict[str, Any] | None:
    kept = ScannedCard.objects.filter(user_id=user_id, at__gte=timezone.now() - KEPT_FOR).first()
    return kept.fields if kept else None


def unpack(kept: dict[str, Any]) -> scan.Card:
    """The card again out of what `pack` made of it."""
    made = scan.CitizenCard if kept["kind"] == "citizen" else scan.InsuranceQr
    values: dict[str, Any] = {each.name: kept[each.name] for each in fields(made)}
    for name in ("dob", "issued", "valid_from", "valid_to", "five_year_on"):
        if isinstance(values.get(name), str):
            values[name] = dt.date.fromisoformat(values[name])
    if "warnings" in values:
        values["warnings"] = tuple(values["warnings"])
    return made(**values)


def forget_scan(user_id: Any) -> None:
    """The card has become a person, or is not wanted."""
    ScannedCard.objects.filter(user_id=user_id).delete()
