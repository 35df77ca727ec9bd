"""A book of visits, a receiver that listens, a clock that can be put forward."""

import pytest

from apps.sync import kinds
from tests.factories.sync import Book, Clock, warehouse
from tests.receiver.server import Receiver


@pytest.fixture
def book(monkeypatch):
    book = Book()
    monkeypatch.setitem(
        kinds._kinds, "visit", kinds.Kind("visit", "Lượt khám", book.visits.get, about="visit")
    )
    told = kinds.Kind("prescription", "Đơn thuốc", book.visits.get, about="visit", follows=False)
    monkeypatch.setitem(kinds._kinds, "prescription", told)
    monkeypatch.setitem(kinds._kinds, "person", kinds.Kind("person", "Người bệnh", book.person))
    return book


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def liar():
    """The test receiver, which can be told to misbehave."""
    with Receiver() as running:
        yield running


@pytest.fixture
def receiver(db, liar):
    """Our row for it."""
    return warehouse(liar.base_url)
