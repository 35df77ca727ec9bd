"""A finished record reaches its receiver, whatever the receiver answers (docs/states.md, outbox)."""

import time
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.sync import outbox, worker
from apps.sync.backoff import MAX_TRIES
from apps.sync.mappings import records
from apps.sync.models import Delivery, OutboxRow, SyncAnswer
from tests.factories.sync import person, row_of, visit

pytestmark = pytest.mark.django_db


def held(liar, kind="Encounter"):
    return liar.store.of_type(kind)


def fresh(receiver):
    receiver.refresh_from_db()
    return receiver


def test_it_works(book, receiver, liar, clock):
    first = book.save(visit())
    assert row_of(first).state == "pending"
    assert dict(worker.run_once(clock=clock)) == {"stored": 1}
    row = row_of(first)
    assert (row.state, row.aggregate_version, row.last_status) == ("accepted", 1, 200)
    assert liar.store.counts() == {
        "Organization": 1,
        "Patient": 1,
        "Encounter": 1,
        "Condition": 1,
        "Observation": 1,
        "Provenance": 1,
    }
    answer = SyncAnswer.unscoped.get(row=row)
    assert answer.request_id == f"{row.pk}-1" == liar.requests[0]["request_id"]
    delivery = Delivery.unscoped.get(aggregate_id=first.id)
    assert delivery.resources[f"Encounter/{first.id}"]["etag"] == 'W/"1"'
    assert delivery.maybe == []


def test_nothing_waits_without_a_receiver(book, db):
    book.save(visit())
    assert OutboxRow.unscoped.count() == 0


def test_a_receiver_that_is_off_keeps_its_rows_waiting(book, receiver, liar, clock):
    type(receiver).objects.update(is_on=False)
    first = book.save(visit())
    assert not worker.run_once(clock=clock)
    assert row_of(first).state == "pending"
    type(receiver).objects.update(is_on=True)
    worker.run_once(clock=clock)
    assert row_of(first).state == "accepted"


def test_a_later_edit_coalesces_into_the_waiting_row(book, receiver, liar, clock):
    first = book.save(visit())
    book.amend(first, reason="Ho khan")
    book.amend(first, reason="Ho có đờm")
    assert OutboxRow.unscoped.count() == 1
    worker.drain(clock=clock)
    assert len(liar.requests) == 1
    assert held(liar)[0]["reasonCode"] == [{"text": "Ho có đờm"}]


def test_an_edit_after_acceptance_is_sent_as_a_new_version(book, receiver, liar, clock):
    first = book.save(visit())
    worker.drain(clock=clock)
    book.amend(first, reason="Ho khan")
    worker.drain(clock=clock)
    assert [r.state for r in OutboxRow.unscoped.order_by("id")] == ["accepted", "accepted"]
    assert len(held(liar)) == 1
    assert held(liar)[0]["reasonCode"] == [{"text": "Ho khan"}]


def test_what_has_not_changed_is_not_sent_again(book, receiver, liar, clock):
    first = book.save(visit())
    worker.drain(clock=clock)
    book.save(first)
    assert dict(worker.drain(clock=clock)) == {"unchanged": 1}
    assert len(liar.requests) == 1
    assert row_of(first).state == "accepted"


def test_a_change_back_after_a_lost_answer_is_sent(book, receiver, liar, clock):
    """The receiver took version 2 and its answer was lost; the record then is as in version 1 again."""
    first = book.save(visit())
    worker.drain(clock=clock)
    liar.faults.add("drop_after_commit")
    book.save(replace(first, reason="Khác"))
    worker.run_once(clock=clock)
    book.save(first)
    worker.drain(clock=clock)
    assert held(liar)[0]["reasonCode"] == [{"text": "Ho, sốt"}]


def test_what_a_lost_answer_left_there_is_withdrawn(book, receiver, liar, clock):
    wrong = (records.Diagnosis("main", "A00.0", "Tả"),)
    first = book.save(visit(diagnoses=wrong))
    liar.faults.add("drop_after_commit")
    worker.run_once(clock=clock)
    book.amend(first, diagnoses=(records.Diagnosis("main", "J06.9", "Viêm"),))
    worker.drain(clock=clock)
    states = sorted(c["verificationStatus"]["coding"][0]["code"] for c in held(liar, "Condition"))
    assert states == ["confirmed", "entered-in-error"]


def test_what_was_refused_is_not_withdrawn(book, receiver, liar, clock):
    first = book.save(visit(diagnoses=(records.Diagnosis("main", "A00.0", "Tả"),)))
    liar.faults.add("422")
    worker.run_once(clock=clock)
    book.amend(first, diagnoses=(records.Diagnosis("main", "J06.9", "Viêm"),))
    worker.drain(clock=clock)
    assert len(held(liar, "Condition")) == 1


def test_entered_in_error_travels(book, receiver, liar, clock):
    first = book.save(visit())
    worker.drain(clock=clock)
    book.amend(first, state="entered_in_error")
    worker.drain(clock=clock)
    assert held(liar)[0]["status"] == "entered-in-error"


def test_a_record_that_is_gone_is_superseded(book, receiver, liar, clock):
    first = book.save(visit())
    del book.visits[first.id]
    worker.drain(clock=clock)
    assert row_of(first).state == "superseded"


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

    monkeypatch.setattr(http._clients, "client", httpx.Client(timeout=0.2, trust_env=False), raising=False)
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


def test_a_worker_told_to_stop_gives_back_what_it_has_not_begun(book, receiver, liar, clock):
    first = book.save(visit())
    asked = iter([False, True])
    worker.run_once(clock=clock, stop=lambda: next(asked))
    assert (row_of(first).state, row_of(first).attempts, liar.requests) == ("pending", 0, [])


def test_a_lease_that_ends_soon_begins_nothing(book, receiver, liar, clock):
    from apps.core import scope
    from apps.sync.claims import claim
    from apps.sync.push import push

    first = book.save(visit())
    with scope.system("test"):
        (row,) = claim(receiver, 10, clock())
        clock.forward(150)
        assert push(row, clock) is None
    assert (row_of(first).state, liar.requests) == ("pending", [])


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
    assert len(liar.requests) == 4  # one refused, three parts
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


def test_a_person_has_one_record_in_flight_and_in_order(book, receiver, liar, clock):
    who = person()
    first, second = book.save(visit(who)), book.save(visit(who, number="2026-000002"))
    liar.faults.add("500")
    worker.run_once(clock=clock)
    assert (row_of(first).attempts, row_of(second).attempts) == (1, 0)
    worker.run_once(clock=clock)
    assert row_of(second).attempts == 0  # it waits behind the first
    clock.forward(11)
    worker.drain(clock=clock)
    assert (row_of(first).state, row_of(second).state) == ("accepted", "accepted")


def test_a_rejected_record_does_not_hold_up_the_next_of_the_person(book, receiver, liar, clock):
    who = person()
    liar.faults.add("422")
    first, second = book.save(visit(who)), book.save(visit(who, number="2026-000002"))
    worker.drain(clock=clock)
    assert (row_of(first).state, row_of(second).state) == ("rejected", "accepted")


def test_a_changed_person_is_sent_where_she_is_known(book, receiver, liar, clock):
    first = book.save(visit())
    worker.drain(clock=clock)
    book.change_person(replace(first.person, full_name="Nguyễn Thị Hòa"))
    worker.drain(clock=clock)
    assert [p["name"][0]["text"] for p in held(liar, "Patient")] == ["Nguyễn Thị Hòa"]
    assert row_of(first.person).state == "accepted"


def test_a_changed_person_who_was_never_sent_is_not_sent(book, receiver, liar, clock):
    outbox.person_changed(person().id)
    assert OutboxRow.unscoped.count() == 0


def test_a_changed_person_whose_visit_waits_is_carried_by_it(book, receiver, liar, clock):
    first = book.save(visit())
    book.change_person(replace(first.person, full_name="Nguyễn Thị Hòa"))
    assert OutboxRow.unscoped.count() == 1
    worker.drain(clock=clock)
    assert [p["name"][0]["text"] for p in held(liar, "Patient")] == ["Nguyễn Thị Hòa"]


def test_what_is_not_fhir_never_leaves(book, receiver, liar, clock):
    bad = replace(person(), full_name="")
    first = book.save(visit(bad))
    worker.drain(clock=clock)
    row = row_of(first)
    assert (row.state, row.need) == ("rejected", "field")
    assert row.issues[0]["target"] == "person"
    assert liar.requests == []


def test_a_record_that_cannot_be_built_does_not_stop_the_others(book, receiver, liar, clock):
    bad = book.save(visit(measurements=(None,)))
    good = book.save(visit())
    worker.drain(clock=clock)
    assert (row_of(bad).state, row_of(bad).need, row_of(good).state) == ("rejected", "admin", "accepted")


def test_a_hostile_answer_is_kept_tame(book, receiver, liar, clock):
    liar.faults.add("hostile")
    first = book.save(visit())
    worker.drain(clock=clock)
    text = row_of(first).issues[0]["text"]
    assert len(text) <= 300
    assert "\x00" not in text
    assert "\u202e" not in text


def test_a_dead_workers_lease_runs_out(book, receiver, liar, clock):
    from apps.core import scope
    from apps.sync.claims import claim

    first = book.save(visit())
    with scope.system("test"):
        assert len(claim(receiver, 10, clock())) == 1
    assert row_of(first).state == "in_flight"
    assert not worker.run_once(clock=clock)
    clock.forward(200)
    worker.run_once(clock=clock)
    assert (row_of(first).state, row_of(first).attempts) == ("accepted", 2)


def test_a_worker_that_lost_its_lease_changes_nothing(book, receiver, liar, clock):
    from apps.core import scope
    from apps.sync.claims import claim
    from apps.sync.push import push

    first = book.save(visit())
    with scope.system("test"):
        (slow,) = claim(receiver, 10, clock())
        clock.forward(200)
        worker.run_once(clock=clock)
        settled = row_of(first)
        push(slow, clock)
    assert row_of(first).updated_at == settled.updated_at
    assert row_of(first).state == "accepted"


def test_an_edit_while_in_flight_is_sent_afterwards(book, receiver, liar, clock, monkeypatch):
    from apps.sync.receivers import http

    first = book.save(visit())
    really = http.post
    edits = ["Sửa khi đang gửi"]

    def while_sending(*args):
        answer = really(*args)
        if edits:
            book.amend(first, reason=edits.pop())
        return answer

    monkeypatch.setattr(http, "post", while_sending)
    worker.run_once(clock=clock)
    assert row_of(first).state == "pending"
    worker.run_once(clock=clock)
    assert row_of(first).state == "accepted"
    assert held(liar)[0]["reasonCode"] == [{"text": "Sửa khi đang gửi"}]
    assert OutboxRow.unscoped.count() == 1


def test_an_edit_while_a_refusal_is_under_way_gets_its_chance(book, receiver, liar, clock, monkeypatch):
    from apps.sync.receivers import http

    first = book.save(visit())
    liar.faults.add("422")
    really = http.post
    edits = ["Đã sửa"]

    def while_sending(*args):
        answer = really(*args)
        if edits:
            book.amend(first, reason=edits.pop())
        return answer

    monkeypatch.setattr(http, "post", while_sending)
    worker.drain(clock=clock)
    assert row_of(first).state == "accepted"


def test_a_save_that_fails_leaves_no_row(book, receiver):
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        book.save(visit())
        raise RuntimeError
    assert OutboxRow.unscoped.count() == 0


def test_putting_a_record_costs_a_request_at_most_5_ms(book, receiver):
    """In two statements; on a machine busy with other tests at most what 20 bare statements cost."""
    first = visit()
    with CaptureQueriesContext(connection) as queries:
        book.save(first)
    assert len(queries) == 2
    spent, bare = [], []
    for _ in range(20):
        record = visit()
        began = time.perf_counter()
        book.save(record)
        spent.append(time.perf_counter() - began)
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        bare.append(time.perf_counter() - began)
    assert min(spent) <= max(0.005, 20 * min(bare))


def test_two_receivers_are_independent(book, receiver, liar, clock):
    from tests.factories.sync import warehouse
    from tests.receiver.server import Receiver as Liar

    with Liar() as other:
        warehouse(other.base_url, code="kho-2", name="Kho thứ hai")
        liar.faults.add("403", times=None)
        first = book.save(visit())
        worker.drain(clock=clock)
        states = dict(OutboxRow.unscoped.values_list("receiver__code", "state"))
        assert states == {"kho-tinh": "paused", "kho-2": "accepted"}
        assert len(other.store.of_type("Encounter")) == 1
        assert first.id


def test_no_name_stands_in_the_outbox(book, receiver, liar, clock):
    liar.faults.add("500")
    book.save(visit(person("Tên Rất Riêng")))
    worker.drain(clock=clock)
    everything = str(list(OutboxRow.unscoped.values())) + str(list(Delivery.unscoped.values()))
    assert "Riêng" not in everything
    assert timezone.now()
