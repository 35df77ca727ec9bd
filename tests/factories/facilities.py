"""Invented facilities for tests, saved directly: no audit."""

import datetime as dt
from typing import Any

from apps.facilities.models import AdminUnit, Catchment, Facility, FacilityLink, Hamlet, Practitioner

SINCE = dt.date(2025, 7, 1)


def a_province(code: str = "51", name: str = "Quảng Ngãi", **fields: Any) -> AdminUnit:
    fields = {"name": name, "kind": "tỉnh", "valid_from": SINCE} | fields
    return AdminUnit.objects.get_or_create(level="province", code=code, valid_to=None, defaults=fields)[0]


def a_commune(code: str = "21484", name: str = "Ba Tơ", **fields: Any) -> AdminUnit:
    fields = {"name": name, "kind": "xã", "parent": a_province(), "valid_from": SINCE} | fields
    return AdminUnit.objects.get_or_create(level="commune", code=code, valid_to=None, defaults=fields)[0]


def a_hamlet(commune: AdminUnit, name: str = "Thôn Làng Teng", **fields: Any) -> Hamlet:
    code = fields.pop("code", None) or f"T{Hamlet.objects.filter(commune=commune).count() + 1:02d}"
    return Hamlet.objects.create(commune=commune, name=name, code=code, **fields)


def a_station(code: str = "21484", name: str = "Ba Tơ", *, hamlets: int = 1, **fields: Any) -> Facility:
    """The station of a commune with `hamlets` hamlets in its catchment."""
    commune = a_commune(code, name)
    station = Facility.objects.create(name=f"Trạm Y tế xã {name}", kind="station", unit=commune, **fields)
    for number in range(1, hamlets + 1):
        Catchment.objects.create(facility=station, hamlet=a_hamlet(commune, f"Thôn {number}"))
    return station


def a_point(station: Facility, name: str = "Điểm trạm Ba Chùa", **fields: Any) -> Facility:
    return Facility.objects.create(name=name, kind="point", unit=station.unit, part_of=station, **fields)


def a_centre(*stations: Facility, name: str = "Trung tâm Y tế khu vực Ba Tơ") -> Facility:
    """A regional centre to which the stations report."""
    centre = Facility.objects.create(name=name, kind="regional_centre", unit=a_commune())
    _reports(stations, centre)
    return centre


def a_department(*centres: Facility) -> Facility:
    """The department to which the centres report."""
    department = Facility.objects.create(name="Sở Y tế tỉnh Quảng Ngãi", kind="department", unit=a_province())
    _reports(centres, department)
    return department


def _reports(facilities: tuple[Facility, ...], parent: Facility) -> None:
    for facility in facilities:
        FacilityLink.objects.create(facility=facility, parent=parent, kind="reporting", valid_from=SINCE)


def a_practitioner(facility: Facility, full_name: str = "Trần Văn Bình", **fields: Any) -> Practitioner:
    fields = {"grade": "doctor", "licence_no": "000123/QNG-CCHN", "can_sign": True} | fields
    return Practitioner.objects.create(facility=facility, full_name=full_name, **fields)
