"""What becomes of a number after it was entered: a wrong one typed, one that no longer holds."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.core import audit, dated
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.patients.data import NumberData
from apps.patients.events import IdentifierChanged
from apps.patients.models import Identifier, IdentifierKind, InsuranceCard, Person
from apps.patients.services import identifier_add, refuse_elsewhere


@transaction.atomic
def identifier_in_error(
    *, identifier: Identifier, reason: str, expected_version: int, right: str = "", odd_reason: str = ""
) -> Identifier | None:
    """A wrong number was typed: it is ended as such, is still found, and free for whose it is.

    `right` is the number meant, entered in its place. Raises Refused, NeedsReason, StaleVersion.
    """
    current().require("people.edit")
    person = identifier.person
    refuse_elsewhere(person)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Hãy ghi lý do.", field="reason")
    if identifier.in_error:
        raise Refused("Số này đã được đánh dấu là ghi nhầm.", field="action")
    dated.lock(person)
    identifier.in_error, identifier.end_reason = True, reason
    # It held on no day: no list, paper or message of any date has it.
    identifier.valid_from = identifier.valid_from or timezone.localdate(identifier.created_at)
    identifier.valid_to = identifier.valid_from - dt.timedelta(days=1)
    save_versioned(identifier, expected=expected_version)
    _told(identifier, "identifier.in_error", reason)
    if not clean(right):
        return None
    number = NumberData(identifier.kind, right, identifier.issued_on, identifier.issuer)
    if clean(right) == identifier.value:
        raise Refused("Số đúng giống hệt số ghi nhầm.", field="right")
    try:
        return identifier_add(person=person, number=number, reason=odd_reason)
    except Refused as refused:
        raise Refused(refused.message, field="right") from refused


@transaction.atomic
def identifier_end(*, identifier: Identifier, on: dt.date, reason: str, expected_version: int) -> Identifier:
    """The number held until that day: cancelled, issued anew, given back. Raises Refused, StaleVersion."""
    current().require("people.edit")
    refuse_elsewhere(identifier.person)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Hãy ghi lý do.", field="reason")
    if identifier.valid_to is not None:
        raise Refused("Số này đã hết hiệu lực rồi.", field="on")
    if on > timezone.localdate():
        raise Refused("Ngày hết hiệu lực còn ở tương lai.", field="on")
    if identifier.valid_from and on < identifier.valid_from:
        raise Refused("Ngày hết hiệu lực phải từ ngày bắt đầu trở đi.", field="on")
    dated.lock(identifier.person)
    identifier.valid_to, identifier.end_reason = on, reason
    save_versioned(identifier, expected=expected_version)
    _told(identifier, "identifier.ended", reason)
    return identifier


@transaction.atomic
def card_end(*, card: InsuranceCard, on: dt.date, reason: str, expected_version: int) -> InsuranceCard:
    """The card is good until that day and no longer. Raises Refused, StaleVersion."""
    current().require("people.edit")
    refuse_elsewhere(card.person)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Hãy ghi lý do.", field="reason")
    if card.valid_from and on < card.valid_from:
        raise Refused("Ngày hết hạn phải từ ngày bắt đầu trở đi.", field="on")
    if card.valid_to and on > card.valid_to:
        raise Refused("Thẻ đã hết hạn trước ngày này.", field="on")
    dated.lock(card.person)
    card.valid_to = on
    save_versioned(card, expected=expected_version)
    audit.record(
        "card.ended",
        person_id=card.person_id,
        object_id=card.pk,
        facility_id=card.person.station_id,
        data={"reason": reason},
    )
    publish(IdentifierChanged(card.person_id, "bhyt"))
    return card


def end_temporary(person: Person) -> None:
    """She has a number of her own: the temporary key holds no longer. Unscoped: all of hers."""
    today = timezone.localdate()
    for row in Identifier.unscoped.filter(
        person=person, kind=IdentifierKind.TEMPORARY, valid_to__isnull=True
    ):
        row.valid_to, row.end_reason = max(today, row.valid_from or today), "Đã có số định danh"
        save_versioned(row, expected=row.version)


def _told(identifier: Identifier, action: str, reason: str) -> None:
    audit.record(
        action,
        person_id=identifier.person_id,
        object_id=identifier.pk,
        facility_id=identifier.person.station_id,
        data={"kind": identifier.kind, "what": identifier.get_kind_display(), "reason": reason},
    )
    publish(IdentifierChanged(identifier.person_id, identifier.kind))
