"""Who stands above whom, and whose a point is: nobody moves either alone."""

from typing import Any

import pytest
from django.utils import timezone
from tablib import Dataset

from apps.core import scope
from apps.core.models import AuditEntry
from apps.facilities.models import Facility, FacilityLink
from apps.facilities.resources import FacilityResource
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre, a_department, a_point, a_station
from tests.security.conftest import Attacker
from tests.security.test_two_people import decide, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def department(station: Facility) -> Facility:
    return a_department(a_centre(station))


@pytest.fixture
def first(department: Facility) -> Attacker:
    return Attacker(client_of(a_member("province_admin", department, "quan.tri", "Võ Thị Quản")))


@pytest.fixture
def second(department: Facility) -> Attacker:
    return Attacker(client_of(a_member("province_admin", department, "nguoi.hai", "Lê Văn Hai")))


def facility_form(facility: Facility, **more: Any) -> dict[str, Any]:
    nothing = {"links-TOTAL_FORMS": "0", "links-INITIAL_FORMS": "0"}
    own = {"name": facility.name, "kind": facility.kind, "unit": str(facility.unit_id)}
    return own | nothing | more


def save_facility(who: Attacker, facility: Facility, **more: Any) -> Any:
    path = f"/quan-tri/facilities/facility/{facility.pk}/change/"
    return who.client.post(path, facility_form(facility, **more))


def link_form(facility: Facility, parent: Facility, link: FacilityLink | None = None) -> dict[str, Any]:
    return {
        "links-TOTAL_FORMS": "1",
        "links-INITIAL_FORMS": str(int(link is not None)),
        "links-0-id": str(link.pk) if link else "",
        "links-0-facility": str(facility.pk),
        "links-0-parent": str(parent.pk),
        "links-0-kind": "reporting",
    }


def test_nobody_gives_a_point_to_another_station(first: Attacker) -> None:
    one, two = a_station("21485", "Ba Tiêu"), a_station("21490", "Ba Vì")
    point = a_point(one)
    a_department(a_centre(one, two))
    assert save_facility(first, point, part_of=str(two.pk)).status_code == 302
    point.refresh_from_db()
    assert point.part_of == one
    data = Dataset(headers=["Mã bản ghi", "Tên", "Loại", "Mã xã hoặc tỉnh", "Mã KCB của trạm"])
    two.kcb_code = "51Z77"
    two.save()
    data.append([str(point.pk), point.name, "point", point.unit.code, "51Z77"])
    with scope.system("test"):
        assert FacilityResource().import_data(data).has_validation_errors()
    point.refresh_from_db()
    assert point.part_of == one


def test_nobody_raises_a_facility_to_another_level(first: Attacker, department: Facility) -> None:
    centre = Facility.objects.get(kind="regional_centre")
    assert save_facility(first, centre, kind="department").status_code == 200
    assert save_facility(first, centre, kind="hospital").status_code == 302
    centre.refresh_from_db()
    assert centre.kind == "hospital"


def test_a_link_that_gives_reach_is_changed_by_two(
    first: Attacker, second: Attacker, station: Facility, department: Facility
) -> None:
    link = FacilityLink.objects.get(facility=station)
    other = a_centre()
    assert save_facility(first, station, **link_form(station, other, link)).status_code == 302
    link.refresh_from_db()
    assert link.parent.kind == "regional_centre" and link.parent != other
    change = waiting()
    assert decide(first, change).status_code == 302
    assert other.name in second.get("/cho-duyet/").content.decode()
    decide(second, change)
    link.refresh_from_db()
    assert link.parent == other
    assert AuditEntry.objects.filter(action="facility.linked").count() == 1


def test_nor_is_one_more_written_by_one(first: Attacker, second: Attacker, station: Facility) -> None:
    save_facility(first, station, **link_form(station, Facility.objects.get(kind="department")))
    assert station.links.count() == 1
    decide(second, waiting())
    assert station.links.count() == 2


def test_an_approved_link_is_the_one_that_was_seen(
    first: Attacker, second: Attacker, station: Facility, department: Facility
) -> None:
    link = FacilityLink.objects.get(facility=station)
    save_facility(first, station, **link_form(station, department, link))
    FacilityLink.objects.filter(pk=link.pk).update(valid_to=timezone.localdate())
    decide(second, waiting())
    link.refresh_from_db()
    assert link.parent != department and waiting()
