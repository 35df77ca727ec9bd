"""The pages of sync: for the station, the province, and nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import AuditEntry, PendingChange, ReadEntry
from apps.core.words import datetime_words
from apps.facilities.models import Facility
from apps.sync import outbox, worker
from apps.sync.models import OutboxRow, Receiver
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_person, a_station
from tests.factories.sync import visit

pytestmark = pytest.mark.django_db
STATION = reverse("sync:station")


@pytest.fixture
def station():
    return a_station()


def signed_in(facility, role, name):
    return client_of(a_member(role, facility, name))


@pytest.fixture
def head(station):
    return signed_in(station, "station_head", "truong.tram")


@pytest.fixture
def nurse(station):
    return signed_in(station, "nurse", "hoa.nt")


@pytest.fixture
def stranger():
    return signed_in(a_station("21490", "Trạm Y tế xã Khác"), "station_head", "nguoi.la")


@pytest.fixture
def admin(station):
    department = a_department(a_centre(station))
    return signed_in(department, "province_admin", "quan.tri")


def rejected(book, liar, clock, station, **fault):
    liar.faults.add("422", **fault)
    record = book.save(visit(), facility_id=station.pk)
    worker.drain(clock=clock)
    return OutboxRow.unscoped.get(aggregate_id=record.id)


def text(response):
    return response.content.decode()


def test_it_works(book, receiver, liar, clock, station, nurse):
    row = rejected(book, liar, clock, station, expression="Patient.birthDate", text="Ngày sinh sai")
    page = nurse.get(STATION)
    assert page.status_code == 200
    assert "Bị từ chối" in text(page)
    assert "Ngày sinh sai" in text(page)
    detail = nurse.get(reverse("sync:row", args=[row.pk]))
    assert reverse("patients:person", args=[row.person_id]) in text(detail)
    assert "Gửi lại</button>" not in text(detail)  # a nurse may look, not send again


def test_looking_at_a_refusal_is_a_look_at_the_person(book, receiver, liar, clock, station, nurse):
    row = rejected(book, liar, clock, station)
    nurse.get(STATION)
    nurse.get(reverse("sync:row", args=[row.pk]))
    looks = dict(ReadEntry.objects.values_list("screen", "person_ids"))
    assert looks == {"sync.list": [row.person_id], "sync.row": [row.person_id]}


@pytest.mark.parametrize("tab", ["tu-choi", "cho", "xong", "linh-tinh"])
def test_every_tab_opens_empty(station, nurse, tab):
    assert nurse.get(STATION, {"muc": tab}).status_code == 200


def test_sending_again_is_one_press(book, receiver, liar, clock, station, head):
    row = rejected(book, liar, clock, station)
    address, key = reverse("sync:send_again", args=[row.pk]), uuid7()
    for _ in range(2):  # a double click
        assert head.post(address, {"form_key": key}).status_code == 302
    row.refresh_from_db()
    assert row.state == "pending"
    assert AuditEntry.objects.filter(action="sync.sent_again").count() == 1


def test_sending_again_what_is_not_stuck_is_said(book, receiver, station, head):
    record = book.save(visit(), facility_id=station.pk)
    row = OutboxRow.unscoped.get(aggregate_id=record.id)
    page = head.post(reverse("sync:send_again", args=[row.pk]), {"form_key": uuid7()}, follow=True)
    assert "không còn ở trạng thái gửi lại được" in text(page)


def test_a_nurse_may_not_send_again(book, receiver, liar, clock, station, nurse):
    row = rejected(book, liar, clock, station)
    assert nurse.post(reverse("sync:send_again", args=[row.pk]), {"form_key": uuid7()}).status_code == 403


@pytest.mark.parametrize("name", ["row", "payload", "send_again"])
def test_a_stranger_sees_nothing(book, receiver, liar, clock, station, stranger, name):
    row = rejected(book, liar, clock, station, text="Bí mật")
    address = reverse(f"sync:{name}", args=[row.pk])
    answer = stranger.post(address, {"form_key": uuid7()}) if name == "send_again" else stranger.get(address)
    assert answer.status_code in (403, 404)
    assert "Bí mật" not in text(stranger.get(STATION))


def test_who_has_not_signed_in_is_sent_to_the_door(client, db):
    assert client.get(STATION).status_code == 302


def test_hostile_words_are_escaped(book, receiver, liar, clock, station, head):
    liar.faults.add("hostile")
    record = book.save(visit(), facility_id=station.pk)
    worker.drain(clock=clock)
    row = OutboxRow.unscoped.get(aggregate_id=record.id)
    for page in (head.get(STATION), head.get(reverse("sync:row", args=[row.pk]))):
        assert "<script>alert" not in text(page)
        assert "<img src=x" not in text(page)
        assert "&lt;script&gt;" in text(page)


def test_the_payload_needs_its_right(book, receiver, liar, clock, station, head, admin):
    row = rejected(book, liar, clock, station)
    for client in (head, admin):
        assert client.get(reverse("sync:payload", args=[row.pk])).status_code == 403


def test_the_payload_is_shown_by_right_and_logged(book, receiver, liar, clock, station):
    row = rejected(book, liar, clock, station)
    page = exporting(station).get(reverse("sync:payload", args=[row.pk]))
    assert "&quot;Encounter&quot;" in text(page)
    assert ReadEntry.objects.get(screen="sync.payload").person_ids == [row.person_id]
    assert len(liar.requests) == 1  # nothing was sent


def exporting(station):
    role = a_role("station_head")
    role.rights = [*role.rights, "sync.export"]
    role.save()
    return signed_in(station, "station_head", "duoc.xem")


def test_the_dry_run_leads_to_what_must_be_corrected(book, receiver, liar, station):
    receiver.settings = {"mapped": ["icd10"]}
    receiver.save()
    record = book.save(visit(), facility_id=station.pk)
    row = OutboxRow.unscoped.get(aggregate_id=record.id)
    page = text(exporting(station).get(reverse("sync:payload", args=[row.pk])))
    assert f'<a href="{reverse("sync:codes", args=[receiver.pk])}">Mã bệnh</a>: Mã bệnh' in page
    assert liar.requests == []


def test_the_receivers_answer_to_the_letter_is_read_by_right(book, receiver, liar, clock, station, head):
    row = rejected(book, liar, clock, station, text="Sai <b>ngày</b>")
    page = reverse("sync:row", args=[row.pk])
    assert "OperationOutcome" not in text(head.get(page))
    told = text(exporting(station).get(page))
    assert "&quot;OperationOutcome&quot;" in told and "<b>ngày</b>" not in told


def test_since_when_a_record_waits_or_is_stuck_is_said(book, receiver, liar, clock, station, head):
    row = rejected(book, liar, clock, station)
    page = reverse("sync:row", args=[row.pk])
    words = datetime_words(timezone.localtime(OutboxRow.unscoped.get().settled_at))
    assert f"Từ {words}." in text(head.get(page))
    assert outbox.send_again(OutboxRow.unscoped.get())
    words = datetime_words(timezone.localtime(OutboxRow.unscoped.get().changed_at))
    assert f"Từ {words}." in text(head.get(page))


def test_the_list_costs_the_same_at_2_and_20_rows(book, receiver, station, nurse):
    nurse.get(STATION)  # the first click of a session chooses the workplace
    counts = []
    for number in (2, 18):
        for _ in range(number):
            book.save(visit(), facility_id=station.pk)
        with CaptureQueriesContext(connection) as queries:
            assert nurse.get(STATION, {"muc": "cho"}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_list_is_paged(book, receiver, station, nurse):
    for _ in range(35):
        book.save(visit(), facility_id=station.pk)
    first = nurse.get(STATION, {"muc": "cho"})
    assert len(first.context["lines"]) == 30
    second = nurse.get(STATION, {"muc": "cho", "c": first.context["page"].next_cursor})
    assert len(second.context["lines"]) == 5


def test_the_province_sees_all_its_stations(book, receiver, liar, clock, station, admin):
    rejected(book, liar, clock, station)
    page = admin.get(reverse("sync:receivers"))
    (line,) = page.context["lines"]
    assert (line.stuck, line.word) == (1, "Đang gửi")


def test_the_province_does_not_read_what_is_said_of_a_person(book, receiver, liar, clock, station, admin):
    row = rejected(
        book, liar, clock, station, expression="Patient.name", text="Tên Nguyễn Thị Hoa không hợp lệ"
    )
    for address in (
        STATION,
        reverse("sync:row", args=[row.pk]),
        reverse("sync:receiver", args=[receiver.pk]),
    ):
        page = text(admin.get(address))
        assert "Nguyễn Thị Hoa" not in page
    assert "Họ và tên" in text(admin.get(STATION))
    page = text(admin.get(reverse("sync:row", args=[row.pk])))
    assert "/nguoi/" not in page  # nor is she led to a page that is closed to her
    assert "Mở bản ghi" not in page


def test_nor_what_it_says_where_no_field_is_known(book, receiver, liar, clock, station, admin):
    row = rejected(book, liar, clock, station, expression="Nguyễn Thị Hoa, HIV", text="Sai")
    assert "HIV" not in text(admin.get(reverse("sync:row", args=[row.pk])))


@pytest.mark.parametrize("fault", ["401", "403", "409", "412"])
def test_nor_what_it_says_of_the_account_or_in_passing(book, receiver, liar, clock, station, admin, fault):
    """Why a receiver is paused stands on pages of every station."""
    for _ in range(2):
        liar.faults.add(fault, text="Nguyễn Thị Hoa không được phép")
    record = book.save(visit(), facility_id=station.pk)
    worker.run_once(clock=clock)
    row = OutboxRow.unscoped.get(aggregate_id=record.id)
    assert row.state in ("paused", "pending", "rejected")
    for address in (
        reverse("sync:row", args=[row.pk]),
        reverse("sync:receiver", args=[receiver.pk]),
        reverse("sync:receivers"),
        reverse("sync:stations"),
    ):
        assert "Nguyễn Thị Hoa" not in text(admin.get(address)), address


def test_the_province_turns_a_receiver_off_and_with_a_second_on(receiver, admin):
    address = reverse("sync:switch", args=[receiver.pk])
    admin.post(address, {"form_key": uuid7(), "on": "0"})
    receiver.refresh_from_db()
    assert not receiver.is_on
    admin.post(address, {"form_key": uuid7(), "on": "1"})
    receiver.refresh_from_db()
    assert not receiver.is_on
    second = signed_in(Facility.objects.get(kind="department"), "province_admin", "nguoi.hai")
    change = PendingChange.objects.get()
    second.post(reverse("core:decide", args=[change.pk]), {"form_key": uuid7(), "act": "approve"})
    receiver.refresh_from_db()
    assert receiver.is_on
    assert AuditEntry.objects.filter(action__startswith="sync.receiver_").count() == 2


def test_the_province_ends_a_pause(book, receiver, liar, clock, station, admin):
    liar.faults.add("403")
    record = book.save(visit(), facility_id=station.pk)
    worker.drain(clock=clock)
    page = admin.get(reverse("sync:receiver", args=[receiver.pk]))
    assert "cho chạy lại" in text(page)
    admin.post(reverse("sync:resume", args=[receiver.pk]), {"form_key": uuid7()})
    worker.drain(clock=clock)
    assert OutboxRow.unscoped.get(aggregate_id=record.id).state == "accepted"


@pytest.mark.parametrize(
    ("what", "stands"),
    [
        ("dead", {"state": "dead"}),
        ("differs", {"state": "differs"}),
        ("refused", {"state": "rejected", "need": "admin"}),
    ],
)
def test_what_nobody_can_put_right_one_by_one_is_sent_again_at_one_press(
    book, receiver, liar, clock, station, head, stranger, what, stands
):
    record = book.save(visit(), facility_id=station.pk)
    OutboxRow.unscoped.update(**stands)
    address = reverse("sync:send_all_again", args=[receiver.pk])
    assert "Gửi lại 1 bản ghi" in text(head.get(reverse("sync:receiver", args=[receiver.pk])))
    stranger.post(address, {"form_key": uuid7(), "what": what})
    assert OutboxRow.unscoped.get().state == stands["state"]
    assert head.post(address, {"form_key": uuid7(), "what": "x"}).status_code == 404
    head.post(address, {"form_key": uuid7(), "what": what})
    worker.drain(clock=clock)
    assert OutboxRow.unscoped.get(aggregate_id=record.id).state == "accepted"


@pytest.mark.parametrize("name", ["switch", "resume"])
def test_a_station_may_not_touch_receivers(receiver, head, name):
    assert head.post(reverse(f"sync:{name}", args=[receiver.pk]), {"form_key": uuid7()}).status_code == 403
    assert "Tắt nơi nhận" not in text(head.get(reverse("sync:receiver", args=[receiver.pk])))


@pytest.mark.parametrize("name", ["row", "receiver", "payload"])
def test_an_unknown_id_is_a_404(station, head, name):
    assert head.get(reverse(f"sync:{name}", args=[uuid7()])).status_code in (403, 404)


@pytest.fixture
def real(station):
    catalogues()
    return a_finished_visit(a_person(station), a_practitioner(station))


def test_the_visits_panel_asks_until_it_is_settled(receiver, liar, clock, station, nurse):
    catalogues()
    real = a_finished_visit(a_person(station), a_practitioner(station))
    address = reverse("sync:visit_panel", args=[real.pk])
    waiting = text(nurse.get(address))
    assert "chờ gửi" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    worker.drain(clock=clock)
    settled = text(nurse.get(address))
    assert "đã tiếp nhận lúc" in settled
    assert "hx-trigger" not in settled


def test_the_panel_never_says_sent_before_the_receiver_did(receiver, liar, clock, station, nurse):
    catalogues()
    liar.faults.add("drop_after_commit")
    real = a_finished_visit(a_person(station), a_practitioner(station))
    worker.run_once(clock=clock)
    shown = text(nurse.get(reverse("sync:visit_panel", args=[real.pk])))
    assert "chờ gửi lại" in shown
    assert "đã gửi" not in shown.lower()
    assert "tiếp nhận lúc" not in shown


def test_a_strangers_panel_is_a_404(receiver, real, stranger):
    assert stranger.get(reverse("sync:visit_panel", args=[real.pk])).status_code == 404


def test_the_home_panel_shows_what_is_stuck(book, receiver, liar, clock, station, nurse):
    assert "Gửi lên tuyến trên" not in text(nurse.get("/")).split("<main")[1]
    rejected(book, liar, clock, station)
    assert "Bị từ chối, không thành" in text(nurse.get("/"))


def test_the_admin_refuses_settings_that_cannot_be(db):
    from apps.sync.admin import ReceiverForm

    good = {"code": "kho", "name": "Kho", "kind": "fhir", "base_url": "https://kho.example.vn/fhir"}
    assert ReceiverForm({**good, "settings": "{}"}).is_valid()
    for wrong in (
        {"settings": '{"guide": "x"}'},
        {"settings": "[1]"},
        {"base_url": "ftp://kho.example.vn"},
        {"base_url": "https://a:b@kho.example.vn"},
        {"token_key": "SECRET_KEY"},
        {"kind": "qd831"},  # says no words for new, changed, withdrawn
        {"kind": "qd831", "settings": '{"actions": {"new": "1", "changed": "2", "withdrawn": ""}}'},
    ):
        assert not ReceiverForm({**good, "settings": "{}", **wrong}).is_valid()
    actions = '{"actions": {"new": "1", "changed": "2", "withdrawn": "3"}}'
    assert ReceiverForm({**good, "kind": "qd831", "settings": actions}).is_valid()


def test_the_receivers_page_reads_its_settings_back_in_words(receiver, admin, head):
    from tests.factories.sync import warehouse_831

    other = warehouse_831("http://127.0.0.1:9", token_key="TRAMYTE_RECEIVER_KHO_831")
    other.settings["token"]["client"] = "tram-{unit}"
    other.save()
    for one, words in (
        (receiver, "VN Core của HL7 Việt Nam, bản 2026"),
        (receiver, "cơ sở y tế, người hành nghề"),
        (other, "mỗi trạm một tài khoản"),
        (other, "bản rút lại: HUY"),
    ):
        address = reverse("sync:receiver", args=[one.pk])
        assert words in text(admin.get(address))
        assert words not in text(head.get(address)), "a station answers for none of it"
    other.settings = {}
    other.save()
    assert "Thiết lập sai" in text(admin.get(reverse("sync:receiver", args=[other.pk])))


def test_the_admin_opens_for_the_province_only(receiver, admin, head):
    address = reverse("admin:sync_receiver_changelist")
    assert admin.get(address).status_code == 200
    assert head.get(address).status_code == 302
    assert admin.get(reverse("admin:sync_outboxrow_changelist")).status_code == 200
    assert Receiver.objects.count() == 1
