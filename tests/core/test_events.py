import uuid
from dataclasses import dataclass

import pytest
from django.db import transaction

from apps.core import events


@dataclass(frozen=True)
class Tried(events.Event):
    """Something was tried."""

    record_id: uuid.UUID


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(events, "_subscribers", events.defaultdict(list))
    return []


def test_listeners_hear_in_order_inside_the_transaction(db, heard):
    events.subscribe(Tried, lambda event: heard.append(("first", event.record_id)))
    events.subscribe(Tried, lambda event: heard.append(("second", event.record_id)))
    record = uuid.uuid4()
    with transaction.atomic():
        events.publish(Tried(record))
    assert heard == [("first", record), ("second", record)]


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused(heard):
    with pytest.raises(RuntimeError):
        events.publish(Tried(uuid.uuid4()))


def test_a_listener_that_fails_fails_the_save(db, heard):
    def fail(event):
        raise ValueError

    events.subscribe(Tried, fail)
    with pytest.raises(ValueError), transaction.atomic():
        events.publish(Tried(uuid.uuid4()))


def test_nobody_listens_twice(heard):
    events.subscribe(Tried, heard.append)
    with pytest.raises(ValueError):
        events.subscribe(Tried, heard.append)
