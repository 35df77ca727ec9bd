"""People's health records as the form of QĐ 831 asks them: read together, without what only few may read."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.catalogues import codes
from apps.core import ports
from apps.core.scope import Scope
from apps.patients import hush, kin, queries
from apps.patients.health_record import reading
from apps.patients.models import Person
from apps.sync.mappings import records


def plain(row: Person) -> Scope:
    """Who is of her station and may not see restricted data: neither may a receiver."""
    return Scope(None, "system", "gửi bản ghi", facility_ids=frozenset({row.station_id}))


def with_health(record: Any) -> Any:
    """The same visit or person, with what the form of QĐ 831 asks beside it (with_healths)."""
    return with_healths({record.id: record})[record.id]


def with_healths(found: Mapping[UUID, Any]) -> dict[UUID, Any]:
    """The same of several visits or people. Some fifteen statements for the people of one station, for
    receivers that want it alone.
    """
    people = {
        key: record.person if isinstance(record, records.Visit) else record for key, record in found.items()
    }
    told = _healths({person.id for person in people.values()})
    healthy = {key: replace(person, health=told[person.id]) for key, person in people.items()}
    return {
        key: replace(record, person=healthy[key]) if isinstance(record, records.Visit) else healthy[key]
        for key, record in found.items()
    }


# What is typed into the sections of a health record; all else in them is a code, a figure or a name.
TYPED = frozenset({"text", "other", "defect", "exposure_text", "exposure_duration", "gynaecology", "place"})


def _healths(person_ids: Collection[UUID]) -> dict[UUID, records.Health]:
    """Read as somebody of her station reads it who may not see restricted data: neither does a receiver."""
    related = ("station", "hamlet__commune__parent", "mother", "father")
    people = list(Person.objects.select_related(*related).filter(pk__in=person_ids))
    told = hush.of(None, person_ids)
    homes = queries.household_lines(list(person_ids))
    found: dict[UUID, records.Health] = {}
    for scope in {plain(row) for row in people}:
        hers = [row for row in people if scope.reaches(row.station_id)]
        read = reading.all_as_data(scope, hers)
        for row in hers:
            said = _hushed(read[row.pk]["sections"], told, row.pk)
            found[row.pk] = _health(row, scope, said, homes.get(row.pk))
    return found


def _health(
    row: Person, scope: Scope, said: dict[str, Any], home: ports.HouseholdLine | None
) -> records.Health:
    commune = row.hamlet.commune if row.hamlet else None
    return records.Health(
        said=said,
        household=home.code if home else "",
        relation=home.relation if home else "",
        blood_group=row.blood_group,
        ethnicity=row.ethnicity,
        occupation=row.occupation,
        permanent=row.permanent_text,
        hamlet=row.hamlet.name if row.hamlet else "",
        commune_code=commune.code if commune else "",
        province_code=commune.parent.code if commune and commune.parent else "",
        email=row.email,
        relatives=tuple(_relatives(row, scope, said)),
    )


def _hushed(node: Any, told: hush.Hush, person_id: UUID) -> Any:
    """The same sections; what was typed stays here where it may tell what few may read."""
    if isinstance(node, list):
        return [_hushed(each, told, person_id) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: told.text(person_id, value)
        if key in TYPED and isinstance(value, str)
        else _hushed(value, told, person_id)
        for key, value in node.items()
    }


def _relatives(row: Person, scope: Scope, said: dict[str, Any]) -> Iterator[records.Relative]:
    mother, father = kin.mother_of(scope, row), row.father
    if mother:
        yield records.Relative("Mẹ", mother.full_name, mother.phone)
    if father:
        yield records.Relative("Bố", father.full_name, father.phone)
    if row.guardian_name:
        kind = codes.label("relationship_to_head", row.guardian_relation) or "Người giám hộ"
        yield records.Relative(kind, row.guardian_name, guardian=True)
    carer = said.get("hanh-chinh", {})
    if carer.get("carer_name"):
        yield records.Relative("Người chăm sóc chính", carer["carer_name"], carer.get("carer_phone", ""))
