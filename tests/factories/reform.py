"""Two communes of before the reform of 1 July 2025 with their stations, and the one that succeeds them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.core import approvals, scope
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit
from apps.encounters.services import visit_save
from apps.facilities.models import (
    AdminUnit,
    Catchment,
    Facility,
    Hamlet,
    Reform,
    ReformState,
    UnitSuccession,
)
from apps.facilities.posts import scope_for
from apps.facilities.reforming import plan, running
from apps.patients.models import Person
from tests.factories.accounts import a_member
from tests.factories.encounters import a_practitioner as a_doctor
from tests.factories.encounters import a_visit, catalogues, scope_of
from tests.factories.facilities import a_centre, a_department, a_province

BEFORE = dt.date(2025, 6, 30)
CHANGE = dt.date(2025, 7, 1)
REF = "NQ 1677/NQ-UBTVQH15"


def seen(person: Person, on: dt.date = dt.date(2025, 5, 5)) -> Visit:
    """A visit of that day at her station, with figures."""
    doctor = a_doctor(person.station)
    visit = a_visit(person, doctor, at=timezone.make_aware(dt.datetime.combine(on, dt.time(9))))
    with scope.enter(scope_of(doctor)):
        return visit_save(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=VisitInput(fields={"reason": "Ho"}, vitals={"pulse": Decimal(80)}),
        )


class World:
    """Two communes of before the reform, Ba Thành and Ba Vinh, each with its station, hamlets and people; the
    commune of now with the station that succeeds them; two administrators of the province.
    """

    def __init__(self) -> None:
        catalogues()
        old_province = AdminUnit.objects.create(
            level="province", code="51", name="Quảng Ngãi", kind="tỉnh", valid_to=BEFORE
        )
        district = AdminUnit.objects.create(
            level="district", code="535", name="Ba Tơ", kind="huyện", parent=old_province, valid_to=BEFORE
        )
        self.new_unit = AdminUnit.objects.create(
            level="commune", code="21490", name="Ba Vinh", kind="xã", parent=a_province(), valid_from=CHANGE
        )
        self.new = self.station("Trạm Y tế xã Ba Vinh", self.new_unit, valid_from=CHANGE)
        self.thanh = self.station("Trạm Y tế xã Ba Thành", self.unit("21500", "Ba Thành", district))
        self.vinh = self.station("Trạm Y tế xã Ba Vinh cũ", self.unit("21490", "Ba Vinh", district))
        for station in (self.thanh, self.vinh):
            for number in (1, 2):
                hamlet = Hamlet.objects.create(
                    commune=station.unit, code=f"00{number}", name=f"Thôn {number}"
                )
                Catchment.objects.create(facility=station, hamlet=hamlet)
        centre = a_centre(self.new, self.thanh, self.vinh)
        self.office = a_department(centre)
        self.admin = a_member("province_admin", self.office, "tinh1", "Lê Thị Lập")
        self.second = a_member("province_admin", self.office, "tinh2", "Trần Văn Duyệt")
        self.nurse = a_member("nurse", self.thanh, "thanh.dd", "Đinh Thị Điều Dưỡng")

    def unit(self, code: str, name: str, district: AdminUnit) -> AdminUnit:
        unit = AdminUnit.objects.create(
            level="commune", code=code, name=name, kind="xã", parent=district, valid_to=BEFORE
        )
        UnitSuccession.objects.create(old=unit, new=self.new_unit, on=CHANGE, share=1, is_default=True)
        return unit

    def station(self, name: str, unit: AdminUnit, **fields: Any) -> Facility:
        return Facility.objects.create(name=name, kind="station", unit=unit, **fields)

    def hamlet(self, station: Facility, number: int = 1) -> Hamlet:
        return Hamlet.objects.get(commune=station.unit, code=f"00{number}")

    def as_(self, user: User, place: Facility | None = None) -> Any:
        found = scope_for(User.objects.get(pk=user.pk), (place or self.office).pk)
        assert found is not None
        return scope.enter(found)

    def planned(self, on: dt.date = CHANGE, **more: Any) -> Reform:
        with self.as_(self.admin):
            return plan.reform_create(
                on=on,
                legal_ref=REF,
                former=more.get("former", [self.thanh, self.vinh]),
                successors=more.get("successors", [self.new]),
            )

    def approve(self, django_capture_on_commit_callbacks: Any, reform: Reform) -> Reform:
        with self.as_(self.admin):
            change = plan.reform_ask(reform=reform)
        with self.as_(self.second), django_capture_on_commit_callbacks(execute=True):
            approvals.approve(change_id=change.pk)
        reform.refresh_from_db()
        return reform


def self_unit(code: str, name: str) -> AdminUnit:
    return AdminUnit.objects.create(
        level="commune", code=code, name=name, kind="xã", parent=a_province(), valid_from=CHANGE
    )


def link_to_office(world: World, station: Facility) -> None:
    from apps.facilities.models import FacilityLink

    FacilityLink.objects.create(facility=station, parent=world.office, kind="reporting", valid_from=CHANGE)


def approve_and_run(world: World, reform: Reform) -> None:
    """Without the second person's page: the night starts what is approved."""
    with world.as_(world.admin):
        change = plan.reform_ask(reform=reform)
    with world.as_(world.second):
        approvals.approve(change_id=change.pk)
    with scope.system("test"):
        running.night(timezone.localdate())
    reform.refresh_from_db()
    assert reform.state == ReformState.DONE


def a_split(world: World) -> tuple[Reform, Facility]:
    """A plan that splits Ba Thành: its first hamlet and its house go to the new station, the second hamlet to
    the station of Ba Động, which is given beside the plan.
    """
    other = world.station("Trạm Y tế xã Ba Động", self_unit("21520", "Ba Động"), valid_from=CHANGE)
    link_to_office(world, other)
    reform = world.planned(former=[world.thanh], successors=[world.new, other])
    rows = {row.hamlet.code: row for row in reform.hamlets.all()}
    station = reform.stations.get(facility=world.thanh)
    with world.as_(world.admin):
        plan.reform_update(
            reform=reform,
            decisions=plan.Decisions(
                on=CHANGE,
                legal_ref=REF,
                successors={station.pk: world.new.pk},
                hamlets={rows["001"].pk: world.new.pk, rows["002"].pk: other.pk},
            ),
            expected_version=reform.version,
        )
    reform.refresh_from_db()
    return reform, other
