"""Reads a record as it now is, for sending: models in, plain values out. Under the system's scope."""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.care.vitals import BY_CODE
from apps.catalogues import codes
from apps.core.scope import Scope
from apps.encounters import states, travel
from apps.encounters.leaving import visit_for_sync
from apps.encounters.models import Visit
from apps.facilities.models import Facility
from apps.patients import hush, kin, queries
from apps.patients.health_record import reading
from apps.patients.models import Allergy, Identifier, InsuranceCard, Person
from apps.sync.mappings import fhir, records
from apps.sync.models import Delivery


def visit(visit_id: UUID) -> records.Visit | None:
    """A visit that is final or was entered in error; None while worked on, gone, or not to leave.

    One that may no longer leave, but has left before, is taken back: entered in error, and nothing in it.
    """
    try:
        found = visit_for_sync(visit_id)
    except Visit.DoesNotExist:
        return None
    if found.state not in (states.FINALISED, states.ENTERED_IN_ERROR):
        return None
    if found.stays and not Delivery.objects.filter(kind="visit", aggregate_id=visit_id).exists():
        return None
    facility = records.Organization(
        found.facility_id,
        found.facility_name,
        found.facility_code,
        found.facility_phone,
        found.facility_address,
    )
    who = found.doctor or found.performer
    if found.stays:
        return records.Visit(
            id=found.id,
            number=found.number,
            version=records.WITHDRAWN,
            state=states.ENTERED_IN_ERROR,
            start=found.start,
            end=found.end or found.start,
            changed_at=found.changed_at,
            person=_person(found.person_id),
            facility=facility,
            point=_point(found),
            doctor_text=found.facility_name,
        )
    return records.Visit(
        id=found.id,
        number=found.number,
        version=found.version,
        state=found.state,
        start=found.start,
        end=found.end or found.start,
        changed_at=found.changed_at,
        person=_person(found.person_id),
        facility=facility,
        point=_point(found),
        doctor=records.Practitioner(who.id, who.full_name, who.licence_no) if who else None,
        doctor_text="" if who else found.performer_text,
        reason=found.reason,
        outcome_code=found.outcome,
        outcome=found.outcome_name if found.outcome else "",
        amended=found.amended,
        diagnoses=tuple(
            records.Diagnosis(d.role, d.icd_code, d.icd_name, d.text, d.certainty) for d in found.diagnoses
        ),
        measurements=tuple(_measurement(o) for o in found.observations),
        prescriptions=tuple(
            records.Prescription(p.code, tuple(_line(line) for line in p.lines)) for p in found.prescriptions
        ),
        history=found.history,
        examination=found.examination,
        findings=found.findings,
        course=found.course,
        treatment_text=found.treatment_text,
        advice=found.advice,
        follow_up_on=found.follow_up_on,
        injury_cause=found.injury_cause,
        injury_cause_name=found.injury_cause_name,
        orders=found.orders,
        formulas=found.formulas,
        dispensed=found.dispensed,
        files=found.files,
        hidden=found.hidden,
    )


def owners_of_visits(visit_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose each visit is now. One query; unscoped: what has left does not depend on who asks."""
    return dict(Visit.unscoped.filter(pk__in=visit_ids).values_list("pk", "person_id"))


def person(person_id: UUID) -> records.Person | None:
    """A person's own data; None when there is none of that id."""
    return _person(person_id) if Person.objects.filter(pk=person_id).exists() else None


def _person(person_id: UUID) -> records.Person:
    """Four statements, a fifth where an allergy is noted."""
    row = Person.objects.select_related("station", "hamlet__commune__parent").get(pk=person_id)
    commune = row.hamlet.commune if row.hamlet else None
    hamlet = row.hamlet.name if row.hamlet else ""
    return records.Person(
        id=row.pk,
        code=row.code,
        full_name=row.full_name,
        sex=row.sex,
        birth_date=row.birth_date,
        birth_precision=row.birth_precision,
        phone=row.phone,
        address=", ".join(part for part in (row.address_text, hamlet) if part) or row.permanent_text,
        commune=commune.full_name if commune else "",
        province=commune.parent.full_name if commune and commune.parent else "",
        nationality=row.nationality,
        life_status=row.life_status,
        died_on=row.died_on,
        changed_at=row.updated_at,
        replaced_by=row.merged_into_id,
        station=_organization(row.station),
        identifiers=_identifiers(person_id, timezone.localdate()),
        allergies=(*_no_allergy(row), *_allergies(person_id)),
    )


def with_health(record: Any) -> Any:
    """The same visit or person, with what the form of QĐ 831 asks beside it. Some twenty statements, for
    receivers that want it alone.
    """
    if isinstance(record, records.Visit):
        return replace(record, person=with_health(record.person))
    return replace(record, health=_health(record.id))


# What is typed into the sections of a health record; all else in them is a code, a figure or a name.
TYPED = frozenset({"text", "other", "defect", "exposure_text", "exposure_duration", "gynaecology", "place"})


def _health(person_id: UUID) -> records.Health:
    """Read as somebody of her station reads it who may not see restricted data: neither does a receiver."""
    row = Person.objects.select_related("station", "hamlet__commune__parent", "mother", "father").get(
        pk=person_id
    )
    plain = Scope(None, "system", "gửi hồ sơ sức khỏe", facility_ids=frozenset({row.station_id}))
    told = hush.of(None, [person_id])
    said = _hushed(reading.as_data(plain, row)["sections"], told, person_id)
    home = queries.household_lines([person_id]).get(person_id)
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
        relatives=tuple(_relatives(row, plain, said)),
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


def _relatives(row: Person, plain: Scope, said: dict[str, Any]) -> Iterator[records.Relative]:
    mother, father = kin.mother_of(plain, row), row.father
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


def _allergies(person_id: UUID) -> Iterator[records.Allergy]:
    """Those noted in error too. A substance whose very name tells what few may read is not named; who treats
    her still hears that there is an allergy, and what comes of it, as far as lists may tell it.
    """
    rows = list(Allergy.objects.filter(person_id=person_id).order_by("pk"))
    told = hush.of(None, [person_id]) if rows else hush.Hush()
    for row in rows:
        hidden = hush.speaks(row.substance, rules=told.rules)
        yield records.Allergy(
            row.pk,
            row.kind,
            "" if hidden else row.substance,
            "" if hidden else row.drug_code,
            told.text(person_id, row.reaction),
            row.certainty,
            row.noted_on,
            row.state,
            hidden,
        )


def _no_allergy(row: Person) -> tuple[records.Allergy, ...]:
    """That none is known; withdrawn, it travels as refuted, for whoever has heard it."""
    if row.no_allergy_on is None:
        return ()
    state = "active" if row.knows_no_allergy else "refuted"
    own = fhir.made_id(row.pk, "no-known-allergy")
    return (records.Allergy(own, "none", "Không có dị ứng đã biết", noted_on=row.no_allergy_on, state=state),)


def _identifiers(person_id: UUID, on: dt.date) -> tuple[records.Identifier, ...]:
    """The numbers in force, one a kind: the newest; the insurance card as the number of kind bhyt."""
    newest: dict[str, records.Identifier] = {}
    for row in Identifier.objects.on(on).filter(person_id=person_id).order_by("created_at"):
        newest[row.kind] = records.Identifier(
            row.kind, row.value, row.valid_from, row.valid_to, row.issued_on, row.issuer
        )
    for card in InsuranceCard.objects.on(on).filter(person_id=person_id).order_by("valid_from", "pk"):
        newest["bhyt"] = records.Identifier("bhyt", card.number, card.valid_from, card.valid_to)
    return tuple(newest[kind] for kind in sorted(newest))


def _point(found: travel.TravelVisit) -> records.Organization | None:
    if found.point_id is None or found.point_id == found.facility_id:
        return None
    return _organization(Facility.objects.get(pk=found.point_id))


def _organization(facility: Facility) -> records.Organization:
    return records.Organization(
        facility.pk, facility.name, facility.kcb_code, facility.phone, facility.address
    )


def _measurement(found: travel.TravelObservation) -> records.Measurement:
    known = BY_CODE.get(found.code)
    return records.Measurement(
        found.code,
        found.value,
        found.unit,
        found.at,
        known.title if known else "",
        found.readings,
        found.oedema,
    )


def _line(found: travel.TravelLine) -> records.Line:
    return records.Line(
        drug_code=found.drug_code,
        bhyt_code=found.bhyt_code,
        drug_name=found.drug_name,
        strength=found.strength,
        unit=found.unit,
        route_code=found.route_code,
        dose=str(found.dose),
        dose_unit=found.dose_unit,
        times_per_day=Decimal(found.times_per_day),
        days=found.days,
        quantity=found.quantity,
        usage=found.usage,
    )
