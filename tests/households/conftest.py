from collections.abc import Iterator

import pytest

from apps.core import scope
from apps.facilities.models import Facility
from tests.factories.catalogues import a_code
from tests.factories.patients import a_station, scope_at


@pytest.fixture
def station(db) -> Facility:
    return a_station()


@pytest.fixture
def at_station(station: Facility) -> Iterator[Facility]:
    """The test's body works as somebody of the station."""
    with scope.enter(scope_at(station)):
        yield station


@pytest.fixture
def code_lists(db: None) -> None:
    """The few codes that the lists of the tests speak of."""
    for list_name, rows in {
        "relationship_to_head": {"00": "Chủ hộ", "01": "Vợ", "05": "Con đẻ"},
        "ethnic_groups": {"01": "Kinh", "12": "Hrê"},
        "nationalities": {"VN": "Việt Nam"},
    }.items():
        for code, name in rows.items():
            a_code(list_name, code, name)
