"""Everything that changes a person. One function a use case, one transaction, audited, told to the others."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core import audit, dated, readlog
from apps.core.errors import NeedsReason, Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.facilities.queries import station_of
from apps.patients import codes, match, plausibility
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.events import IdentifierChanged, PersonChanged, PersonCreated, PersonMoved
from apps.patients.identifiers import check
from apps.patients.models import Allergy, AllergyState, Identifier, InsuranceCard, Person, TreatingAccess

TAKEN = "Số này đang thuộc về một người khác. Hãy xem lại giấy tờ."


class NumberTaken(Refused):
    """The number is `holder_id`'s, perhaps far away: that somebody carries it is all that is told."""

    def __init__(self, field: str, holder_id: UUID) -> None:
        super().__init__(TAKEN, field=field, code="taken")
        self.holder_id = holder_id


def note_taken(refused: Refused) -> None:
    """Whoever learnt that a number is known stands in the read log. After the refused save was taken back."""
    if isinstance(refused, NumberTaken):
        readlog.record("person.number", [refused.holder_id])


class PossibleDuplicates(Exception):
    """Somebody like this is stored already. The user opens one of them, or says that this is another."""

    def __init__(self, candidates: Sequence[match.Candidate]) -> None:
        super().__init__(f"{len(candidates)} possible duplicates")
        self.candidates = list(candidates)


# --- the person


@transaction.atomic
def person_create(
    *,
    data: PersonData,
    numbers: Iterable[NumberData] = (),
    card: CardData | None = None,
    reason: str = "",
    another: bool = False,
) -> Person:
    """Enters a person with her numbers and card.

    Raises Refused for what cannot be, NeedsReason for what is odd while `reason` is empty, and
    PossibleDuplicates while `another` is false; the same current number is refused in any case.
    """
    scope = current()
    scope.require("people.enter")
    today = timezone.localdate()
    data, numbers = data.cleaned(), [replace(number, value=clean(number.value)) for number in numbers]
    for refusal in [*plausibility.blocks(data, today), *map(plausibility.number_block, numbers)]:
        if refusal:
            raise refusal
    odd = plausibility.doubts(data, numbers, today)
    if odd and not reason:
        raise NeedsReason(odd)
    shown = [*numbers, NumberData("bhyt", card.number)] if card else numbers
    alike = [] if another else match.candidates(data, shown)
    if alike:
        raise PossibleDuplicates(alike)
    person = Person(**{name: getattr(data, name) for name in FIELDS})
    person.station_id = _station_for(data.hamlet_id, today)
    person.code = codes.take(person.station_id, "person")[0]
    person.set_keys(_codes_of(numbers, card))
    _check_fields(person)
    person.save(force_insert=True)
    for number in numbers:
        _put_number(person, number, since=None)
    if card:
        _put_card(person, card)
    audit.record(
        "person.created",
        person_id=person.pk,
        object_id=person.pk,
        facility_id=person.station_id,
        data={"code": person.code, **_overridden(odd, reason)},
    )
    publish(PersonCreated(person.pk, person.station_id))
    return person


@transaction.atomic
def person_update(*, person: Person, data: PersonData, expected_version: int, reason: str = "") -> Person:
    """Writes what differs. Raises StaleVersion, Refused, or NeedsReason while `reason` is empty."""
    current().require("people.edit")
    _refuse_elsewhere(person)
    today = timezone.localdate()
    data = data.cleaned()
    for refusal in plausibility.blocks(data, today):
        raise refusal
    stored = _numbers_of(person)
    known = plausibility.doubts(_data_of(person), stored, today)
    odd = [warning for warning in plausibility.doubts(data, stored, today) if warning not in known]
    if odd and not reason:
        raise NeedsReason(odd)
    changed = tuple(name for name in FIELDS if getattr(person, name) != getattr(data, name))
    if not changed and expected_version == person.version:
        return person
    came_from, old_station = person.hamlet_id, person.station_id
    for name in changed:
        setattr(person, name, getattr(data, name))
    if "hamlet_id" in changed and data.hamlet_id:
        person.station_id = _station_for(data.hamlet_id, today)
        if person.station_id != old_station:
            person.code = codes.take(person.station_id, "person")[0]
    person.set_keys([*(number.value for number in stored), *_card_codes(person)])
    _check_fields(person)
    save_versioned(person, expected=expected_version)
    audit.record(
        "person.changed",
        person_id=person.pk,
        object_id=person.pk,
        facility_id=person.station_id,
        data={"fields": list(changed), **_overridden(odd, reason)},
    )
    if changed:
        publish(PersonChanged(person.pk, changed))
    if "hamlet_id" in changed:
        publish(PersonMoved(person.pk, came_from, person.hamlet_id, today))
    return person


@transaction.atomic
def person_relocate(*, person: Person, hamlet_id: UUID, address_text: str, on: dt.date) -> Person:
    """She lives in another hamlet now, under the station that cares for it."""
    current().require("people.edit")
    _refuse_elsewhere(person)
    if person.hamlet_id == hamlet_id and person.address_text == address_text:
        return person
    came_from = person.hamlet_id
    station_id = _station_for(hamlet_id, timezone.localdate())
    if station_id != person.station_id:
        person.station_id = station_id
        person.code = codes.take(station_id, "person")[0]
    person.hamlet_id, person.address_text = hamlet_id, address_text
    person.set_keys([*(number.value for number in _numbers_of(person)), *_card_codes(person)])
    save_versioned(person, expected=person.version)
    audit.record("person.moved", person_id=person.pk, object_id=person.pk, facility_id=station_id, data={})
    publish(PersonChanged(person.pk, ("hamlet_id", "address_text")))
    if came_from != hamlet_id:
        publish(PersonMoved(person.pk, came_from, hamlet_id, on))
    return person


# --- numbers and cards


@transaction.atomic
def identifier_add(
    *, person: Person, number: NumberData, since: dt.date | None = None, reason: str = ""
) -> Identifier:
    """Adds a number; a current one of the same kind ends the day before. Raises Refused, NeedsReason."""
    current().require("people.edit")
    _refuse_elsewhere(person)
    today = timezone.localdate()
    number = replace(number, value=clean(number.value))
    if refusal := plausibility.number_block(number):
        raise Refused(refusal.message, field="value")
    odd = plausibility.doubts(_data_of(person), [number], today)
    odd = [warning for warning in odd if warning.field == number.kind]
    if odd and not reason:
        raise NeedsReason([replace(warning, field="value") for warning in odd])
    dated.lock(person)
    stored = _put_number(person, number, since=since)
    _renew_tokens(person)
    audit.record(
        "identifier.added",
        person_id=person.pk,
        object_id=stored.pk,
        facility_id=person.station_id,
        data={"kind": number.kind, "what": stored.get_kind_display(), **_overridden(odd, reason)},
    )
    publish(IdentifierChanged(person.pk, number.kind))
    return stored


@transaction.atomic
def card_add(*, person: Person, card: CardData, reason: str = "") -> InsuranceCard:
    """Adds an insurance card; an earlier card ends the day before the new one begins."""
    current().require("people.edit")
    _refuse_elsewhere(person)
    judged = check("bhyt_lookup_key", card.number)
    if judged.result == "warn" and not reason:
        raise NeedsReason([plausibility.Warning(judged.reason, judged.sentence, "number")])
    stored = _put_card(person, card)
    _renew_tokens(person)
    audit.record(
        "card.added",
        person_id=person.pk,
        object_id=stored.pk,
        facility_id=person.station_id,
        data={"reason": reason} if reason else {},
    )
    publish(IdentifierChanged(person.pk, "bhyt"))
    return stored


def _put_number(person: Person, number: NumberData, *, since: dt.date | None) -> Identifier:
    value = _as_stored(number)
    rows = Identifier.unscoped.filter(person=person, kind=number.kind)  # all her rows, whoever wrote them
    if same := rows.filter(value=value, valid_to__isnull=True).first():
        return same
    if number.kind in ("cccd", "bhyt"):
        # unscoped: a number has one holder in the whole database; the sentence tells nothing about whom.
        others = Identifier.unscoped.filter(kind=number.kind, value=value, valid_to__isnull=True)
        if holder := others.exclude(person=person).first():
            raise NumberTaken(number.kind, holder.person_id)
    new = Identifier(
        person=person,
        kind=number.kind,
        value=value,
        issuer=clean(number.issuer)[:150],
        issued_on=number.issued_on,
        source=number.source,
        valid_from=since,
    )
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


def _put_card(person: Person, card: CardData) -> InsuranceCard:
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
    full = len(number) == 15
    new = InsuranceCard(
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
    dated.lock(person)
    rows = InsuranceCard.unscoped.filter(person=person)
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


# --- allergies


@transaction.atomic
def allergy_add(
    *,
    person: Person,
    substance: str,
    kind: str = "drug",
    drug_code: str = "",
    reaction: str = "",
    certainty: str = "confirmed",
    noted_on: dt.date | None = None,
) -> Allergy:
    """Notes what a person must not be given. The same active entry is not made twice."""
    current().require("people.edit")
    substance = clean(substance)
    if not substance:
        raise Refused("Hãy ghi tên chất gây dị ứng.", field="substance")
    if len(substance) > 150:
        raise Refused("Tên chất gây dị ứng dài quá 150 chữ.", field="substance")
    if noted_on and noted_on > timezone.localdate():
        raise Refused("Ngày ghi nhận còn ở tương lai.", field="noted_on")
    active = Allergy.objects.filter(person=person, state=AllergyState.ACTIVE)
    if active.filter(kind=kind, substance__iexact=substance).exists():
        raise Refused("Đã có dị ứng này trong hồ sơ.", field="substance")
    allergy = Allergy.objects.create(
        person=person,
        substance=substance,
        kind=kind,
        drug_code=drug_code,
        reaction=clean(reaction)[:200],
        certainty=certainty,
        noted_on=noted_on,
    )
    audit.record("allergy.added", person_id=person.pk, object_id=allergy.pk, data={"kind": kind})
    publish(PersonChanged(person.pk, ("allergies",)))
    return allergy


@transaction.atomic
def allergy_close(*, allergy: Allergy, state: str, expected_version: int) -> Allergy:
    """Says that an allergy is over, or was entered in error; the line stays readable."""
    current().require("people.edit")
    if state not in (AllergyState.RESOLVED, AllergyState.ENTERED_IN_ERROR):
        raise Refused("Trạng thái không hợp lệ.", field="state")
    allergy.state = state
    save_versioned(allergy, expected=expected_version)
    audit.record("allergy.closed", person_id=allergy.person_id, object_id=allergy.pk, data={"state": state})
    publish(PersonChanged(allergy.person_id, ("allergies",)))
    return allergy


# --- who may see her


def treating_access_put(*, person_id: UUID, facility_id: UUID, until: dt.date) -> None:
    """Lets a facility that treats a person from elsewhere see her until that day; never shortens it."""
    access, made = TreatingAccess.objects.get_or_create(
        person_id=person_id, facility_id=facility_id, defaults={"until": until}
    )
    if not made and access.until < until:
        TreatingAccess.objects.filter(pk=access.pk, until__lt=until).update(until=until)


# --- small steps


def _refuse_elsewhere(person: Person) -> None:
    """A station that treats somebody from elsewhere sees her; who and where she is, her own station says."""
    if not current().reaches(person.station_id):
        raise Refused("Người này thuộc địa bàn trạm khác; chỉ trạm đó sửa được hồ sơ.", field="person")


def _check_fields(person: Person) -> None:
    """What the columns themselves refuse (length, form of an e-mail), said beside its field."""
    try:
        person.full_clean(exclude=["station", "hamlet"], validate_unique=False, validate_constraints=False)
    except ValidationError as wrong:
        field, messages = next(iter(wrong.message_dict.items()))
        raise Refused(messages[0].rstrip(".") + ".", field=field) from wrong


def _station_for(hamlet_id: UUID | None, today: dt.date) -> UUID:
    """The station that cares for the hamlet, else the one she is entered at. Only within one's reach."""
    scope = current()
    station = station_of(hamlet_id, today) if hamlet_id else None
    if hamlet_id and station is None:
        raise Refused("Thôn này chưa có trạm nào phụ trách.", field="hamlet")
    station_id = station.pk if station else scope.workplace_id
    if station_id is None or not scope.reaches(station_id):
        raise Refused("Thôn này không thuộc địa bàn của trạm.", field="hamlet")
    return station_id


def _codes_of(numbers: Iterable[NumberData], card: CardData | None) -> list[str]:
    found = [_as_stored(number) for number in numbers]
    if card:
        value = check("bhyt_lookup_key", card.number).value
        found += [value, value[-10:]] if len(value) == 15 else [value]
    return found


def _as_stored(number: NumberData) -> str:
    return check(number.kind, number.value).value if number.kind in plausibility.KIND_NAMES else number.value


def _card_codes(person: Person) -> list[str]:
    found: list[str] = []
    for number in InsuranceCard.unscoped.filter(person=person).values_list("number", flat=True):
        found += [number, number[-10:]] if len(number) == 15 else [number]
    return found


def _numbers_of(person: Person) -> list[NumberData]:
    rows = Identifier.unscoped.filter(person=person).values_list("kind", "value")
    return [NumberData(kind, value) for kind, value in rows]


def _renew_tokens(person: Person) -> None:
    """The search tokens after a number came or went; not an edit of the person, so the version stays."""
    person.set_keys([*(number.value for number in _numbers_of(person)), *_card_codes(person)])
    Person.unscoped.filter(pk=person.pk).update(tokens=person.tokens)


def _data_of(person: Person) -> PersonData:
    return PersonData(**{name: getattr(person, name) for name in FIELDS})


def _overridden(odd: Sequence[plausibility.Warning], reason: str) -> dict[str, Any]:
    return {"warnings": [warning.code for warning in odd], "reason": clean(reason)[:300]} if odd else {}
