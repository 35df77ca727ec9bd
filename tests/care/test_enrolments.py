"""Programmes: in, out, transferred, back by correction; numbers, restricted ones, a death, a merge."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.care import enrolling, programmes
from apps.care.models import Enrolment, EnrolmentState
from apps.core import registry
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.core.registry import MergeStep
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.patients import closing
from apps.patients.models import TimelineEntry
from tests.care.conftest import signed_in
from tests.factories.care import a_measurement, an_enrolment
from tests.factories.catalogues import a_code
from tests.factories.patients import RIGHTS, a_person, scope_at

TODAY = timezone.localdate


def typed(**values):
    return {"form_key": str(uuid7()), **values}


def day(ago=0):
    return f"{TODAY() - dt.timedelta(days=ago):%d/%m/%Y}"


@pytest.fixture(autouse=True)
def lists(db):
    for code, name in (("hypertension", "Tăng huyết áp"), ("diabetes", "Đái tháo đường")):
        a_code("care_programme", code, name)
    a_code("care_programme", "mental", "Sức khỏe tâm thần", extra={"register": "A8"})
    a_code("care_programme", "scabies", "Ghẻ (chương trình của tỉnh)")
    a_code("restricted_data", "A8", "Sổ sức khỏe tâm thần", scope="register", extra={"group": "mental"})
    for code, name in (
        ("transferred", "Chuyển nơi khác quản lý"),
        ("completed", "Khỏi"),
        ("died", "Tử vong"),
    ):
        a_code("enrolment_outcome", code, name)
    a_code("enrolment_outcome", "moved", "Chuyển đi khỏi địa bàn")


def test_it_works(nurse, hoa):
    """A nurse takes a woman into the book of hypertension; the number is the year's first."""
    path = f"/nguoi/{hoa.pk}/quan-ly/"
    assert nurse.get(path).status_code == 200
    assert nurse.post(path, typed(programme="hypertension", since=day(3))).status_code == 302
    row = Enrolment.unscoped.get()
    since = TODAY() - dt.timedelta(days=3)
    assert (row.number, row.since, row.state) == (f"{since.year}-0001", since, "active")
    assert row.facility_id == hoa.station_id and row.age_days > 60 * 365 and not row.restricted
    page = nurse.get(f"/nguoi/{hoa.pk}/").content.decode()
    assert "Quản lý theo chương trình" in page and row.number in page
    assert TimelineEntry.unscoped.get(object_id=row.pk).title == f"Quản lý Tăng huyết áp, số {row.number}"
    assert AuditEntry.objects.get(action="enrolment.begun").data == {
        "number": row.number, "programme": "hypertension",
    }  # fmt: skip
    listed = nurse.get("/chuong-trinh/?ma=hypertension").content.decode()
    assert hoa.full_name in listed and row.number in listed


def test_each_programme_and_year_has_its_book(at_work, hoa, baby, station):
    first = enrolling.enrol(person=hoa, programme="hypertension", since=TODAY())
    other = enrolling.enrol(person=hoa, programme="diabetes", since=TODAY())
    last_year = dt.date(TODAY().year - 1, 12, 31)
    earlier = enrolling.enrol(
        person=a_person(station, "Võ Thị Sáu"), programme="hypertension", since=last_year
    )
    second = enrolling.enrol(person=a_person(station, "Hồ Bảy"), programme="hypertension", since=TODAY())
    assert [row.number[-4:] for row in (first, other, earlier, second)] == ["0001", "0001", "0001", "0002"]
    local = enrolling.enrol(person=baby, programme="scabies", since=TODAY())
    assert local.number.endswith("-0001") and enrolling.book("scabies") == "enrolment.other"


def test_a_book_goes_on_after_what_an_import_has_brought(at_work, hoa, station):
    an_enrolment(a_person(station, "Võ Thị Sáu"), number=f"{TODAY().year}-0041")
    assert enrolling.enrol(person=hoa, programme="hypertension", since=TODAY()).number.endswith("-0042")


def test_one_open_a_person_and_programme(at_work, hoa):
    row = enrolling.enrol(person=hoa, programme="hypertension", since=TODAY())
    with pytest.raises(Refused, match="đang được quản lý"):
        enrolling.enrol(person=hoa, programme="hypertension", since=TODAY())
    enrolling.discharge(enrolment_id=row.pk, expected_version=1, until=TODAY(), outcome="completed")
    again = enrolling.enrol(person=hoa, programme="hypertension", since=TODAY())
    assert again.pk != row.pk and again.number.endswith("-0002")
    with pytest.raises(Refused, match="đã được đưa vào lại"):
        enrolling.reopen(enrolment_id=row.pk, expected_version=2, why="nhầm")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"programme": ""}, "Hãy chọn chương trình"),
        ({"programme": "<b>"}, "Hãy chọn chương trình"),
        ({"programme": "mental"}, "Hãy chọn chương trình"),
        ({"since": "31/02/2026"}, "không có ngày 31"),
        ({"since": "01/01/2150"}, "tương lai"),
        ({"since": "01/01/1950"}, "sau ngày ghi"),
        ({"note": "x" * 301}, "300"),
    ],
)
def test_what_cannot_be_is_a_sentence(nurse, hoa, said, sentence):
    values = {"programme": "hypertension", "since": day(), "note": ""} | said
    answer = nurse.post(f"/nguoi/{hoa.pk}/quan-ly/", typed(**values))
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not Enrolment.unscoped.exists()


def test_it_ends_and_is_opened_again(nurse, hoa):
    row = an_enrolment(hoa, since=TODAY() - dt.timedelta(days=20))
    path = f"/chuong-trinh/{row.pk}/ket-thuc/"
    for said, sentence in (
        ({"until": day(), "outcome": ""}, "Hãy chọn kết quả"),
        ({"until": day(), "outcome": "transferred"}, "nơi chuyển đến"),
        ({"until": day(30), "outcome": "completed"}, "trước ngày bắt đầu"),
        ({"until": day(-2), "outcome": "completed"}, "tương lai"),
    ):
        answer = nurse.post(path, typed(version="1", **said))
        assert answer.status_code == 422 and sentence in answer.content.decode()
    said = typed(version="1", until=day(1), outcome="transferred", place="Bệnh viện Ba Tơ")
    assert nurse.post(path, said).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.outcome, row.place_text) == ("ended", "transferred", "Bệnh viện Ba Tơ")
    assert "kết thúc" in TimelineEntry.unscoped.get(object_id=row.pk).title
    page = nurse.get(f"/chuong-trinh/{row.pk}/").content.decode()
    assert "Bệnh viện Ba Tơ" in page and "Mở lại" in page
    assert nurse.get("/chuong-trinh/?ma=hypertension&muc=het").content.decode().count(row.number) >= 1
    reopen = f"/chuong-trinh/{row.pk}/mo-lai/"
    assert nurse.post(reopen, typed(version="2", why="")).status_code == 422
    assert nurse.post(reopen, typed(version="2", why="ghi nhầm người")).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.until, row.outcome) == ("active", None, "")


def test_taken_in_by_mistake(nurse, hoa):
    row = an_enrolment(hoa)
    path = f"/chuong-trinh/{row.pk}/nhap-nham/"
    assert nurse.get(path).status_code == 200
    assert nurse.post(path, typed(version="1", why="nhầm hồ sơ")).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.error_reason) == ("entered_in_error", "nhầm hồ sơ")
    assert not TimelineEntry.unscoped.filter(object_id=row.pk).exists()
    assert "nhầm hồ sơ" in nurse.get(f"/chuong-trinh/{row.pk}/").content.decode()
    again = nurse.post(path, typed(version="2", why="x"))
    assert again.status_code == 302
    assert AuditEntry.objects.filter(action="enrolment.in_error").count() == 1


def test_the_second_of_two_editors_is_told(nurse, at_work, hoa):
    row = an_enrolment(hoa)
    Enrolment.unscoped.filter(pk=row.pk).update(version=2)
    with pytest.raises(StaleVersion):
        enrolling.in_error(enrolment_id=row.pk, expected_version=1, why="x")
    said = typed(version="1", until=day(), outcome="completed")
    assert nurse.post(f"/chuong-trinh/{row.pk}/ket-thuc/", said).status_code == 409


def test_a_restricted_programme_is_seen_by_right_alone(nurse, hoa, station):
    with enter(scope_at(station, RIGHTS | {"restricted.view"})):
        row = enrolling.enrol(person=hoa, programme="mental", since=TODAY())
    assert row.restricted
    assert AuditEntry.objects.get(action="enrolment.begun").data == {"number": row.number}
    with enter(scope_at(station)) as scope:
        assert programmes.of_person(scope, hoa.pk) == []
        with pytest.raises(Refused, match="dữ liệu hạn chế"):
            enrolling.enrol(person=hoa, programme="mental", since=TODAY())
    assert nurse.get(f"/chuong-trinh/{row.pk}/").status_code == 404
    for path in (
        f"/nguoi/{hoa.pk}/",
        "/chuong-trinh/?ma=mental",
        "/chuong-trinh/",
        f"/nguoi/{hoa.pk}/quan-ly/",
    ):
        assert "tâm thần" not in nurse.get(path).content.decode().lower(), path
    doctor = signed_in("doctor", station, "binh.tv", "Trần Văn Bình")
    assert hoa.full_name in doctor.get("/chuong-trinh/?ma=mental").content.decode()


def test_a_death_ends_and_its_correction_opens_exactly_that(at_work, hoa):
    open_one = enrolling.enrol(person=hoa, programme="hypertension", since=TODAY())
    ended = an_enrolment(hoa, "diabetes", state="ended", until=TODAY(), outcome="completed")
    event = uuid7()
    closing.close(person_id=hoa.pk, event_id=event, kind="death", on=TODAY())
    open_one.refresh_from_db()
    assert (open_one.state, open_one.outcome, open_one.closed_by) == ("ended", "died", event)
    with pytest.raises(Refused, match="sửa việc đó trong hồ sơ"):
        enrolling.reopen(enrolment_id=open_one.pk, expected_version=open_one.version, why="x")
    with pytest.raises(Refused, match="đã mất hoặc đã chuyển đi"):
        enrolling.enrol(person=hoa, programme="diabetes", since=TODAY())
    closing.reopen(person_id=hoa.pk, event_id=event)
    open_one.refresh_from_db()
    ended.refresh_from_db()
    assert (open_one.state, open_one.until, open_one.closed_by) == ("active", None, None)
    assert (ended.state, ended.outcome) == ("ended", "completed")


def test_a_departure_is_no_death(at_work, hoa):
    row = enrolling.enrol(person=hoa, programme="hypertension", since=TODAY())
    closing.close(person_id=hoa.pk, event_id=uuid7(), kind="departure", on=TODAY())
    row.refresh_from_db()
    assert row.outcome == "moved"


def test_who_is_followed_twice_is_not_merged(hoa, baby):
    rule = next(rule for rule in registry.merge_rules if rule.key == "care.Enrolment.person")
    an_enrolment(hoa)
    step = MergeStep(old_id=hoa.pk, kept_id=baby.pk, on=TODAY())
    assert rule.refuse(step) == ""
    an_enrolment(baby)
    assert "kết thúc một bên" in rule.refuse(step)


def test_the_list_shows_the_last_figure(nurse, hoa):
    an_enrolment(hoa)
    where = a_measurement(hoa, "systolic", "162").source_id
    a_measurement(hoa, "diastolic", "98", source_id=where)
    assert "162/98 mmHg" in nurse.get("/chuong-trinh/?ma=hypertension").content.decode()


def test_a_stranger_finds_nothing(stranger, hoa):
    row = an_enrolment(hoa)
    assert hoa.full_name not in stranger.get("/chuong-trinh/").content.decode()
    assert stranger.get(f"/nguoi/{hoa.pk}/quan-ly/").status_code == 404
    for way in ("", "ket-thuc/", "mo-lai/", "nhap-nham/"):
        assert stranger.get(f"/chuong-trinh/{row.pk}/{way}").status_code == 404
        said = typed(version="1", why="x", until=day(), outcome="completed")
        assert stranger.post(f"/chuong-trinh/{row.pk}/{way}", said).status_code in (404, 405)
    row.refresh_from_db()
    assert row.state == EnrolmentState.ACTIVE


def test_queries_do_not_grow_with_the_rows(nurse, station):
    def cost():
        nurse.get("/chuong-trinh/?ma=hypertension")
        with CaptureQueriesContext(connection) as caught:
            assert nurse.get("/chuong-trinh/?ma=hypertension").status_code == 200
        return len(caught)

    for number in range(2):
        an_enrolment(a_person(station, f"Đinh Văn {number}"))
    few = cost()
    for number in range(2, 20):
        an_enrolment(a_person(station, f"Đinh Văn {number}"))
    assert cost() == few
