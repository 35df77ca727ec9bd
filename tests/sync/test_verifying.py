"""The later check: said to be there only while the receiver says so (docs/states.md, later check)."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.models import Task
from apps.core.scope import system
from apps.sync import comparing, services, standings, verifying, worker
from apps.sync.mappings import records
from apps.sync.models import (
    STUCK_STATES,
    Comparison,
    Delivery,
    OutboxRow,
    Receiver,
    SyncAnswer,
)
from apps.sync.receivers.base import Check, Found, Issue
from apps.sync.receivers.fhir.adapter import FhirAdapter
from tests.factories.sync import person, row_of, visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(book, receiver, clock):
    """A visit that was accepted."""
    first = book.save(visit())
    worker.drain(clock=clock)
    return first


def asked(clock, minutes=11):
    clock.forward(minutes * 60)
    return dict(verifying.verify_due(clock=clock))


def posts(liar):
    return [request for request in liar.requests if not request.get("read")]


def delivery():
    return Delivery.unscoped.get()


def task():
    return Task.unscoped.get()


def test_it_works(told, liar, clock):
    assert row_of(told).state == "accepted"
    assert asked(clock, minutes=9) == {}
    assert asked(clock, minutes=2) == {"same": 1}
    assert (row_of(told).state, delivery().found, delivery().check_at) == ("verified", "same", None)
    assert "đã đối chiếu" in standings.of(["visit"], [told.id])[told.id][0].word
    assert asked(clock, minutes=600) == {}
    assert len(posts(liar)) == 1


def test_what_is_lost_is_told_and_sent_again(told, liar, clock):
    liar.store.lose("Encounter")
    assert asked(clock) == {"missing": 1}
    row = row_of(told)
    assert (row.state, row.reason) == ("pending", "Nơi nhận không còn giữ: Lượt khám.")
    (shown,) = standings.of(["visit"], [told.id])[told.id]
    assert (shown.word, shown.before) == ("chờ gửi lại", None)  # never as if it were there
    worker.drain(clock=clock)
    assert len(liar.store.of_type("Encounter")) == 1
    assert row_of(told).state == "accepted"
    assert asked(clock) == {"same": 1}
    assert (row_of(told).state, delivery().again) == ("verified", 0)
    assert list(SyncAnswer.unscoped.order_by("id").values_list("outcome", flat=True)) == [
        "stored", "missing", "stored",
    ]  # fmt: skip


def test_a_verified_record_that_is_lost_later_is_found_at_night(told, liar, clock):
    asked(clock)
    liar.store.lose("Condition")
    with system("test"):
        comparing.nightly(timezone.localdate() + timedelta(days=1))
    assert asked(clock, 0) == {"missing": 1}
    worker.drain(clock=clock)
    assert len(liar.store.of_type("Condition")) == 1


def test_what_is_lost_again_and_again_is_put_before_a_person(told, liar, clock):
    for _ in range(2):
        liar.store.lose("Encounter")
        asked(clock)
        worker.drain(clock=clock)
    row = row_of(told)
    assert (row.state, len(posts(liar))) == ("differs", 2)
    assert row.state in STUCK_STATES
    assert (task().object_id, task().state) == (row.pk, "open")
    assert "nơi nhận giữ bản khác" in task().title
    with system("test"):
        services.row_send_again(row=row)
    worker.drain(clock=clock)
    assert (row_of(told).state, task().state) == ("accepted", "done")
    assert len(liar.store.of_type("Encounter")) == 1


def test_what_somebody_else_wrote_there_is_not_overwritten_by_itself(told, liar, clock):
    liar.store.edit("Encounter", reasonCode=[{"text": "Sửa ở kho"}])
    assert asked(clock) == {"changed": 1}
    row = row_of(told)
    assert row.state == "differs" and "ghi đè" in row.reason
    worker.drain(clock=clock)
    assert liar.store.of_type("Encounter")[0]["reasonCode"] == [{"text": "Sửa ở kho"}]
    with system("test"):
        assert services.receiver_send_again(receiver_id=row.receiver_id, what="differs") == 1
    worker.drain(clock=clock)
    assert liar.store.of_type("Encounter")[0]["reasonCode"] == [{"text": "Ho, sốt"}]
    assert asked(clock) == {"same": 1}


def test_an_older_version_of_ours_is_replaced_by_itself(told, book, liar, clock):
    book.amend(told, reason="Ho khan")
    worker.drain(clock=clock)
    (kept,) = (kept for key, kept in liar.store.resources.items() if key[0] == "Encounter")
    kept.resource, kept.version = kept.history[0], 1  # a copy of yesterday was put back
    assert asked(clock) == {"changed": 1}
    worker.drain(clock=clock)
    assert liar.store.of_type("Encounter")[0]["reasonCode"] == [{"text": "Ho khan"}]
    assert asked(clock) == {"same": 1}


def test_a_doubled_one_is_for_a_person(told, liar, clock):
    liar.store.double("Encounter")
    assert asked(clock) == {"doubled": 1}
    assert (row_of(told).state, row_of(told).need, task().state) == ("differs", "duplicate", "open")


def test_silence_says_nothing(told, liar, clock):
    liar.faults.add("500", times=2)
    assert asked(clock) == {"unknown": 1}
    assert (row_of(told).state, delivery().found) == ("accepted", "")
    assert asked(clock, 29) == {}
    assert asked(clock, 2) == {"unknown": 1}
    assert Receiver.objects.get().failures == 0  # whoever cannot be asked may still be told
    assert asked(clock, 31) == {"same": 1}


def test_one_that_cannot_be_asked_about_holds_up_nobody(told, book, liar, clock):
    book.save(visit(person("Người Sau")))
    worker.drain(clock=clock)
    liar.faults.add("500", contains=str(told.id), times=None)
    assert asked(clock) == {"unknown": 1}
    assert asked(clock, 6) == {"same": 1}


def test_a_record_that_changes_meanwhile_is_not_said_to_be_verified(told, book, liar, clock, monkeypatch):
    really = FhirAdapter.verify

    def slow(self, *args):
        book.amend(told, reason="Sửa lúc đang hỏi")
        return really(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(FhirAdapter, "verify", slow)
        assert asked(clock) == {"skipped": 1}
    assert [r.state for r in OutboxRow.unscoped.order_by("id")] == ["accepted", "pending"]
    worker.drain(clock=clock)
    assert asked(clock) == {"same": 1}
    assert row_of(told).state == "verified"


def test_what_is_on_its_way_is_not_asked_about(told, book, liar, clock):
    book.change_person(records.Person(**{**vars(told.person), "full_name": "Tên Mới"}))
    assert asked(clock) == {"skipped": 1}
    worker.drain(clock=clock)
    assert asked(clock) == {"same": 2}


def test_a_later_refusal_becomes_a_rejection_and_a_task(told, book, liar, clock, monkeypatch):
    """As a receiver says that takes first and examines afterwards."""
    issue = Issue("x", "Thiếu mã bệnh", "Chẩn đoán", "visit")
    answers = [Check(Found.LATER), Check(Found.INVALID, "Thiếu mã bệnh", (issue,), "field")]
    monkeypatch.setattr(FhirAdapter, "verify", lambda *_: answers.pop(0))
    assert asked(clock) == {"later": 1}
    assert row_of(told).state == "accepted"
    assert asked(clock, 31) == {"invalid": 1}
    row = row_of(told)
    assert (row.state, row.need, row.issues[0]["field"]) == ("rejected", "field", "Chẩn đoán")
    assert task().title.endswith("Chẩn đoán")
    book.amend(told, reason="Đã sửa")
    worker.drain(clock=clock)
    assert (row_of(told).state, task().state) == ("accepted", "done")


def test_a_receiver_that_cannot_be_asked_is_left_alone(told, receiver, liar, clock):
    Receiver.objects.update(settings={"verify": "no"})
    assert asked(clock) == {}
    assert (delivery().check_at, row_of(told).state) == (None, "accepted")
    receiver.refresh_from_db()
    assert comparing.ask(receiver, timezone.localdate(), timezone.localdate(), clock()).records == 0


@pytest.mark.parametrize("trouble", [{"is_on": False}, {"pause_reason": "x"}, {"failures": 5}])
def test_a_receiver_in_trouble_is_not_asked(told, liar, clock, trouble):
    if "pause_reason" in trouble:
        trouble = {"paused_at": clock()}
    Receiver.objects.update(**trouble)
    assert asked(clock) == {}
    assert len(liar.requests) == 1


def test_an_adapters_mistake_stops_nothing(told, clock, monkeypatch):
    monkeypatch.setattr(FhirAdapter, "verify", lambda *_: 1 / 0)
    assert asked(clock) == {"unknown": 1}


def test_a_record_that_cannot_be_built_any_more_stops_nothing(told, clock, monkeypatch):
    monkeypatch.setattr(FhirAdapter, "prepare", lambda *_: 1 / 0)
    assert asked(clock) == {"skipped": 1}


# -- by day and kind


def compare(receiver, clock):
    today = timezone.localdate(clock())
    with system("test"):
        return comparing.ask(receiver, today - timedelta(days=2), today, clock())


def test_a_comparison_counts_by_day_and_kind(book, receiver, liar, clock):
    for number in range(3):
        book.save(visit(person(f"Người {number}")))
    worker.drain(clock=clock)
    assert compare(receiver, clock) == comparing.Asked(1, 3)
    verifying.verify_due(clock=clock, limit=2)  # a worker that stops in between
    assert Comparison.objects.get().finished_at is None
    assert compare(receiver, clock).records == 0  # it goes on, and does not begin anew
    verifying.verify_due(clock=clock)
    row = Comparison.objects.get()
    assert (row.kind, row.ours, row.theirs, row.equal) == ("visit", 3, 3, True)
    assert row.finished_at and row.our_sum == row.their_sum
    liar.store.lose("Encounter", 0)
    liar.store.edit("Encounter", 0, reasonCode=[])
    compare(receiver, clock)
    assert dict(verifying.verify_due(clock=clock)) == {"missing": 1, "changed": 1, "same": 1}
    row.refresh_from_db()
    assert (row.ours, row.theirs, row.missing, row.changed, row.equal) == (3, 2, 1, 1, False)


def test_a_comparison_without_an_answer_is_closed_and_says_so(told, receiver, liar, clock):
    compare(receiver, clock)
    liar.faults.add("503", times=None)
    asked(clock, 0)
    assert Comparison.objects.get().finished_at is None
    asked(clock, 13 * 60)
    row = Comparison.objects.get()
    assert (row.unanswered, row.equal) == (1, False) and row.finished_at


def test_the_command_says_where_it_differs(told, liar, capsys):
    call_command("sync_verify")
    assert "visit: ours 1, theirs 1, missing 0, changed 0: same" in capsys.readouterr().out
    assert row_of(told).state == "verified"
    liar.store.lose("Patient")
    with pytest.raises(CommandError):
        call_command("sync_verify")
    assert "missing 1" in capsys.readouterr().out
    worker.drain()
    call_command("sync_verify")
    with pytest.raises(CommandError):
        call_command("sync_verify", receiver="khong-co")


def test_a_record_that_changes_while_its_answer_is_written_stops_no_worker(
    told, book, liar, clock, monkeypatch
):
    """The new row is there first: nothing of the answer is written (here the change goes with it)."""
    liar.store.lose("Encounter")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(comparing, "count", lambda *_: book.amend(told, reason="Sửa vào lúc ấy"))
        assert asked(clock) == {"skipped": 1}
    assert (row_of(told).state, delivery().checked_at) == ("accepted", None)
    book.amend(told, reason="Sửa")
    worker.drain(clock=clock)
    assert asked(clock) == {"same": 1}


def busy(book, working, clock, turns):
    """A worker before whom something always waits to be sent."""
    for turn in range(turns):
        for number in range(10):
            book.save(visit(person(f"Người {turn} {number}")))
        assert working.turn()
        clock.forward(1)


def test_a_steady_load_leaves_later_checks_their_share(book, receiver, liar, clock):
    """One question for ten records: asked about only when nothing waits, nothing ever would be."""
    busy(book, worker.Worker(clock=clock), clock, turns=3)
    clock.forward(700)
    working = worker.Worker(clock=clock)
    busy(book, working, clock, turns=5)
    assert Delivery.unscoped.filter(found="same").count() == 4
    assert OutboxRow.unscoped.filter(state="pending").count() == 0


def test_the_share_is_had_where_the_receiver_counts_requests(book, receiver, liar, clock):
    """A round takes all of the minute: the questions come before it."""
    busy(book, worker.Worker(clock=clock), clock, turns=2)
    clock.forward(700)
    Receiver.objects.update(settings={"limits": {"per_minute": 600}})
    busy(book, worker.Worker(clock=clock), clock, turns=6)
    assert Delivery.unscoped.filter(found="same").exists()
    assert OutboxRow.unscoped.filter(state="pending").exists()  # it was never idle


def test_nothing_to_ask_is_made_up_for_in_part_only(book, receiver, liar, clock, monkeypatch):
    asked_for = []
    monkeypatch.setattr(verifying, "verify_due", lambda *, limit, **_: asked_for.append(limit) or Counter())
    working = worker.Worker(clock=clock)
    monkeypatch.setattr(worker, "run_once", lambda **_: Counter(stored=800))
    for _ in range(3):
        working.turn()
    assert asked_for == [worker.MOST, worker.MOST]
    working.stop = lambda: True
    monkeypatch.setattr(worker, "run_once", lambda **_: Counter())
    asked_for.clear()
    working.turn()
    assert len(asked_for) == 1  # who is to stop begins no more questions after the round


def test_who_is_to_stop_asks_no_further(told, liar, clock):
    clock.forward(660)
    assert verifying.verify_due(clock=clock, stop=lambda: True) == {}
    clock.forward(301)  # its lease
    assert verifying.verify_due(clock=clock) == {"same": 1}
