"""A person's change that a waiting record carries is not lost when that record ends untold."""

from dataclasses import replace

import pytest

from apps.core import scope
from apps.facilities.models import Facility
from apps.sync import by_hand, kinds, outbox, worker
from apps.sync.models import OutboxRow
from tests.factories.patients import a_station, scope_at
from tests.factories.sync import person, row_of, visit

pytestmark = pytest.mark.django_db
NEW = "Nguyễn Thị Hòa"


@pytest.fixture
def waiting(book, receiver, clock):
    """Somebody whom the receiver knows, whose name changes while another record of hers waits."""
    who = person()
    book.save(visit(who))
    worker.drain(clock=clock)
    record = book.save(visit(who, number="2026-000002"), facility_id=a_station().pk)
    book.change_person(replace(who, full_name=NEW))
    assert not OutboxRow.unscoped.filter(kind="person").exists()
    return record


def names(liar):
    return [held["name"][0]["text"] for held in liar.store.of_type("Patient")]


def test_it_works(waiting, liar, clock):
    """The record leaves: nothing else does."""
    worker.drain(clock=clock)
    assert names(liar) == [NEW] and len(liar.requests) == 2


def test_the_record_is_taken_back(waiting, liar, clock):
    with scope.system("test"):
        assert outbox.recall(kind="visit", aggregate_id=waiting.id)
    worker.drain(clock=clock)
    assert names(liar) == [NEW] and len(liar.store.of_type("Encounter")) == 1


def test_the_record_has_nothing_to_tell(waiting, book, liar, clock, monkeypatch):
    told = kinds.Kind("visit", "Lượt khám", lambda _: None, about="visit")
    monkeypatch.setitem(kinds._kinds, "visit", told)
    worker.drain(clock=clock)
    assert row_of(waiting).state == "superseded" and names(liar) == [NEW]


def test_the_record_is_refused(waiting, liar, clock):
    liar.faults.add("422")
    worker.drain(clock=clock)
    assert row_of(waiting).state == "rejected" and names(liar) == [NEW]


def test_the_record_goes_by_hand(waiting, liar, clock):
    row = row_of(waiting)
    station = Facility.objects.get(pk=row.facility_id)
    with scope.enter(scope_at(station, rights=frozenset({"sync.view", "sync.export"}))):
        by_hand.hand_take(row_id=row.pk, expected_version=row.version)
    worker.drain(clock=clock)
    assert row_of(waiting).state == "by_hand" and names(liar) == [NEW]


def test_another_record_of_hers_carries_it(waiting, book, liar, clock):
    """And so it does to the end."""
    book.save(visit(book.person(waiting.person.id), number="2026-000003"))
    liar.faults.add("422")
    worker.drain(clock=clock)
    assert names(liar) == [NEW] and not OutboxRow.unscoped.filter(kind="person").exists()


def test_who_was_never_told_of_is_not_told_alone(book, receiver, liar, clock):
    record = book.save(visit())
    book.change_person(replace(record.person, full_name=NEW))
    liar.faults.add("422")
    worker.drain(clock=clock)
    assert row_of(record).state == "rejected" and not names(liar)
    assert not OutboxRow.unscoped.filter(kind="person").exists()
