"""Invented people for tests, saved directly: no audit, no events."""

import datetime as dt
from typing import Any

from django.utils import timezone

from apps.core.scope import Scope
from apps.facilities.models import AdminUnit, Catchment, Facility, Hamlet
from apps.patients import codes
from apps.patients.models import (
    Allergy,
    AskedNone,
    BirthHistory,
    Disability,
    FamilyDisease,
    HealthRecord,
    Identifier,
    InsuranceCard,
    OtherIssue,
    OwnDisease,
    Person,
    RecordVersion,
    ReproductiveHistory,
    RiskFactors,
    Surgery,
)

RIGHTS = frozenset(
    f"{section}.{action}"
    for section in ("people", "households", "visits", "results", "prescriptions", "care", "appointments")
    for action in ("view", "enter", "edit", "approve", "export")
)


def a_commune(code: str = "21484", name: str = "Ba Tơ") -> AdminUnit:
    province, _ = AdminUnit.objects.get_or_create(
        level="province", code="51", valid_to=None, defaults={"name": "Quảng Ngãi", "kind": "tỉnh"}
    )
    commune, _ = AdminUnit.objects.get_or_create(
        level="commune",
        code=code,
        valid_to=None,
        defaults={"name": name, "kind": "xã", "parent": province, "search_key": "ba to"},
    )
    return commune


def a_hamlet(commune: AdminUnit, name: str = "Thôn Làng Teng", **fields: Any) -> Hamlet:
    code = fields.pop("code", None) or f"T{Hamlet.objects.filter(commune=commune).count() + 1:02d}"
    return Hamlet.objects.create(commune=commune, name=name, code=code, **fields)


def a_station(commune_code: str = "21484", name: str = "Trạm Y tế xã Ba Tơ") -> Facility:
    """A station with one hamlet in its catchment."""
    commune = a_commune(commune_code, name.split("xã ")[-1])
    station = Facility.objects.create(name=name, kind="station", unit=commune)
    Catchment.objects.create(facility=station, hamlet=a_hamlet(commune))
    return station


def scope_at(station: Facility, rights: frozenset[str] = RIGHTS, **fields: Any) -> Scope:
    """The scope of somebody who works at that station."""
    return Scope(
        user_id=None,
        username="thu",
        label=station.name,
        facility_ids=frozenset({station.pk}),
        workplace_id=station.pk,
        rights=rights,
        **fields,
    )


def a_person(station: Facility, full_name: str = "Nguyễn Thị Hòa", **fields: Any) -> Person:
    """Somebody of the station's first hamlet. `cccd` and `bhyt` may be given as numbers."""
    cccd, bhyt = fields.pop("cccd", ""), fields.pop("bhyt", "")
    fields.setdefault("hamlet", Hamlet.objects.filter(catchments__facility=station).first())
    fields.setdefault("sex", "female")
    fields.setdefault("birth_date", dt.date(1990, 3, 5))
    fields.setdefault("ethnicity", "01")
    code = fields.pop("code", None) or codes.take(station.pk, "person")[0]
    person = Person(station=station, full_name=full_name, code=code, **fields)
    person.set_keys([number for number in (cccd, bhyt, bhyt[-10:]) if number])
    person.save()
    if cccd:
        Identifier.unscoped.create(person=person, kind="cccd", value=cccd)
    if bhyt:
        a_card(person, bhyt)
    return person


def a_card(person: Person, number: str = "DN4515112345678", **fields: Any) -> InsuranceCard:
    fields.setdefault("valid_from", dt.date(2026, 1, 1))
    fields.setdefault("valid_to", dt.date(2026, 12, 31))
    return InsuranceCard.unscoped.create(
        person=person, number=number, object_code=number[:2], level=int(number[2]), **fields
    )


def an_allergy(person: Person, substance: str = "Penicillin", **fields: Any) -> Allergy:
    return Allergy.unscoped.create(person=person, substance=substance, **fields)


def a_health_record(person: Person) -> Surgery:
    """Something in each section of her health record, and an earlier version; gives the operation."""
    now = timezone.now()
    said: dict[str, Any] = {"person": person, "said_at": now, "said_by_name": "Cô Thu"}
    HealthRecord.unscoped.create(**said)
    BirthHistory.unscoped.create(weight_g=3200, **said)
    RiskFactors.unscoped.create(tobacco="0", **said)
    ReproductiveHistory.unscoped.create(deliveries=2, **said)
    OwnDisease.unscoped.create(code="02", **said)
    Disability.unscoped.create(code="2", **said)
    FamilyDisease.unscoped.create(code="02", relative="01", **said)
    OtherIssue.unscoped.create(text="Đang dùng máy trợ thính", **said)
    AskedNone.unscoped.create(part="khac", withdrawn_on=timezone.localdate(), **said)
    operation = Surgery.unscoped.create(text="Cắt ruột thừa", version=2, **said)
    RecordVersion.unscoped.create(
        part="phau-thuat", object_id=operation.pk, of_version=1, data={"text": "Mổ bụng"}, replaced_at=now,
        **said,
    )  # fmt: skip
    return operation
