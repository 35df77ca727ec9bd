"""A finished record reaches its receiver, whatever the receiver answers (docs/states.md, outbox)."""

import time
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.sync import outbox, worker
from apps.sync.mappings import records
from apps.sync.models import Delivery, OutboxRow, SyncAnswer
from tests.factories.sync import person, row_of, visit

pytestmark = pytest.mark.django_db


def held(liar, kind="Encounter"):
    return liar.store.of_type(kind)


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
        "Composition": 1,
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


def test_a_worker_told_to_stop_gives_back_what_it_has_not_begun(book, receiver, liar, clock):
    first = book.save(visit())
    asked = iter([False, True])
    worker.run_once(clock=clock, stop=lambda: next(asked))
    assert (row_of(first).state, row_of(first).attempts, liar.requests) == ("pending", 0, [])


def test_a_lease_that_ends_soon_begins_nothing(book, receiver, liar, clock):
    from apps.core import scope
    from apps.sync.claims import claim
    from apps.sync.sending import send_all

    first = book.save(visit())
    with scope.system("test"):
        (row,) = claim(receiver, 10, clock())
        clock.forward(150)
        assert send_all([row], clock) == [None]
    assert (row_of(first).state, liar.requests) == ("pending", [])


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
    from apps.sync.sending import send_all

    first = book.save(visit())
    with scope.system("test"):
        (slow,) = claim(receiver, 10, clock())
        clock.forward(200)
        worker.run_once(clock=clock)
        settled = row_of(first)
        assert send_all([slow], clock) == [None]
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


def test_putting_a_record_costs_two_statements(book, receiver):
    """And at most 5 ms of the processor: what other tests do meanwhile does not count."""
    first = visit()
    with CaptureQueriesContext(connection) as queries:
        book.save(first)
    assert len(queries) == 3, "two, and one that finds nobody who takes prescriptions"
    spent = []
    for _ in range(20):
        record = visit()
        began = time.process_time()
        book.save(record)
        spent.append(time.process_time() - began)
    assert min(spent) <= 0.005


def test_two_receivers_are_independent(book, receiver, liar, clock):
    from tests.factories.sync import warehouse
    from tests.receiver.server import Receiver as Liar

    with Liar() as other:
        warehouse(other.base_url, code="kho-2", name="Kho thứ hai")
        liar.faults.add("403", times=None)
        book.save(visit())
        worker.drain(clock=clock)
        states = dict(OutboxRow.unscoped.values_list("receiver__code", "state"))
        assert states == {"kho-tinh": "paused", "kho-2": "accepted"}
        assert len(other.store.of_type("Encounter")) == 1


def test_no_name_stands_in_the_outbox(book, receiver, liar, clock):
    liar.faults.add("500")
    book.save(visit(person("Tên Rất Riêng")))
    worker.drain(clock=clock)
    everything = str(list(OutboxRow.unscoped.values())) + str(list(Delivery.unscoped.values()))
    assert "Riêng" not in everything
