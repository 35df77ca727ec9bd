from collections.abc import Iterator

import pytest

from apps.core import scope
from apps.facilities.models import Facility
from tests.factories.patients import a_station, scope_at


@pytest.fixture
def station(db) -> Facility:
    return a_station()


@pytest.fixture
def at_station(station: Facility) -> Iterator[Facility]:
    """The test's body works as somebody of the station."""
    with scope.enter(scope_at(station)):
        yield station
