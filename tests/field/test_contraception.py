"""Book A0, part II: marks by month, replaced and never overwritten; minors are restricted."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Refused
from apps.core.models import AuditEntry, ReadEntry
from apps.core.registry import MergeStep
from apps.core.scope import enter
from apps.field import contraception, merging
from apps.field.contraception import Entry, marks_put
from apps.field.models import ContraceptionMark
from apps.field.months import add_months, first_of, is_minor, last_of, read_month, years_before
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.patients import a_person
from tests.field.conftest import Hamlets, post

THIS = first_of(timezone.localdate())
LAST = add_months(THIS, -1)


@pytest.fixture(autouse=True)
def _methods(hamlets: Hamlets) -> None:
    for code, name in (("1", "Dụng cụ tử cung (vòng)"), ("2", "Thuốc uống tránh thai"), ("0", "Không dùng")):
        a_code("a0_contraception", code, name)
    Person.unscoped.filter(pk__in=[hamlets.wife.pk, hamlets.stranger.pk]).update(marital_status="2")


def key(person: Person, month: dt.date) -> str:
    return f"m.{person.pk}.{month:%Y-%m}"


def mark(hamlets: Hamlets, code: str, was: str = "", month: dt.date = THIS, **who: Any) -> Any:
    with enter(hamlets.scope(who.get("user", hamlets.worker))):
        return marks_put(entries=[Entry(who.get("woman", hamlets.wife).pk, month, code, was)])


def now(woman: Person, month: dt.date = THIS) -> str:
    found = ContraceptionMark.unscoped.filter(person=woman, month=month, state="final").first()
    return found.code if found else ""


def test_it_works(phone: Client, hamlets: Hamlets) -> None:
    page = phone.get("/thon/so-a0/tranh-thai/").content.decode()
    assert "Phạm Thị Hoa" in page and "Hồ Thị Bảy Lạ" not in page and "Đinh Văn Nghĩa" not in page
    answer = post(phone, "/thon/so-a0/tranh-thai/", **{key(hamlets.wife, THIS): "1"})
    assert answer.status_code == 302 and now(hamlets.wife) == "1"
    assert AuditEntry.objects.get(action="contraception.marked").data == {"cells": 1}
    assert ReadEntry.objects.filter(screen="field.contraception").exists()


def test_one_month_on_the_phone_is_filled_as_the_month_before(phone: Client, hamlets: Hamlets) -> None:
    mark(hamlets, "2", month=LAST)
    page = phone.get(f"/thon/so-a0/tranh-thai/?thang={THIS:%Y-%m}").content.decode()
    assert '<option value="2" selected>' in page and "điền sẵn như tháng trước" in page
    assert now(hamlets.wife) == "", "nothing is written before it is saved"


def test_a_mark_is_replaced_and_kept(phone: Client, hamlets: Hamlets) -> None:
    mark(hamlets, "1")
    mark(hamlets, "2", was="1")
    mark(hamlets, "", was="2")
    states = list(ContraceptionMark.unscoped.order_by("id").values_list("code", "state"))
    assert states == [("1", "replaced"), ("2", "replaced")]
    page = phone.get(f"/thon/so-a0/tranh-thai/{hamlets.wife.pk}/").content.decode()
    assert "Dụng cụ tử cung (vòng)" in page and "Đinh Thị Bế" in page


def test_the_second_of_two_is_told_and_the_rest_is_saved(phone: Client, hamlets: Hamlets) -> None:
    mark(hamlets, "1")
    answer = post(
        phone,
        "/thon/so-a0/tranh-thai/",
        **{
            key(hamlets.wife, THIS): "2",
            f"w.{key(hamlets.wife, THIS)[2:]}": "",
            key(hamlets.wife, LAST): "2",
        },
    )
    assert answer.status_code == 409
    assert "nay là “Dụng cụ tử cung (vòng)”" in answer.content.decode()
    assert (now(hamlets.wife), now(hamlets.wife, LAST)) == ("1", "2")


@pytest.mark.parametrize(
    ("code", "month", "sentence"),
    [
        ("X", THIS, "Không có biện pháp"),
        ("1", add_months(THIS, 1), "chưa đến"),
        ("1", add_months(THIS, -61), "quá xa"),
    ],
)
def test_what_cannot_be_is_refused(hamlets: Hamlets, code: str, month: dt.date, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        mark(hamlets, code, month=month)
    assert not ContraceptionMark.unscoped.exists()


@pytest.mark.parametrize("name", ["m.x.2026-01", "m..", "m.\0.2026-13", f"m.{'9' * 300}.2026-01"])
def test_a_hostile_cell_is_a_sentence(phone: Client, hamlets: Hamlets, name: str) -> None:
    answer = post(phone, "/thon/so-a0/tranh-thai/", **{name: "1"})
    assert "Hãy tải lại trang" in phone.get(answer.url).content.decode()


# --- strangers and minors


def test_another_hamlets_woman_is_not_hers(phone: Client, hamlets: Hamlets) -> None:
    with pytest.raises(Refused, match="tải lại"):
        mark(hamlets, "1", woman=hamlets.stranger)
    assert phone.get(f"/thon/so-a0/tranh-thai/{hamlets.stranger.pk}/").status_code == 404


def test_who_may_not_enter_writes_nothing(hamlets: Hamlets) -> None:
    with pytest.raises(PermissionDenied):
        mark(hamlets, "1", user=hamlets.nurse)
    assert 'name="m.' not in client_of(hamlets.nurse).get("/thon/so-a0/tranh-thai/").content.decode()


@pytest.fixture
def girl(hamlets: Hamlets) -> Person:
    born = years_before(timezone.localdate(), 16)
    return a_person(hamlets.station, "Đinh Thị Trẻ", hamlet=hamlets.here, birth_date=born, marital_status="2")


def test_a_minor_is_in_the_book_by_right_alone(phone: Client, hamlets: Hamlets, girl: Person) -> None:
    midwife = a_member("midwife", hamlets.station, "ho.sinh")
    assert "Đinh Thị Trẻ" not in phone.get("/thon/so-a0/tranh-thai/").content.decode()
    assert phone.get(f"/thon/so-a0/tranh-thai/{girl.pk}/").status_code == 404
    with pytest.raises(Refused):
        mark(hamlets, "1", woman=girl)
    assert "Đinh Thị Trẻ" in client_of(midwife).get("/thon/so-a0/tranh-thai/").content.decode()
    mark(hamlets, "1", woman=girl, user=midwife)
    assert ContraceptionMark.unscoped.get().restricted
    assert contraception.tally(hamlets.scope(midwife), hamlet_id=None, month=THIS) == {"1": 1}
    assert not contraception.tally(hamlets.scope(hamlets.worker), hamlet_id=None, month=THIS)


def test_grown_up_her_months_as_a_minor_stay_closed(phone: Client, hamlets: Hamlets, girl: Person) -> None:
    """Neither shown nor told by a refusal: the cell is closed whether something stands there or not."""
    midwife = a_member("midwife", hamlets.station, "ho.sinh")
    mark(hamlets, "1", woman=girl, user=midwife, month=LAST)
    Person.unscoped.filter(pk=girl.pk).update(birth_date=years_before(timezone.localdate(), 18))
    page = phone.get("/thon/so-a0/tranh-thai/").content.decode()
    assert "Đinh Thị Trẻ" in page and f'name="{key(girl, LAST)}"' not in page
    for was in ("", "1"):
        with pytest.raises(Refused, match="tải lại"):
            mark(hamlets, "2", was=was, woman=girl, month=LAST)
    assert "Dụng cụ" not in phone.get(f"/thon/so-a0/tranh-thai/{girl.pk}/").content.decode()


@pytest.mark.parametrize(("age", "listed"), [(17, False), (18, True), (49, True), (50, False)])
def test_who_stands_in_the_book(phone: Client, hamlets: Hamlets, age: int, listed: bool) -> None:
    born = years_before(timezone.localdate(), age)
    a_person(hamlets.station, "Đinh Thị Tuổi", hamlet=hamlets.here, birth_date=born, marital_status="2")
    page = phone.get(f"/thon/so-a0/tranh-thai/?thang={THIS:%Y-%m}").content.decode()
    # Who turned 50 in the very month was of the age on its first day.
    assert ("Đinh Thị Tuổi" in page) == (listed or (age == 50 and born.day > 1))


def test_the_same_queries_for_two_and_for_twenty(phone: Client, hamlets: Hamlets) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            assert phone.get("/thon/so-a0/tranh-thai/").status_code == 200
        return len(found)

    mark(hamlets, "1")
    phone.get("/thon/so-a0/tranh-thai/")
    few = cost()
    for number in range(20):
        woman = a_person(hamlets.station, f"Đinh Thị {number}", hamlet=hamlets.here, marital_status="2")
        mark(hamlets, "1", woman=woman)
    assert cost() == few


def test_of_two_records_one_mark_a_month_stays(hamlets: Hamlets) -> None:
    twin = a_person(hamlets.station, "Phạm Thị Hoa", hamlet=hamlets.here, marital_status="2")
    mark(hamlets, "1")
    mark(hamlets, "2", woman=twin)
    mark(hamlets, "2", woman=twin, month=LAST)
    merging.follow(MergeStep(old_id=twin.pk, kept_id=hamlets.wife.pk, on=timezone.localdate()))
    assert (now(hamlets.wife), now(hamlets.wife, LAST)) == ("1", "2")
    assert not ContraceptionMark.unscoped.filter(person=twin).exists()


# --- the arithmetic


@given(st.dates(dt.date(1950, 1, 1), dt.date(2080, 12, 31)), st.integers(-200, 200))
def test_months_go_there_and_back(day: dt.date, many: int) -> None:
    month = first_of(day)
    assert add_months(add_months(month, many), -many) == month
    assert month <= day <= last_of(month) and first_of(last_of(month)) == month
    assert read_month(f"{month:%Y-%m}") == month


@given(st.dates(dt.date(1950, 1, 1), dt.date(2060, 1, 1)), st.dates(dt.date(1950, 1, 1), dt.date(2060, 1, 1)))
def test_a_minor_is_under_age_on_the_first_of_the_month(born: dt.date, day: dt.date) -> None:
    month = first_of(day)
    years = month.year - born.year - ((month.month, month.day) < (born.month, born.day))
    if (born.month, born.day) != (2, 29):
        assert is_minor(born, month, 18) == (years < 18)


@pytest.mark.parametrize(
    ("marks", "since"),
    [
        ({}, None),
        ({1: "1", 2: "1", 3: "1"}, 1),
        ({1: "1", 2: "2", 3: "2"}, 2),
        ({1: "2", 3: "2"}, 3),
        ({1: "2", 2: "0"}, None),
        ({1: "2", 2: "T"}, None),
    ],
)
def test_when_the_present_method_began(marks: dict[int, str], since: int | None) -> None:
    found = contraception.began({dt.date(2026, month, 1): code for month, code in marks.items()})
    assert found == (dt.date(2026, since, 1) if since else None)
