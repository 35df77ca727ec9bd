"""The demo's accounts: one a role, all with the same known password, made only where everything is marked
DEMO."""

from dataclasses import dataclass

from django.db import transaction

from apps.accounts.models import Role, User
from apps.accounts.services import user_create
from apps.core.scope import system
from apps.facilities.models import Facility, FacilityKind, Grade, Practitioner
from apps.facilities.services import post_open

PASSWORD = "demo-tramyte"  # noqa: S105 - known to everybody on purpose: opens a demo's invented people only


@dataclass(frozen=True)
class Account:
    """One demo account: sign-in name, roles held at one place, and of which of the station's staff."""

    username: str
    roles: tuple[str, ...]
    place: FacilityKind
    full_name: str = ""
    grade: Grade | None = None
    signs: bool | None = None


ACCOUNTS = (
    Account("dieuduong", ("nurse",), FacilityKind.STATION, grade=Grade.NURSE),
    Account("hosinh", ("midwife",), FacilityKind.STATION, grade=Grade.MIDWIFE),
    Account("bacsi", ("doctor",), FacilityKind.STATION, grade=Grade.DOCTOR),
    Account(
        "truongtram", ("station_head", "doctor"), FacilityKind.STATION, grade=Grade.ASSISTANT, signs=True
    ),
    Account("duocsi", ("pharmacist",), FacilityKind.STATION, grade=Grade.PHARMACIST),
    Account("danso", ("population",), FacilityKind.STATION, grade=Grade.POPULATION),
    Account("thonban", ("village_worker",), FacilityKind.STATION, "Phạm Thị Thôn Bản"),
    Account("duyetbaocao", ("region_reviewer",), FacilityKind.REGIONAL_CENTRE, "Trần Văn Duyệt"),
    Account("lanhdao", ("region_head",), FacilityKind.REGIONAL_CENTRE, "Lê Thị Lãnh Đạo"),
    Account("cdc", ("cdc",), FacilityKind.CDC, "Võ Văn Dự Phòng"),
    Account("quantri", ("province_admin",), FacilityKind.DEPARTMENT, "Bùi Thị Quản Trị"),
    Account("kiemtoan", ("auditor",), FacilityKind.DEPARTMENT, "Đỗ Văn Kiểm Toán"),
)


@transaction.atomic
def accounts(station: Facility) -> list[User]:
    """The accounts of ACCOUNTS with their posts at `station` and above it; those that exist are left as
    they are."""
    with system("make the demo's accounts"):
        roles = Role.objects.in_bulk(field_name="code")
        known = set(User.objects.values_list("username", flat=True))
        return [_account(each, station, roles) for each in ACCOUNTS if each.username not in known]


def _account(wanted: Account, station: Facility, roles: dict[str, Role]) -> User:
    place = _place(wanted.place, station)
    practitioner = None
    if wanted.grade:
        found = Practitioner.objects.filter(facility=station, grade=wanted.grade, user=None).order_by("id")
        practitioner = found.filter(can_sign=wanted.signs).first() if wanted.signs else found.first()
    name = practitioner.full_name if practitioner else wanted.full_name
    user = user_create(full_name=name, username=wanted.username, password=PASSWORD)
    for code in wanted.roles:
        post_open(user=user, role=roles[code], facility=place, practitioner=practitioner)
    return user


def _place(kind: FacilityKind, station: Facility) -> Facility:
    """The station itself, or the demo facility of that kind which stands above it."""
    if kind == FacilityKind.STATION:
        return station
    above = Facility.objects.filter(kind=kind, links_below__facility=station)
    return above.first() or Facility.objects.filter(kind=kind).earliest("sort_key")
