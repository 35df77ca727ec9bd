"""The auditor's pages and 'ai đã xem hồ sơ này': what they show, to whom, at what cost."""

import datetime as dt
import io
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from apps.core import jobs, sealing
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, GuardedExport, ReadEntry
from apps.facilities.models import Facility, FacilityLink
from apps.oversight import exports
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import SINCE, a_centre, a_department
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db

NAME = "Đinh Thị Vân Kiều"


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def person(station: Facility) -> Person:
    return a_person(station, NAME, code="P0000123")


@pytest.fixture
def auditor(station: Facility) -> Client:
    return client_of(a_member("auditor", a_department(a_centre(station)), "kiem.toan", "Lê Kiểm Toán"))


def an_act(person: Person, **fields: Any) -> AuditEntry:
    fields = {"action": "person.changed", "username": "lan", "data": {"fields": ["phone"]}} | fields
    return AuditEntry.objects.create(**{"person_id": person.pk, "facility_id": person.station_id} | fields)


def a_look(person: Person, **fields: Any) -> ReadEntry:
    fields = {"screen": "person.page", "username": "lan", "person_ids": [person.pk]} | fields
    return ReadEntry.objects.create(**{"workplace_id": person.station_id} | fields)


def text(response: Any) -> str:
    return response.content.decode()


def test_the_systems_own_acts_carry_no_technical_name(auditor: Client, person: Person) -> None:
    an_act(person, username="system", user_id=None)
    page = text(auditor.get("/nhat-ky/"))
    assert "Hệ thống" in page and ">system<" not in page


def test_it_works(auditor: Client, person: Person) -> None:
    an_act(person)
    shown = text(auditor.get("/nhat-ky/"))
    assert "Đã sửa hồ sơ: điện thoại" in shown
    assert "P0000123" in shown and "Trạm Y tế xã Ba Tơ" in shown
    assert NAME not in shown, "the auditor is shown codes, no names"


def test_looks_are_listed_with_their_screen(auditor: Client, person: Person) -> None:
    a_look(person, reason="cấp cứu")
    shown = text(auditor.get("/nhat-ky/luot-xem/"))
    assert "Trang của một người" in shown and "P0000123" in shown and "cấp cứu" in shown
    assert NAME not in shown


def test_reading_the_logs_stands_in_the_log(auditor: Client, person: Person) -> None:
    act, look = an_act(person), a_look(person)
    for path in ("", "luot-xem/", f"thao-tac/{act.pk}/", f"luot-xem/{look.pk}/", f"nguoi/{person.pk}/"):
        assert auditor.get(f"/nhat-ky/{path}").status_code == 200
    kept = ReadEntry.objects.filter(username="kiem.toan").order_by("seq")
    assert list(kept.values_list("screen", flat=True)) == [
        "audit.acts",
        "audit.looks",
        "audit.act",
        "audit.look",
        "audit.person",
    ]
    assert all(row.person_ids == [person.pk] for row in kept)


# --- filters


def ask(who: Client, path: str = "/nhat-ky/", **said: str) -> Any:
    today = timezone.localdate()
    usual = {"since": f"{today:%d/%m/%Y}", "until": f"{today:%d/%m/%Y}"}
    return who.post(path, usual | said)


def test_what_is_asked_becomes_an_address_without_a_number_or_a_name(auditor: Client, person: Person) -> None:
    an_act(person)
    answer = ask(auditor, person="p0000123", user="KIEM.TOAN")
    assert answer.status_code == 302
    assert f"nguoi={person.pk}" in answer.url and "P0000123" not in answer.url and "kiem" not in answer.url
    again = text(auditor.get(answer.url))
    assert 'value="P0000123"' in again and 'value="kiem.toan"' in again


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 3),
        ("loai=person.created", 1),
        ("nguoi={person}", 2),
        ("tai-khoan={user}", 1),
        ("co-so={station}", 2),
        ("ban-ghi={record}", 1),
        ("tu=2020-01-01&den=2020-12-31", 1),
        ("loai=nothing.known", 0),
    ],
)
def test_each_filter_narrows(auditor: Client, person: Person, query: str, shown: int) -> None:
    user, record = a_member("nurse", person.station).pk, uuid7()
    an_act(person, user_id=user)
    an_act(person, action="person.created", object_id=record)
    an_act(person, person_id=None, facility_id=None, action="parameter.changed", username="system")
    an_act(person, at=dt.datetime(2020, 5, 5, tzinfo=dt.UTC))
    values = {"person": person.pk, "user": user, "station": person.station_id, "record": record}
    page = auditor.get(f"/nhat-ky/?{query.format(**values)}")
    assert len(page.context["lines"]) == shown


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"person": "P9999999"}, "Không có người nào mang mã này"),
        ({"user": "nobody"}, "Không có tài khoản nào"),
        ({"since": "31/02/2026"}, "31/02/2026"),
        ({"since": "02/01/2026", "until": "01/01/2026"}, "phải sau từ ngày"),
        ({"since": "01/01/2020", "until": "01/01/2026"}, "nhiều nhất 366 ngày"),
        ({"facility": str(uuid.uuid4())}, "has-error"),
        ({"kind": "x"}, "has-error"),
        ({"since": ""}, "has-error"),
    ],
)
def test_what_cannot_be_asked_is_said(auditor: Client, said: dict[str, str], sentence: str) -> None:
    answer = ask(auditor, **said)
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_a_number_that_two_stations_gave_needs_the_station(auditor: Client, person: Person) -> None:
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    a_centre_of_both = Facility.objects.get(kind="regional_centre")
    FacilityLink.objects.create(facility=other, parent=a_centre_of_both, kind="reporting", valid_from=SINCE)
    a_person(other, "Hồ Thị Bảy", code="P0000123")
    assert "Nhiều trạm" in text(ask(auditor, person="P0000123"))
    assert ask(auditor, person="P0000123", facility=str(other.pk)).status_code == 302


@pytest.mark.parametrize(
    "query", ["tu=x", "nguoi=1", "tai-khoan=%00", "co-so='--", "den=9999-12-31", "tu=2026-13-01", "ban-ghi=x"]
)
def test_an_address_that_cannot_be_read_never_shows_more(auditor: Client, query: str) -> None:
    assert auditor.get(f"/nhat-ky/?{query}").status_code == 404


# --- strangers


def test_acts_outside_the_reach_are_not_there(auditor: Client, person: Person) -> None:
    far = a_person(a_station("23293", "Trạm Y tế xã Đăk Cấm"), "Hồ Thị Bảy Lạ", code="P0000777")
    act, look = an_act(far), a_look(far)
    assert "P0000777" not in text(auditor.get("/nhat-ky/"))
    assert "P0000777" not in text(auditor.get("/nhat-ky/luot-xem/"))
    for path in (f"thao-tac/{act.pk}/", f"luot-xem/{look.pk}/", f"nguoi/{far.pk}/", f"?nguoi={far.pk}"):
        assert auditor.get(f"/nhat-ky/{path}").status_code == 404
    assert "Không có người nào" in text(ask(auditor, person="P0000777"))


@pytest.mark.parametrize("role", ["nurse", "doctor", "station_head", "population"])
def test_who_is_no_auditor_does_not_read_the_logs(station: Facility, person: Person, role: str) -> None:
    who = client_of(a_member(role, station))
    for path in ("", "luot-xem/", f"thao-tac/{an_act(person).pk}/", "niem-phong/", "xuat/acts/"):
        assert who.get(f"/nhat-ky/{path}").status_code == 403


def test_a_nurse_does_not_see_who_looked(station: Facility, person: Person) -> None:
    nurse = client_of(a_member("nurse", station))
    assert nurse.get(f"/nhat-ky/nguoi/{person.pk}/").status_code == 403
    page = text(client_of(a_member("station_head", station, "truong")).get(f"/nguoi/{person.pk}/"))
    assert page.index("Diễn biến") < page.index("Ai đã xem hồ sơ này")
    assert "Ai đã xem hồ sơ này" not in text(nurse.get(f"/nguoi/{person.pk}/"))


def test_the_head_sees_who_looked_from_wherever(station: Facility, person: Person) -> None:
    head = client_of(a_member("station_head", station, "truong"))
    stranger = a_member("nurse", a_station("23293", "Trạm Y tế xã Đăk Cấm"), "xa", "Hồ Thị Xa")
    a_look(person, user_id=stranger.pk, username="xa", workplace_id=uuid.uuid4(), screen="search")
    assert f"/nhat-ky/nguoi/{person.pk}/" in text(head.get(f"/nguoi/{person.pk}/"))
    shown = text(head.get(f"/nhat-ky/nguoi/{person.pk}/"))
    assert "Hồ Thị Xa" in shown and "Ô tìm kiếm" in shown
    assert "Trang của một người" in shown, "her own look stands there too"


def test_a_restored_person_has_her_own_looks_only(station: Facility, person: Person, auditor: Client) -> None:
    other = a_person(station, "Hồ Thị Bảy")
    a_look(other)
    assert "Chưa ai xem hồ sơ này" in text(auditor.get(f"/nhat-ky/nguoi/{person.pk}/"))


# --- cost


@pytest.mark.parametrize("path", ["", "luot-xem/", "nguoi/{person}/"])
def test_the_same_queries_for_2_and_20_rows(auditor: Client, person: Person, path: str) -> None:
    path = "/nhat-ky/" + path.format(person=person.pk)
    station = person.station

    def rows(count: int) -> int:
        for number in range(count):
            user = a_member("nurse", station, f"u{uuid7().hex[-8:]}{number}")
            an_act(a_person(station, f"Người {number}"), user_id=user.pk)
            a_look(a_person(station, f"Người {number}"), user_id=user.pk)
            a_look(person, user_id=user.pk)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert auditor.get(path).status_code == 200
        return len(found)

    rows(1)
    assert rows(2) == rows(18)


def test_pages_go_on_by_key(auditor: Client, person: Person) -> None:
    for _ in range(60):
        an_act(person)
    first = auditor.get("/nhat-ky/")
    second = auditor.get(f"/nhat-ky/?c={first.context['page'].next_cursor}")
    seen = [line.id for page in (first, second) for line in page.context["lines"]]
    assert len(seen) == len(set(seen)) == 60


# --- one row, the seals


def test_one_row_tells_its_seal(auditor: Client, person: Person) -> None:
    act = an_act(person)
    assert "sẽ niêm phong trong đêm nay" in text(auditor.get(f"/nhat-ky/thao-tac/{act.pk}/"))
    sealing.seal_all()
    assert "Số 1, lúc" in text(auditor.get(f"/nhat-ky/thao-tac/{act.pk}/"))


def test_the_seals_are_there_to_be_printed(auditor: Client, person: Person) -> None:
    assert "Chưa niêm phong lần nào" in text(auditor.get("/nhat-ky/niem-phong/"))
    made = {link.log: link.hash for link in sealing.seal_all()}
    assert made["audit"] in text(auditor.get("/nhat-ky/niem-phong/"))
    assert made["read"] in text(auditor.get("/nhat-ky/niem-phong/?so=read"))
    assert auditor.get("/nhat-ky/niem-phong/?so=x").status_code == 404


# --- the workbook


def send(who: Client, path: str, reason: str = "thanh tra quý IV") -> Any:
    return who.post(path, {"form_key": str(uuid7()), "reason": reason})


def rows_of(who: Client, path: str) -> list[tuple[Any, ...]]:
    """The rows of the guarded file that the auditor asks for and takes."""
    answer = send(who, path)
    assert (answer.status_code, answer["Location"]) == (302, "/tep-da-xuat/")
    jobs.run_one()
    file = who.get(f"/tep-da-xuat/{GuardedExport.unscoped.get().pk}/")
    return list(load_workbook(io.BytesIO(file.content)).active.iter_rows(values_only=True))


def test_rows_leave_as_a_guarded_file_with_a_reason(auditor: Client, person: Person) -> None:
    an_act(person, username="=HYPERLINK()")
    heading, row = rows_of(auditor, "/nhat-ky/xuat/acts/?loai=person.changed")
    assert heading == exports.HEADINGS
    assert row[2] == "'=HYPERLINK()" and row[6] == "P0000123"
    asked = AuditEntry.objects.get(action="export.asked")
    assert asked.data == {"what": "Nhật ký thao tác", "rows": 1, "reason": "thanh tra quý IV"}
    assert AuditEntry.objects.filter(action="export.taken").exists()
    assert ReadEntry.objects.get(screen="audit.export").person_ids == [person.pk]
    assert ReadEntry.objects.get(screen="export.taken").person_ids == [person.pk]


def test_the_workbook_of_looks_names_everybody_seen(auditor: Client, person: Person) -> None:
    others = [a_person(person.station, f"Người {number}") for number in range(7)]
    a_look(person, person_ids=[person.pk, *(other.pk for other in others)])
    _, row = rows_of(auditor, f"/nhat-ky/xuat/looks/?nguoi={person.pk}")
    assert row[6].count("P") == 8
    assert len(GuardedExport.unscoped.get().person_ids) == 8


def test_without_a_reason_nothing_leaves(auditor: Client, person: Person) -> None:
    an_act(person)
    answer = send(auditor, "/nhat-ky/xuat/acts/", reason=" ")
    assert answer.status_code == 422
    assert not GuardedExport.unscoped.exists()


def test_nothing_found_is_no_file(auditor: Client, person: Person) -> None:
    answer = send(auditor, "/nhat-ky/xuat/acts/?tu=2020-01-01&den=2020-01-02")
    assert answer.status_code == 422 and not GuardedExport.unscoped.exists()


def test_an_unknown_log_is_not_there(auditor: Client) -> None:
    assert auditor.get("/nhat-ky/xuat/x/").status_code == 404
