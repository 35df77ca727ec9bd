"""Reads a record as it now is, for sending: models in, plain values out. Under the system's scope."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from apps.care.vitals import BY_CODE
from apps.core.words import completed_months
from apps.encounters import states, travel
from apps.encounters.leaving import visits_for_sync
from apps.encounters.leaving_papers import notices_for_sync
from apps.encounters.models import Visit
from apps.facilities.models import Facility
from apps.patients import hush, kin
from apps.patients.models import Allergy, Identifier, InsuranceCard, Person
from apps.sync import civil, follow_ups
from apps.sync.health_records import plain
from apps.sync.mappings import fhir, records
from apps.sync.models import Delivery

ADULT_MONTHS = 18 * 12


def visit(visit_id: UUID) -> records.Visit | None:
    """One visit (`visits`)."""
    return visits([visit_id]).get(visit_id)


def visits(visit_ids: Collection[UUID], kind: str = "visit") -> dict[UUID, records.Visit]:
    """Visits that are final or were entered in error; none worked on, gone, or not to leave.

    One that may no longer leave, but has left before as a record of this kind, is taken back: entered in
    error, and nothing in it. The number of queries does not grow with the visits.
    """
    found = [
        each
        for each in visits_for_sync(visit_ids).values()
        if each.state in (states.FINALISED, states.ENTERED_IN_ERROR)
    ]
    stay = [each.id for each in found if each.stays]
    left = Delivery.objects.filter(kind=kind, aggregate_id__in=stay) if stay else Delivery.objects.none()
    taken_back = set(left.values_list("aggregate_id", flat=True))
    found = [each for each in found if not each.stays or each.id in taken_back]
    known = people({each.person_id for each in found})
    points = {each.point_id for each in found if each.point_id and each.point_id != each.facility_id}
    followed = follow_ups.forms_of([each.id for each in found if not each.stays])
    places = {place.pk: place for place in Facility.objects.filter(pk__in=points)} if points else {}
    return {
        each.id: _visit(
            each,
            known[each.person_id],
            places.get(each.point_id) if each.point_id else None,
            followed.get(each.id, ()),
        )
        for each in found
    }


def _visit(
    found: travel.TravelVisit,
    person: records.Person,
    point: Facility | None,
    followed: Sequence[travel.TravelForm],
) -> records.Visit:
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
            person=person,
            facility=facility,
            point=_organization(point) if point else None,
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
        person=person,
        facility=facility,
        point=_organization(point) if point else None,
        doctor=records.Practitioner(who.id, who.full_name, who.licence_no, who.prescriber_code)
        if who
        else None,
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
            records.Prescription(p.code, tuple(_line(line) for line in p.lines), p.kind)
            for p in found.prescriptions
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
        papers=found.papers,
        forms=(*found.forms, *followed),
        hidden=found.hidden,
    )


def prescriptions(visit_id: UUID) -> records.Visit | None:
    """The prescriptions of one visit (`prescriptions_of`)."""
    return prescriptions_of([visit_id]).get(visit_id)


def prescriptions_of(visit_ids: Collection[UUID]) -> dict[UUID, records.Visit]:
    """The visits, for a system of prescriptions: as they leave (`visits`), with who answers for a minor.

    One query more, where a minor is among them.
    """
    found = visits(visit_ids, kind="prescription")
    minors = {each.person.id for each in found.values() if _is_minor(each)}
    guardians = _guardians(minors) if minors else {}
    return {
        key: replace(each, person=replace(each.person, guardian=guardians.get(each.person.id, "")))
        for key, each in found.items()
    }


def _is_minor(visit: records.Visit) -> bool:
    born = visit.person.birth_date
    return born is not None and completed_months(born, timezone.localdate(visit.start)) < ADULT_MONTHS


def _guardians(person_ids: Collection[UUID]) -> dict[UUID, str]:
    """Who answers for each: as it was written down, else a parent as a receiver may hear of her."""
    found = {}
    for row in Person.objects.select_related("mother", "father").filter(pk__in=person_ids):
        parent = kin.mother_of(plain(row), row) or row.father
        told = (parent.full_name, parent.phone) if parent else ()
        found[row.pk] = row.guardian_name or ", ".join(part for part in told if part)
    return found


def owners_of_visits(visit_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose each visit is now. One query; unscoped: what has left does not depend on who asks."""
    return dict(Visit.unscoped.filter(pk__in=visit_ids).values_list("pk", "person_id"))


def person(person_id: UUID) -> records.Person | None:
    """A person's own data; None when there is none of that id."""
    return people([person_id]).get(person_id)


def people(person_ids: Collection[UUID]) -> dict[UUID, records.Person]:
    """People's own data. Five queries however many, a sixth where an allergy is noted."""
    rows = list(Person.objects.select_related("station", "hamlet__commune__parent").filter(pk__in=person_ids))
    today = timezone.localdate()
    cards = InsuranceCard.objects.on(today).filter(person_id__in=person_ids).order_by("valid_from", "pk")
    numbers = _identifiers(person_ids, today, cards)
    managers = civil.managers(today)
    managed = {card.person_id: managers[card.object_code] for card in cards if card.object_code in managers}
    notices = notices_for_sync(person_ids)
    allergies = _allergies(person_ids)
    return {
        row.pk: _person(
            row,
            numbers.get(row.pk, {}),
            allergies.get(row.pk, ()),
            tuple(notices.get(row.pk, ())),
            managed.get(row.pk, ""),
        )
        for row in rows
    }


def _person(
    row: Person,
    numbers: dict[str, records.Identifier],
    allergies: Sequence[records.Allergy],
    notices: tuple[travel.TravelPaper, ...],
    managed_by: str,
) -> records.Person:
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
        commune_code=commune.code if commune else "",
        province_code=commune.parent.code if commune and commune.parent else "",
        nationality=row.nationality,
        life_status=row.life_status,
        died_on=row.died_on,
        changed_at=row.updated_at,
        replaced_by=row.merged_into_id,
        station=_organization(row.station),
        notices=notices,
        identifiers=tuple(numbers[kind] for kind in sorted(numbers)),
        allergies=(*_no_allergy(row), *allergies),
        managed_by=managed_by,
    )


def _allergies(person_ids: Collection[UUID]) -> dict[UUID, list[records.Allergy]]:
    """Those noted in error too. A substance whose very name tells what few may read is not named; who treats
    her still hears that there is an allergy, and what comes of it, as far as lists may tell it.
    """
    rows = list(Allergy.objects.filter(person_id__in=person_ids).order_by("pk"))
    told = hush.of(None, {row.person_id for row in rows}) if rows else hush.Hush()
    found: dict[UUID, list[records.Allergy]] = {}
    for row in rows:
        hidden = hush.speaks(row.substance, rules=told.rules)
        allergy = records.Allergy(
            row.pk,
            row.kind,
            "" if hidden else row.substance,
            "" if hidden else row.drug_code,
            told.text(row.person_id, row.reaction),
            row.certainty,
            row.noted_on,
            row.state,
            hidden,
        )
        found.setdefault(row.person_id, []).append(allergy)
    return found


def _no_allergy(row: Person) -> tuple[records.Allergy, ...]:
    """That none is known; withdrawn, it travels as refuted, for whoever has heard it."""
    if row.no_allergy_on is None:
        return ()
    state = "active" if row.knows_no_allergy else "refuted"
    own = fhir.made_id(row.pk, "no-known-allergy")
    return (records.Allergy(own, "none", "Không có dị ứng đã biết", noted_on=row.no_allergy_on, state=state),)


def _identifiers(
    person_ids: Collection[UUID], on: dt.date, cards: Iterable[InsuranceCard]
) -> dict[UUID, dict[str, records.Identifier]]:
    """The numbers in force by kind: the newest; the insurance card as the number of kind bhyt."""
    newest: dict[UUID, dict[str, records.Identifier]] = {}
    for row in Identifier.objects.on(on).filter(person_id__in=person_ids).order_by("created_at"):
        own = newest.setdefault(row.person_id, {})
        own[row.kind] = records.Identifier(
            row.kind, row.value, row.valid_from, row.valid_to, row.issued_on, row.issuer
        )
    for card in cards:
        own = newest.setdefault(card.person_id, {})
        own["bhyt"] = records.Identifier("bhyt", card.number, card.valid_from, card.valid_to)
    return newest


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
