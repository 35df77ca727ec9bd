"""What the search box offers when it did not find whom the nurse looked for."""

import pytest
from django.urls import reverse

from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db
NEW = "Thêm người mới"


@pytest.mark.parametrize("address", ["core:search_live", "core:search"])
def test_who_is_not_found_can_be_added(address):
    nurse = client_of(a_member("nurse", a_station()))
    page = nurse.post(reverse(address), {"q": "nguyen thi lan"}).content.decode()
    assert reverse("patients:create") in page
    offered = (NEW, "Xin chuyển hồ sơ từ trạm khác", "Cấp cứu chưa rõ là ai", "Người chưa rõ danh tính")
    places = [page.index(offer) for offer in offered]
    assert places == sorted(places), "what is done most stands first, where Enter takes it"


def test_the_offer_stands_below_those_who_were_found():
    station = a_station()
    a_person(station, "Nguyễn Thị Lan")
    nurse = client_of(a_member("nurse", station))
    page = nurse.post(reverse("core:search_live"), {"q": "nguyen thi lan"}).content.decode()
    assert page.index("Nguyễn Thị Lan") < page.index(NEW)


def test_nothing_is_offered_to_who_may_not_add_or_typed_nothing():
    station = a_station()
    assert (
        NEW
        not in client_of(a_member("village_worker", station))
        .post(reverse("core:search_live"), {"q": "nguyen thi lan"})
        .content.decode()
    )
    assert (
        NEW
        not in client_of(a_member("nurse", station, "hoa2"))
        .post(reverse("core:search_live"), {"q": " "})
        .content.decode()
    )


def test_too_many_asks_for_another_word_instead():
    station = a_station()
    for number in range(21):
        a_person(station, f"Nguyễn Thị Lan {chr(65 + number)}")
    nurse = client_of(a_member("nurse", station))
    page = nurse.post(reverse("core:search_live"), {"q": "nguyen thi lan"}).content.decode()
    assert "Còn người khác cũng khớp" in page
    assert NEW not in page


def test_a_home_page_without_visits_shows_the_way_to_the_people():
    page = client_of(a_member("population", a_station())).get("/").content.decode()
    assert f'"{reverse("households:list")}"' in page
    assert reverse("households:create") in page
