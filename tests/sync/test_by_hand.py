"""Gửi tay: what the line does not carry is given in as a file, and is never called accepted."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.core.scope import enter
from apps.sync import by_hand, outbox, worker
from apps.sync.models import Delivery, OutboxRow
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.patients import a_station, scope_at
from tests.factories.racing import at_once
from tests.factories.sync import row_of, visit, warehouse, warehouse_831

pytestmark = pytest.mark.django_db
WORDS = "gửi tay, chưa có số biên nhận"


@pytest.fixture
def station():
    return a_station()


@pytest.fixture
def head(station):
    """The head of the station, who has been given the right to see payloads."""
    role = a_role("station_head")
    role.rights = [*role.rights, "sync.export"]
    role.save()
    return client_of(a_member("station_head", station, "truong.tram"))


@pytest.fixture
def row(book, receiver, station):
    """A record that waits."""
    return row_of(book.save(visit(), facility_id=station.pk))


@pytest.fixture
def taken(row, head):
    """It was taken out of the queue."""
    act(head, "hand_take", row)
    row.refresh_from_db()
    assert row.state == "by_hand"
    return row


def act(client, name, row, **said):
    row.refresh_from_db()
    said = {"form_key": uuid7(), "version": row.version, **said}
    return client.post(reverse(f"sync:{name}", args=[row.pk]), said)


def note(client, row, number="TN-0001", on=None, **said):
    on = on or timezone.localdate()
    return act(client, "hand_receipt", row, receipt=number, on=f"{on:%d/%m/%Y}", **said)


def page_of(client, row):
    return client.get(reverse("sync:row", args=[row.pk])).content.decode()


def test_it_works(row, liar, clock, head):
    act(head, "hand_take", row)
    worker.drain(clock=clock)
    assert liar.requests == [], "who is given in by hand is not sent"
    answer = head.get(reverse("sync:hand_file", args=[row.pk]))
    assert answer["Content-Type"] == "application/fhir+json"
    assert answer["Content-Disposition"] == f'attachment; filename="goi-tin-{row.pk}.json"'
    assert json.loads(answer.content)["type"] == "transaction"
    assert WORDS in page_of(head, row)
    assert note(head, row).status_code == 302
    today = f"{timezone.localdate():%d/%m/%Y}"
    page = page_of(head, row)
    assert f"đã nộp tay ngày {today}" in page and "Biên nhận số TN-0001." in page
    assert "đã tiếp nhận lúc" not in page
    acts = set(AuditEntry.objects.filter(action__startswith="sync.hand").values_list("action", flat=True))
    assert acts == {"sync.hand_taken", "sync.hand_file", "sync.hand_receipt"}
    assert ReadEntry.objects.get(screen="sync.hand_file").person_ids == [row.person_id]
    row.refresh_from_db()
    assert row.state == "by_hand"


def test_it_stands_in_a_list_of_its_own(taken, head):
    page = head.get(reverse("sync:station"), {"muc": "gui-tay"})
    (line,) = page.context["lines"]
    assert line.standing.word == WORDS and page.context["counts"]["receipts"] == 1
    assert "Gửi tay, chưa có số biên nhận" in head.get("/").content.decode()
    note(head, taken)
    assert head.get(reverse("sync:station")).context["counts"]["receipts"] == 0


def test_a_change_of_the_record_goes_by_the_line(book, taken, liar, clock, head):
    record = book.visits[taken.aggregate_id]
    book.amend(record, reason="Ho 5 ngày")
    taken.refresh_from_db()
    assert taken.state == "superseded"
    assert head.get(reverse("sync:hand_file", args=[taken.pk])).status_code == 302
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"


def test_what_was_given_in_can_be_taken_back(book, taken, receiver):
    """A restricted visit: the receiver may have it, so it is told to withdraw it."""
    known = Delivery.unscoped.get(receiver=receiver)
    assert f"Encounter/{taken.aggregate_id}" in known.maybe and known.body_hash == ""
    same = {"kind": "visit", "aggregate_id": taken.aggregate_id}
    assert outbox.withdraw(**same, person_id=taken.person_id, facility_id=taken.facility_id) == 1
    assert not outbox.recall(**same)


def test_it_can_go_by_the_line_after_all(taken, liar, clock, head):
    assert act(head, "send_again", taken).status_code == 302
    worker.drain(clock=clock)
    taken.refresh_from_db()
    assert taken.state == "accepted" and len(liar.requests) == 1


@pytest.mark.parametrize("fault", ["422", "403"])
def test_what_was_refused_or_paused_can_go_by_hand(book, receiver, liar, clock, station, head, fault):
    liar.faults.add(fault)
    row = row_of(book.save(visit(), facility_id=station.pk))
    worker.drain(clock=clock)
    act(head, "hand_take", row)
    row.refresh_from_db()
    assert (row.state, row.issues, row.need) == ("by_hand", [], "")


@pytest.mark.parametrize("state", ["in_flight", "accepted", "superseded"])
def test_what_is_on_its_way_or_there_cannot(row, head, state):
    OutboxRow.unscoped.filter(pk=row.pk).update(state=state)
    act(head, "hand_take", row)
    row.refresh_from_db()
    assert row.state == state
    assert "Chuyển sang gửi tay" not in page_of(head, row)


def test_what_does_not_pass_the_checks_does_not_leave_by_hand_either(book, receiver, station, head):
    receiver.settings = {"mapped": ["icd10"]}
    receiver.save()
    row = row_of(book.save(visit(), facility_id=station.pk))
    answer = head.post(
        reverse("sync:hand_take", args=[row.pk]), {"form_key": uuid7(), "version": row.version}, follow=True
    )
    assert "chưa có mã của nơi nhận" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "pending" and not Delivery.unscoped.exists()


@pytest.mark.parametrize(
    ("number", "day", "said"),
    [
        ("", 0, "Hãy ghi số biên nhận"),
        ("x" * 61, 0, "60"),
        ("TN-1", 1, "Ngày nộp phải từ ngày lấy tệp đến hôm nay"),
        ("TN-1", -2, "Ngày nộp phải từ ngày lấy tệp đến hôm nay"),
    ],
)
def test_a_receipt_that_cannot_be(taken, head, number, day, said):
    answer = note(head, taken, number, timezone.localdate() + timedelta(days=day))
    assert answer.status_code == 422 and said in answer.content.decode()
    taken.refresh_from_db()
    assert taken.hand_receipt == ""


def test_a_number_is_put_right_and_a_stale_page_is_told(taken, head):
    note(head, taken, "SAI")
    taken.refresh_from_db()
    note(head, taken, "ĐÚNG")
    answer = head.post(
        reverse("sync:hand_receipt", args=[taken.pk]),
        {
            "form_key": uuid7(),
            "version": taken.version,
            "receipt": "MUỘN",
            "on": f"{timezone.localdate():%d/%m/%Y}",
        },
        follow=True,
    )
    assert "vừa thay đổi" in answer.content.decode()
    taken.refresh_from_db()
    assert taken.hand_receipt == "ĐÚNG"


@pytest.mark.parametrize("version", ["", "x", "99", "-1", "9" * 30])
def test_a_version_that_is_none_changes_nothing(row, head, version):
    act(head, "hand_take", row, version=version)
    row.refresh_from_db()
    assert row.state == "pending"


def test_one_press_is_one_act(row, head):
    key, address = uuid7(), reverse("sync:hand_take", args=[row.pk])
    for _ in range(2):
        assert head.post(address, {"form_key": key, "version": 1}).status_code == 302
    assert AuditEntry.objects.filter(action="sync.hand_taken").count() == 1


def test_the_file_needs_its_right(taken, station):
    nurse = client_of(a_member("nurse", station, "hoa.nt"))
    for name in ("hand_take", "hand_receipt"):
        assert act(nurse, name, taken).status_code == 403
    assert nurse.get(reverse("sync:hand_file", args=[taken.pk])).status_code == 403


def test_a_stranger_finds_nothing(taken):
    role = a_role("station_head")
    role.rights = sorted({*role.rights, "sync.export"})
    role.save()
    stranger = client_of(a_member("station_head", a_station("21490", "Trạm Y tế xã Khác"), "nguoi.la"))
    for name in ("hand_take", "hand_receipt"):
        assert act(stranger, name, taken, receipt="X", on="01/01/2026").status_code == 404
    assert stranger.get(reverse("sync:hand_file", args=[taken.pk])).status_code == 404


def test_a_receiver_whose_settings_are_wrong_is_told(row, receiver, head):
    receiver.settings = {"guide": "x"}
    receiver.save()
    act(head, "hand_take", row)
    row.refresh_from_db()
    assert row.state == "pending"


def test_each_receiver_has_its_own_row(book, receiver, liar, clock, station, head):
    warehouse(liar.base_url, code="kho-hai", name="Kho thứ hai")
    record = book.save(visit(), facility_id=station.pk)
    first, _ = OutboxRow.unscoped.filter(aggregate_id=record.id).order_by("receiver__code")
    act(head, "hand_take", first)
    worker.drain(clock=clock)
    states = OutboxRow.unscoped.filter(aggregate_id=record.id).values_list("state", flat=True)
    assert sorted(states) == ["accepted", "by_hand"]


def test_of_qd_831_the_file_is_its_xml(book, liar, station, head):
    warehouse_831(liar.root)
    row = row_of(book.save(visit(), facility_id=station.pk))
    act(head, "hand_take", row)
    answer = head.get(reverse("sync:hand_file", args=[row.pk]))
    assert answer["Content-Type"] == "application/xml"
    assert "<HOTEN>Nguyễn Thị Hoa</HOTEN>" in answer.content.decode()
    assert "<HOTEN>•••</HOTEN>" in head.get(reverse("sync:payload", args=[row.pk])).context["text"]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_takes_it(book, receiver, station):
    row = row_of(book.save(visit(), facility_id=station.pk))
    rights = scope_at(station).rights | {"sync.export"}

    def take():
        with enter(scope_at(station, rights=rights)):
            return by_hand.hand_take(row_id=row.pk, expected_version=1).pk

    said = at_once(take, take)
    assert sorted(type(each).__name__ for each in said) == ["StaleVersion", "UUID"]
    assert AuditEntry.objects.filter(action="sync.hand_taken").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_and_a_person_at_once(book, receiver, liar, clock, station):
    """Either it is sent or it is taken: never both."""
    row = row_of(book.save(visit(), facility_id=station.pk))
    rights = scope_at(station).rights | {"sync.export"}

    def take():
        with enter(scope_at(station, rights=rights)):
            return by_hand.hand_take(row_id=row.pk, expected_version=1).pk

    said = at_once(take, lambda: worker.run_once(clock=clock))
    row.refresh_from_db()
    assert (row.state, len(liar.requests)) in (("by_hand", 0), ("accepted", 1))
    assert isinstance(said[0], Refused) == (row.state == "accepted")
