"""Recording a death, amending it, taking it back: one transaction each, audited, told to the others.

A death closes what she was due for (closing.py) under its own id; taken back, exactly that opens again.
"""

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.catalogues import icd
from apps.core import audit
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.core.words import date_words
from apps.facilities import asof
from apps.facilities.queries import station_of
from apps.patients import closing, death_data, death_tasks, holding, life, projections, restricted
from apps.patients.death_data import FIELDS, DeathData, data_of
from apps.patients.death_rules import filled, underlying
from apps.patients.events import DeathCorrected, PersonDied
from apps.patients.facts import snapshot
from apps.patients.models import (
    ClosingKind,
    Death,
    DeathCause,
    DeathState,
    DeathVersion,
    LifeStatus,
    Person,
)

TIMELINE = "death"


class DeathProblems(Exception):
    """Everything that stands against a death, each beside its field."""

    def __init__(self, refusals: list[Refused]) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = refusals


@transaction.atomic
def death_record(*, person: Person, data: DeathData, reason: str = "") -> Death:
    """Enters a death. Raises DeathProblems for what cannot be, NeedsReason for what is odd."""
    scope = current()
    scope.require("deaths.enter")
    _refuse_elsewhere(person)
    holding.hold(person.pk)
    if known := standing_of(person.pk):
        raise Refused(f"Người này đã được ghi tử vong ngày {date_words(known.died_on)}.", field="died_on")
    person = Person.unscoped.select_related("hamlet").get(pk=person.pk)  # as it is now that it is locked
    data = data.cleaned()
    odd = _checked(person, data, reason)
    book = _book_of(person, data.died_on)
    death = Death(
        person=person,
        facility_id=book,
        point_id=scope.point_id if book == person.station_id else None,
        performer_id=scope.practitioner_id,
        recorded_by=scope.user_id,
        status_before=person.life_status if person.life_status != LifeStatus.DEAD else LifeStatus.ALIVE,
    )
    _fill(death, person, data, odd, reason)
    death.save(force_insert=True)
    _write_causes(death, data)
    _take_effect(death, person)
    audit.record(
        "death.recorded",
        person_id=person.pk,
        object_id=death.pk,
        facility_id=death.facility_id,
        data={"on": date_words(death.died_on), **death.overrides},
    )
    publish(PersonDied(death.pk, person.pk, death.died_on))
    return death


@transaction.atomic
def death_amend(*, death: Death, data: DeathData, expected_version: int, reason: str) -> Death:
    """Says something else about a death; the earlier version is kept with the reason for the change.

    The reason covers what is odd as well. Raises StaleVersion, Refused, DeathProblems.
    """
    scope = current()
    scope.require("deaths.edit")
    person = _locked(death)
    _refuse_elsewhere(person)
    if not may_read_causes(death):
        raise Refused("Nguyên nhân tử vong này bạn không được xem, nên không sửa được.", code="restricted")
    if not clean(reason):
        raise Refused("Hãy ghi lý do sửa đổi.", field="reason")
    stored = _fresh(death, expected_version)
    data = data.cleaned()
    before = data_of(stored)
    if before.cleaned() == data:
        return stored
    odd = _checked(person, data, reason)
    _keep_version(stored, before, clean(reason), timezone.now())
    _fill(stored, person, data, odd, reason)
    stored.state = DeathState.AMENDED
    save_versioned(stored, expected=expected_version)
    DeathCause.unscoped.filter(death=stored).delete()  # unscoped: they stand in the version above
    _write_causes(stored, data)
    _take_effect(stored, person)
    audit.record(
        "death.amended",
        person_id=person.pk,
        object_id=stored.pk,
        facility_id=stored.facility_id,
        data={"fields": _changed(before, data), **stored.overrides},
    )
    publish(DeathCorrected(stored.pk, person.pk, stored.died_on))
    return stored


@transaction.atomic
def death_in_error(
    *, death: Death, expected_version: int, reason: str, instead: Person | None = None
) -> Death:
    """She lives: what her death closed is open again. `instead` is who did die, where two were mistaken.

    Gives the death of `instead`, else the one that was taken back. Raises StaleVersion, Refused,
    DeathProblems (what is said cannot be of `instead`), NeedsReason.
    """
    scope = current()
    scope.require("deaths.edit")
    person = _locked(death, *([instead.pk] if instead else []))
    _refuse_elsewhere(person)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Hãy ghi lý do.", field="reason")
    if instead is not None and instead.pk == person.pk:
        raise Refused("Đây chính là người đang ghi nhầm. Hãy chọn người khác.", field="instead")
    stored = _fresh(death, expected_version)
    if instead is not None and not may_read_causes(stored):
        # Whoever writes a death reads its causes: a copy would show them to her.
        raise Refused(
            "Nguyên nhân tử vong này bạn không được xem, nên không chuyển sang người khác được.",
            field="instead",
            code="restricted",
        )
    said = data_of(stored)
    stored.state, stored.error_reason = DeathState.ENTERED_IN_ERROR, reason
    save_versioned(stored, expected=expected_version)
    life.status_put(person=person, status=stored.status_before)
    closing.reopen(person_id=person.pk, event_id=stored.pk)
    projections.drop_timeline(kind=TIMELINE, object_id=stored.pk)
    death_tasks.forget(stored)
    audit.record(
        "death.in_error",
        person_id=person.pk,
        object_id=stored.pk,
        facility_id=stored.facility_id,
        data={"reason": reason},
    )
    publish(DeathCorrected(stored.pk, person.pk, None))
    if instead is None:
        return stored
    # A notice that the station has issued named the wrong person and holds no more (notice_withdraw).
    stored.refresh_from_db(fields=["certificate_no", "certificate_on"])
    said = replace(said, certificate_no=stored.certificate_no, certificate_on=stored.certificate_on)
    right = death_record(person=instead, data=said, reason=reason)
    stored.moved_to = right
    save_versioned(stored, expected=stored.version)
    return right


def notice_put(*, death_id: UUID, number: str, on: dt.date, at: dt.datetime) -> None:
    """The station has issued the notice of a death: its number and day stand in the register A6.

    In the transaction of the room that issues it and has locked the person (holding.py). `at` is when it was
    issued: what the death said before is kept as a version of that moment.
    """
    # unscoped: the room that issues the notice has found the death through the scope
    _noted(Death.unscoped.get(pk=death_id), number, on, at, f"Cấp giấy báo tử số {number}")


def notice_withdraw(*, death_id: UUID, number: str, at: dt.datetime) -> None:
    """That notice holds no more. A number that was typed by hand since stays."""
    stored = Death.unscoped.get(pk=death_id)  # unscoped: as above
    if stored.certificate_no != number:
        return
    if stored.stands:
        _noted(stored, "", None, at, f"Hủy giấy báo tử số {number}")
    else:  # being taken back: its own version was written by who does it
        Death.unscoped.filter(pk=death_id).update(certificate_no="", certificate_on=None)


def _noted(stored: Death, number: str, on: dt.date | None, at: dt.datetime, why: str) -> None:
    if (stored.certificate_no, stored.certificate_on) == (number, on):
        return
    _keep_version(stored, data_of(stored), why, at)
    stored.certificate_no, stored.certificate_on = number, on
    save_versioned(stored, expected=stored.version)
    audit.record(
        "death.notice",
        person_id=stored.person_id,
        object_id=stored.pk,
        facility_id=stored.facility_id,
        data={"why": why},
    )


def standing_of(person_id: UUID) -> Death | None:
    """The death of a person that was not taken back. Unscoped: of a person taken through the scope."""
    return Death.unscoped.filter(person_id=person_id).exclude(state=DeathState.ENTERED_IN_ERROR).first()


def may_read_causes(death: Death) -> bool:
    """Whether the scope in force may know of what she died."""
    scope = current()
    wrote = not scope.program and death.recorded_by is not None and death.recorded_by == scope.user_id
    return not death.restricted or scope.can(restricted.RIGHT) or wrote


def as_json(data: DeathData) -> dict[str, Any]:
    """A death as it is kept in an earlier version."""
    said: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(data, name)
        said[name] = value.isoformat() if isinstance(value, dt.date | dt.time) else value
    said["causes"] = [
        {"line": each.line, "code": each.code, "text": each.text, "value": each.value, "unit": each.unit}
        for each in filled(data.causes)
    ]
    return said


# --- small steps


def _keep_version(stored: Death, before: DeathData, reason: str, at: dt.datetime) -> None:
    DeathVersion.unscoped.create(  # unscoped: a part of the death that its service has in hand
        death=stored,
        number=stored.version,
        data=as_json(before),
        reason=reason[:300],
        at=at,
        by_name=current().shown_name,
    )


def _book_of(person: Person, on: dt.date) -> UUID:
    """Whose register a death of that day stands in: entered late, that of the station of that day, where it
    has come under hers since.
    """
    if person.hamlet is not None and on < timezone.localdate():
        then = station_of(asof.hamlet_on(person.hamlet, on).pk, on)
        if then is not None and then.part_of_id == person.station_id:
            return then.pk
    return person.station_id


def _checked(person: Person, data: DeathData, reason: str) -> list[Warning]:
    """What is odd and has its reason. Raises DeathProblems and NeedsReason."""
    refused, odd = death_data.judged(person, data)
    refused = [*death_data.blocks(person, data, timezone.localdate()), *refused]
    if refused:
        raise DeathProblems(refused)
    odd = [*death_data.doubts(person, data), *odd]
    if odd and not clean(reason):
        raise NeedsReason(odd)
    return odd


def _fill(death: Death, person: Person, data: DeathData, odd: list[Warning], reason: str) -> None:
    """The fields of a death and what it keeps of its person as of that day."""
    for name in FIELDS:
        setattr(death, name, getattr(data, name))
    death.occurred_at = moment(data)
    for name, value in snapshot(person, death.occurred_at).items():
        setattr(death, name, value)
    death.overrides = {"warnings": [each.code for each in odd], "reason": clean(reason)[:300]} if odd else {}
    groups = restricted.groups_of(restricted.rules_on(data.died_on), icd=data.codes)
    # Once restricted it stays so: the earlier version can still be read.
    death.restricted = death.restricted or bool(groups)
    try:
        death.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as wrong:
        raise DeathProblems(
            [
                Refused(messages[0].rstrip(".") + ".", field=field)
                for field, messages in wrong.message_dict.items()
            ]
        ) from wrong


def moment(data: DeathData) -> dt.datetime:
    """When it happened: at noon where the hour is not known, yet never later than now."""
    local = timezone.get_current_timezone()
    at = dt.datetime.combine(data.died_on, data.died_time or dt.time(12), tzinfo=local)
    return at if data.died_time else min(at, timezone.now())


def _write_causes(death: Death, data: DeathData) -> None:
    edition = icd.edition_on(data.died_on) if data.codes else ""
    names = icd.names(data.codes, on=data.died_on) if data.codes else {}
    first = underlying(data.causes)
    rows: list[DeathCause] = []
    place = 0
    for cause in filled(data.causes):
        place = place + 1 if rows and rows[-1].line == cause.line else 0
        rows.append(
            DeathCause(
                death=death,
                line=cause.line,
                position=place,
                icd_edition=edition if cause.code else "",
                icd_code=cause.code,
                icd_name=names.get(cause.code, "")[:500],
                text=cause.text[:300],
                value=cause.value,
                unit=cause.unit if cause.value is not None else "",
                underlying=cause is first,
            )
        )
    DeathCause.unscoped.bulk_create(rows)  # unscoped: they are this death's


def _take_effect(death: Death, person: Person) -> None:
    """Her status, what she was due for, her timeline, the tasks that the law asks for."""
    life.status_put(person=person, status=LifeStatus.DEAD, died_on=death.died_on)
    closing.close(person_id=person.pk, event_id=death.pk, kind=ClosingKind.DEATH, on=death.died_on)
    # A status that was typed in before has its record now.
    closing.reopen(person_id=person.pk, event_id=person.pk)
    projections.put_timeline(
        person_id=person.pk,
        at=death.occurred_at,
        kind=TIMELINE,
        title=f"Tử vong: {death.get_place_display().lower()}",
        object_id=death.pk,
        facility_id=death.facility_id,
    )
    death_tasks.look(death)


def _locked(death: Death, *others: UUID) -> Person:
    """Her row, locked with her family until the transaction ends, and whoever else it is about. Unscoped: the
    death was taken through the scope.
    """
    holding.hold(death.person_id, *others)
    return Person.unscoped.select_related("hamlet").get(pk=death.person_id)


def _fresh(death: Death, expected: int) -> Death:
    """The death as it is stored now. Unscoped: it was taken through the scope."""
    stored = Death.unscoped.get(pk=death.pk)
    if not stored.stands:
        raise Refused("Ghi nhận này đã được đánh dấu là ghi nhầm.", code="in-error")
    if stored.version != expected:
        raise StaleVersion(current=stored, mine=death)
    return stored


def _changed(before: DeathData, after: DeathData) -> list[str]:
    names = [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
    return names + (["causes"] if filled(before.causes) != filled(after.causes) else [])


def _refuse_elsewhere(person: Person) -> None:
    if not current().reaches(person.station_id):
        raise Refused("Người này thuộc địa bàn trạm khác; trạm đó ghi sổ tử vong.", field="person")
