"""The Excel lists of the admin: out and in again changes nothing, corrections count, bad rows are told."""

import pytest
from tablib import Dataset

from apps.core.models import AuditEntry
from apps.facilities.models import Facility, Hamlet, Practitioner
from apps.facilities.resources import FacilityResource, HamletResource, PractitionerResource
from tests.factories.facilities import a_point, a_practitioner, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def station(system_scope: object) -> Facility:
    station = a_station(hamlets=3, kcb_code="51Z01")
    a_point(station)
    a_practitioner(station)
    return station


@pytest.mark.parametrize("resource", [FacilityResource, HamletResource, PractitionerResource])
def test_out_and_in_again_changes_nothing(station: Facility, resource: type) -> None:
    model = resource._meta.model
    before = set(model.objects.values_list("pk", "version"))
    result = resource().import_data(resource().export(), raise_errors=True)
    assert result.totals["skip"] == len(before) and result.totals["new"] == result.totals["update"] == 0
    assert set(model.objects.values_list("pk", "version")) == before


def test_lists_are_in_words_and_come_back_as_words_or_codes(station: Facility) -> None:
    rows = FacilityResource().export()
    assert rows.title == "Cơ sở y tế"
    assert {row["Loại"] for row in rows.dict} == {"Trạm y tế", "Điểm trạm"}
    older = Dataset(headers=rows.headers)
    for row in rows.dict:
        kind = {"Trạm y tế": "station", "Điểm trạm": "point"}[row["Loại"]]
        older.append([kind if key == "Loại" else value for key, value in row.items()])
    assert FacilityResource().import_data(older, raise_errors=True).totals["skip"] == 2
    staff = PractitionerResource().export().dict[0]
    assert staff["Được ký"] in ("có", "không") and staff["Chức danh"] == "Bác sĩ"


def test_a_corrected_row_is_saved_counted_and_audited(station: Facility) -> None:
    rows = HamletResource().export()
    hamlet = Hamlet.objects.get(code=rows.dict[0]["Mã thôn"])
    data = Dataset(headers=rows.headers)
    data.append([value if key != "Tên" else "  Thôn  Mới " for key, value in rows.dict[0].items()])
    HamletResource().import_data(data, raise_errors=True)
    hamlet.refresh_from_db()
    assert (hamlet.name, hamlet.version, hamlet.search_key) == ("Thôn Mới", 2, "thon moi")
    assert AuditEntry.objects.get(action="hamlet.imported").data["rows"] == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [("Mã xã", "99999"), ("Loại", "làng xa"), ("Tên", ""), ("Thứ tự", "nhiều"), ("Tên", "x" * 300)],
)
def test_a_bad_row_is_told_and_nothing_saved(station: Facility, column: str, value: str) -> None:
    rows = HamletResource().export()
    data = Dataset(headers=rows.headers)
    for row in rows.dict:
        data.append([value if key == column else old for key, old in row.items()])
    result = HamletResource().import_data(data, raise_errors=False)
    assert result.has_errors() or result.has_validation_errors()
    assert not Hamlet.objects.exclude(version=1).exists()


def test_a_facilitys_commune_is_the_one_in_force(station: Facility) -> None:
    from apps.facilities.models import AdminUnit

    AdminUnit.objects.create(
        level="commune",
        code="21484",
        name="Xã cũ",
        kind="xã",
        valid_to="2025-06-30",
        parent=station.unit.parent,
    )
    result = FacilityResource().import_data(FacilityResource().export(), raise_errors=True)
    assert result.totals["error"] == 0
    assert Practitioner.objects.get().facility == station


def test_a_row_without_an_id_is_a_new_facility(station: Facility) -> None:
    data = Dataset(headers=["Mã bản ghi", "Tên", "Loại", "Mã KCB", "Mã xã hoặc tỉnh", "Mã KCB của trạm"])
    data.append(["", "Điểm trạm Ba Cung", "point", "", "21484", "51Z01"])
    result = FacilityResource().import_data(data, raise_errors=True)
    assert result.totals["new"] == 1
    assert Facility.objects.get(name="Điểm trạm Ba Cung").part_of == station
