"""The village worker's role is held to what docs/decisions/0012 says it may hold."""

import pytest

from apps.facilities.models import Facility
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.facilities import a_station

pytestmark = pytest.mark.django_db

CLOSED = (
    "/nguoi/moi/",
    "/ho/",
    "/kham/",
    "/lich-hen/",
    "/viec-can-lam/",
    "/thon/de-xuat/",
    "/api/people/",
    "/api/households/",
    "/api/visits/",
)


@pytest.fixture
def station() -> Facility:
    return a_station()


def test_she_holds_her_own_room_and_nothing_else() -> None:
    """A list of who is due beside that of /thon/ would give the restricted ones away: see decision 0012."""
    role = a_role("village_worker")
    assert set(role.rights) == {"field.view", "field.enter"}
    assert role.hands_on == [] and role.by_hamlet


def test_no_other_role_is_confined_by_mistake() -> None:
    a_role("nurse")
    assert list(type(a_role("nurse")).objects.filter(by_hamlet=True).values_list("code", flat=True)) == [
        "village_worker"
    ]


@pytest.mark.parametrize("path", CLOSED)
def test_the_stations_lists_are_closed(station: Facility, path: str) -> None:
    assert client_of(a_member("village_worker", station)).get(path).status_code in (403, 404)


@pytest.mark.parametrize("path", ["/tim/", "/tim/nhanh/"])
def test_the_search_box_is_closed(station: Facility, path: str) -> None:
    assert client_of(a_member("village_worker", station)).post(path, {"q": "hoa"}).status_code == 403


def test_her_menu_is_hers(station: Facility) -> None:
    page = client_of(a_member("village_worker", station)).get("/").content.decode()
    menu = page[page.index('id="menu-list"') : page.index("</nav>")]
    assert menu.count("<li") == 2 and "Thôn bản" in menu
