"""How a room of immunization gives its records away: one registration (docs/adding-a-receiver.md).

    kinds.add(vaccinations.kind(read))    in plugs.py, where `read` gives sessions as they now are
    vaccinations.changed(session)         by a subscriber to the room's events

What the house asks of everything that leaves is asked here, so that no room can forget it: the person is
read as for every other record, what only few may read stays, typed words go through `patients/hush.py`, and
who was managed by Defence or Public Security on that day is marked (each receiver decides what that means).
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.core.scope import system
from apps.patients import hush, restricted
from apps.sync import civil, gather, kinds, outbox
from apps.sync.mappings import records
from apps.sync.receivers.base import Form

KIND = "vaccination"
TITLE = "Buổi tiêm chủng"


@dataclass(frozen=True)
class Told:
    """One person's doses of one day at one facility, as the room holds them (records.VaccinationSession).

    `restricted_by`: groups of the house's rules that something in it belongs to. A session that is still
    being worked on is not given at all.
    """

    id: UUID
    version: int
    person_id: UUID
    on: dt.date
    changed_at: dt.datetime
    facility: records.Organization
    immunizations: tuple[records.Immunization, ...]
    point: records.Organization | None = None
    signer: records.Practitioner | None = None
    restricted_by: tuple[str, ...] = ()


Read = Callable[[Collection[UUID]], Mapping[UUID, Told]]


def kind(
    read: Read,
    *,
    page: Callable[[UUID], str] | None = None,
    page_right: str = "",
    in_use: Callable[[str, dt.date], Iterable[tuple[str, str, int]]] | None = None,
) -> kinds.Kind:
    """The kind to register. `read(ids)`: sessions by id in a fixed number of queries, under the scope it is
    asked in (the system's for sending). `in_use("vaccine" or "antigen", since)`: (code, name, uses) for the
    page of a receiver's codes.
    """

    def several(ids: Collection[UUID]) -> Mapping[UUID, records.VaccinationSession]:
        return sessions(read(ids))

    def one(id_: UUID) -> records.VaccinationSession | None:
        return several([id_]).get(id_)

    def owners(ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        return {key: told.person_id for key, told in read(ids).items()}

    def called(ids: Collection[UUID]) -> Mapping[UUID, str]:
        return {key: f"{TITLE} ngày {told.on:%d/%m/%Y}" for key, told in read(ids).items()}

    def few(ids: Collection[UUID]) -> Collection[UUID]:
        with system("xem buổi tiêm có thông tin hạn chế không"):
            return {key for key, told in read(ids).items() if told.restricted_by}

    forms: dict[str, Callable[[Any], Any]] = {Form.QD3891: civil.with_civil}
    return kinds.Kind(
        KIND,
        TITLE,
        one,
        owners=owners,
        forms=forms,
        several=several,
        page=page,
        page_right=page_right,
        called=called,
        in_use=in_use,
        few=few,
    )


def sessions(told: Mapping[UUID, Told]) -> dict[UUID, records.VaccinationSession]:
    """As they may leave. One that may not is taken back where it went before: nothing is in it."""
    ids = {each.person_id for each in told.values()}
    people = gather.people(ids)
    words = hush.of(None, ids)
    managed = civil.managed_on({key: (each.person_id, each.on) for key, each in told.items()})
    return {
        key: _session(each, people[each.person_id], words, managed.get(key, "")) for key, each in told.items()
    }


def _session(
    told: Told, person: records.Person, words: hush.Hush, managed: str
) -> records.VaccinationSession:
    leaves = restricted.may_leave(told.restricted_by)
    doses = tuple(_hushed(dose, told.person_id, words) for dose in told.immunizations) if leaves else ()
    return records.VaccinationSession(
        id=told.id,
        version=told.version if leaves else records.WITHDRAWN,
        on=told.on,
        changed_at=told.changed_at,
        person=person,
        facility=told.facility,
        point=told.point,
        signer=told.signer,
        immunizations=doses,
        managed_by=managed,
    )


def _hushed(dose: records.Immunization, person_id: UUID, words: hush.Hush) -> records.Immunization:
    """The same dose; what was typed stays here where it may tell what few may read, and that is said."""
    reason = words.text(person_id, dose.reason)
    reactions = tuple(replace(each, text=words.text(person_id, each.text)) for each in dose.reactions)
    left_out = {"reason": reason != dose.reason, "reactions": reactions != dose.reactions}
    hidden = tuple(name for name, is_left in left_out.items() if is_left)
    return replace(dose, reason=reason, reactions=reactions, hidden=(*dose.hidden, *hidden))


def changed(*, session_id: UUID, person_id: UUID, facility_id: UUID) -> int:
    """A session was closed, or has changed since: told to every receiver that takes such records. Inside the
    transaction that changes it; the number of receivers.
    """
    return outbox.put(kind=KIND, aggregate_id=session_id, person_id=person_id, facility_id=facility_id)
