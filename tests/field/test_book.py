"""Book A0 parts I and III, the slip P0, the guarded file: views over what is stored."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.models import AuditEntry, GuardedExport, ReadEntry
from apps.core.scope import enter
from apps.field import book
from apps.field.months import first_of
from apps.households import moving
from apps.households.families import Joining
from apps.households.places import Elsewhere
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.field import a_proposal
from tests.factories.households import a_household
from tests.factories.patients import a_card, a_person
from tests.field.conftest import Hamlets, post

MONTH = dt.date(2026, 10, 1)


def month_of(hamlets: Hamlets, user: Any = None) -> book.Changes:
    scope = hamlets.scope(user or hamlets.worker)
    with enter(scope):
        return book.changes(scope, hamlet_id=hamlets.here.pk, month=MONTH)


def test_it_works(phone: Client, hamlets: Hamlets) -> None:
    a_card(hamlets.wife, "DN4515112345678", valid_to=None)
    page = phone.get("/thon/so-a0/").content.decode()
    for word in (*book.SHEET, "Đinh Văn Nghĩa", "Chủ hộ", "DN4515112345678", "15/06/1990", "Thường trú"):
        assert word in page
    assert "Hồ Thị Bảy Lạ" not in page
    assert ReadEntry.objects.filter(screen="field.book").exists()


def test_the_columns_are_those_of_the_circular() -> None:
    assert len(book.SHEET) == 10 and len(book.CHANGES) == 11
    assert book.SHEET[1] == "Mã đối tượng (số thẻ BHYT)"


def test_what_changed_in_a_month(hamlets: Hamlets) -> None:
    child = a_person(hamlets.station, "Đinh Thị Mới", hamlet=hamlets.here, birth_date=dt.date(2026, 10, 3))
    a_person(hamlets.station, "Đinh Thị Trước", hamlet=hamlets.here, birth_date=dt.date(2026, 9, 30))
    a_person(hamlets.station, "Hồ Thị Nơi Khác", hamlet=hamlets.there, birth_date=dt.date(2026, 10, 3))
    a_proposal(
        hamlets.station,
        hamlets.here,
        "birth",
        made_by=hamlets.worker,
        person=hamlets.wife,
        data={"born_on": "2026-10-03", "sex": "female", "place": "home", "order": 3},
        state="accepted",
        result_kind="person",
        result_id=child.pk,
    )
    a_proposal(
        hamlets.station,
        hamlets.here,
        "pregnancy",
        made_by=hamlets.worker,
        person=hamlets.wife,
        state="accepted",
        created_at=dt.datetime(2026, 10, 5, 3, tzinfo=dt.UTC),
    )
    new = a_person(hamlets.station, "Phạm Văn Đến", hamlet=None, sex="male")
    with enter(hamlets.scope(hamlets.nurse)):
        moving.member_arrive(
            household=hamlets.household,
            joining=Joining(new, "99"),
            place=Elsewhere("country", text="Đà Nẵng"),
            on=dt.date(2026, 10, 7),
        )
        moving.members_depart(
            household=hamlets.household,
            people=[hamlets.wife],
            place=Elsewhere("country", text="Huế"),
            on=dt.date(2026, 10, 9),
        )
    found = month_of(hamlets)
    assert found.births == [("Đinh Thị Mới", "03/10/2026", "Tại nhà", "3", "")]
    assert found.pregnancies == ["Phạm Thị Hoa, dự kiến sinh 01/03/2027"]
    assert found.moved_in == ["Phạm Văn Đến, 07/10/2026, từ Đà Nẵng"]
    assert found.moved_out == ["Phạm Thị Hoa, 09/10/2026"]
    assert dict(found.counts())["Trẻ mới sinh"] == 1
    rows = found.rows()
    assert len(rows) == 1 and len(rows[0]) == 11
    assert rows[0][0] == "Đinh Thị Mới" and rows[0][9] == "Phạm Thị Hoa, 09/10/2026"


def test_columns_of_unequal_length_stand_side_by_side() -> None:
    found = book.Changes(births=[("A", "1", "", "", "")], deaths=["B", "C", "D"])
    rows = found.rows()
    assert [len(row) for row in rows] == [11, 11, 11]
    assert [row[0] for row in rows] == ["A", "", ""]
    assert [row[6] for row in rows] == ["B", "C", "D"]
    assert book.Changes().rows() == []


def test_a_withdrawn_event_is_no_change(hamlets: Hamlets) -> None:
    with enter(hamlets.scope(hamlets.nurse)):
        event = moving.members_depart(
            household=hamlets.household,
            people=[hamlets.wife],
            place=Elsewhere("country"),
            on=dt.date(2026, 10, 9),
        )
    type(event).unscoped.filter(pk=event.pk).update(state="entered_in_error", error_reason="Nhầm")
    assert month_of(hamlets).moved_out == []


# --- papers and files


def test_the_slip_is_printed(phone: Client, hamlets: Hamlets) -> None:
    answer = phone.get("/thon/so-a0/phieu-p0.pdf?thang=2026-10")
    assert answer.content.startswith(b"%PDF") and "no-store" in answer["Cache-Control"]
    assert "hoa" not in answer["Content-Disposition"].lower()
    assert AuditEntry.objects.get(action="field.slip_printed").data == {"month": "10/2026"}


def test_the_book_is_printed_by_right_alone(phone: Client, hamlets: Hamlets) -> None:
    assert phone.get("/thon/so-a0/so-a0.pdf").status_code == 403
    assert phone.get("/thon/so-a0/xuat/").status_code == 403
    officer = client_of(a_member("population", hamlets.station, "dan.so"))
    assert officer.get("/thon/so-a0/so-a0.pdf").content.startswith(b"%PDF")
    assert ReadEntry.objects.filter(screen="field.book_paper").exists()


def test_the_book_leaves_as_a_guarded_file(hamlets: Hamlets) -> None:
    officer = client_of(a_member("population", hamlets.station, "dan.so"))
    assert post(officer, "/thon/so-a0/xuat/", reason="").status_code == 422
    assert post(officer, f"/thon/so-a0/xuat/?thon={hamlets.here.pk}", reason="Nộp chi cục").status_code == 302
    made = GuardedExport.unscoped.get()
    assert made.kind == "field.book"
    scope = hamlets.scope(a_member("population", hamlets.station, "dan.so.2"))
    with enter(scope):
        rows = list(book.sheet({"hamlet": str(hamlets.here.pk)}).rows)
        assert book.count({"hamlet": str(hamlets.here.pk)}) == len(rows) == 2
        assert book.count({"hamlet": ""}) == 3
    assert {person for person, _ in rows} == {hamlets.head.pk, hamlets.wife.pk}
    assert all(len(cells) == 12 for _, cells in rows)


@pytest.mark.parametrize("query", ["thang=2026-13", "thang=%00", "thang=9999-01", "thon=x&nam=abcd", "c=rac"])
def test_a_hostile_address_shows_the_usual(phone: Client, hamlets: Hamlets, query: str) -> None:
    for path in ("", "thay-doi/", "tranh-thai/"):
        assert phone.get(f"/thon/so-a0/{path}?{query}").status_code in (200, 404)


@pytest.mark.parametrize("path", ["/thon/so-a0/", "/thon/so-a0/thay-doi/"])
def test_the_same_queries_for_two_and_for_twenty(phone: Client, hamlets: Hamlets, path: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            assert phone.get(path).status_code == 200
        return len(found)

    today = timezone.localdate()
    a_person(hamlets.station, "Đinh Bé", hamlet=hamlets.here, birth_date=first_of(today))
    phone.get(path)
    few = cost()
    for number in range(12):
        born = a_person(hamlets.station, f"Đinh {number}", hamlet=hamlets.here, birth_date=first_of(today))
        a_household(hamlets.station, born, hamlet=hamlets.here)
    assert Person.unscoped.count() > 12
    assert cost() == few
