"""Who a person is, as the vaccination system asks (QĐ 3891); who of Defence or Public Security manages her.

Where she was born, her birth was registered and her home village lies is stored nowhere by its code yet: what
is missing stops a record before it leaves, unless its receiver takes it so (setting `may_lack`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from django.utils import timezone

from apps.catalogues import codes
from apps.core.scope import Scope
from apps.facilities.models import AdminUnit
from apps.patients import kin
from apps.patients.models import Identifier, InsuranceCard, Person
from apps.sync.mappings import records

OBJECTS = "bhyt_object"  # the list whose column `managed_by` says whose people a kind of card is for


def managers(on: dt.date) -> dict[str, str]:
    """By object code of an insurance card who looks after its holder: defence, public_security."""
    return {
        row.code: row.extra["managed_by"]
        for row in codes.rows(OBJECTS)
        if row.in_force(on) and row.extra.get("managed_by")
    }


def managed_on(days: Mapping[UUID, tuple[UUID, dt.date]]) -> dict[UUID, str]:
    """`days`: by record the person and the day. By record who looked after her then; those of nobody are
    left out. At most one query.
    """
    known = {day: managers(day) for _, day in days.values()}
    objects = {code for those in known.values() for code in those}
    if not objects:
        return {}
    people = {person_id for person_id, _ in days.values()}
    cards = list(InsuranceCard.objects.filter(person_id__in=people, object_code__in=objects))
    found = {}
    for key, (person_id, day) in days.items():
        for card in cards:
            if card.person_id == person_id and card.object_code in known[day] and _holds(card, day):
                found[key] = known[day][card.object_code]
    return found


def _holds(card: InsuranceCard, day: dt.date) -> bool:
    return (card.valid_from is None or card.valid_from <= day) and (
        card.valid_to is None or day <= card.valid_to
    )


def with_civil(
    record: records.Person | records.VaccinationSession,
) -> records.Person | records.VaccinationSession:
    """The same person, or session with her, and what QĐ 3891 asks beside. Some four statements."""
    if isinstance(record, records.VaccinationSession):
        person = replace(record.person, civil=_civil(record.person.id))
        return replace(record, person=person)
    return replace(record, civil=_civil(record.id))


def _civil(person_id: UUID) -> records.Civil:
    related = ("station", "hamlet__commune__parent", "permanent_unit__parent", "mother", "father")
    row = Person.objects.select_related(*related).get(pk=person_id)
    return records.Civil(
        ethnicity=row.ethnicity,
        blood_group=row.blood_group,
        places=_places(row),
        kin=_kin(row),
    )


def _places(row: Person) -> dict[str, records.Place]:
    """The form of a person asks for her permanent address only where it is another one."""
    current = _place(row.hamlet.commune) if row.hamlet else None
    permanent = _place(row.permanent_unit) if row.permanent_unit else None
    if permanent is None and row.permanent_unit is None and not row.permanent_text:
        permanent = current
    return {name: place for name, place in (("current", current), ("permanent", permanent)) if place}


def _place(unit: AdminUnit) -> records.Place | None:
    """None for a unit that is no more: its code may mean another one today."""
    gone = unit.valid_to is not None and unit.valid_to < timezone.localdate()
    return None if gone or unit.parent is None else records.Place(unit.code, unit.parent.code)


def _kin(row: Person) -> dict[str, records.Kin]:
    """As somebody of her station is told who may not read restricted data: no receiver is told more."""
    plain = Scope(None, "system", "gửi tiêm chủng", facility_ids=frozenset({row.station_id}))
    parents = {"mother": kin.mother_of(plain, row), "father": row.father}
    ids = [parent.pk for parent in parents.values() if parent]
    rows = Identifier.objects.on(timezone.localdate()).filter(person_id__in=ids, kind="cccd")
    numbers = dict(rows.order_by("created_at").values_list("person_id", "value")) if ids else {}
    found = {
        name: records.Kin(
            parent.full_name,
            numbers.get(parent.pk, ""),
            parent.birth_date,
            parent.birth_precision,
            parent.nationality,
            parent.phone,
        )
        for name, parent in parents.items()
        if parent
    }
    if row.guardian_name:
        relation = codes.label("relationship_to_head", row.guardian_relation)
        found["guardian"] = records.Kin(row.guardian_name, row.guardian_number, relation=relation)
    return found
