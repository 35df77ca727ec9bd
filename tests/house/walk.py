"""The addresses of the house with sample arguments, and two stations that must not see each other.

Every address with arguments is declared in SAMPLES: its arguments from one side, the walker's own
station or a foreign one. What belongs to no station stands in SHARED.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse
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
    CashDay,
    CashMove,
    Certificate,
    Dispensing,
    ExamTemplate,
    Receipt,
    Room,
    Visit,
)
from apps.facilities.models import Catchment, Facility, Hamlet, Post, Practitioner, Reform
from apps.field.models import ContraceptionMark, Proposal
from apps.households.models import (
    Household,
    ImportBatch,
    LivingSurvey,
    Membership,
    PersonStatus,
    ResidenceEvent,
    Transfer,
    TransferAsk,
)
from apps.ncd.models import FollowUp
from apps.outage.models import BackEntry, Pack, Slip
from apps.patients.models import Allergy, Death, DuplicatePair, InsuranceCard, MergeRecord, Person, Surgery
from apps.shifts.models import ShiftHandover
from apps.stock.models import DocumentLine, StockDocument
from apps.sync.models import OutboxRow, Receiver
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


Arguments = dict[str, Any]


def stock_line(side: Side) -> DocumentLine:
    return DocumentLine.unscoped.get(document=side.stock)


# Address name -> its arguments from a side. A name not here, for an address with arguments, fails.
# Besides the page's own right, that of the sample on it: a task is a notifiable case, a file is its maker's.
# Stations are arranged by the province alone, of whom the catalogues are the sign.
RIGHT_OF_SAMPLE = {
    "core:task": "visits.view",
    "people-record": "records.view",
    "facilities:reform": "catalogues.edit",
    "backup:take": "nobody's",
    "core:draft": "nobody's",
}

SAMPLES: dict[str, Callable[[Side], Arguments]] = {
    "core:job": lambda side: {"pk": side.job.pk},
    "core:decide": lambda side: {"pk": side.change.pk},
    "accounts:decide_here": lambda side: {"pk": side.change.pk},
    **{
        f"shifts:{name}": lambda side: {"pk": side.handover.pk}
        for name in ("handover", "take", "take_here", "change", "withdraw", "handover_paper")
    },
    "core:paper": lambda side: {"code": side.paper.code},
    "core:task": lambda side: {"pk": side.task.pk},
    "core:export_take": lambda side: {"pk": side.export.pk},
    "core:draft": lambda side: {"pk": side.draft.pk},
    "core:draft_drop": lambda side: {"pk": side.draft.pk},
    "core:draft_keep": lambda side: {"kind": "visit", "object_id": side.visit.pk},
    "ncd:take_in": lambda side: {"visit_pk": side.visit.pk},
    **{
        f"ncd:{name}": lambda side: {"visit_pk": side.visit.pk, "pk": side.enrolment.pk}
        for name in ("follow", "said", "refill")
    },
    **{f"ncd:{name}": lambda side: {"pk": side.form.pk} for name in ("form", "amend")},
    "follow-ups-detail": lambda side: {"pk": side.form.pk},
    "outage:slips": lambda side: {"pk": side.slip.pack_id},
    "outage:pack": lambda side: {"pk": side.slip.pack_id},
    "outage:slip": lambda side: {"code": side.slip.code},
    "core:number_book": lambda side: {"pk": side.book.pk},
    **{
        f"accounts:{name}": lambda side: {"pk": side.account.pk}
        for name in ("page", "edit", "slip", "toggle", "post_new", "totp_confirm", "handover")
    },
    "accounts:token_revoke": lambda side: {"pk": side.token.pk},
    "accounts:post_revoke": lambda side: {"pk": side.post.pk},
    "accounts:post_hamlets": lambda side: {"pk": side.village_post.pk},
    **{
        f"facilities:{name}": lambda side: {"pk": side.station.pk}
        for name in ("page", "edit", "point_new", "hamlet_new", "practitioner_new")
    },
    **{f"facilities:{name}": lambda side: {"pk": side.reform.pk} for name in ("reform", "reform_act")},
    "facilities:hamlet_edit": lambda side: {"pk": side.hamlet.pk},
    "facilities:catchment_change": lambda side: {"pk": side.hamlet.pk},
    "facilities:practitioner_edit": lambda side: {"pk": side.practitioner.pk},
    **{
        f"patients:{name}": lambda side: {"pk": side.person.pk}
        for name in (
            *("person", "scan_compare", "edit", "identifier_add", "card_add", "allergy_add", "allergy_none"),
            *("record", "record_paper", "record_versions", "record_review"),
            *("death_record", "duplicates_of"),
            *("newborn", "name_give", "temporary_key", "missing"),
        )
    },
    "patients:record_section": lambda side: {"pk": side.person.pk, "part": "luc-sinh"},
    "patients:record_line_add": lambda side: {"pk": side.person.pk, "part": "benh-tat"},
    "patients:record_none": lambda side: {"pk": side.person.pk, "part": "khuyet-tat"},
    "patients:record_line": lambda side: {
        "pk": side.person.pk,
        "part": "phau-thuat",
        "line": side.surgery.pk,
    },
    "patients:identifier_change": lambda side: {
        "pk": side.death.person_id,
        "number": side.death.person.identifiers(manager="unscoped").get().pk,
    },
    "patients:card_end": lambda side: {"pk": side.person.pk, "card": side.card.pk},
    **{
        f"patients:{name}": lambda side: {"pk": side.death.pk}
        for name in ("death", "death_amend", "death_in_error", "death_versions", "death_review")
    },
    "patients:duplicate": lambda side: {"pk": side.pair.pk},
    "patients:not_same": lambda side: {"pk": side.pair.pk},
    "patients:unmerge": lambda side: {"pk": side.merged.pk},
    "patients:allergy_close": lambda side: {"pk": side.person.pk, "allergy": side.allergy.pk},
    **{
        f"households:{name}": lambda side: {"pk": side.household.pk}
        for name in ("household", "edit", "member_add", "member_new")
    },
    **{
        f"households:{name}": lambda side: {"pk": side.newcomer.part.event_id}
        for name in ("newcomer", "newcomer_decline")
    },
    **{
        f"households:{name}": lambda side: {"pk": side.ask.pk}
        for name in ("ask_give", "ask_refuse", "ask_stop")
    },
    **{
        f"households:{name}": lambda side: {"pk": side.household.pk, "member": side.member.pk}
        for name in ("member_leave", "member_relation", "head_change", "marry", "divorce")
    },
    **{
        f"households:{name}": lambda side: {"pk": side.household.pk}
        for name in (
            *("split", "merge", "move", "head", "relocate", "depart", "absence", "history"),
            *("statuses", "household_status", "person_status", "survey", "sheet"),
        )
    },
    "households:status_end": lambda side: {
        "pk": side.household.pk,
        "row": PersonStatus.unscoped.get(person=side.member.person).pk,
    },
    "households:survey_withdraw": lambda side: {
        "pk": side.household.pk,
        "survey": LivingSurvey.unscoped.get(household=side.household).pk,
    },
    **{
        f"households:{name}": lambda side, kind=kind: {
            "pk": side.household.pk,
            "event": ResidenceEvent.unscoped.get(household=side.household, kind=kind).pk,
        }
        for name, kind in (("return", "departed"), ("back", "absent"), ("withdraw", "absent"))
    },
    **{
        f"stock:{name}": lambda side: {"pk": side.stock.pk}
        for name in ("paper", "head", "row", "post", "take_back", "drop", "sheet", "file", "again")
    },
    **{
        f"stock:{name}": lambda side: {"pk": stock_line(side).item_id}
        for name in ("item", "item_change", "card")
    },
    "stock:lot": lambda side: {"pk": stock_line(side).lot_id},
    "stock:place_change": lambda side: {"pk": side.stock.location_id},
    "field:history": lambda side: {"pk": side.person.pk},
    "field:household": lambda side: {"pk": side.household.pk},
    "field:tell_of": lambda side: {"pk": side.household.pk, "kind": "death"},
    **{
        f"field:{name}": lambda side: {"pk": side.proposal.pk}
        for name in ("proposal", "withdraw", "decide", "refuse")
    },
    **{
        f"care:{name}": lambda side: {"pk": side.person.pk}
        for name in ("measurements", "growth", "growth_paper", "measure", "said", "make", "enrol")
    },
    **{
        f"households:import_{name}": lambda side: {"pk": side.batch.pk}
        for name in ("batch", "start", "columns", "choose", "resume", "rejected")
    },
    "care:series": lambda side: {"pk": side.person.pk, "key": "can-nang"},
    **{
        f"care:{name}": lambda side: {"pk": side.person.pk, "measurement": side.measurement.pk}
        for name in ("correct", "confirm")
    },
    **{
        f"care:{name}": lambda side: {"pk": side.enrolment.pk}
        for name in ("enrolment", "enrolment_end", "enrolment_reopen", "enrolment_error")
    },
    **{f"care:{name}": lambda side: {"pk": side.appointment.pk} for name in ("move", "cancel", "call")},
    **{f"encounters:{name}": lambda side: {"person_id": side.person.pk} for name in ("open", "look_up")},
    **{
        name: lambda side: {"pk": ExamTemplate.unscoped.filter(station=side.station).last().pk}
        for name in ("encounters:template_retire", "templates-detail")
    },
    "encounters:family": lambda side: {"household_id": side.household.pk},
    "encounters:queue_act": lambda side: {"pk": side.visit.pk, "action": "goi"},
    "encounters:room_end": lambda side: {"pk": side.room.pk},
    "encounters:screen_close": lambda side: {"pk": side.screen.pk},
    **{
        f"encounters:{name}": lambda side: {"pk": side.visit.pk}
        for name in ("orders", "orders_place", "order_slip", "result_slip", "attach", "formula_new")
    },
    **{
        f"encounters:{name}": lambda side: {"pk": side.made.order.pk}
        for name in (
            *("order", "result_enter", "result_verify", "order_cancel", "order_in_error", "sheet"),
            *("sheet_row", "sheet_reopen", "sitting", "course_end", "order_paper"),
        )
    },
    "encounters:certificate_issue": lambda side: {"pk": side.signed.pk, "slug": "tom-tat"},
    "encounters:death_notice": lambda side: {"pk": side.death.pk},
    **{
        f"encounters:{name}": lambda side: {"pk": side.certificate.pk}
        for name in (
            *("certificate", "certificate_pdf", "certificate_cancel"),
            *("referral_answer", "referral_answer_wrong"),
        )
    },
    "encounters:result_correct": lambda side: {"pk": side.made.done.pk},
    "encounters:order_set": lambda side: {"pk": side.made.set.pk},
    "encounters:sheet_row_in_error": lambda side: {"pk": side.made.row.pk},
    "encounters:sitting_in_error": lambda side: {"pk": side.made.sitting.pk},
    "encounters:attachment": lambda side: {"pk": side.made.file.pk},
    "encounters:attachment_in_error": lambda side: {"pk": side.made.file.pk},
    "encounters:formula": lambda side: {"pk": side.made.formula.pk},
    "encounters:formula_in_error": lambda side: {"pk": side.made.formula.pk},
    **{
        f"encounters:{name}": lambda side: {"pk": side.visit.pk}
        for name in (
            *("visit", "line", "more_lines", "said", "sick_child", "reopen", "in_error", "versions"),
            *("number", "reception", "leave", "come_back"),
            *("cases", "wrong_person", "template_make"),
        )
    },
    **{
        f"encounters:{name}": lambda side: {"pk": side.finished.pk}
        for name in ("sign", "amend", "exam_slip", "prescription", "undo")
    },
    **{
        f"encounters:{name}": lambda side: {"pk": side.receipt.visit_id}
        for name in ("bill", "take", "fee_add", "fee_terms")
    },
    "encounters:dispense": lambda side: {"pk": side.finished.pk},
    **{
        f"encounters:{name}": lambda side: {"pk": side.given.pk}
        for name in ("dispensing", "dispensing_back", "dispensing_cancel", "dispensing_slip")
    },
    "encounters:fee_drop": lambda side: {"pk": side.receipt.visit.fee_lines(manager="unscoped").get().pk},
    **{
        f"encounters:{name}": lambda side: {"pk": side.receipt.pk}
        for name in ("receipt", "receipt_paid", "receipt_void", "refund", "receipt_pdf")
    },
    "receipts-detail": lambda side: {"pk": side.receipt.pk},
    "certificates-detail": lambda side: {"pk": side.certificate.pk},
    "encounters:cash_move_drop": lambda side: {
        "pk": CashMove.unscoped.filter(facility=side.station).last().pk
    },
    **{
        f"encounters:{name}": lambda side: {"pk": CashDay.unscoped.filter(facility=side.station).last().pk}
        for name in ("cash_confirm", "cash_reopen")
    },
    "dispensings-detail": lambda side: {"pk": side.given.pk},
    **{f"orders-{name}": lambda side: {"pk": side.made.order.pk} for name in ("detail", "result")},
    **{
        f"visits-{name}": lambda side: {"pk": side.visit.pk}
        for name in ("detail", "save", "finalise", "undo", "move")
    },
    "measurements-detail": lambda side: {"pk": side.measurement.pk},
    **{f"people-{name}": lambda side: {"pk": side.person.pk} for name in ("detail", "record")},
    "households-detail": lambda side: {"pk": side.household.pk},
    "stock-detail": lambda side: {"pk": stock_line(side).item_id},
    "backup:take": lambda side: {"pk": side.job.pk},
    "sync:visit_panel": lambda side: {"pk": side.finished.pk},
    **{
        f"sync:{name}": lambda side: {"pk": side.row.pk}
        for name in ("row", "send_again", "payload", "hand_take", "hand_file", "hand_receipt")
    },
    "oversight:act": lambda side: {"pk": side.act.pk},
    "oversight:look": lambda side: {"pk": side.look.pk},
    "oversight:person": lambda side: {"pk": side.person.pk},
}

# Addresses whose argument is nobody's: the same for every station.
SHARED: dict[str, Callable[[Shared], Arguments]] = {
    **{
        f"accounts:{name}": lambda shared: {"pk": shared.role.pk}
        for name in ("role", "role_edit", "role_switch")
    },
    "field:tell": lambda shared: {"kind": "cluster"},
    "stock:begin": lambda shared: {"kind": "nhap"},
    "core:gallery_paper": lambda shared: {"size": "a5"},
    "core:guide_chapter": lambda shared: {"key": "bat-dau"},
    "core:printer_test": lambda shared: {"size": "A5"},
    "core:golive_tick": lambda shared: {"key": "printers"},
    "outage:enter": lambda shared: {"kind": "kham"},
    "outage:row": lambda shared: {"kind": "kham"},
    "catalogues:pick": lambda shared: {"kind": "icd10"},
    "oversight:export": lambda shared: {"log": "acts"},
    **{f"catalogues:{name}": lambda shared: {"key": "drugs"} for name in ("browse", "download", "upload")},
    **{
        f"catalogues:{name}": lambda shared: {"upload_id": shared.upload.pk}
        for name in ("compared", "apply", "drop")
    },
    **{
        f"sync:{name}": lambda shared: {"pk": shared.receiver.pk}
        for name in (
            *("receiver", "switch", "send_all_again", "resume", "earlier"),
            *("codes", "codes_kinds", "codes_enter", "codes_upload", "codes_download"),
        )
    },
}


@dataclass(frozen=True)
class Address:
    """One address of the URLconf and the mark of its view."""

    name: str
    arguments: tuple[str, ...]
    access: str | None

    @property
    def is_right(self) -> bool:
        return self.access is not None and "." in self.access

    def path(self, arguments: Arguments) -> str:
        return reverse(self.name, kwargs=arguments)


def access_of(callback: Any) -> str | None:
    """The mark of core.access; for a view of the API the right its class asks for."""
    mark = getattr(callback, "access", None)
    view_class = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if mark is None and view_class is not None:
        mark = getattr(view_class, "access", None) or getattr(view_class, "right", None)
    return mark


def addresses() -> list[Address]:
    """Every address but the admin's, which is walked by its models."""
    found: dict[str, Address] = {}
    for name, pattern in _patterns(get_resolver()):
        if not name.startswith("admin:"):
            arguments = tuple(pattern.pattern.converters)
            address = Address(name, arguments, access_of(pattern.callback))
            if name not in found or len(arguments) >= len(found[name].arguments):
                found[name] = address
    return list(found.values())


def _patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}:{pattern.name}" if namespace else str(pattern.name), pattern
        else:
            inner = ":".join(part for part in (namespace, pattern.namespace) if part)
            yield from _patterns(pattern, inner)


def ids_of(side: Side) -> set[UUID]:
    """Ids that would betray a record of that side in a page."""
    return {side.person.pk, side.household.pk, side.visit.pk, side.finished.pk}
