"""Two stations with one of everything, that must not see each other; and what belongs to no station."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from apps.accounts.models import ApiToken, Role, User
from apps.care.models import Appointment, AppointmentCall, Enrolment, Measurement
from apps.catalogues.models import CatalogueUpload
from apps.core.models import (
    AuditEntry,
    Draft,
    GuardedExport,
    Job,
    NumberBook,
    PaperCode,
    PendingChange,
    ReadEntry,
    Task,
)
from apps.encounters.models import (
    BoardScreen,
    Certificate,
    Dispensing,
    ExamTemplate,
    Receipt,
    Room,
    Visit,
)
from apps.facilities.models import Catchment, Facility, Hamlet, Post, Practitioner, Reform
from apps.field.models import ContraceptionMark, Proposal
from apps.households.models import Household, ImportBatch, Membership, Transfer, TransferAsk
from apps.ncd.models import FollowUp
from apps.outage.models import BackEntry, Pack, Slip
from apps.patients.models import Allergy, Death, DuplicatePair, InsuranceCard, MergeRecord, Person, Surgery
from apps.shifts.models import ShiftHandover
from apps.stock.models import StockDocument
from apps.sync.models import OutboxRow, Receiver, SyncHour
from tests.factories.accounts import a_post, a_role, a_user
from tests.factories.care import a_measurement, an_appointment, an_enrolment
from tests.factories.certificates import a_referral, an_ended_visit
from tests.factories.deaths import an_amended_death
from tests.factories.dispensing import an_act
from tests.factories.encounters import a_finished_visit, an_examined_visit
from tests.factories.facilities import a_hamlet, a_practitioner, a_station
from tests.factories.field import a_proposal
from tests.factories.households import a_household, a_person_status, a_survey, an_ask, an_event
from tests.factories.money import a_till
from tests.factories.ncd import a_plain_form
from tests.factories.orders import Made, one_of_everything
from tests.factories.patients import a_card, a_health_record, a_person, an_allergy
from tests.factories.stock import a_paper

# Names that stand in no page but their own station's.
OWN_NAME, FOREIGN_NAME = "Đinh Thị Vân Kiều", "Hồ Thị Bảy Lạ"
OWN_PLACE, FOREIGN_PLACE = "Ba Tơ", "Đăk Cấm"


@dataclass
class Side:
    """One station with one of everything."""

    station: Facility
    hamlet: Hamlet
    practitioner: Practitioner
    account: User
    post: Post
    village_post: Post
    person: Person
    allergy: Allergy
    surgery: Surgery
    death: Death
    card: InsuranceCard
    household: Household
    member: Membership
    newcomer: Transfer
    ask: TransferAsk
    batch: ImportBatch
    proposal: Proposal
    visit: Visit
    finished: Visit
    given: Dispensing
    room: Room
    screen: BoardScreen
    made: Made
    measurement: Measurement
    appointment: Appointment
    enrolment: Enrolment
    form: FollowUp
    row: OutboxRow
    job: Job
    paper: PaperCode
    book: NumberBook
    task: Task
    draft: Draft
    slip: Slip
    change: PendingChange
    export: GuardedExport
    token: ApiToken
    act: AuditEntry
    look: ReadEntry
    receipt: Receipt
    certificate: Certificate
    signed: Visit
    reform: Reform
    pair: DuplicatePair
    merged: MergeRecord
    stock: StockDocument
    handover: ShiftHandover
    name: str


@dataclass
class Shared:
    """What belongs to no station."""

    receiver: Receiver
    national: Receiver
    upload: CatalogueUpload
    role: Role


def a_side(code: str, commune: str, name: str, shared: Shared, *, beside: Facility | None = None) -> Side:
    """A station of its own, or another hamlet of the station `beside`."""
    station = beside or a_station(code, commune)
    if beside is None:
        hamlet = Hamlet.objects.get(catchments__facility=station)
    else:
        hamlet = a_hamlet(station.unit, f"Thôn {code}")
        Catchment.objects.create(facility=station, hamlet=hamlet)
    practitioner = a_practitioner(station, f"Bác sĩ {commune}", licence_no=f"{code}/CCHN")
    account = a_user(f"u{code}", f"Nhân viên {commune}")
    village_post = a_post(account, "village_worker", station, hamlets=[hamlet])
    wife = a_person(station, name, hamlet=hamlet, marital_status="2")
    household = a_household(station, wife, hamlet=hamlet)
    ContraceptionMark.unscoped.create(
        person=wife, month=dt.date(2026, 1, 1), code="1", hamlet=hamlet, recorded_by_name=account.username
    )
    person, other = (
        Membership.unscoped.get(household=household).person,
        a_person(station, name + " Em", hamlet=hamlet),
    )
    member = Membership.unscoped.create(household=household, person=other, relation="05")
    an_event(household, "absent", other)
    left = an_event(household, "departed", other).people(manager="unscoped").get()
    newcomer = Transfer.unscoped.create(part=left, from_station=station, station=station)
    ask = an_ask(person, station)
    a_person_status(other)
    a_survey(household)
    finished = a_finished_visit(other, practitioner)
    appointment = an_appointment(person, timezone.localdate() - dt.timedelta(days=1))
    AppointmentCall.unscoped.create(appointment=appointment, outcome="not_reached")
    now = timezone.now()
    twin = a_person(station, name, hamlet=hamlet)
    former = a_person(station, name + " Cũ", hamlet=hamlet, merged_into=other)
    a, b = sorted((person, twin), key=lambda each: each.pk)
    pair = DuplicatePair.unscoped.create(a=a, b=b, station=station, score=90, reasons=["name"], facts="")
    merged = MergeRecord.unscoped.create(old=former, kept=other, station=station, at=now, by_name="Thu")
    pack = Pack.unscoped.create(facility=station, on=now.date() - dt.timedelta(days=int(code) % 10))
    slip = Slip.unscoped.create(
        pack=pack, kind="kham", number=1, code=f"BCFGK{int(code) % 10 + 2}".ljust(10, "Z")[:10]
    )
    BackEntry.unscoped.create(
        facility=station,
        kind="kham",
        object_id=finished.pk,
        person_id=other.pk,
        slip=slip,
        performer=practitioner,
        occurred_at=now,
        recorded_by=account.pk,
        recorded_by_name=account.username,
        message="Đã lưu",
    )
    row = OutboxRow.unscoped.create(
        receiver=shared.receiver,
        kind="visit",
        aggregate_id=finished.pk,
        person_id=other.pk,
        facility_id=station.pk,
        next_at=now,
        changed_at=now,
        state="rejected",
        reason="Thiếu số giấy phép",
    )
    SyncHour.unscoped.create(receiver=row.receiver, facility_id=station.pk, hour=now)
    visit = an_examined_visit(person, practitioner)
    signed = an_ended_visit(a_person(station, name + " Đi", hamlet=hamlet), practitioner, outcome="2")
    enrolment = an_enrolment(person)
    ExamTemplate.unscoped.create(station=station, name=f"Mẫu {code}", made_by_name=account.full_name)
    return Side(
        station=station,
        hamlet=hamlet,
        practitioner=practitioner,
        account=account,
        post=a_post(account, "nurse", station),
        village_post=village_post,
        person=person,
        allergy=an_allergy(person),
        surgery=a_health_record(person),
        card=a_card(person, f"DN45151{code}001"),
        death=an_amended_death(
            a_person(station, name + " Cố", hamlet=hamlet, cccd=f"0511900{code}"), maternal="pregnant"
        ),
        household=household,
        member=member,
        newcomer=newcomer,
        ask=ask,
        batch=ImportBatch.unscoped.create(
            station=station, file_name="dan.xlsx", sent_by=account.pk, state="checked"
        ),
        proposal=a_proposal(station, hamlet, "death", household=household, person=person, made_by=account),
        room=Room.unscoped.create(facility=station, name=f"Phòng {code}"),
        screen=BoardScreen.unscoped.create(
            facility=station, key_hash=code, opened_by_name=account.full_name, expires_at=now
        ),
        visit=visit,
        made=one_of_everything(visit, practitioner),
        signed=signed,
        certificate=a_referral(signed, practitioner),
        finished=finished,
        given=an_act(finished),
        measurement=a_measurement(person, "weight", "51.5", state="preliminary"),
        appointment=appointment,
        enrolment=enrolment,
        form=a_plain_form(visit, enrolment),
        row=row,
        job=Job.objects.create(kind="people.import", title=f"Nhập {name}", owner_id=account.pk),
        paper=PaperCode.objects.create(code=f"giay{code}", kind="visit.exam_slip", object_id=finished.pk),
        book=NumberBook.unscoped.create(
            facility_id=station.pk, kind="visit", period=f"20{code[-2:]}", last=12
        ),
        task=Task.unscoped.create(
            kind="case.report",
            facility_id=station.pk,
            object_id=finished.pk,
            person_id=other.pk,
            title="Bệnh sởi",
            happened_at=now,
            due_at=now + dt.timedelta(hours=24),
            escalate_at=now + dt.timedelta(hours=24),
        ),
        slip=slip,
        draft=Draft.unscoped.create(
            user_id=account.pk, facility_id=station.pk, kind="visit", object_id=finished.pk, data={}
        ),
        change=PendingChange.objects.create(
            kind="slip",
            object_id=account.pk,
            facility_id=station.pk,
            title=f"In phiếu cho {account.full_name}",
            asked_by=account.pk,
            asked_by_name=account.full_name,
            expires_at=now + dt.timedelta(days=7),
        ),
        export=GuardedExport.unscoped.create(
            kind="people.list",
            title=f"Danh sách dân {commune}",
            reason="Báo cáo",
            maker_id=account.pk,
            facility_id=station.pk,
            state="expired",
        ),
        token=ApiToken.objects.create(
            owner=account,
            name=f"Máy xét nghiệm {commune}",
            prefix="abcdef",
            digest=code,
            rights=["people.view"],
            facility_id=station.pk,
            expires_at=now + dt.timedelta(days=30),
        ),
        act=AuditEntry.objects.create(
            action="person.changed", username=account.username, facility_id=station.pk, person_id=person.pk
        ),
        reform=Reform.objects.create(
            on=timezone.localdate(),
            legal_ref="QĐ 12/QĐ-UBND",
            title=f"Trạm {commune}",
            office=station,
            made_by_name=account.full_name,
        ),
        look=ReadEntry.objects.create(
            screen="person.page", username=account.username, workplace_id=station.pk, person_ids=[person.pk]
        ),
        receipt=a_till(finished),
        pair=pair,
        merged=merged,
        stock=a_paper(station, "count"),
        handover=ShiftHandover.unscoped.create(
            facility=station,
            on=timezone.localdate(),
            note=name,
            given_at=timezone.now(),
            given_by=account.pk,
            given_by_name=account.full_name,
        ),
        name=name,
    )


def shared_things() -> Shared:
    return Shared(
        receiver=Receiver.objects.create(code="kho", name="Kho dữ liệu", base_url="https://kho.invalid"),
        national=Receiver.objects.create(
            code="tiem-chung", name="Tiêm chủng", kind="vaccination", base_url="https://tiem.invalid"
        ),
        upload=CatalogueUpload.objects.create(
            key="drugs",
            file_name="thuoc.csv",
            content_hash="0" * 64,
            effective_on=dt.date(2026, 11, 1),
            uploaded_by="quan.tri",
        ),
        role=Role.objects.create(
            code="tinh-1", name="Điều dưỡng điểm trạm", level="station", based_on=a_role("nurse")
        ),
    )
