"""What each answer of a receiver does to the row and the receiver (docs/states.md, what an answer does)."""

import pytest

from apps.core import scope
from apps.sync import outbox, services, worker
from apps.sync.backoff import MAX_TRIES
from apps.sync.models import OutboxRow
from tests.factories.sync import person, row_of, visit

pytestmark = pytest.mark.django_db


def held(liar, kind="Encounter"):
    return liar.store.of_type(kind)


def fresh(receiver):
    receiver.refresh_from_db()
    return receiver


@pytest.mark.parametrize(
    "kind",
    [
        "drop",
        "drop_after_commit",
        "html",
        "html_after_commit",
        "partial",
        "cut_json",
        "entry_refused",
        "huge",
        "500",
        "502",
        "503",
        "504",
    ],
)
def test_what_is_not_proven_is_sent_again(book, receiver, liar, clock, kind):
    liar.faults.add(kind)
    first = book.save(visit())
    assert dict(worker.run_once(clock=clock)) == {"retry": 1}
    row = row_of(first)
    assert (row.state, row.tries) == ("pending", 1)
    assert row.reason
    clock.forward(11)
    assert dict(worker.run_once(clock=clock)) == {"stored": 1}
    assert row_of(first).state == "accepted"
    assert len(held(liar)) == 1
    assert len(held(liar, "Condition")) == 1


def test_a_time_out_is_sent_again(book, receiver, liar, clock, monkeypatch):
    import httpx

    from apps.sync.receivers import http

    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.2))
    liar.faults.add("timeout_after_commit", seconds=0.6)
    first = book.save(visit())
    worker.run_once(clock=clock)
    assert row_of(first).reason == "Nơi nhận không trả lời kịp."
    clock.forward(11)
    worker.run_once(clock=clock)
    assert row_of(first).state == "accepted"
    assert len(held(liar)) == 1


def test_an_answer_that_drips_is_ended(book, receiver, liar, clock, monkeypatch):
    from apps.sync.receivers import http

    monkeypatch.setattr(http, "TOTAL", 0.3)
    liar.faults.add("drip", seconds=3)
    first = book.save(visit())
    worker.run_once(clock=clock)
    assert row_of(first).reason == "Nơi nhận không trả lời kịp."


def test_a_receiver_that_is_absent(book, db, clock):
    from tests.factories.sync import warehouse

    warehouse("http://127.0.0.1:9/fhir")
    first = book.save(visit())
    worker.run_once(clock=clock)
    assert row_of(first).reason == "Không nối được tới nơi nhận."


def test_refused_content_is_rejected_and_others_go_on(book, receiver, liar, clock):
    liar.faults.add("422", contains="Hỏng", expression="Patient.birthDate", text="Ngày sinh ở tương lai")
    bad = book.save(visit(person("Hỏng")))
    good = book.save(visit())
    worker.drain(clock=clock)
    row = row_of(bad)
    assert (row.state, row.need, row_of(good).state) == ("rejected", "field", "accepted")
    assert row.issues == [
        {
            "expression": "Patient.birthDate",
            "text": "Ngày sinh ở tương lai",
            "field": "Ngày sinh",
            "target": "person",
        }
    ]
    clock.forward(3600)
    assert not worker.run_once(clock=clock)


def test_a_correction_supersedes_the_rejection(book, receiver, liar, clock):
    liar.faults.add("422")
    first = book.save(visit())
    worker.drain(clock=clock)
    book.amend(first, reason="Đã sửa")
    worker.drain(clock=clock)
    assert [r.state for r in OutboxRow.unscoped.order_by("id")] == ["superseded", "accepted"]


def test_what_was_refused_for_the_persons_own_data_waits_again_once_she_is_corrected(
    book, receiver, liar, clock
):
    liar.faults.add("422", expression="Patient.birthDate")
    liar.faults.add("422", expression="Encounter.period")
    hers, its = book.save(visit()), book.save(visit())
    worker.drain(clock=clock)
    assert {row_of(hers).state, row_of(its).state} == {"rejected"}
    with scope.system("test"):
        for each in (hers, its):
            outbox.person_changed(each.person.id)
    worker.drain(clock=clock)
    assert (row_of(hers).state, row_of(its).state) == ("accepted", "rejected")


def test_a_rejected_row_is_sent_again_by_hand(book, receiver, liar, clock):
    liar.faults.add("422")
    first = book.save(visit())
    worker.drain(clock=clock)
    assert outbox.send_again(row_of(first))
    assert not outbox.send_again(row_of(first))
    worker.drain(clock=clock)
    assert row_of(first).state == "accepted"


def test_400_is_our_fault_and_not_repeated(book, receiver, liar, clock):
    liar.faults.add("400")
    first = book.save(visit())
    worker.drain(clock=clock)
    assert (row_of(first).state, row_of(first).need) == ("rejected", "admin")


@pytest.mark.parametrize("kind", ["403", "404", "410", "redirect"])
def test_what_only_a_person_can_end_pauses_the_receiver(book, receiver, liar, clock, kind):
    liar.faults.add(kind)
    first, second = book.save(visit()), book.save(visit())
    worker.drain(clock=clock)
    assert row_of(first).state == "paused"
    assert fresh(receiver).paused_at
    assert receiver.pause_reason
    assert (row_of(second).state, row_of(second).attempts) == ("pending", 0)  # claimed together, given back
    assert len(liar.requests) == 1
    third = book.save(visit())
    clock.forward(3600)
    assert not worker.run_once(clock=clock)
    assert row_of(third).state == "pending"


def test_a_wish_for_patience_stops_the_rest_of_the_batch(book, receiver, liar, clock):
    liar.faults.add("429", retry_after="60")
    for _ in range(5):
        book.save(visit())
    worker.run_once(clock=clock)
    assert len(liar.requests) == 1


def test_settings_that_cannot_be_pause_the_receiver_not_the_records(book, receiver, liar, clock):
    type(receiver).objects.update(settings={"guide": "x"})
    first = book.save(visit())
    worker.drain(clock=clock)
    assert row_of(first).state == "paused"
    assert "Thiết lập" in fresh(receiver).pause_reason


def test_401_tries_once_with_the_token_read_anew(book, receiver, liar, clock):
    liar.faults.add("401")
    first = book.save(visit())
    worker.drain(clock=clock)
    assert row_of(first).state == "accepted"
    assert fresh(receiver).paused_at is None


def test_401_twice_pauses_the_receiver(book, receiver, liar, clock):
    liar.faults.add("401", times=2)
    first = book.save(visit())
    worker.drain(clock=clock)
    assert row_of(first).state == "paused"
    assert len(liar.requests) == 2
    assert fresh(receiver).paused_at


def test_the_token_comes_from_the_environment(book, receiver, liar, clock, monkeypatch):
    monkeypatch.setenv("TRAMYTE_RECEIVER_TEST_TOKEN", "bi-mat")
    type(receiver).objects.update(token_key="TRAMYTE_RECEIVER_TEST_TOKEN")
    liar.token = "bi-mat"
    first = book.save(visit())
    worker.drain(clock=clock)
    assert row_of(first).state == "accepted"


def test_409_once_more_then_rejected(book, receiver, liar, clock):
    liar.faults.add("409", times=2)
    first = book.save(visit())
    worker.run_once(clock=clock)
    assert row_of(first).state == "pending"
    clock.forward(11)
    worker.run_once(clock=clock)
    assert row_of(first).state == "rejected"


def test_409_once_is_settled_by_the_second_attempt(book, receiver, liar, clock):
    liar.faults.add("409")
    first = book.save(visit())
    worker.run_once(clock=clock)
    clock.forward(11)
    worker.run_once(clock=clock)
    assert row_of(first).state == "accepted"


def test_412_with_several_matches_goes_to_a_person(book, receiver, liar, clock):
    liar.faults.add("412")
    first = book.save(visit())
    worker.drain(clock=clock)
    assert (row_of(first).state, row_of(first).need) == ("rejected", "duplicate")


def test_412_without_match_is_tried_once_more(book, receiver, liar, clock):
    liar.faults.add("412-none")
    first = book.save(visit())
    worker.run_once(clock=clock)
    assert row_of(first).state == "pending"
    clock.forward(11)
    worker.run_once(clock=clock)
    assert row_of(first).state == "accepted"


def test_413_is_sent_in_parts(book, receiver, liar, clock):
    liar.faults.add("413")
    first = book.save(visit())
    worker.run_once(clock=clock)
    clock.forward(11)
    worker.run_once(clock=clock)
    assert row_of(first).state == "accepted"
    assert len(liar.requests) == 5  # one refused, four parts
    assert held(liar, "Observation")[0]["encounter"]["reference"] == f"Encounter/{held(liar)[0]['id']}"


def test_413_for_a_part_is_rejected(book, receiver, liar, clock):
    liar.faults.add("413", times=2)
    first = book.save(visit())
    worker.run_once(clock=clock)
    clock.forward(11)
    worker.run_once(clock=clock)
    assert row_of(first).state == "rejected"


@pytest.mark.parametrize("kind", ["429", "503"])
def test_retry_after_holds_the_whole_receiver(book, receiver, liar, clock, kind):
    liar.faults.add(kind, retry_after="120")
    first = book.save(visit())
    worker.run_once(clock=clock)
    assert row_of(first).tries == 0  # load is not the record's fault
    second = book.save(visit())
    clock.forward(110)
    assert not worker.run_once(clock=clock)
    clock.forward(20)
    worker.drain(clock=clock)
    assert (row_of(first).state, row_of(second).state) == ("accepted", "accepted")


def test_ten_tries_are_enough(book, receiver, liar, clock):
    liar.faults.add("500", times=None)
    first = book.save(visit())
    for _ in range(MAX_TRIES + 5):
        worker.run_once(clock=clock)
        clock.forward(3600)
    row = row_of(first)
    assert (row.state, row.tries) == ("dead", MAX_TRIES)
    liar.faults.clear()
    outbox.send_again(row)
    worker.drain(clock=clock)
    assert row_of(first).state == "accepted"


@pytest.mark.parametrize("many", [3, 20])
def test_all_again_costs_the_same_however_many(book, receiver, many, django_assert_num_queries):
    visits = [book.save(visit()) for _ in range(many)]
    OutboxRow.unscoped.filter(kind="visit").update(state="rejected", need="admin")
    book.amend(visits[0], reason="Sửa")  # what has become of it since is not its business any more
    old = OutboxRow.unscoped.filter(aggregate_id=visits[1].id)
    old.update(state="dead", need="")
    with scope.system("test"), django_assert_num_queries(8):
        again = services.receiver_send_again(receiver_id=receiver.pk, what="refused")
    assert again == many - 2
    states = list(OutboxRow.unscoped.order_by("state").values_list("state", flat=True))
    assert states == ["dead", *["pending"] * (many - 1), "superseded"]


def test_of_two_that_stopped_the_newer_is_sent_again(book, receiver):
    first = book.save(visit())
    OutboxRow.unscoped.update(state="accepted")
    book.amend(first, reason="Sửa")
    OutboxRow.unscoped.update(state="rejected", need="admin")
    assert outbox.send_all_again(OutboxRow.unscoped.all()) == 1
    assert list(OutboxRow.unscoped.order_by("pk").values_list("state", flat=True)) == ["rejected", "pending"]


def test_an_outage_of_three_days_kills_nothing(book, receiver, liar, clock):
    liar.faults.add("drop", times=None)
    visits = [book.save(visit()) for _ in range(8)]
    for _ in range(36):
        worker.run_once(clock=clock)
        clock.forward(2 * 3600)
    assert {row_of(v).state for v in visits} == {"pending"}
    liar.faults.clear()
    clock.forward(600)
    worker.drain(clock=clock)
    assert {row_of(v).state for v in visits} == {"accepted"}


def test_an_outage_counts_for_nothing_when_it_is_over(book, receiver, liar, clock):
    """One failure of its own after three silent days is no reason to give a record up."""
    liar.faults.add("drop", times=None)
    unlucky, *_ = [book.save(visit(reason=f"Lần {number}")) for number in range(8)]
    for _ in range(36):
        worker.run_once(clock=clock)
        clock.forward(2 * 3600)
    assert row_of(unlucky).tries
    liar.faults.clear()
    liar.faults.add("500", times=3, contains="Lần 0")
    seen = set()
    for _ in range(20):
        worker.run_once(clock=clock)
        seen.add(row_of(unlucky).state)
        clock.forward(400)
    assert seen == {"pending", "accepted"} and not fresh(receiver).breaker_open


def test_the_breaker_rests_and_probes_once(book, receiver, liar, clock):
    liar.faults.add("drop", times=None)
    for _ in range(12):
        book.save(visit())
    worker.run_once(clock=clock, batch=5)
    assert fresh(receiver).breaker_open
    before = len(liar.requests)
    assert not worker.run_once(clock=clock)
    clock.forward(31)
    worker.run_once(clock=clock)
    assert len(liar.requests) == before + 1
    liar.faults.clear()
    clock.forward(400)
    worker.drain(clock=clock)
    assert not fresh(receiver).breaker_open
    assert set(OutboxRow.unscoped.values_list("state", flat=True)) == {"accepted"}


def test_a_hostile_answer_is_kept_tame(book, receiver, liar, clock):
    liar.faults.add("hostile")
    first = book.save(visit())
    worker.drain(clock=clock)
    text = row_of(first).issues[0]["text"]
    assert len(text) <= 300
    assert "\x00" not in text
    assert "\u202e" not in text
