"""A book of visits, a receiver that listens, a clock that can be put forward."""

from types import SimpleNamespace

import pytest

from apps.sync import kinds, settle, vaccinations
from tests.factories.sync import Book, Clock, Papers, warehouse
from tests.factories.vaccinations import LACKS, Room, national
from tests.receiver.server import Receiver


@pytest.fixture(autouse=True)
def jitter(monkeypatch):
    """A wait after a failure is half of its longest: one of a few milliseconds would be over before the test
    has looked.
    """
    monkeypatch.setattr(settle, "random", SimpleNamespace(random=lambda: 0.5))


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
def papers(monkeypatch):
    papers = Papers()
    told = kinds.Kind("check_up", "Giấy khám sức khỏe", papers.held.get, follows=False)
    monkeypatch.setitem(kinds._kinds, "check_up", told)
    return papers


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


@pytest.fixture
def room(monkeypatch):
    """A room of immunization that has registered itself."""
    room = Room()
    kind = vaccinations.kind(
        room.read, page=lambda id_: f"/tiem/{id_}/", page_right="visits.view", in_use=room.in_use
    )
    monkeypatch.setitem(kinds._kinds, "vaccination", kind)
    return room


@pytest.fixture
def system_of_the_ministry(db, liar):
    """Our row for the national vaccination system; it takes empty what the house does not know yet."""
    return national(liar.base_url, settings={"may_lack": LACKS})
