"""Person -> Patient and AllergyIntolerance; facility -> Organization; practitioner -> Practitioner."""

from __future__ import annotations

from apps.encounters import travel

from . import fhir, notices, records
from .fhir import Entry, Resource
from .systems import Options

V2_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
TYPES = {"cccd": "CCCD", "cmnd": "CMND", "bhyt": "BHYT", "bhxh": "BHXH", "passport": "PPN"}
ALLERGY_CATEGORIES = {"drug": "medication", "food": "food", "chemical": "environment"}
SNOMED, NO_KNOWN_ALLERGY = "http://snomed.info/sct", "716186003"
CERTAINTY = {"confirmed": "confirmed", "suspected": "unconfirmed"}


def organization(facility: records.Organization, options: Options) -> Entry:
    """A facility, found by its insurance code where it has one."""
    systems, own = options.systems, own_identifier(facility.id, options)
    known = options.code("facility", facility.kcb_code)
    code = {"system": systems.facility, "value": known} if known else None
    resource = fhir.slim(
        {
            "resourceType": "Organization",
            "identifier": [i for i in (code, own) if i],
            "active": True,
            "name": facility.name,
            "telecom": _phone(facility.phone),
            "address": [{"text": facility.address}] if facility.address else [],
        }
    )
    return Entry(facility.id, resource, pair(code or own), "Organization" in options.mastered)


def practitioner(doctor: records.Practitioner | travel.TravelPractitioner, options: Options) -> Entry:
    """A practitioner, found by the licence number where it is known."""
    systems, own = options.systems, own_identifier(doctor.id, options)
    licence = {"system": systems.practitioner, "value": doctor.licence_no} if doctor.licence_no else None
    resource = {
        "resourceType": "Practitioner",
        "identifier": [i for i in (licence, own) if i],
        "active": True,
        "name": [{"text": doctor.full_name}],
    }
    return Entry(doctor.id, resource, pair(licence or own), "Practitioner" in options.mastered)


def patient(person: records.Person, options: Options) -> Entry:
    """A person. A merged one travels as inactive with a link to who replaced her."""
    own = own_identifier(person.id, options)
    by_kind = {i.kind: _identifier(i, options) for i in person.identifiers if i.kind in TYPES}
    number = None
    if person.code:
        code = (person.station.kcb_code if person.station else "") or "unknown"
        number = {
            "type": {"coding": [{"system": V2_TYPES, "code": "MR"}]},
            "system": options.systems.patient_number.format(facility=code),
            "value": person.code,
        }
    wanted = {"record": own, "number": number, **by_kind}.get(options.match_patient)
    resource = fhir.slim(
        {
            "resourceType": "Patient",
            "identifier": [own, *([number] if number else []), *by_kind.values()],
            "active": person.active and person.replaced_by is None,
            "name": [_name(person.full_name)],
            "telecom": _phone(person.phone),
            "gender": person.sex if person.sex in ("male", "female") else "unknown",
            "birthDate": fhir.partial(person.birth_date, person.birth_precision) if person.birth_date else "",
            "address": _address(person),
        }
    )
    if person.died_on:
        resource["deceasedDateTime"] = person.died_on.isoformat()
    elif person.life_status == "dead":
        resource["deceasedBoolean"] = True
    if person.station:
        resource["managingOrganization"] = fhir.ref(person.station.id)
    if person.replaced_by:
        other = {"identifier": _uuid_identifier(person.replaced_by.urn, options)}
        resource["link"] = [{"other": other, "type": "replaced-by"}]
    match = wanted if wanted and wanted.get("system") else own
    return Entry(person.id, resource, pair(match), "Patient" in options.mastered)


def allergies(person: records.Person, options: Options) -> list[Entry]:
    """One AllergyIntolerance for each noted allergy, those noted in error too: the receiver must know."""
    return [_allergy(a, person, options) for a in person.allergies]


def person_entries(person: records.Person, options: Options) -> list[Entry]:
    """What travels when a person's own data change."""
    station = [organization(person.station, options)] if person.station else []
    return [*station, patient(person, options), *allergies(person, options), *_notices(person, options)]


def _notices(person: records.Person, options: Options) -> list[Entry]:
    found = [(paper, own_identifier(paper.id, options)) for paper in person.notices]
    return [Entry(paper.id, notices.document(paper, person, own, options), pair(own)) for paper, own in found]


def _allergy(allergy: records.Allergy, person: records.Person, options: Options) -> Entry:
    own = own_identifier(allergy.id, options)
    wrong = allergy.state == "entered_in_error"
    verification = "entered-in-error" if wrong else CERTAINTY.get(allergy.certainty, "unconfirmed")
    drug = options.code("drug", allergy.drug_code)
    code = fhir.concept(options.systems.drug, drug, allergy.substance, allergy.substance)
    if allergy.hidden:
        code = fhir.hidden()
    if allergy.kind == "none":
        verification = "refuted" if allergy.state == "refuted" else "confirmed"
        code = fhir.concept(SNOMED, NO_KNOWN_ALLERGY, "No known allergy", allergy.substance)
    base = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
    clinical = "inactive" if allergy.state in ("inactive", "resolved", "refuted") else "active"
    resource: Resource = {
        "resourceType": "AllergyIntolerance",
        "identifier": [own],
        "verificationStatus": fhir.concept(base + "verification", verification),
        "code": code,
        "patient": fhir.ref(person.id),
    }
    if not wrong:  # ait-2: an error has no clinical status
        resource["clinicalStatus"] = fhir.concept(base + "clinical", clinical)
    if allergy.kind in ALLERGY_CATEGORIES:
        resource["category"] = [ALLERGY_CATEGORIES[allergy.kind]]
    if allergy.noted_on:
        resource["recordedDate"] = allergy.noted_on.isoformat()
    if allergy.reaction:
        resource["reaction"] = [{"manifestation": [{"text": allergy.reaction}]}]
    return Entry(allergy.id, resource, pair(own))


def _name(full_name: str) -> Resource:
    """Family name first, given name last; what stands between belongs to `given` in order."""
    words = full_name.split()
    if len(words) < 2:
        return {"text": full_name}
    return {"text": full_name, "family": words[0], "given": [words[-1], *words[1:-1]]}


def _address(person: records.Person) -> list[Resource]:
    if not (person.address or person.commune or person.province):
        return []
    whole = ", ".join(p for p in (person.address, person.commune, person.province) if p)
    # two levels since 01/07/2025: commune as city, province as state
    return [
        fhir.slim(
            {"use": "home", "text": whole, "city": person.commune, "state": person.province, "country": "VN"}
        )
    ]


def _phone(phone: str) -> list[Resource]:
    return [{"system": "phone", "value": phone}] if phone else []


def _identifier(identifier: records.Identifier, options: Options) -> Resource:
    code = TYPES[identifier.kind]
    period = {
        "start": identifier.valid_from.isoformat() if identifier.valid_from else "",
        "end": identifier.valid_to.isoformat() if identifier.valid_to else "",
    }
    type_system = V2_TYPES if code == "PPN" else options.systems.identifier_type
    return fhir.slim(
        {
            "type": fhir.concept(type_system, code) if type_system else fhir.concept("", "", text=code),
            "system": getattr(options.systems, identifier.kind),
            "value": identifier.value,
            "period": fhir.slim(period),
        }
    )


def own_identifier(id_: object, options: Options) -> Resource:
    return _uuid_identifier(f"urn:uuid:{id_}", options)


def _uuid_identifier(urn: str, options: Options) -> Resource:
    system = options.systems.record
    return {
        "system": system,
        "value": urn if system == "urn:ietf:rfc:3986" else urn.removeprefix("urn:uuid:"),
    }


def pair(identifier: Resource) -> tuple[str, str]:
    return identifier["system"], identifier["value"]
