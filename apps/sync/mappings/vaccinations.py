"""What one person was given on one day -> transaction Bundle: Organization, Practitioner, Patient,
Observation (a reaction), Immunization, Provenance.

A dose that was entered in error is told to whoever has heard of it, as entered in error with nothing in it,
like one that the session no longer has.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from . import fhir, records
from .fhir import ABSENT, TERMS, Entry, Resource, made_id
from .parts import WRONG, People, notes
from .person import organization, own_identifier, pair, patient
from .systems import Options

SITES = {
    "left_arm": ("LA", "left arm"),
    "right_arm": ("RA", "right arm"),
    "left_thigh": ("LT", "left thigh"),
    "right_thigh": ("RT", "right thigh"),
    "mouth": ("", "Miệng"),
}
ROUTES = {
    "IM": ("IM", "Injection, intramuscular"),
    "SC": ("SQ", "Injection, subcutaneous"),
    "ID": ("IDINJ", "Injection, intradermal"),
    "ORAL": ("PO", "Swallow, oral"),
}
PROGRAMMES = {
    "tcmr": ("public", "Tiêm chủng mở rộng"),
    "chong_dich": ("public", "Chống dịch"),
    "dich_vu": ("private", "Dịch vụ"),
}
ORIGINS = {"book": "record", "recall": "recall", "provider": "provider"}
STATUS = {"given": "completed", "not_given": "not-done"}
WITHDRAWABLE = ("Immunization", "Observation")
UNKNOWN_NUMBER = "chưa rõ"
SAID = "Đã rút khỏi buổi tiêm"


def session_entries(
    session: records.VaccinationSession, options: Options, sent: frozenset[str] = frozenset()
) -> list[Entry]:
    """All that one session says, in an order in which references point backward; empty where nothing of it
    is to be told.

    `sent`: keys (`Immunization/<uuid>`) the receiver holds of this session from before.
    """
    people = People(options)
    facts: list[Entry] = []
    for dose in session.immunizations:
        if dose.state in STATUS:
            reactions = [_reaction(session, dose, each, options) for each in dose.reactions]
            facts += [*reactions, _immunization(session, dose, people, options)]
    here = {entry.key for entry in facts}
    gone = sorted(key for key in sent - here if key.partition("/")[0] in WITHDRAWABLE)
    facts += [_withdrawn(key, session, options) for key in gone]
    if not facts:
        return []
    signed = [_provenance(session, facts, people)] if options.provenance else []
    places = _places(session, options)
    return [*places, *people.entries, patient(session.person, options), *facts, *signed]


def _places(session: records.VaccinationSession, options: Options) -> list[Entry]:
    found = [session.facility, session.point, session.person.station]
    found += [dose.facility for dose in session.immunizations if dose.state in STATUS]
    return list({each.id: organization(each, options) for each in found if each}.values())


def _immunization(
    session: records.VaccinationSession, dose: records.Immunization, people: People, options: Options
) -> Entry:
    own = own_identifier(dose.id, options)
    systems = options.systems
    members: Resource = {
        "resourceType": "Immunization",
        "identifier": [own],
        "status": STATUS[dose.state],
        "statusReason": _reason(dose, options),
        "vaccineCode": fhir.concept(
            systems.vaccine, options.code("vaccine", dose.vaccine_code), text=dose.vaccine
        ),
        "patient": fhir.ref(session.person.id),
        "occurrenceDateTime": _occurrence(dose),
        "recorded": fhir.when(session.changed_at),
        "primarySource": not dose.historical,
        "reportOrigin": _origin(dose),
        "manufacturer": {"display": dose.manufacturer} if dose.manufacturer else {},
        "lotNumber": dose.lot,
        "expirationDate": dose.expires_on.isoformat() if dose.expires_on else "",
        "site": _place(SITES, "v3-ActSite", dose.site),
        "route": _place(ROUTES, "v3-RouteOfAdministration", dose.route),
        "doseQuantity": {} if dose.quantity is None else fhir.quantity(dose.quantity, dose.unit, ucum=True),
        "performer": _performers(session, dose, people),
        "fundingSource": _programme(dose, options),
        "reaction": [
            {"date": fhir.when(each.at), "detail": fhir.ref(each.id), "reported": False}
            for each in dose.reactions
        ],
        "protocolApplied": [] if dose.state == "not_given" else _protocols(dose, options),
    }
    return fhir.marked(Entry(dose.id, fhir.slim(members), pair(own)), dose.hidden)


def _occurrence(dose: records.Immunization) -> str:
    if isinstance(dose.at, datetime):
        return fhir.when(dose.at)
    return fhir.partial(dose.at, dose.precision)


def _reason(dose: records.Immunization, options: Options) -> Resource:
    """Why it was not given; FHIR wants one wherever nothing was given."""
    if dose.state != "not_given":
        return {}
    if "reason" in dose.hidden:
        return fhir.hidden()
    return fhir.concept(options.systems.not_given, dose.reason_code, text=dose.reason or "Không ghi lý do")


def _origin(dose: records.Immunization) -> Resource:
    if not dose.historical:
        return {}
    return fhir.concept(TERMS + "immunization-origin", ORIGINS.get(dose.origin, ""), text="Nhập từ tiền sử")


def _place(known: dict[str, tuple[str, str]], system: str, name: str) -> Resource:
    if not name:
        return {}
    code, display = known.get(name, ("", name))
    return fhir.concept(TERMS + system, code, display)


def _performers(
    session: records.VaccinationSession, dose: records.Immunization, people: People
) -> list[Resource]:
    """Who gave it and where: for a dose of elsewhere what is known of the place."""
    found = []
    if who := people.ref(dose.performer, dose.performer_text):
        found.append(
            {"function": fhir.concept(TERMS + "v2-0443", "AP", "Administering Provider"), "actor": who}
        )
    if dose.historical and dose.facility is None:
        return [*found, {"actor": {"display": dose.facility_text}}] if dose.facility_text else found
    place = dose.facility or session.point or session.facility
    return [*found, {"actor": fhir.ref(place.id, place.name)}]


def _programme(dose: records.Immunization, options: Options) -> Resource:
    """Who pays, in the words of FHIR and of ours: TCMR, chống dịch, dịch vụ."""
    if not dose.programme:
        return {}
    funded, title = PROGRAMMES.get(dose.programme, ("", dose.programme))
    own = fhir.concept(options.systems.programme, dose.programme, title, title)
    if funded:
        own["coding"].append({"system": TERMS + "immunization-funding-source", "code": funded})
    return own


def _protocols(dose: records.Immunization, options: Options) -> list[Resource]:
    """Each series that the dose counts in; one without a name where no series knows it."""
    series = dose.series or (records.SeriesDose("", number=dose.dose_number, antigens=dose.antigens),)
    return [_protocol(each, options) for each in series]


def _protocol(counted: records.SeriesDose, options: Options) -> Resource:
    number: Resource = {"doseNumberString": UNKNOWN_NUMBER}
    if counted.number:
        number = {"doseNumberPositiveInt": counted.number}
    diseases = [
        fhir.concept(options.systems.antigen, options.code("antigen", each.code), each.name, each.name)
        for each in counted.antigens
    ]
    return fhir.slim({"series": counted.title or counted.series, "targetDisease": diseases} | number)


def _reaction(
    session: records.VaccinationSession,
    dose: records.Immunization,
    reaction: records.Reaction,
    options: Options,
) -> Entry:
    said = reaction.text or reaction.name
    value = fhir.concept(options.systems.reaction, reaction.code, reaction.name, said)
    hidden = "reactions" in dose.hidden
    if hidden and not reaction.code:
        value = fhir.hidden()
    fields: Resource = {
        "status": "final",
        "code": {"text": "Phản ứng sau tiêm chủng"},
        "effectiveDateTime": fhir.when(reaction.at),
        "valueCodeableConcept": value if value.get("coding") or value.get("text") else {},
        "note": notes("Tai biến nặng" if reaction.severe else ""),
    }
    return fhir.marked(_part("Observation", reaction.id, session, options, fields), ("text",) * hidden)


def _part(
    kind: str, id_: UUID, session: records.VaccinationSession, options: Options, fields: Resource
) -> Entry:
    own = own_identifier(id_, options)
    whose = "patient" if kind == "Immunization" else "subject"
    members: Resource = {"resourceType": kind, "identifier": [own], whose: fhir.ref(session.person.id)}
    return Entry(id_, fhir.slim(members | fields), pair(own))


def _withdrawn(key: str, session: records.VaccinationSession, options: Options) -> Entry:
    """`key` with only what FHIR requires."""
    kind, _, id_ = key.partition("/")
    absent = fhir.concept(ABSENT, "not-applicable", text=SAID)
    fields: Resource = {"status": WRONG}
    if kind == "Immunization":
        fields |= {"vaccineCode": absent, "occurrenceDateTime": session.on.isoformat()}
    else:
        fields |= {"code": absent, "effectiveDateTime": session.on.isoformat()}
    return _part(kind, UUID(id_), session, options, fields)


def _provenance(session: records.VaccinationSession, facts: Iterable[Entry], people: People) -> Entry:
    """Who stands for this version of the session; one a version, so the receiver keeps the chain."""
    told = list(facts)
    activity = "CREATE" if session.version == 1 else "UPDATE"
    if all(entry.resource["status"] == WRONG for entry in told):
        activity = "NULLIFY"
    agent: Resource = {"who": fhir.ref(session.facility.id)}
    if session.signer:
        agent = {
            "type": fhir.concept(TERMS + "provenance-participant-type", "author"),
            "who": people.ref(session.signer),
            "onBehalfOf": fhir.ref(session.facility.id),
        }
    resource = {
        "resourceType": "Provenance",
        "target": [fhir.ref(entry.id) for entry in told],
        "recorded": fhir.when(session.changed_at),
        "activity": fhir.concept(TERMS + "v3-DataOperation", activity),
        "agent": [agent],
    }
    return Entry(made_id(session.id, "provenance", session.version), resource, by_id=True)
