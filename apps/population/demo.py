"""The demo's accounts: one a role, all with the same known password, made only where everything is marked
DEMO."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Role, User
from apps.accounts.services import user_create
from apps.core.scope import enter, system
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, Opening, VisitInput
from apps.encounters.models import Visit
from apps.facilities import village
from apps.facilities.models import Facility, FacilityKind, Grade, Post, Practitioner
from apps.facilities.posting import post_open
from apps.facilities.posts import scope_for
from apps.patients.models import Person
from apps.shifts.models import ShiftHandover
from apps.shifts.services import handover_give, handover_take

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
    # What one of them asks for, another has to approve.
    Account("quantri2", ("province_admin",), FacilityKind.DEPARTMENT, "Trần Thị Đồng Duyệt"),
    Account("kiemtoan", ("auditor",), FacilityKind.DEPARTMENT, "Đỗ Văn Kiểm Toán"),
)


@transaction.atomic
def accounts(station: Facility) -> list[User]:
    """The accounts of ACCOUNTS with their posts at `station` and above it; those that exist are left as
    they are. Everybody knows their password: nowhere but where all is invented."""
    if not (settings.DEMO or settings.TESTING):
        raise RuntimeError("demo accounts are made in a demo only")
    with system("make the demo's accounts"):
        roles = Role.objects.in_bulk(field_name="code")
        known = set(User.objects.values_list("username", flat=True))
        return [_account(each, station, roles) for each in ACCOUNTS if each.username not in known]


# Told by law and common in the hills: the people of the demo do not fall ill with them by chance.
CASES = (
    ("B05.9", "Sốt 3 ngày, phát ban từ mặt xuống, ho", dt.timedelta(hours=30)),
    ("A97.9", "Sốt cao đột ngột, đau mình, chấm xuất huyết", dt.timedelta(hours=3)),
)


@transaction.atomic
def cases(station: Facility) -> None:
    """Ended visits with a notifiable disease, so that 'Việc cần làm' has something to do: one whose time is
    up and one of today. Entered by the demo's doctor, through the services that everybody uses."""
    with system("find the demo's doctor"):
        doctor = User.objects.filter(username="bacsi").first()
        scope = scope_for(doctor, station.pk) if doctor else None
    if scope is None:
        return
    with enter(scope):
        todays = Visit.objects.filter(on=timezone.localdate()).values("person_id")
        people = Person.objects.filter(birth_date__year__range=(2000, 2020), life_status="alive")
        ill = people.exclude(pk__in=todays).order_by("code")[: len(CASES)]
        for person, (code, reason, ago) in zip(ill, CASES, strict=False):
            visit = visits.visit_open(person=person, opening=Opening(reason, "fee", at=timezone.now() - ago))
            diagnoses = [DiagnosisInput(code, "main")]
            visit = visits.visit_save(
                visit_id=visit.pk, expected_version=visit.version, data=VisitInput(diagnoses=diagnoses)
            )
            visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="Ca mẫu")


HANDED_OVER = "Tủ lạnh vắc xin kêu to từ 15 giờ, đã báo sửa. Chiều mai có đoàn kiểm tra kho."


@transaction.atomic
def handover(station: Facility) -> None:
    """One shift that the nurse has handed to the midwife, so that the book of hand-overs has a line."""
    with system("find the demo's nurse and midwife"):
        users = [User.objects.filter(username=name).first() for name in ("dieuduong", "hosinh")]
        giver, taker = (scope_for(user, station.pk) if user else None for user in users)
        known = ShiftHandover.objects.filter(facility=station).exists()
    if giver is None or taker is None or known:
        return
    with enter(giver):
        made = handover_give(shift="day", note=HANDED_OVER, override="Thủ quỹ đếm sáng mai")
    with enter(taker):
        handover_take(handover_id=made.pk, expected_version=made.version, remark="Đã nhận đủ")


def _account(wanted: Account, station: Facility, roles: dict[str, Role]) -> User:
    place = _place(wanted.place, station)
    practitioner = None
    if wanted.grade:
        found = Practitioner.objects.filter(facility=station, grade=wanted.grade, user=None).order_by("id")
        practitioner = found.filter(can_sign=wanted.signs).first() if wanted.signs else found.first()
    name = practitioner.full_name if practitioner else wanted.full_name
    user = user_create(full_name=name, username=wanted.username, password=PASSWORD)
    for code in wanted.roles:
        post = post_open(user=user, role=roles[code], facility=place, practitioner=practitioner)
        if isinstance(post, Post) and post.role.by_hamlet:
            # Two hamlets of the station: enough to choose between, and others that stay unseen.
            offered = village.offered(post, timezone.localdate())[:2]
            village.hamlets_set(post=post, hamlets=offered, expected_version=post.version)
    return user


def _place(kind: FacilityKind, station: Facility) -> Facility:
    """The station itself, or the demo facility of that kind which stands above it."""
    if kind == FacilityKind.STATION:
        return station
    above = Facility.objects.filter(kind=kind, links_below__facility=station)
    return above.first() or Facility.objects.filter(kind=kind).earliest("sort_key")
