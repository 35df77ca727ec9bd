"""Invented visits that travel, without the rooms they come from."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from apps.core.ids import uuid7
from apps.encounters import travel
from apps.sync import outbox, verifying
from apps.sync.mappings import records
from apps.sync.mappings.fhir import made_id
from apps.sync.models import OutboxRow, Receiver

STATION = records.Organization(uuid7(), "Trạm Y tế xã Thử Nghiệm", "99001")
AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def person(name: str = "Nguyễn Thị Hoa", **more) -> records.Person:
    fields = {
        "code": "P0000001",
        "sex": "female",
        "birth_date": date(1990, 5, 3),
        "station": STATION,
        "changed_at": AT,
    }
    return records.Person(id=uuid7(), full_name=name, **{**fields, **more})


def visit(of: records.Person | None = None, **more) -> records.Visit:
    fields = {
        "number": "2026-000001",
        "version": 1,
        "state": "finalised",
        "start": AT,
        "end": AT + timedelta(minutes=20),
        "changed_at": AT + timedelta(minutes=21),
        "facility": STATION,
        "reason": "Ho, sốt",
        "diagnoses": (records.Diagnosis("main", "J06.9", "Nhiễm trùng hô hấp trên cấp"),),
        "measurements": (records.Measurement("8310-5", Decimal("38.2"), "Cel", AT, "Nhiệt độ"),),
    }
    return records.Visit(id=uuid7(), person=of or person(), **{**fields, **more})


def line(**more) -> records.Line:
    fields = {
        "drug_code": "PARA500",
        "drug_name": "Paracetamol",
        "strength": "500 mg",
        "unit": "viên",
        "days": 5,
        "quantity": Decimal(10),
        "usage": "Ngày uống 2 lần, mỗi lần 1 viên",
    }
    return records.Line(**{**fields, **more})


def prescribed(
    of: records.Person | None = None,
    code: str = "99001abcdefg-c",
    lines: tuple[records.Line, ...] | None = None,
    **more,
) -> records.Visit:
    """A visit with one prescription."""
    told = (line(),) if lines is None else lines
    return visit(of, prescriptions=(records.Prescription(code, told, code[-1:] or "c"),), **more)


def glucose(record: records.Visit, value: int) -> travel.TravelOrder:
    """One order of a visit, always the same, with a verified result; a second value is a correction."""
    result = travel.TravelResult(
        id=uuid7(),
        at=AT,
        verified_at=AT,
        late=False,
        corrected=value > 1,
        fasting=False,
        description="",
        conclusion="",
        note="",
        performer=None,
        performer_text="KTV Thử",
        verifier=None,
        values=(travel.TravelValue("GLU", "Glucose", "", Decimal(value), "", "mmol/L", "", "", "", ""),),
    )
    return travel.TravelOrder(
        id=made_id(record.id, "glucose"),
        kind="lab",
        code="23.0075.1494",
        name="Định lượng Glucose",
        state="resulted",
        at=AT,
        sessions=1,
        note="",
        performer=None,
        performer_text="BS Thử",
        result=result,
    )


CODE13 = "8934560001234"
SIGN = "TRAMYTE_RECEIVER_KSK_KEY"


def check_up(of: records.Person | None = None, **more) -> records.CheckUp:
    """A giấy khám sức khỏe; `more` of the paper."""
    of, own = of or person(), uuid7()
    fields = {
        "number": "2026-000001",
        "form": "adult",
        "form_code": "Mẫu số 01",
        "form_name": "Từ đủ 18 tuổi",
        "facility_code13": CODE13,
        "signer": None,
        "signer_text": "BS Thử",
        "cancelled": False,
        "purpose": "Đi làm",
        "family": "",
        "own_history": "",
        "examined": (("Nội khoa", "Tim đều, phổi trong"),),
        "general": "",
        "health_class": "2",
        "health_class_name": "Loại II - Khỏe",
        "conclusion": "Cận thị nhẹ",
    }
    paper = travel.TravelCheckUp(
        id=own,
        version=1,
        visit_id=uuid7(),
        person_id=of.id,
        facility_id=STATION.id,
        facility_code=STATION.kcb_code,
        facility_name=STATION.name,
        at=AT,
        changed_at=AT,
        stays=False,
        valid_until=date(2027, 11, 20),
        **{**fields, **more},
    )
    signs = (
        records.Measurement("8302-2", Decimal(158), "cm", AT),
        records.Measurement("29463-7", Decimal("52.5"), "kg", AT),
    )
    return records.CheckUp(own, 1, AT, of, paper, STATION, signs, examined_at=AT)


class Papers:
    """Stands for the room of papers, as Book does for visits."""

    def __init__(self) -> None:
        self.held: dict[UUID, records.CheckUp] = {}

    def save(self, record: records.CheckUp, facility_id: UUID | None = None) -> records.CheckUp:
        self.held[record.id] = record
        outbox.put(
            kind="check_up",
            aggregate_id=record.id,
            person_id=record.person.id,
            facility_id=facility_id or record.facility.id,
        )
        return record

    def change(self, record: records.CheckUp, **more) -> records.CheckUp:
        """The same paper says something else: what a correction of the person comes to."""
        now = self.held[record.id]
        return self.save(replace(now, paper=replace(now.paper, **more)))

    def cancel(self, record: records.CheckUp) -> None:
        now = self.held[record.id]
        self.held[record.id] = replace(
            now, version=records.WITHDRAWN, paper=replace(now.paper, cancelled=True)
        )
        outbox.withdraw(
            kind="check_up",
            aggregate_id=record.id,
            person_id=record.person.id,
            facility_id=record.facility.id,
        )


class Book:
    """Stands for the clinical rooms: saving a visit puts it into the outbox, as their events do."""

    def __init__(self) -> None:
        self.visits: dict[UUID, records.Visit] = {}

    def save(self, record: records.Visit, facility_id: UUID | None = None) -> records.Visit:
        self.visits[record.id] = record
        for kind in ("visit", "prescription"):
            outbox.put(
                kind=kind,
                aggregate_id=record.id,
                person_id=record.person.id,
                facility_id=facility_id or record.facility.id,
            )
        return record

    def amend(self, record: records.Visit, **more) -> records.Visit:
        now = self.visits[record.id]
        return self.save(replace(now, version=now.version + 1, amended=True, **more))

    def change_person(self, changed: records.Person) -> None:
        for known in list(self.visits.values()):
            if known.person.id == changed.id:
                self.visits[known.id] = replace(known, person=changed)
        outbox.person_changed(changed.id)

    def person(self, person_id: UUID) -> records.Person:
        return next(v.person for v in self.visits.values() if v.person.id == person_id)


class Clock:
    """The real time plus what the test has let pass."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return timezone.now() + self.ahead

    def forward(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


def all_there(clock: Clock) -> None:
    """What was accepted is at the receiver to the letter, and is said to be."""
    Receiver.objects.update(settings={"verify": "content"})
    clock.forward(700)
    found = verifying.verify_due(clock=clock, limit=100)
    assert set(found) == {"same"}, found


def warehouse(base_url: str, **more) -> Receiver:
    fields = {"code": "kho-tinh", "name": "Kho dữ liệu tỉnh", "is_on": True, "allow_private": True}
    return Receiver.objects.create(base_url=base_url, **{**fields, **more})


def warehouse_831(root: str, **more) -> Receiver:
    """The same in the manner of QĐ 831, as the test receiver speaks it."""
    settings = {
        "token": {
            "url": f"{root}/api/xac-thuc/token",
            "client": "tram",
            "auth": "login",
            "unit": "ma_don_vi",
        },
        "paths": {"status": "/api/ho-so-suc-khoe/ho-so/trang-thai?tracking_id={tracking}"},
        "actions": {"new": "THEM_MOI", "changed": "CAP_NHAT", "withdrawn": "HUY"},
    }
    fields = {"code": "kho-831", "name": "Kho hồ sơ sức khỏe", "kind": "qd831", "settings": settings}
    return warehouse(root, **{**fields, **more})


def prescriptions_system(root: str, **more) -> Receiver:
    """The national system of prescriptions, as the test receiver plays it."""
    fields = {"code": "don-thuoc", "name": "Hệ thống đơn thuốc quốc gia", "kind": "eprescription"}
    return warehouse(root, **{**fields, **more})


def data_axis(root: str, **more) -> Receiver:
    """The Ministry's data axis for check-ups, as the test receiver plays it."""
    settings = {"header": {"receiver_id": "TDLBYT"}, "sign": SIGN}
    fields = {"code": "ksk", "name": "Trục dữ liệu khám sức khỏe", "kind": "check_up", "settings": settings}
    return warehouse(root, **{**fields, **more})


def row_of(
    record: records.Visit | records.Person | records.CheckUp, receiver: Receiver | None = None
) -> OutboxRow:
    """The newest row of a record, of several receivers at one."""
    rows = OutboxRow.unscoped.filter(aggregate_id=record.id).order_by("-id")
    return (rows.filter(receiver=receiver) if receiver else rows)[0]
