"""The people's answer to the one search box: typed words, numbers, and scanned cards."""

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.urls import reverse
from django.utils import timezone

from apps.core.registry import Hit
from apps.core.scope import Scope
from apps.patients import queries, scan
from apps.patients.models import ScannedCard
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
    if found or not scope.can("people.enter") or scope.user_id is None:
        return hits(found)
    ScannedCard.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()
    ScannedCard.objects.update_or_create(
        user_id=scope.user_id, defaults={"fields": pack(card), "at": timezone.now()}
    )
    return [
        Hit(
            title=f"Thêm người mới: {card.name}",
            subtitle="Chưa có ai mang số này. Bấm để mở phiếu đã điền sẵn từ thẻ.",
            url=reverse("patients:create_scanned"),
            kind="action",
        )
    ]


def numbers_of(card: scan.CitizenCard | scan.InsuranceQr) -> list[str]:
    """The numbers by which the owner of a card may be known, old ones too."""
    if isinstance(card, scan.CitizenCard):
        return [number for number in (card.cccd, card.cmnd) if number]
    return [card.number, card.number[-10:]] if len(card.number) == 15 else [card.number]


def pack(card: scan.CitizenCard | scan.InsuranceQr) -> dict[str, Any]:
    """The read fields of a card as JSON; `kind` says which."""
    kind = "citizen" if isinstance(card, scan.CitizenCard) else "insurance"
    return {"kind": kind} | {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in asdict(card).items()
    }


def scanned_by(user_id: Any) -> dict[str, Any] | None:
    """The fields of the card that the user scanned just now, if nobody carried its number."""
    kept = ScannedCard.objects.filter(user_id=user_id, at__gte=timezone.now() - KEPT_FOR).first()
    return kept.fields if kept else None


def forget_scan(user_id: Any) -> None:
    """The card has become a person, or is not wanted."""
    ScannedCard.objects.filter(user_id=user_id).delete()
