"""Which codes a record carries to a receiver, and which of them that receiver calls otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from apps.sync.mappings import records

EXPRESSION = "CodeMap"  # how a code without its counterpart is marked among a row's issues


@dataclass(frozen=True)
class CodeOptions:
    """`mapped`: kinds of codes that a receiver wants under codes of its own; `codes`: those that it has, as
    {(kind, ours): its}.
    """

    mapped: frozenset[str] = frozenset()
    codes: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def code(self, kind: str, ours: str) -> str:
        """The code as this receiver knows it; ours where it takes ours."""
        return self.codes.get((kind, ours), ours) if kind in self.mapped else ours


def day_of(record: records.Record, today: date) -> date:
    """The day whose codes hold: that of a visit, session or paper, a person's is today."""
    if isinstance(record, records.VaccinationSession):
        return record.on
    if isinstance(record, records.CheckUp):
        return record.changed_at.date()
    return record.start.date() if isinstance(record, records.Visit) else today


def used(record: records.Record) -> Iterator[tuple[str, str]]:
    """(kind, code) of everything that travels under a code of ours."""
    if isinstance(record, records.VaccinationSession):
        yield from _of_session(record)
        return
    if isinstance(record, records.CheckUp):
        for order in record.orders:
            yield "service", order.code
        return
    person = record.person if isinstance(record, records.Visit) else record
    if person.station:
        yield "facility", person.station.kcb_code
    for allergy in person.allergies:
        yield "drug", allergy.drug_code
    if isinstance(record, records.Visit):
        yield from _of_visit(record)


def _of_session(record: records.VaccinationSession) -> Iterator[tuple[str, str]]:
    for place in (record.facility, record.point, record.person.station):
        if place:
            yield "facility", place.kcb_code
    for dose in record.immunizations:
        yield "vaccine", dose.vaccine_code
        if dose.facility:
            yield "facility", dose.facility.kcb_code
        for antigen in dose.antigens:
            yield "antigen", antigen.code


def _of_visit(record: records.Visit) -> Iterator[tuple[str, str]]:
    for place in (record.facility, record.point):
        if place:
            yield "facility", place.kcb_code
    for diagnosis in record.diagnoses:
        yield "icd10", diagnosis.icd_code
    for prescription in record.prescriptions:
        for line in prescription.lines:
            yield "drug", line.drug_code
            yield "route", line.route_code
    for given in record.dispensed:
        yield "drug", given.drug_code
    for order in record.orders:
        yield "service", order.code
        for value in order.result.values if order.result else ():
            yield "lab", value.test
    yield "discharge", record.outcome_code


def gaps(record: records.Record, options: CodeOptions) -> list[tuple[str, str]]:
    """The codes of a record that the receiver wants under its own code and has none for."""
    wanted = {(kind, code) for kind, code in used(record) if code and kind in options.mapped}
    return sorted(wanted - options.codes.keys())
