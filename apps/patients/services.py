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
from apps.patients import codes, holding, keys, life, match, parents, plausibility
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.events import IdentifierChanged, PersonChanged, PersonCreated, PersonMoved
from apps.patients.identifiers import check
from apps.patients.models import Identifier, InsuranceCard, Person, TreatingAccess

ONE_HOLDER = ("cccd", "bhyt")  # kinds of which a number has one holder in the whole database
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


class PossibleDuplicates(Exception):
    """Somebody like this is stored already. The user opens one of them, or says that this is another."""

    def __init__(self, candidates: Sequence[match.Candidate]) -> None:
        super().__init__(f"{len(candidates)} possible duplicates")
        self.candidates = list(candidates)


# --- the person


def person_create(
    *,
    data: PersonData,
    numbers: Iterable[NumberData] = (),
    card: CardData | None = None,
    reason: str = "",
    another: bool = False,
    identity: str = "",
) -> Person:
    """Enters a person with her numbers and card; `identity` says why she has no name of her own yet.

    Raises Refused for what cannot be, NeedsReason for what is odd while `reason` is empty, and
    PossibleDuplicates while `another` is false; the same current number is refused in any case.
    """
    current().require("people.enter")
    numbers = list(numbers)
    try:
        return _create(data, numbers, card, reason, another, identity)
    except IntegrityError as clash:
        if "identifier_one" not in str(clash):
            raise
        for number in numbers:
            _refuse_taken(number)
        raise Refused(TAKEN, field="cccd", code="taken") from clash


@transaction.atomic
def _create(
    data: PersonData,
    numbers: list[NumberData],
    card: CardData | None,
    reason: str,
    another: bool,
    identity: str,
) -> Person:
    today = timezone.localdate()
    data, numbers = data.cleaned(), [replace(number, value=clean(number.value)) for number in numbers]
    for refusal in [
        *plausibility.blocks(data, today),
        *map(plausibility.number_block, numbers),
        *parents.blocks(data),
    ]:
        if refusal:
            raise refusal
    odd = [*plausibility.doubts(data, numbers, today, named=not identity), *parents.doubts(data)]
    if odd and not reason:
        raise NeedsReason(odd)
    shown = [*numbers, NumberData("bhyt", card.number)] if card else numbers
    alike = [] if another else match.candidates(data, shown)
    if alike:
        raise PossibleDuplicates(alike)
    _refuse_other_hamlets(data.hamlet_id)
    person = Person(**{name: getattr(data, name) for name in FIELDS}, identity=identity)
    person.station_id = _station_for(data.hamlet_id, today)
    person.code = codes.take(person.station_id, "person")[0]
    person.set_keys(codes_of(numbers, card))
    check_fields(person)
    person.save(force_insert=True)
    for place, number in enumerate(numbers):
        first = number.kind not in {each.kind for each in numbers[:place]}
        _put_number(person, number, since=None, first=first)
    if card:
        _put_card(person, card, first=True)
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
    refuse_elsewhere(person)
    today = timezone.localdate()
    data = data.cleaned()
    kin = (person.mother_id, person.father_id) != (data.mother_id, data.father_id)
    born = (person.birth_date, person.birth_precision) != (data.birth_date, data.birth_precision)
    new_kin = parents.blocks(data, person) if kin or born else []
    for refusal in [*plausibility.blocks(data, today), *new_kin]:
        raise refusal
    stored, named = _numbers_of(person), not (person.identity and person.full_name == data.full_name)
    known = plausibility.doubts(data_of(person), stored, today)
    odd = [
        warning for warning in plausibility.doubts(data, stored, today, named=named) if warning not in known
    ]
    odd += parents.doubts(data) if kin or born else []
    if odd and not reason:
        raise NeedsReason(odd)
    changed = tuple(name for name in FIELDS if getattr(person, name) != getattr(data, name))
    if {"life_status", "died_on"} & set(changed):
        life.refuse_recorded(person)
    if not changed and expected_version == person.version:
        return person
    if {"full_name", "hamlet_id"} & set(changed):
        holding.hold(person.pk)  # a head's family follows her name; a new code is taken last
    came_from, old_station, was = person.hamlet_id, person.station_id, person.life_status
    if "full_name" in changed:
        _keep_name(person)
    for name in changed:
        setattr(person, name, getattr(data, name))
    if "hamlet_id" in changed:
        _refuse_other_hamlets(data.hamlet_id)
    if "hamlet_id" in changed and data.hamlet_id:
        person.station_id = _station_for(data.hamlet_id, today)
        if person.station_id != old_station:
            person.code = codes.take(person.station_id, "person")[0]
    person.set_keys(keys.codes_of(person))
    check_fields(person)
    save_versioned(person, expected=expected_version)
    audit.record(
        "person.changed",
        person_id=person.pk,
        object_id=person.pk,
        facility_id=person.station_id,
        data={"fields": list(changed), **_overridden(odd, reason)},
    )
    life.status_edited(person, was, person.died_on or today)
    if changed:
        publish(PersonChanged(person.pk, changed))
    if "hamlet_id" in changed:
        publish(PersonMoved(person.pk, came_from, person.hamlet_id, today))
    return person


@transaction.atomic
def person_relocate(*, person: Person, hamlet_id: UUID, address_text: str, on: dt.date) -> Person:
    """She lives in another hamlet now, under the station that cares for it."""
    current().require("people.edit")
    refuse_elsewhere(person)
    _refuse_other_hamlets(hamlet_id)
    if person.hamlet_id == hamlet_id and person.address_text == address_text:
        return person
    came_from = person.hamlet_id
    station_id = _station_for(hamlet_id, timezone.localdate())
    if station_id != person.station_id:
        person.station_id = station_id
        person.code = codes.take(station_id, "person")[0]
    person.hamlet_id, person.address_text = hamlet_id, address_text
    person.set_keys(keys.codes_of(person))
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
    stored = _put_number(person, number, since=since)
    keys.renew(person)
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
    refuse_elsewhere(person)
    judged = check("bhyt_lookup_key", card.number)
    if judged.result == "warn" and not reason:
        raise NeedsReason([plausibility.Warning(judged.reason, judged.sentence, "number")])
    stored = _put_card(person, card)
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


def _put_number(
    person: Person, number: NumberData, *, since: dt.date | None, first: bool = False
) -> Identifier:
    """`first`: she was made in this transaction and has none of the kind yet, so none is looked for; the
    database itself refuses somebody else's number, and who made her asks whose it is.
    """
    value = _as_stored(number)
    rows = Identifier.unscoped.filter(person=person, kind=number.kind)  # all her rows, whoever wrote them
    if not first and (same := rows.filter(value=value, valid_to__isnull=True).first()):
        return same
    if not first:
        _refuse_taken(number, person)
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


def _refuse_taken(number: NumberData, person: Person | None = None) -> None:
    """Refuses a number that somebody but `person` holds now."""
    if number.kind not in ONE_HOLDER:
        return
    # unscoped: a number has one holder in the whole database; the sentence tells nothing about whom.
    others = Identifier.unscoped.filter(kind=number.kind, value=_as_stored(number), valid_to__isnull=True)
    if holder := others.exclude(person=person).first():
        raise NumberTaken(number.kind, holder.person_id)


def _put_card(person: Person, card: CardData, *, first: bool = False) -> InsuranceCard:
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


# --- who may see her


def treating_access_put(*, person_id: UUID, facility_id: UUID, until: dt.date) -> None:
    """Lets a facility that treats a person from elsewhere see her until that day; never shortens it."""
    access, made = TreatingAccess.objects.get_or_create(
        person_id=person_id, facility_id=facility_id, defaults={"until": until}
    )
    if not made and access.until < until:
        TreatingAccess.objects.filter(pk=access.pk, until__lt=until).update(until=until)


# --- small steps


def refuse_elsewhere(person: Person) -> None:
    """A station that treats somebody from elsewhere sees her; who and where she is, her own station says. And
    what was merged into another record is changed there.
    """
    if not current().reaches(person.station_id):
        raise Refused("Người này thuộc địa bàn trạm khác; chỉ trạm đó sửa được hồ sơ.", field="person")
    keys.refuse_pointer(person)


def _refuse_other_hamlets(hamlet_id: UUID | None) -> None:
    """Who sees some hamlets only enters nobody elsewhere, and moves nobody out of her own sight."""
    hamlets = current().hamlet_ids
    if hamlets is not None and hamlet_id not in hamlets:
        raise Refused("Chỉ ghi được người ở thôn mà anh/chị phụ trách.", field="hamlet")


FORMER_NAMES = 10  # kept: the latest


def _keep_name(person: Person) -> None:
    """The name that she is no longer called by: she is found by it still."""
    kept = [name for name in person.former_names if name != person.full_name]
    person.former_names = [*kept, person.full_name][-FORMER_NAMES:]


def check_fields(person: Person, *, known: tuple[str, ...] = ()) -> None:
    """What the columns themselves refuse (length, form of an e-mail), said beside its field. `known` are
    relations that the caller has looked up.
    """
    try:
        person.full_clean(
            exclude=["station", "hamlet", *known], validate_unique=False, validate_constraints=False
        )
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


def codes_of(numbers: Iterable[NumberData], card: CardData | None) -> list[str]:
    found = [_as_stored(number) for number in numbers]
    if card:
        value = check("bhyt_lookup_key", card.number).value
        found += [value, value[-10:]] if len(value) == 15 else [value]
    return found


def _as_stored(number: NumberData) -> str:
    return check(number.kind, number.value).value if number.kind in plausibility.KIND_NAMES else number.value


def _numbers_of(person: Person) -> list[NumberData]:
    """Her numbers, unscoped: all of hers, whoever wrote them."""
    rows = Identifier.unscoped.filter(person=person).values_list("kind", "value")
    return [NumberData(kind, value) for kind, value in rows]


def data_of(person: Person) -> PersonData:
    return PersonData(**{name: getattr(person, name) for name in FIELDS})


def _overridden(odd: Sequence[plausibility.Warning], reason: str) -> dict[str, Any]:
    return {"warnings": [warning.code for warning in odd], "reason": clean(reason)[:300]} if odd else {}
