"""The pages of two records that may be one person, as a nurse opens them."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.ids import uuid7
from apps.core.models import ReadEntry
from apps.facilities.models import Facility, Hamlet
from apps.patients import duplicates
from apps.patients.models import DuplicatePair, Identifier, MergeRecord, Person
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.patients import a_card, a_person, a_station, an_allergy

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 29)


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def nurse(station: Facility) -> Client:
    return client_of(a_member("nurse", station))


@pytest.fixture
def hoa(station: Facility) -> Person:
    return a_person(station, "Nguyễn Thị Hòa", phone="0912345678", ethnicity="01")


@pytest.fixture
def again(station: Facility) -> Person:
    return a_person(station, "Nguyễn Thị Hoà", ethnicity="12", birth_date=dt.date(1990, 3, 5))


@pytest.fixture
def pair(hoa: Person, again: Person) -> DuplicatePair:
    duplicates.find(TODAY)
    return DuplicatePair.unscoped.get()


def form_of(page: str, form: str = "merge-form") -> dict[str, str]:
    """The fields of a form as a browser would send them."""
    part = page.split(f'id="{form}"')[1].split("</form>")[0]
    data = {}
    for tag in re.findall(r"<input[^>]*>", part):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if said.get("type") != "radio" or re.search(r"\schecked", tag):
            data[said["name"]] = said.get("value", "")
    return data


def text(response: Any) -> str:
    return response.content.decode()


def test_it_works(nurse: Client, pair: DuplicatePair, hoa: Person, again: Person) -> None:
    an_allergy(again, "Penicillin")
    listed = text(nurse.get("/nguoi/trung/"))
    assert "Nguyễn Thị Hòa" in listed and "Nguyễn Thị Hoà" in listed and "Trùng họ tên" in listed
    page = text(nurse.get(f"/nguoi/trung/{pair.pk}/"))
    assert "Penicillin" in page and "0912345678" in page
    data = form_of(page)
    assert data["chon-phone"] == "kept"  # what only one knows is suggested
    saved = nurse.post(f"/nguoi/trung/{pair.pk}/", {**data, "chon-full_name": "old"})
    assert (saved.status_code, saved.url) == (302, f"/nguoi/{hoa.pk}/")
    hoa.refresh_from_db()
    assert hoa.full_name == "Nguyễn Thị Hoà"
    kept = text(nurse.get(saved.url))
    assert "Đã gộp hồ sơ" in kept and "Hồ sơ đã gộp vào đây" in kept and "Penicillin" in kept
    old = text(nurse.get(f"/nguoi/{again.pk}/"))
    assert "đã được gộp" in old and f"/nguoi/{hoa.pk}/" in old
    record = MergeRecord.unscoped.get()
    undo = text(nurse.get(f"/nguoi/lan-gop/{record.pk}/"))
    back = nurse.post(
        f"/nguoi/lan-gop/{record.pk}/", {**form_of(undo, "unmerge-form"), "reason": "Hai chị em họ"}
    )
    assert back.url == f"/nguoi/{again.pk}/"
    assert "Nguyễn Thị Hoà" in text(nurse.get(back.url))
    hoa.refresh_from_db()
    assert hoa.full_name == "Nguyễn Thị Hòa"
    assert "Không có cặp hồ sơ nào cần xem" in text(nurse.get("/nguoi/trung/"))


def test_each_look_is_logged(nurse: Client, pair: DuplicatePair, hoa: Person, again: Person) -> None:
    for path, screen in (
        ("/nguoi/trung/", "duplicates.list"),
        (f"/nguoi/trung/{pair.pk}/", "duplicates.pair"),
        (f"/nguoi/{hoa.pk}/trung/", "person.duplicates"),
    ):
        nurse.get(path)
        row = ReadEntry.objects.filter(screen=screen).latest("at")
        assert {hoa.pk, again.pk} <= set(row.person_ids), path


def test_she_chooses_which_record_stays(
    nurse: Client, pair: DuplicatePair, hoa: Person, again: Person
) -> None:
    keep = "b" if pair.b_id == again.pk else "a"
    page = text(nurse.get(f"/nguoi/trung/{pair.pk}/?giu={keep}"))
    saved = nurse.post(f"/nguoi/trung/{pair.pk}/", form_of(page))
    assert saved.url == f"/nguoi/{again.pk}/"
    hoa.refresh_from_db()
    assert hoa.merged_into == again


def test_who_has_a_household_stays_unless_she_says_otherwise(
    nurse: Client, pair: DuplicatePair, again: Person, station: Facility
) -> None:
    a_household(station, again)
    page = text(nurse.get(f"/nguoi/trung/{pair.pk}/"))
    assert f"Gộp vào hồ sơ {again.code}" in page


def test_not_the_same_person_leaves_the_list_and_stays_away(nurse: Client, pair: DuplicatePair) -> None:
    page = text(nurse.get(f"/nguoi/trung/{pair.pk}/"))
    nurse.post(f"/nguoi/trung/{pair.pk}/khac-nhau/", form_of(page, "not-same-form"))
    assert "Không có cặp" in text(nurse.get("/nguoi/trung/"))
    duplicates.find(TODAY)
    assert "Không có cặp" in text(nurse.get("/nguoi/trung/"))
    assert "Đã ghi: không phải cùng một người" in text(nurse.get(f"/nguoi/trung/{pair.pk}/"))


def test_sent_twice_it_merges_once(nurse: Client, pair: DuplicatePair) -> None:
    data = form_of(text(nurse.get(f"/nguoi/trung/{pair.pk}/")))
    first = nurse.post(f"/nguoi/trung/{pair.pk}/", data)
    assert nurse.post(f"/nguoi/trung/{pair.pk}/", data).url == first.url
    assert MergeRecord.unscoped.count() == 1


def test_a_record_changed_meanwhile_is_compared_again(
    nurse: Client, pair: DuplicatePair, hoa: Person
) -> None:
    data = form_of(text(nurse.get(f"/nguoi/trung/{pair.pk}/")))
    Person.unscoped.filter(pk=hoa.pk).update(phone="0966666666", version=7)
    refused = nurse.post(f"/nguoi/trung/{pair.pk}/", {**data, "chon-full_name": "old"})
    page = text(refused)
    assert refused.status_code == 422
    assert "vừa được sửa" in page and "0966666666" in page
    again = form_of(page)
    assert again["chon-full_name"] == "old"  # what she chose is kept
    assert nurse.post(f"/nguoi/trung/{pair.pk}/", again).status_code == 302


def test_what_is_odd_asks_why(nurse: Client, station: Facility, hoa: Person) -> None:
    other = a_person(station, "Nguyễn Thị Hòa", sex="male", birth_date=dt.date(1950, 1, 1))
    found = nurse.post(f"/nguoi/{hoa.pk}/trung/", {"form_key": str(uuid7()), "other": other.code.lower()})
    page = text(nurse.get(found.url))
    assert "Hai hồ sơ ghi khác giới tính." in page
    refused = nurse.post(found.url, form_of(page))
    assert refused.status_code == 422
    data = form_of(text(refused))
    assert nurse.post(found.url, {**data, "reason": "Đã xem căn cước"}).status_code == 302


def test_two_national_numbers_are_the_provinces(
    nurse: Client, pair: DuplicatePair, hoa: Person, again: Person
) -> None:
    for person, number in ((hoa, "051190000111"), (again, "051190000222")):
        Identifier.unscoped.create(person=person, kind="cccd", value=number)
    page = text(nurse.get(f"/nguoi/trung/{pair.pk}/"))
    assert "Chưa gộp được" in page and "quyền theo giờ" in page
    refused = nurse.post(f"/nguoi/trung/{pair.pk}/", form_of(page))
    assert refused.status_code == 422
    assert not MergeRecord.unscoped.exists()


def test_another_record_is_named_by_its_code(nurse: Client, hoa: Person, station: Facility) -> None:
    key = {"form_key": str(uuid7())}
    foreign = a_person(a_station("21490", "Trạm Y tế xã Ba Vì"), code="P0000777")
    for typed in ("P9999999", foreign.code, hoa.code, "", "x" * 200, "\0", "🙂"):
        refused = nurse.post(f"/nguoi/{hoa.pk}/trung/", {**key, "other": typed})
        assert refused.status_code == 422, typed
    assert not DuplicatePair.unscoped.exists()


@pytest.mark.parametrize(
    "posted",
    [
        {"keep": "c"},
        {"keep": ""},
        {"kept_version": "x"},
        {"old_version": "-1"},
        {"chon-full_name": "neither"},
        {"reason": "a" * 400},
        {"chon-khong-co": "old"},
        {"reason": "\u202e\0 🙂"},
    ],
)
def test_nonsense_saves_nothing_half(
    nurse: Client, pair: DuplicatePair, hoa: Person, posted: dict[str, str]
) -> None:
    data = form_of(text(nurse.get(f"/nguoi/trung/{pair.pk}/")))
    response = nurse.post(f"/nguoi/trung/{pair.pk}/", {**data, **posted})
    assert response.status_code in (302, 422)
    assert MergeRecord.unscoped.count() == (1 if response.status_code == 302 else 0)


# --- strangers


def test_another_station_sees_nothing(pair: DuplicatePair, nurse: Client, hoa: Person) -> None:
    data = form_of(text(nurse.get(f"/nguoi/trung/{pair.pk}/")))
    charlie = client_of(a_member("nurse", a_station("21490", "Trạm Y tế xã Ba Vì"), username="charlie"))
    assert charlie.get(f"/nguoi/trung/{pair.pk}/").status_code == 404
    assert charlie.post(f"/nguoi/trung/{pair.pk}/", data).status_code == 404
    key = {"form_key": str(uuid7())}
    assert charlie.post(f"/nguoi/trung/{pair.pk}/khac-nhau/", key).status_code == 404
    assert charlie.get(f"/nguoi/{hoa.pk}/trung/").status_code == 404
    assert "Nguyễn" not in text(charlie.get("/nguoi/trung/"))
    nurse.post(f"/nguoi/trung/{pair.pk}/", data)
    record = MergeRecord.unscoped.get()
    assert charlie.get(f"/nguoi/lan-gop/{record.pk}/").status_code == 404
    assert charlie.post(f"/nguoi/lan-gop/{record.pk}/", {**key, "reason": "x"}).status_code == 404
    assert charlie.get(f"/nguoi/{hoa.pk}/").status_code == 404


def test_who_may_not_merge_is_refused(pair: DuplicatePair, station: Facility, hoa: Person) -> None:
    worker = client_of(a_member("pharmacist", station, username="duoc"))
    for path in ("/nguoi/trung/", f"/nguoi/trung/{pair.pk}/", f"/nguoi/{hoa.pk}/trung/"):
        assert worker.get(path).status_code == 403, path
    assert "Tìm hồ sơ trùng" not in text(worker.get(f"/nguoi/{hoa.pk}/"))


def test_the_home_page_counts_and_names_nobody(nurse: Client, pair: DuplicatePair) -> None:
    page = text(nurse.get("/"))
    assert "1 cặp" in page and "/nguoi/trung/" in page
    assert "Nguyễn Thị Hòa" not in page


def test_the_list_is_paged_and_costs_the_same_at_2_and_20_rows(nurse: Client, station: Facility) -> None:
    def with_pairs(many: int) -> int:
        for number in range(DuplicatePair.unscoped.count(), many):
            for _ in range(2):
                a_person(station, "Trần Văn Ba", birth_date=dt.date(1950 + number, 1 + number % 12, 7))
        duplicates.find(TODAY)
        assert DuplicatePair.unscoped.count() == many
        nurse.get("/nguoi/trung/")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            nurse.get("/nguoi/trung/")
        return len(caught)

    assert with_pairs(2) == with_pairs(20)
    with_pairs(30)
    first = text(nurse.get("/nguoi/trung/"))
    following = re.search(r'href="(\?c=[^"]+)" rel="next"|rel="next" href="(\?c=[^"]+)"', first)
    assert following is not None
    second = text(nurse.get("/nguoi/trung/" + (following[1] or following[2])))
    ids = [set(re.findall(r"/nguoi/trung/([0-9a-f-]{36})/", page)) for page in (first, second)]
    assert (len(ids[0]), len(ids[1]), len(ids[0] | ids[1])) == (25, 5, 30)


def test_no_name_stands_in_an_address(nurse: Client, pair: DuplicatePair) -> None:
    page = text(nurse.get("/nguoi/trung/")) + text(nurse.get(f"/nguoi/trung/{pair.pk}/"))
    for address in re.findall(r'(?:href|action)="([^"]*)"', page):
        assert re.fullmatch(r"[\w/.:?=&;+%#()-]*", address), address
        assert "P000" not in address


def test_entering_somebody_with_the_look_for_duplicates_costs_at_most_18_statements(
    nurse: Client, station: Facility
) -> None:
    for number in range(12):  # of her year, none of them alike
        a_person(station, f"Trần Thị Số {number}", birth_date=dt.date(1990, 1, 1 + number))

    def post(name: str) -> int:
        hamlet = Hamlet.objects.get(catchments__facility=station)
        data = {
            "form_key": str(uuid7()),
            "full_name": name,
            "birth_date": "5/3/1990",
            "sex": "female",
            "hamlet": str(hamlet.pk),
            "cccd": f"0511900001{len(name):02d}",
            "life_status": "alive",
        }
        with CaptureQueriesContext(connection) as caught:
            response = nurse.post("/nguoi/moi/", data)
        assert response.status_code == 302
        return len(caught)

    post("Nguyễn Thị Hòa")
    assert post("Lê Thị Kiều Oanh") <= 18  # with a number of her own


def test_comparing_costs_the_same_whatever_hangs_on_the_two(
    nurse: Client, pair: DuplicatePair, hoa: Person, again: Person
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            nurse.get(f"/nguoi/trung/{pair.pk}/")
        return len(caught)

    for person in (hoa, again):
        an_allergy(person, "Tôm")
        a_card(person, f"DN45151000000{person.code[-2:]}")
    statements()
    few = statements()
    for person in (hoa, again):
        for number in range(9):
            an_allergy(person, f"Thuốc {number}")
            a_card(person, f"DN451510000{number}{person.code[-3:]}", valid_from=dt.date(2000 + number, 1, 1))
    assert statements() == few
