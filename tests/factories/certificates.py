"""Issued papers of invented visits and deaths."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from apps.core.scope import Scope, enter
from apps.encounters import services
from apps.encounters.certificates import issuing
from apps.encounters.inputs import DiagnosisInput
from apps.encounters.models import Certificate, CertificateKind, Visit
from apps.facilities.models import Facility, Practitioner
from apps.patients.models import Death, Person
from tests.factories import encounters as make
from tests.factories.catalogues import a_code, shipped
from tests.factories.patients import RIGHTS

PAPERS = frozenset(f"certificates.{action}" for action in ("view", "enter", "edit", "export"))
SIGNER = RIGHTS | PAPERS | {"deaths.view", "deaths.enter", "deaths.edit"}
HOSPITAL = "Bệnh viện Đa khoa tỉnh Quảng Ngãi"
REFERRED = {
    "destination": HOSPITAL,
    "reason": "2",
    "signs": "Sốt 39 °C, thở nhanh 42 lần/phút, rút lõm lồng ngực",
    "results": "",
    "treatment": "Hạ sốt, thở oxy 2 lít/phút",
    "condition": "Tỉnh, mạch 110, SpO2 94%",
    "plan": "Chụp X-quang phổi, điều trị tiếp",
    "left_at": dt.time(9, 30),
    "transport": "Xe cứu thương",
    "escort": "Lê Thị Thu",
    "escort_title": "Hộ sinh",
}


def lists() -> None:
    """The code lists that the forms of papers read, as they are shipped, beside those of a visit."""
    shipped("certificates", "exam_organs")
    for code, name in (("1", "Loại I - Rất khỏe"), ("2", "Loại II - Khỏe")):
        a_code("health_class", code, name)
    a_code("discharge_type", "5", "Chuyển tuyến theo yêu cầu người bệnh")
    a_code("visit_kind", "check_up", "Khám sức khỏe")


def a_hospital(station: Facility, name: str = HOSPITAL) -> Facility:
    assert station.unit.parent is not None
    return Facility.objects.create(name=name, kind="hospital", unit=station.unit.parent)


def signer_scope(practitioner: Practitioner, **fields: Any) -> Scope:
    return make.scope_of(practitioner, rights=SIGNER, **fields)


def an_ended_visit(person: Person, practitioner: Practitioner, **fields: Any) -> Visit:
    """A signed visit; `fields` are the visit's own: outcome, follow_up_on, advice ..."""
    opening = {name: fields.pop(name) for name in ("kind", "at", "card_id", "payer") if name in fields}
    findings, codes_ = fields.pop("findings", None), fields.pop("codes", ["J06.9"])
    data = replace(
        make.USUAL,
        fields=dict(make.USUAL.fields) | fields,
        diagnoses=[
            DiagnosisInput(code, "secondary" if place else "main") for place, code in enumerate(codes_)
        ],
        vitals={
            **make.USUAL.vitals,
            "height": Decimal(158), "systolic": Decimal(120), "diastolic": Decimal(75),
        },
    )  # fmt: skip
    if findings:
        data = replace(data, fields=dict(data.fields) | {"findings": findings})
    visit = make.an_examined_visit(person, practitioner, data=data, **opening)
    with enter(make.scope_of(practitioner)):
        return services.visit_finalise(
            visit_id=visit.pk, expected_version=visit.version, override="đã xem lại"
        )


def a_paper(
    visit: Visit,
    practitioner: Practitioner,
    kind: str,
    said: dict[str, Any] | None = None,
    override: str = "",
) -> Certificate:
    with enter(signer_scope(practitioner)):
        return issuing.certificate_issue(
            kind=kind, visit_id=visit.pk, expected_version=visit.version, said=said or {}, override=override
        )


def a_slip(visit: Visit, practitioner: Practitioner) -> Certificate:
    return a_paper(visit, practitioner, CertificateKind.APPOINTMENT)


def a_referral(visit: Visit, practitioner: Practitioner, **said: Any) -> Certificate:
    return a_paper(visit, practitioner, CertificateKind.REFERRAL, REFERRED | said, "thử")


def leave(visit: Visit, days: int = 3, **said: Any) -> dict[str, Any]:
    """What the form of a sick leave has read."""
    return {
        "since": visit.on,
        "until": visit.on + dt.timedelta(days=days - 1),
        "holder": "5120123456",
        "employer": "Công ty may Ba Tơ",
        "diagnosis": "Nhiễm trùng đường hô hấp trên cấp",
        "treatment": "Thuốc uống tại nhà",
        "serial": "",
    } | said


def a_sick_leave(visit: Visit, practitioner: Practitioner, days: int = 3, **said: Any) -> Certificate:
    return a_paper(visit, practitioner, CertificateKind.SICK_LEAVE, leave(visit, days, **said))


def a_check_up(visit: Visit, practitioner: Practitioner, **said: Any) -> Certificate:
    begun = {
        "form": "adult", "purpose": "Đi làm", "family": "", "own_history": "", "health_class": "2",
        "conclusion": "",
    }  # fmt: skip
    return a_paper(visit, practitioner, CertificateKind.CHECK_UP, begun | said, "thử")


def a_summary(visit: Visit, practitioner: Practitioner, **said: Any) -> Certificate:
    begun = {
        "course": "Ho, sốt 2 ngày", "results": "", "treatment": "Thuốc uống", "condition": "Đỡ", "remark": "",
    }  # fmt: skip
    return a_paper(visit, practitioner, CertificateKind.SUMMARY, begun | said)


NOTICE = {
    "cause": "Suy tim",
    "place": "Cơ sở y tế",
    "receiver": "Đinh Văn Con, con trai",
    "receiver_identity": "",
}


def a_death_notice(death: Death, practitioner: Practitioner, **said: Any) -> Certificate:
    with enter(signer_scope(practitioner)):
        return issuing.death_notice_issue(
            death_id=death.pk, expected_version=death.version, said=NOTICE | said, override="thử"
        )
