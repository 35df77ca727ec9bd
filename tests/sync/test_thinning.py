"""Old answers go, what proves where a record stands stays."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core import registry
from apps.core.models import Parameter
from apps.core.scope import system
from apps.sync import thinning, worker
from apps.sync.models import Delivery, OutboxRow, SyncAnswer
from tests.factories.sync import row_of, visit

pytestmark = pytest.mark.django_db


def answered(row, *outcomes, days=200):
    """Attempts of a row, the oldest first, so many days ago."""
    at = timezone.now() - dt.timedelta(days=days)
    for number, outcome in enumerate(outcomes, start=1):
        SyncAnswer.unscoped.create(
            row=row, attempt=number, request_id=f"{row.pk}-{number}", at=at, outcome=outcome, answer="lời"
        )


def left(row):
    return list(SyncAnswer.unscoped.filter(row=row).order_by("pk").values_list("outcome", flat=True))


def thinned(day=None):
    with system("test"):
        return thinning.answers_thinned(day or timezone.localdate())


@pytest.fixture
def row(book, receiver):
    return row_of(book.save(visit()))


def settled(row, state):
    OutboxRow.unscoped.filter(pk=row.pk).update(state=state)
    return row


def test_it_works(row):
    answered(settled(row, "accepted"), "retry", "stored", "limited", "stored", "unchanged")
    assert thinned() == "Đã bỏ 3 câu trả lời cũ của nơi nhận."
    assert left(row) == ["stored", "unchanged"]  # the last that took it, and the last
    assert thinned() == "Đã bỏ 0 câu trả lời cũ của nơi nhận."


def test_what_was_found_later_is_an_answer_too(row):
    """'missing', then sent again: the acceptance and what came of it stay."""
    answered(settled(row, "verified"), "retry", "stored", "missing", "stored")
    thinned()
    assert left(row) == ["stored"]
    answered(settled(row, "superseded"), "missing")
    thinned()
    assert left(row) == ["stored", "missing"]


@pytest.mark.parametrize("state", ["pending", "in_flight", "paused", "rejected", "dead", "differs"])
def test_what_waits_or_is_stuck_keeps_all(row, state):
    answered(settled(row, state), "retry", "retry", "rejected")
    thinned()
    assert len(left(row)) == 3


def test_what_is_young_stays(row):
    answered(settled(row, "accepted"), "retry", "stored", days=179)
    thinned()
    assert left(row) == ["retry", "stored"]


def test_how_long_is_the_administrators(row):
    answered(settled(row, "accepted"), "retry", "stored", days=40)
    Parameter.objects.filter(key=thinning.KEPT_DAYS).update(value=30)
    thinned()
    assert left(row) == ["stored"]


def test_never_what_the_hours_are_counted_from(row):
    answered(settled(row, "accepted"), "retry", "stored", days=6)
    Parameter.objects.filter(key=thinning.KEPT_DAYS).update(value=0)
    thinned()
    assert left(row) == ["retry", "stored"]


def test_many_go_in_pieces(row, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(thinning, "AT_ONCE", 4)
    answered(settled(row, "accepted"), *["retry"] * 9, "stored")
    with django_assert_max_num_queries(12):
        thinned()
    assert left(row) == ["stored"]


def test_what_the_receiver_holds_is_not_touched(book, receiver, clock):
    record = book.save(visit())
    worker.drain(clock=clock)
    before = Delivery.unscoped.get().body_hash
    thinned(timezone.localdate() + dt.timedelta(days=400))
    assert Delivery.unscoped.get().body_hash == before
    assert left(row_of(record)) == ["stored"]


def test_it_is_work_of_the_night():
    work = registry.nightly.get("sync.answers")
    assert work and work.run is thinning.answers_thinned
