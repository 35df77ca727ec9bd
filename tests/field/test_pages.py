"""The phone's pages: her hamlets only, who is to come and never why, small."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.models import ReadEntry, Task
from apps.facilities.models import PostHamlet
from apps.field.rules import week_end
from tests.factories.accounts import a_member, client_of
from tests.factories.field import a_proposal
from tests.factories.households import a_household
from tests.factories.households import a_member as a_family_member
from tests.factories.patients import a_person, an_allergy
from tests.field.conftest import Hamlets, due, post

PAGES = ("/", "/thon/", "/thon/ho/", "/thon/da-bao/")


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_works(phone: Client, hamlets: Hamlets) -> None:
    due(hamlets.wife)
    home = text(phone.get("/"))
    assert "Thôn 1" in home and "1 hộ · 2 người" in home
    assert "Phạm Thị Hoa" in home and "Hẹn đến trạm" in home
    page = text(phone.get(f"/thon/ho/{hamlets.household.pk}/"))
    for word in ("Đinh Văn Nghĩa", "Chủ hộ", "tel:0912345678", "15/06/1990", "Hẹn đến trạm"):
        assert word in page


@pytest.mark.parametrize("path", PAGES)
def test_another_hamlet_is_nowhere(phone: Client, hamlets: Hamlets, path: str) -> None:
    due(hamlets.stranger)
    page = text(phone.get(path))
    assert "Hồ Thị Bảy Lạ" not in page and "Thôn 2" not in page


def test_another_hamlets_family_is_not_there(phone: Client, hamlets: Hamlets) -> None:
    for path in ("", "bao/death/"):
        assert phone.get(f"/thon/ho/{hamlets.other_household.pk}/{path}").status_code == 404


@pytest.mark.parametrize("typed", ["ho thi bay", "bảy lạ", "1990"])
def test_a_search_stays_inside_her_hamlets(phone: Client, hamlets: Hamlets, typed: str) -> None:
    page = text(phone.post("/thon/ho/", {"q": typed}))
    assert "Hồ Thị Bảy Lạ" not in page


def test_a_search_without_accents_finds_hers(phone: Client, hamlets: Hamlets) -> None:
    page = text(phone.post("/thon/ho/", {"q": "pham thi hoa"}))
    assert "Phạm Thị Hoa" in page and f"/thon/ho/{hamlets.household.pk}/" in page


@pytest.mark.parametrize("typed", ["", "\0", "🙂" * 150, "x" * 500, "'; drop table --", "\u202eaoH"])
def test_a_hostile_search_finds_nobody(phone: Client, hamlets: Hamlets, typed: str) -> None:
    assert "Không thấy ai" in text(phone.post("/thon/ho/", {"q": typed}))


def test_without_hamlets_she_is_told_to_ask(phone: Client, hamlets: Hamlets) -> None:
    PostHamlet.objects.all().delete()
    page = text(phone.get("/"))
    assert "Chưa có thôn nào" in page and "Đinh Văn Nghĩa" not in page
    assert phone.get("/thon/bao/cluster/").status_code == 404


def test_this_week_and_what_is_overdue_stand_apart(phone: Client, hamlets: Hamlets) -> None:
    """Thirty of last year hide nobody who is to come this week."""
    for days in range(1, 31):
        due(hamlets.head, days=-days)
    due(hamlets.wife, days=0)
    page = text(phone.get("/thon/"))
    week, late = page.split("<h3>Đến hạn tuần này</h3>")[1].split("<h3>Quá hạn</h3>")
    late = late.split("<h3>Tin đã báo</h3>")[0]
    assert hamlets.wife.full_name in week and hamlets.head.full_name not in week
    assert late.count(hamlets.head.full_name) == 5 and "Còn 25 lượt quá hạn nữa" in late


def test_what_the_hamlets_told_stands_once_on_the_home_page(hamlets: Hamlets) -> None:
    teller = a_member("village_worker", hamlets.station, "thon.ba")
    made = a_proposal(hamlets.station, hamlets.here, "death", person=hamlets.wife, made_by=teller)
    Task.unscoped.create(
        kind="field.proposal", facility_id=hamlets.station.pk, object_id=made.pk, person_id=hamlets.wife.pk,
        title="Qua đời – Thôn 1", happened_at=timezone.now(), due_at=timezone.now() - dt.timedelta(hours=1),
        escalate_at=timezone.now() + dt.timedelta(days=1),
    )  # fmt: skip
    nurse = client_of(a_member("nurse", hamlets.station, "dd.ba"))
    page = text(nurse.get("/"))
    assert page.count(f"/thon/de-xuat/{made.pk}/") == 1
    assert "Quá hạn trả lời" in page
    assert "Qua đời – Thôn 1" in text(nurse.get("/viec-can-lam/")), "the whole list keeps it"


# --- what is closed to her


@pytest.mark.parametrize("path", ["/nguoi/{person}/", "/ho/{household}/", "/ho/", "/kham/", "/api/people/"])
def test_the_stations_own_pages_are_closed(phone: Client, hamlets: Hamlets, path: str) -> None:
    found = path.format(person=hamlets.wife.pk, household=hamlets.household.pk)
    assert phone.get(found).status_code == 403


def test_nothing_clinical_is_on_her_pages(phone: Client, hamlets: Hamlets) -> None:
    an_allergy(hamlets.wife, "Penicillin")
    due(hamlets.wife, "Tái khám: J06.9 - Nhiễm trùng")
    for path in ("/", f"/thon/ho/{hamlets.household.pk}/"):
        page = text(phone.get(path))
        assert "Penicillin" not in page and "J06.9" not in page


def test_a_restricted_date_cannot_be_told_from_another(phone: Client, hamlets: Hamlets) -> None:
    """She is told that somebody is to come, and when: in the same words whatever it is for."""
    due(hamlets.wife, "Tái khám: J06.9", days=2)
    due(hamlets.head, "Tái khám: B24", days=2, restricted=True)
    page = text(phone.get(f"/thon/ho/{hamlets.household.pk}/"))
    assert page.count("Hẹn đến trạm ngày") == 2
    assert "B24" not in page and "J06.9" not in page


def test_a_restricted_item_of_an_open_kind_is_told_like_a_visit(phone: Client, hamlets: Hamlets) -> None:
    due(hamlets.wife, "Thuốc ARV tháng 12", kind="khong-co", restricted=True)
    page = text(phone.get(f"/thon/ho/{hamlets.household.pk}/"))
    assert "ARV" not in page and "Hẹn đến trạm" in page


def test_a_nurse_on_these_pages_is_told_no_restricted_date(desk: Client, hamlets: Hamlets) -> None:
    """She reads the titles of visits, so that one without would stand out."""
    due(hamlets.wife, "Tái khám: J06.9")
    due(hamlets.head, "Tái khám: B24", restricted=True)
    page = text(desk.get(f"/thon/ho/{hamlets.household.pk}/"))
    assert "Tái khám: J06.9" in page and "Hẹn đến trạm" not in page and "B24" not in page


def test_the_dead_and_the_closed_are_not_due(phone: Client, hamlets: Hamlets) -> None:
    due(hamlets.wife, days=-30, closes_on=timezone.localdate() - dt.timedelta(days=1))
    due(hamlets.head)
    hamlets.head.life_status = "dead"
    hamlets.head.save()
    assert "Không có ai đến hạn" in text(phone.get("/thon/"))


# --- looks, sizes, queries


def test_each_look_is_logged(phone: Client, hamlets: Hamlets) -> None:
    due(hamlets.wife)
    for path, screen in (
        ("/", "field.home"),
        ("/thon/ho/", "field.households"),
        (f"/thon/ho/{hamlets.household.pk}/", "field.household"),
        (f"/thon/ho/{hamlets.household.pk}/bao/death/", "field.household"),
    ):
        before = ReadEntry.objects.filter(screen=screen).count()
        phone.get(path)
        assert ReadEntry.objects.filter(screen=screen).count() == before + 1, path
    phone.post("/thon/ho/", {"q": "hoa"})
    assert ReadEntry.objects.get(screen="field.search").person_ids == [hamlets.wife.pk]


def test_pages_are_small(phone: Client, hamlets: Hamlets) -> None:
    for number in range(45):
        person = a_person(hamlets.station, f"Đinh Thị Hoa {number}", hamlet=hamlets.here)
        a_household(hamlets.station, person, hamlet=hamlets.here)
        due(person)
    for path in (*PAGES, f"/thon/ho/{hamlets.household.pk}/", "/thon/bao/move_in/"):
        assert len(phone.get(path).content) < 40_000, path


@pytest.mark.parametrize("path", ["/thon/", "/thon/ho/", "household"])
def test_the_same_queries_for_two_and_for_twenty(phone: Client, hamlets: Hamlets, path: str) -> None:
    path = f"/thon/ho/{hamlets.household.pk}/" if path == "household" else path

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            assert phone.get(path).status_code == 200
        return len(found)

    due(hamlets.wife)
    phone.get(path)
    few = cost()
    for number in range(18):
        person = a_person(hamlets.station, f"Đinh Thị Hoa {number}", hamlet=hamlets.here)
        a_family_member(hamlets.household, person)
        a_household(
            hamlets.station, a_person(hamlets.station, "Đinh A", hamlet=hamlets.here), hamlet=hamlets.here
        )
        due(person)
    assert cost() == few


def test_who_has_no_business_in_hamlets_has_no_such_page(hamlets: Hamlets) -> None:
    assert client_of(a_member("pharmacist", hamlets.station)).get("/thon/").status_code == 403


def test_the_station_sees_all_its_hamlets(desk: Client, hamlets: Hamlets) -> None:
    page = text(desk.get("/thon/"))
    assert "Thôn 1" in page and "Thôn 2" in page
    assert "Thôn của tôi" not in text(desk.get("/"))


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (dt.date(2026, 11, 23), dt.date(2026, 11, 29)),  # Monday
        (dt.date(2026, 11, 26), dt.date(2026, 11, 29)),  # Thursday
        (dt.date(2026, 11, 27), dt.date(2026, 12, 6)),  # Friday: the next week too
        (dt.date(2026, 11, 29), dt.date(2026, 12, 6)),  # Sunday
    ],
)
def test_the_week_of_the_home_page(day: dt.date, end: dt.date) -> None:
    assert week_end(day) == end


def test_a_draft_is_hers_to_keep(phone: Client, hamlets: Hamlets) -> None:
    path = f"/thon/ho/{hamlets.household.pk}/bao/birth/"
    assert post(phone, path, born_on="31/02/2026", full_name="Đinh Bé").status_code == 422
    assert "Đinh Bé" in text(phone.get(path)), "what was refused is kept"
    kept = phone.post(f"/ban-nhap/proposal-birth/{hamlets.household.pk}/", {"full_name": "Đinh Bé Hai"})
    assert kept.status_code == 200
    assert "Đinh Bé Hai" in text(phone.get(path))
    assert "Báo «Sinh con»: hộ" in text(phone.get("/"))
    other = phone.post(f"/ban-nhap/proposal-birth/{hamlets.other_household.pk}/", {"full_name": "x"})
    assert other.status_code == 404
