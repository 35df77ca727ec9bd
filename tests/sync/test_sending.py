"""A batch on its way: made ready together, sent one by one, stopped by trouble, returned without a trace."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import scope
from apps.core.ids import uuid7
from apps.sync import kinds, noting, outbox, settle, standings, worker
from apps.sync.claims import claim
from apps.sync.mappings import records
from apps.sync.models import Delivery, OutboxRow, Receiver
from apps.sync.noting import Going
from apps.sync.push import make_ready
from apps.sync.receivers import adapter_for, http
from apps.sync.receivers.base import Answer, Outcome, Verdict
from apps.sync.receivers.fhir.adapter import FhirAdapter
from apps.sync.settle import Attempt
from tests.factories.sync import all_there, person, row_of, visit, warehouse

pytestmark = pytest.mark.django_db
WRONG = (records.Diagnosis("main", "A00.0", "Tả"),)
RIGHT = (records.Diagnosis("main", "J06.9", "Viêm"),)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the worker runs after it."""


def when_sent(liar, number, act):
    """For `stop`, which the worker asks again and again: act once so many requests have come."""
    acted = []

    def ask():
        if not acted and len(liar.requests) >= number:
            acted.append(True)
            act()
        return False

    return ask


@pytest.fixture
def slow(liar):
    """A receiver that lets the other thread look round between two records."""
    liar.delay = 0.05
    return liar


def test_one_after_the_other_in_the_order_of_the_claim(book, receiver, liar, clock):
    visits = [book.save(visit(number=f"2026-{n}")) for n in range(12)]
    assert dict(worker.run_once(clock=clock)) == {"stored": 12}
    assert liar.most_in_flight == 1
    sent = [request["request_id"] for request in liar.requests]
    assert sent == [f"{row_of(each).pk}-1" for each in visits]
    assert all(each.maybe == [] and each.body_hash for each in Delivery.unscoped.all())


def test_a_kill_between_the_note_and_the_sending(book, receiver, liar, clock, monkeypatch):
    """All that was noted stands in doubt; it is sent again, and what never arrived is taken back there."""
    visits = [book.save(visit(diagnoses=WRONG)) for _ in range(3)]

    def dies(*_, **__):
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(http, "post", dies)
        worker.run_once(clock=clock)
    assert liar.requests == []
    assert {row_of(each).state for each in visits} == {"in_flight"}
    for known in Delivery.unscoped.all():
        assert known.body_hash == "" and any(key.startswith("Condition/") for key in known.maybe)
    book.amend(visits[0], diagnoses=RIGHT)
    clock.forward(200)
    worker.drain(clock=clock)
    assert {row_of(each).state for each in visits} == {"accepted"}
    assert len(liar.store.of_type("Encounter")) == 3
    valid = [
        each["code"]["coding"][0]["code"]
        for each in liar.store.of_type("Condition")
        if each["verificationStatus"]["coding"][0]["code"] != "entered-in-error"
    ]
    assert sorted(valid) == ["A00.0", "A00.0", "J06.9"]
    all_there(clock)


def paused_after(liar, number, clock):
    """Somebody pauses the receiver once so many requests have come."""

    def pause():
        Receiver.objects.update(paused_at=clock())
        clock.forward(1.5)  # a receiver is looked at each second

    return when_sent(liar, number, pause)


def test_a_pause_in_mid_batch_stops_the_rest_without_a_trace(book, receiver, slow, clock):
    """Who was made ready but has not left waits as if never claimed."""
    visits = [book.save(visit()) for _ in range(12)]
    worker.run_once(clock=clock, stop=paused_after(slow, 2, clock))
    left = len(slow.requests)
    assert 2 <= left <= 4
    states = [(row_of(each).state, row_of(each).attempts) for each in visits]
    assert states == [("accepted", 1)] * left + [("pending", 0)] * (12 - left)
    assert Delivery.unscoped.count() == left  # nothing is said of who was never told
    Receiver.objects.update(paused_at=None)
    worker.drain(clock=clock)
    assert {row_of(each).state for each in visits} == {"accepted"}
    assert len(slow.requests) == 12


def test_who_was_told_before_stands_as_before_when_nothing_left(book, receiver, slow, clock):
    visits = [book.save(visit()) for _ in range(9)]
    worker.drain(clock=clock)
    before = {each.aggregate_id: each.body_hash for each in Delivery.unscoped.all()}
    slow.requests.clear()
    for each in visits:
        book.amend(each, diagnoses=WRONG)
    worker.run_once(clock=clock, stop=paused_after(slow, 1, clock))
    waiting = [each for each in visits if row_of(each).state == "pending"]
    assert len(waiting) == 9 - len(slow.requests) > 0
    for each in waiting:
        known = Delivery.unscoped.get(aggregate_id=each.id)
        assert (known.body_hash, known.maybe) == (before[each.id], [])
        book.save(each)  # as it was accepted: nothing is to be sent
    Receiver.objects.update(paused_at=None)
    slow.requests.clear()
    assert dict(worker.drain(clock=clock)) == {"unchanged": len(waiting)}
    assert slow.requests == []


@pytest.mark.parametrize("kind", ["403", "429"])
def test_trouble_stops_who_was_made_ready_with_it(book, receiver, liar, clock, kind):
    liar.faults.add(kind, retry_after="60")
    visits = [book.save(visit()) for _ in range(12)]
    worker.run_once(clock=clock)
    assert len(liar.requests) == 1
    assert [row_of(each).attempts for each in visits] == [1] + [0] * 11
    assert Delivery.unscoped.count() == 1


def test_one_failure_lets_the_rest_go_on(book, receiver, liar, clock):
    liar.faults.add("500")
    visits = [book.save(visit()) for _ in range(12)]
    assert dict(worker.run_once(clock=clock)) == {"retry": 1, "stored": 11}
    assert [row_of(each).state for each in visits] == ["pending"] + ["accepted"] * 11
    assert len(liar.requests) == 12


def test_a_record_that_changes_while_it_lies_ready_is_sent_twice_in_order(book, receiver, slow, clock):
    visits = [book.save(visit()) for _ in range(6)]
    last = visits[-1]
    worker.run_once(clock=clock, stop=when_sent(slow, 1, lambda: book.amend(last, reason="Đã sửa")))
    assert row_of(last).state == "pending"
    worker.drain(clock=clock)
    assert row_of(last).state == "accepted"
    assert said_of(slow, last) == ["Ho, sốt", "Đã sửa"]


def test_what_has_lain_too_long_is_read_again(book, receiver, slow, clock):
    visits = [book.save(visit()) for _ in range(6)]
    last = visits[-1]

    def later():
        book.amend(last, reason="Đã sửa")
        clock.forward(6)

    worker.run_once(clock=clock, stop=when_sent(slow, 1, later))
    assert said_of(slow, last) == ["Đã sửa"]
    worker.drain(clock=clock)
    assert {row_of(each).state for each in visits} == {"accepted"}
    assert said_of(slow, last) == ["Đã sửa"]


def said_of(liar, record):
    (held,) = [
        each
        for each in liar.store.of_type("Encounter")
        if each["identifier"][0]["value"] == f"urn:uuid:{record.id}"
    ]
    kept = liar.store.kept("Encounter", held["id"])
    said = [each["reasonCode"][0]["text"] for each in (*kept.history, held)]
    return [text for number, text in enumerate(said) if not number or text != said[number - 1]]


def test_a_lease_that_ends_while_it_lies_ready_gives_it_back(book, receiver, slow, clock):
    visits = [book.save(visit()) for _ in range(6)]
    worker.run_once(clock=clock, stop=when_sent(slow, 1, lambda: clock.forward(150)))
    left = len(slow.requests)
    assert [row_of(each).attempts for each in visits] == [1] * left + [0] * (6 - left)
    assert Delivery.unscoped.count() == left < 6


def test_a_worker_that_is_stopped_gives_back_what_lies_ready(book, receiver, slow, clock):
    visits = [book.save(visit()) for _ in range(12)]
    worker.run_once(clock=clock, stop=lambda: len(slow.requests) >= 2)
    left = len(slow.requests)
    assert left < 12
    assert [row_of(each).state for each in visits] == ["accepted"] * left + ["pending"] * (12 - left)


def test_a_note_that_is_anothers_is_not_taken_back(book, receiver, clock):
    first = book.save(visit())
    with scope.system("test"):
        (row,) = claim(receiver, 1, clock())
        (ready,), _ = make_ready([row], adapter_for(receiver), clock)
        clock.forward(200)
        worker.release_expired(clock())
        claim(receiver, 1, clock())
        assert not noting.take_back(row, ready.note)
    assert Delivery.unscoped.get(aggregate_id=first.id).maybe


def test_what_is_read_noted_and_settled_together_costs_as_much_as_one(book, receiver, clock):
    counted = []
    for many in (2, 12):
        for _ in range(many):
            book.save(visit())
        with scope.system("test"):
            rows = claim(receiver, many, clock())
            with CaptureQueriesContext(connection) as reading:
                ready, done = make_ready(rows, adapter_for(receiver), clock)
            assert (len(ready), done) == (many, [])
            stored = {key: {"location": "x", "etag": "1"} for key in ready[0].prepared.parts[0].keys}
            attempts = [
                Attempt(Verdict(Outcome.STORED, stored=stored), Answer(200), each.prepared) for each in ready
            ]
            with CaptureQueriesContext(connection) as settling:
                settle.settle([(each.row, told) for each, told in zip(ready, attempts, strict=True)], clock())
        counted.append((len(reading), len(settling)))
    assert counted[0] == counted[1]
    assert counted[0] <= (6, 12)
    assert set(OutboxRow.unscoped.values_list("state", flat=True)) == {"accepted"}


def test_a_record_that_cannot_be_read_stops_nobody_of_its_group(book, receiver, liar, clock, monkeypatch):
    visits = [book.save(visit()) for _ in range(4)]
    bad = visits[1].id

    def several(ids):
        if bad in ids:
            raise RuntimeError("broken")
        return {each: book.visits[each] for each in ids}

    broken = kinds.Kind("visit", "Lượt khám", book.visits.get, several=several)
    monkeypatch.setitem(kinds._kinds, "visit", broken)
    worker.drain(clock=clock)
    assert [row_of(each).state for each in visits] == ["accepted", "rejected", "accepted", "accepted"]
    assert row_of(visits[1]).need == "admin"


def test_an_adapters_mistake_about_an_answer_stops_nobody_beside_it(book, receiver, liar, clock, monkeypatch):
    visits = [book.save(visit()) for _ in range(4)]
    key, really = f"Encounter/{visits[1].id}", FhirAdapter.judge

    def mistaken(self, answer, part):
        if answer.status == 200 and key in part.keys:
            raise RuntimeError("broken")
        return really(self, answer, part)

    monkeypatch.setattr(FhirAdapter, "judge", mistaken)
    assert dict(worker.run_once(clock=clock)) == {"stored": 3, "retry": 1}
    assert [row_of(each).state for each in visits] == ["accepted", "pending", "accepted", "accepted"]


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999999999999 00:00:00 +0000", "Mon, 01 Jan 2026 00:00:00 +99999999999999"]
)
def test_a_clock_beyond_all_dates_stops_nobody(book, receiver, liar, clock, monkeypatch, date):
    visits, really = [book.save(visit()) for _ in range(3)], FhirAdapter.send

    def lying(self, part, request_id):
        answer = really(self, part, request_id)
        return replace(answer, headers={**answer.headers, "date": date})

    monkeypatch.setattr(FhirAdapter, "send", lying)
    worker.run_once(clock=clock)
    assert {row_of(each).state for each in visits} == {"accepted"}


def test_an_answer_that_cannot_be_stored_stops_nobody_beside_it(book, receiver, liar, clock, monkeypatch):
    """Else the same group would be sent again for ever: its leases end, and it is claimed anew."""
    visits = [book.save(visit()) for _ in range(4)]
    key, really = f"Encounter/{visits[1].id}", FhirAdapter.judge

    def hostile(self, answer, part):
        judged = really(self, answer, part)
        return replace(judged, outcome=Outcome.REJECTED, reason="hỏng\x00") if key in part.keys else judged

    monkeypatch.setattr(FhirAdapter, "judge", hostile)
    worker.run_once(clock=clock)
    assert [row_of(each).state for each in visits] == ["accepted", "rejected", "accepted", "accepted"]
    told = row_of(visits[1])
    assert (told.reason, told.need, told.lease) == ("Không lưu được câu trả lời của nơi nhận.", "admin", None)


@pytest.mark.django_db(transaction=True)
def test_who_is_locked_by_somebody_else_is_settled_after_the_others(book, receiver, liar, clock):
    """While somebody holds a row, the others of its group are done; no two wait for each other."""
    held, free = book.save(visit(person("Bị giữ"))), book.save(visit())
    with scope.system("test"):
        rows = claim(receiver, 2, clock())
        ready, _ = make_ready(rows, adapter_for(receiver), clock)
    told = [(each.row, Attempt(Verdict(Outcome.STORED), Answer(200), each.prepared)) for each in ready]

    def work():
        with scope.system("test"):
            settle.settle(told, clock())
        connection.close()

    settling = threading.Thread(target=work)
    with transaction.atomic():
        OutboxRow.unscoped.select_for_update().get(pk=row_of(held).pk)
        settling.start()
        settling.join(0.5)
        assert settling.is_alive()
        assert (row_of(held).state, row_of(free).state) == ("in_flight", "accepted")
    settling.join(10)
    assert row_of(held).state == "accepted"


@pytest.mark.django_db(transaction=True)
def test_whose_delivery_is_locked_is_noted_after_the_others(book, receiver, clock):
    first, second = book.save(visit()), book.save(visit())
    with scope.system("test"):
        rows = claim(receiver, 2, clock())
        ready, _ = make_ready(rows, adapter_for(receiver), clock)
    noted = []

    def work():
        with scope.system("test"):
            noted.extend(noting.note([Going(each.row, each.prepared.parts) for each in ready]))
        connection.close()

    working = threading.Thread(target=work)
    with transaction.atomic():
        Delivery.unscoped.select_for_update().get(aggregate_id=first.id)
        working.start()
        working.join(0.5)
        assert working.is_alive()
    working.join(10)
    assert [bool(each.unproven) for each in noted] == [True, True]
    assert Delivery.unscoped.get(aggregate_id=second.id).maybe


def test_a_clock_that_was_set_back_hides_no_newer_version(book, receiver, liar, clock, monkeypatch):
    """Where a record stands is told by its newest row, whatever the moment its id was made at."""
    ahead = uuid7(at_ms=int((timezone.now() + timedelta(hours=1)).timestamp() * 1000))
    monkeypatch.setattr(outbox, "uuid7", lambda: ahead)
    record = book.save(visit())
    worker.drain(clock=clock)
    monkeypatch.undo()
    book.amend(record)
    first, second = OutboxRow.unscoped.filter(aggregate_id=record.id, kind="visit").order_by("id")
    assert (first.pk, first.state, second.state) == (ahead, "accepted", "pending")
    stands = standings.of(["visit"], [record.id])[record.id]
    assert [each.state for each in stands] == ["pending"]
    worker.drain(clock=clock)
    third = book.amend(record) and OutboxRow.unscoped.order_by("-id").first()
    assert third.state == "pending" and third.pk > second.pk


def test_a_slow_receiver_keeps_no_other_waiting(book, receiver, liar, clock, monkeypatch):
    """However much waits for it: its turn ends after some seconds, and the other has its own."""
    warehouse(liar.base_url, code="kho-hai", name="Thứ hai")
    for number in range(12):
        book.save(visit(number=f"2026-{number}"))
    turns = []

    def slowly(rows, clock, *, more, **_):
        turns.append((rows[0].receiver.code, clock()))
        while rows:
            clock.forward(6)
            rows = more()
        return []

    monkeypatch.setattr(worker, "send_all", slowly)
    worker.run_once(clock=clock, batch=1)
    (first, began), (second, had) = turns
    assert {first, second} == {"kho-tinh", "kho-hai"}
    assert had - began < timedelta(seconds=25)
