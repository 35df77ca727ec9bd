"""A person's numbers and cards: added, typed wrongly, held no longer."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core import audit, dated, readlog
from apps.core.errors import NeedsReason, Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.patients import keys, plausibility
from apps.patients.data import CardData, NumberData
from apps.patients.events import IdentifierChanged
from apps.patients.identifiers import check
from apps.patients.models import Identifier, IdentifierKind, InsuranceCard, Person
from apps.patients.steps import data_of, overridden, refuse_elsewhere

ONE_HOLDER = (
    "cccd",
    "bhyt",
)  # kinds of which a number has one holder in the whole database
TAKEN = (
    "Số này đang thuộc về một người khác. Hãy xem lại giấy tờ; "
    "nếu người này từ trạm khác chuyển đến thì xin chuyển hồ sơ."
)


class NumberTaken(Refused):
    """The number is `holder_id`'s, perhaps far away: that somebody carries it is all that is told."""

    def __init__(self, field: str, holder_id: UUID) -> None:
        super().__init__(TAKEN, field=field, code="taken")
        self.holder_id = holder_id


def note_taken(refused: Refused) -> None:
    """Whoever learnt that a number is known stands in the read log. After the refused save was taken back."""
    if isinstance(refused, NumberTaken):
        readlog.record("person.number", [refused.holder_id])


@transaction.atomic
def identifier_add(
    *, person: Person, number: NumberData, since: dt.date | None = None, reason: str = ""
) -> Identifier:
    """Adds a number; a current one of the same kind ends the day before. Raises Refused, NeedsReason."""
    current().require("people.edit")
    refuse_elsewhere(person)
    today = timezone.localdate()
    number = replace(number, value=clean(number.value))
    if refusal := plausibility.number_block(number):
        raise Refused(refusal.message, field="value")
    odd = plausibility.doubts(data_of(person), [number], today)
    odd = [warning for warning in odd if warning.field == number.kind]
    if odd and not reason:
        raise NeedsReason([replace(warning, field="value") for warning in odd])
    dated.lock(person)
    stored = number_put(person, number, since=since)
    keys.renew(person)
    audit.record(
        "identifier.added",
        person_id=person.pk,
        object_id=stored.pk,
        facility_id=person.station_id,
        data={"kind": number.kind, "what": stored.get_kind_display(), **overridden(odd, reason)},
    )
    publish(IdentifierChanged(person.pk, number.kind))
    return stored


@transaction.atomic
def card_add(*, person: Person, card: CardData, reason: str = "") -> InsuranceCard:
    """Adds an insurance card; an earlier card ends the day before the new one begins."""
    current().require("people.edit")
    refuse_elsewhere(person)
    judged = check("bhyt_lookup_key", card.number)
    if judged.result == "warn" and not reason:
        raise NeedsReason([plausibility.Warning(judged.reason, judged.sentence, "number")])
    stored = card_put(person, card)
    keys.renew(person)
    audit.record(
        "card.added",
        person_id=person.pk,
        object_id=stored.pk,
        facility_id=person.station_id,
        data={"reason": reason} if reason else {},
    )
    publish(IdentifierChanged(person.pk, "bhyt"))
    return stored


# --- what becomes of them


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


# --- rows


def number_put(
    person: Person, number: NumberData, *, since: dt.date | None, first: bool = False
) -> Identifier:
    """`first`: she was made in this transaction and has none of the kind yet, so none is looked for; the
    database itself refuses somebody else's number, and who made her asks whose it is.
    """
    value = as_stored(number)
    rows = Identifier.unscoped.filter(person=person, kind=number.kind)  # all her rows, whoever wrote them
    if not first and (same := rows.filter(value=value, valid_to__isnull=True).first()):
        return same
    if not first:
        refuse_taken(number, person)
    new = Identifier(
        person=person,
        kind=number.kind,
        value=value,
        issuer=clean(number.issuer)[:150],
        issued_on=number.issued_on,
        source=number.source,
        valid_from=since,
    )
    if first:
        new.save(force_insert=True)
        return new
    try:
        with transaction.atomic():
            if rows.filter(valid_to__isnull=True).exists() and number.kind not in ("passport", "other"):
                new.valid_from = since or number.issued_on or timezone.localdate()
                dated.replace_open(person, rows, new)
            else:
                new.save(force_insert=True)
    except IntegrityError as clash:
        raise Refused(TAKEN, field=number.kind, code="taken") from clash
    return new


def refuse_taken(number: NumberData, person: Person | None = None) -> None:
    """Refuses a number that somebody but `person` holds now."""
    if number.kind not in ONE_HOLDER:
        return
    # unscoped: a number has one holder in the whole database; the sentence tells nothing about whom.
    others = Identifier.unscoped.filter(kind=number.kind, value=as_stored(number), valid_to__isnull=True)
    if holder := others.exclude(person=person).first():
        raise NumberTaken(number.kind, holder.person_id)


def card_put(person: Person, card: CardData, *, first: bool = False) -> InsuranceCard:
    """`first`: she was made in this transaction and has no card yet."""
    judged = check("bhyt_lookup_key", card.number)
    if judged.result == "invalid":
        raise Refused(judged.sentence, field="number")
    if card.valid_from and card.valid_to and card.valid_to < card.valid_from:
        raise Refused("Ngày hết hạn thẻ phải từ ngày bắt đầu trở đi.", field="valid_to")
    number = judged.value
    # unscoped: a card has one holder in the whole database.
    others = InsuranceCard.unscoped.filter(number=number).exclude(person=person)
    if held := dated.overlaps(others, card.valid_from, card.valid_to):
        raise NumberTaken("number", held[0].person_id)
    new = card_row(person, card, number)
    if first:
        new.save(force_insert=True)
        return new
    dated.lock(person)
    rows = InsuranceCard.unscoped.filter(person=person)  # all her rows, whoever wrote them
    if same := rows.filter(number=number, valid_from=card.valid_from).first():
        if same.valid_to != card.valid_to:
            same.valid_to = card.valid_to
            save_versioned(same, expected=same.version)
        return same
    for row in dated.overlaps(rows, card.valid_from, card.valid_to):
        if card.valid_from is None or (row.valid_from is not None and row.valid_from >= card.valid_from):
            raise Refused("Thời hạn thẻ này trùng với một thẻ đã có.", field="valid_from")
        row.valid_to = card.valid_from - dt.timedelta(days=1)
        save_versioned(row, expected=row.version)
    new.save(force_insert=True)
    return new


def card_row(person: Person, card: CardData, number: str) -> InsuranceCard:
    """The card as it is stored; `number` as `check` gave it."""
    full = len(number) == 15
    return InsuranceCard(
        person=person,
        number=number,
        object_code=number[:2] if full else "",
        level=int(number[2]) if full else None,
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        registered_facility_code=clean(card.registered_facility_code).upper(),
        five_year_on=card.five_year_on,
        area_code=card.area_code,
        source=card.source,
    )


def codes_of(numbers: Iterable[NumberData], card: CardData | None) -> list[str]:
    found = [as_stored(number) for number in numbers]
    if card:
        value = check("bhyt_lookup_key", card.number).value
        found += [value, value[-10:]] if len(value) == 15 else [value]
    return found


def as_stored(number: NumberData) -> str:
    return check(number.kind, number.value).value if number.kind in plausibility.KIND_NAMES else number.value


def numbers_of(person: Person) -> list[NumberData]:
    """Her numbers, unscoped: all of hers, whoever wrote them."""
    rows = Identifier.unscoped.filter(person=person).values_list("kind", "value")
    return [NumberData(kind, value) for kind, value in rows]
