"""The 44 fields of QĐ 3891/QĐ-BYT: which there are is data, what a session says for each is here. Pure.

The names in the file are translations or ours (`confidence`), until the form itself is seen; a receiver's
setting `columns` gives its own for any of them, or leaves one out.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from . import fhir, records
from .codes import CodeOptions

FILE = Path(__file__).resolve().parents[3] / "fixtures" / "qd3891" / "fields.csv"
PLACES = ("birth", "registered", "home", "permanent", "current")
KIN = ("father", "mother", "guardian")
SEXES = {"male": "Nam", "female": "Nữ"}
LIFE_STATES = {"alive": "1", "moved": "1", "dead": "2", "missing": "3"}
# The papers that may stand for her number, the best first.
DOCUMENTS = (("cccd", "CCCD/Số định danh"), ("passport", "Hộ chiếu"))
LONGEST = 200  # characters of a heading


@dataclass(frozen=True)
class Field:
    """One column. `word` is its heading; `group` person or dose; `target` what is opened to fill it in."""

    key: str
    group: str
    word: str
    required: bool
    target: str
    confidence: str


@cache
def shipped() -> tuple[Field, ...]:
    """The columns as they come with the software."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Field(
                row["key"],
                row["group"],
                row["word"],
                row["required"] == "x",
                row["target"],
                row["confidence"],
            )
            for row in csv.DictReader(file)
        )


@dataclass(frozen=True)
class Form(CodeOptions):
    """The form as one receiver wants it: its columns in order, and which of them it takes empty."""

    fields: tuple[Field, ...] = field(default_factory=shipped)
    may_lack: frozenset[str] = frozenset()


def form_from(settings: Mapping[str, Any]) -> Form:
    """Settings `columns` ({key: heading, "" leaves it out}) and `may_lack` (keys of required ones that the
    receiver has agreed to take empty). Raises ValueError with a Vietnamese sentence for what cannot be.
    """
    columns, may_lack = settings.get("columns", {}), settings.get("may_lack", [])
    known = {each.key for each in shipped()}
    if not isinstance(columns, dict) or not all(
        isinstance(word, str) and len(word) <= LONGEST for word in columns.values()
    ):
        raise ValueError(f"Thiết lập columns phải gồm tên trường và tiêu đề cột, nhiều nhất {LONGEST} chữ.")
    if not isinstance(may_lack, list) or not all(isinstance(key, str) for key in may_lack):
        raise ValueError("Thiết lập may_lack phải là danh sách tên trường.")
    if unknown := sorted((set(columns) | set(may_lack)) - known):
        raise ValueError(f"QĐ 3891 không có trường {', '.join(unknown)}.")
    wanted = [replace(each, word=columns.get(each.key, each.word)) for each in shipped()]
    return Form(fields=tuple(each for each in wanted if each.word), may_lack=frozenset(may_lack))


def rows(record: records.VaccinationSession | records.Person, form: Form) -> list[dict[str, str]]:
    """By key the cells of each dose that was given; of a person alone one row without a dose."""
    if isinstance(record, records.Person):
        return [_of_person(record)]
    who = _of_person(record.person)
    given = [dose for dose in record.immunizations if dose.state == "given"]
    return [who | _of_dose(record, dose, form) for dose in given]


def missing(record: records.VaccinationSession | records.Person, form: Form) -> list[tuple[Field, str]]:
    """Required fields without a value, each once, and which vaccine's they are ('' for the person's own)."""
    wanted = [each for each in form.fields if each.required and each.key not in form.may_lack]
    session = record if isinstance(record, records.VaccinationSession) else None
    if session and not session.immunizations:  # taken back: nothing is told of her
        return []
    who = _of_person(record if isinstance(record, records.Person) else record.person)
    found = [(each, "") for each in wanted if each.group == "person" and not who.get(each.key)]
    for dose in rows(session, form) if session else ():
        whose = dose["vaccine"]
        found += [(each, whose) for each in wanted if each.group == "dose" and not dose.get(each.key)]
    return found


def _of_person(person: records.Person) -> dict[str, str]:
    civil = person.civil or records.Civil()
    numbers = {each.kind: each for each in person.identifiers}
    kind, paper = next(((kind, word) for kind, word in DOCUMENTS if kind in numbers), ("", ""))
    cells = {
        "person_number": numbers[kind].value if kind else "",
        "document_type": paper,
        "full_name": person.full_name,
        "birth_date": _partial(person.birth_date, person.birth_precision),
        "sex": SEXES.get(person.sex, ""),
        "ethnicity": civil.ethnicity,
        "blood_group": civil.blood_group,
        "life_state": LIFE_STATES.get(person.life_status, "0"),
    }
    for name in PLACES:
        place = civil.places.get(name) or records.Place("", "")
        cells |= {f"{name}_commune": place.commune, f"{name}_province": place.province}
    if passport := numbers.get("passport"):
        cells |= {
            "travel_type": "Hộ chiếu",
            "travel_number": passport.value,
            "travel_issued_on": _day(passport.issued_on),
            "travel_until": _day(passport.valid_to),
            "travel_issuer": passport.issuer,
        }
    for name in KIN:
        cells |= _of_kin(name, civil.kin.get(name) or records.Kin(""))
    return cells


def _of_kin(name: str, kin: records.Kin) -> dict[str, str]:
    return {
        f"{name}_name": kin.name,
        f"{name}_number": kin.number,
        f"{name}_birth_date": _partial(kin.birth_date, kin.birth_precision),
        f"{name}_nationality": kin.nationality,
        f"{name}_phone": kin.phone,
        f"{name}_relation": kin.relation,
    }


def _of_dose(session: records.VaccinationSession, dose: records.Immunization, form: Form) -> dict[str, str]:
    place = dose.facility or (None if dose.historical else session.point or session.facility)
    on = dose.at.astimezone(fhir.ZONE).date() if isinstance(dose.at, datetime) else dose.at
    where = [form.code("facility", place.kcb_code), place.name] if place else [dose.facility_text]
    code = form.code("vaccine", dose.vaccine_code)
    return {
        "vaccine": " - ".join(part for part in (code, dose.vaccine) if part),
        "given_on": _partial(on, dose.precision),
        "dose_number": str(dose.dose_number or ""),
        "facility": " - ".join(part for part in where if part),
        "antigens": "; ".join(each.name or form.code("antigen", each.code) for each in dose.antigens),
    }


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _partial(day: date | None, precision: str) -> str:
    """As far as it is known: 07/03/1950, 03/1950, 1950."""
    if day is None:
        return ""
    return day.strftime({"year": "%Y", "month": "%m/%Y"}.get(precision, "%d/%m/%Y"))
