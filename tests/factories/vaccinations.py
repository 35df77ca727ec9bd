"""Invented vaccinations that travel, without the room they will come from."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from apps.core.ids import uuid7
from apps.patients.models import Person
from apps.sync import outbox, vaccinations
from apps.sync.mappings import records
from apps.sync.models import Receiver
from tests.factories.sync import STATION, person, warehouse

LACKS = [f"{place}_{level}" for place in ("birth", "registered", "home") for level in ("commune", "province")]
AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)  # 08:30 in Vietnam
HOME = records.Place("21484", "51")
CIVIL = records.Civil(
    ethnicity="01",
    places=dict.fromkeys(("birth", "registered", "home", "permanent", "current"), HOME),
    kin={"mother": records.Kin("Nguyễn Thị Mẹ", "051190000112", date(1995, 2, 1), phone="0960000001")},
)
NURSE = records.Practitioner(uuid7(), "Đinh Thị Tiêm", "000456/QNG-CCHN")
ANTIGENS = tuple(
    records.Antigen(code, name)
    for code, name in (
        ("DIPH", "Bạch hầu"),
        ("TET", "Uốn ván"),
        ("PERT", "Ho gà"),
        ("HEPB", "Viêm gan B"),
        ("HIB", "Hib"),
    )
)


def child(name: str = "Nguyễn Văn Tí", **more) -> records.Person:
    """Somebody of whom the vaccination system is told all that it must be told."""
    fields = {
        "sex": "male",
        "birth_date": date(2026, 9, 1),
        "identifiers": (records.Identifier("cccd", "051226000101"),),
        "civil": CIVIL,
    }
    return person(name, **{**fields, **more})


def dose(**more) -> records.Immunization:
    """The first dose of five in one."""
    fields = {
        "state": "given",
        "at": AT,
        "vaccine_code": "PENTA",
        "vaccine": "DPT-VGB-Hib (SII)",
        "dose_number": 1,
        "antigens": ANTIGENS,
        "series": (
            records.SeriesDose("DTP", "Bạch hầu - ho gà - uốn ván", 1, ANTIGENS[:3]),
            records.SeriesDose("HEPB", "Viêm gan B", 1, ANTIGENS[3:4]),
            records.SeriesDose("HIB", "Hib", 1, ANTIGENS[4:]),
        ),
        "lot": "SII-0001",
        "expires_on": date(2027, 6, 30),
        "manufacturer": "Serum Institute of India",
        "site": "left_thigh",
        "route": "IM",
        "quantity": Decimal("0.5"),
        "programme": "tcmr",
        "performer": NURSE,
    }
    return records.Immunization(id=uuid7(), **{**fields, **more})


def session(of: records.Person | None = None, **more) -> records.VaccinationSession:
    fields = {
        "version": 1,
        "on": date(2026, 11, 20),
        "changed_at": AT + timedelta(minutes=40),
        "facility": STATION,
        "signer": NURSE,
        "immunizations": (dose(),),
    }
    return records.VaccinationSession(id=uuid7(), person=of or child(), **{**fields, **more})


def reaction(**more) -> records.Reaction:
    fields = {"at": AT + timedelta(hours=5), "text": "Sốt 38,5 độ"}
    return records.Reaction(id=uuid7(), **{**fields, **more})


class Table:
    """Stands for the session day: saving what one person was given puts it into the outbox."""

    def __init__(self) -> None:
        self.sessions: dict[UUID, records.VaccinationSession] = {}

    def save(self, record: records.VaccinationSession, facility_id: UUID | None = None):
        self.sessions[record.id] = record
        vaccinations.changed(
            session_id=record.id,
            person_id=record.person.id,
            facility_id=facility_id or record.facility.id,
        )
        return record

    def change(self, record: records.VaccinationSession, **more) -> records.VaccinationSession:
        now = self.sessions[record.id]
        return self.save(replace(now, version=now.version + 1, **more))

    def change_dose(self, record: records.VaccinationSession, **more) -> records.VaccinationSession:
        """Change the first dose."""
        first, *others = self.sessions[record.id].immunizations
        return self.change(record, immunizations=(replace(first, **more), *others))

    def change_person(self, changed: records.Person) -> None:
        for known in list(self.sessions.values()):
            if known.person.id == changed.id:
                self.sessions[known.id] = replace(known, person=changed)
        outbox.person_changed(changed.id)

    def person(self, person_id: UUID) -> records.Person:
        return next(s.person for s in self.sessions.values() if s.person.id == person_id)


def told(person: Person, **more) -> vaccinations.Told:
    place = records.Organization(person.station_id, person.station.name, "51001")
    fields = {
        "version": 1,
        "on": date(2026, 11, 20),
        "changed_at": AT,
        "facility": place,
        "immunizations": (dose(),),
    }
    return vaccinations.Told(id=uuid7(), person_id=person.pk, **{**fields, **more})


class Room:
    """Stands for the room of immunization: what it holds, and its one registration."""

    def __init__(self) -> None:
        self.told: dict = {}

    def read(self, ids):
        return {key: self.told[key] for key in ids if key in self.told}

    def save(self, told: vaccinations.Told) -> vaccinations.Told:
        self.told[told.id] = told
        vaccinations.changed(session_id=told.id, person_id=told.person_id, facility_id=told.facility.id)
        return told

    def change(self, told, **more):
        return self.save(replace(self.told[told.id], version=self.told[told.id].version + 1, **more))

    def in_use(self, kind, since):
        given = [each for told in self.told.values() for each in told.immunizations]
        return [("PENTA", "DPT-VGB-Hib", len(given))] if kind == "vaccine" and given else []


def national(base_url: str, **more) -> Receiver:
    """The national vaccination system, as the test receiver plays it: it knows PENTA under its own code."""
    fields = {"code": "tiem-chung", "name": "Hệ thống tiêm chủng", "kind": "vaccination"}
    receiver = warehouse(base_url, **{**fields, **more})
    receiver.codes.create(kind="vaccine", local="PENTA", remote="dpt-hepb-hib")
    return receiver
