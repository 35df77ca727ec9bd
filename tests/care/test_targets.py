"""Lists of target groups: the same answer in the database as in the rules; pages, paper, file, strangers."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.care import ages, targets
from apps.core import registry
from apps.core.ids import uuid7
from apps.core.models import GuardedExport, ReadEntry
from apps.core.scope import enter
from apps.facilities.models import Catchment
from apps.households.models import HouseholdStatus
from apps.households.models.conditions import PersonStatus
from apps.patients import closing
from apps.patients.models import Person
from tests.care.conftest import signed_in
from tests.factories.care import an_enrolment
from tests.factories.households import a_household
from tests.factories.patients import RIGHTS, a_hamlet, a_person, scope_at

D = dt.date
ON = D(2026, 6, 1)


def choice(key, on=ON, **fields):
    return targets.Choice(registry.target_groups.get(key), on, **fields)


def names(scope, asked):
    return [person.full_name for person in targets.page(scope, asked).items]


@pytest.fixture
def scope(station):
    with enter(scope_at(station, RIGHTS | {"targets.view", "targets.export"})) as found:
        yield found


@pytest.fixture
def head(station):
    return signed_in("station_head", station, "head.tt", "Nguyễn Thị Thu")


def test_it_works(nurse, station):
    a_person(station, "Bé Sinh Đủ Ngày", birth_date=D(2025, 8, 1))
    a_person(station, "Bé Chỉ Biết Năm", birth_date=D(2025, 1, 1), birth_precision="year")
    a_person(station, "Bé Đã Lớn", birth_date=D(2025, 5, 31))
    page = nurse.get("/doi-tuong/?nhom=under_1&ngay=01/06/2026").content.decode()
    assert "Bé Sinh Đủ Ngày" in page and "Bé Chỉ Biết Năm" in page and "Bé Đã Lớn" not in page
    assert "<b>1</b> người và <b>1</b> người có thể" in page
    everything = nurse.get("/doi-tuong/?ngay=01/06/2026").content.decode()
    assert "Trẻ dưới 1 tuổi" in everything and "Bé Sinh" not in everything
    later = nurse.get("/doi-tuong/?nhom=under_1&ngay=01/09/2026").content.decode()
    assert "Bé Sinh Đủ Ngày" not in later


BIRTHS = [
    *(ON - dt.timedelta(days=days) for days in (0, 1, 27, 31, 181, 182, 183, 364, 365, 366, 729, 1825, 1826)),
    *(D(year, month, 1) for year in (1926, 1946, 1966, 1976, 2011, 2021, 2025, 2026) for month in (1, 6, 12)),
    D(2024, 2, 29), D(2026, 5, 31), D(2026, 12, 1),
]  # fmt: skip


@pytest.mark.parametrize("on", [ON, D(2026, 2, 28), D(2028, 2, 29), D(2026, 12, 31)])
def test_the_database_answers_as_the_rules_do(scope, station, on):
    people = []
    for number, birth in enumerate(BIRTHS):
        for precision in ("day", "month", "year"):
            day = {"day": birth, "month": birth.replace(day=1), "year": birth.replace(month=1, day=1)}[
                precision
            ]
            people.append(
                Person(
                    station=station, code=f"X{number}{precision[0]}", full_name=f"N {number}", sex="female",
                    birth_date=day, birth_precision=precision, sort_key=f"{number:04d}",
                )
            )  # fmt: skip
    Person.unscoped.bulk_create(people)
    spans = {
        "under_1": ages.Ages(0, 12),
        "under_5": ages.Ages(0, 60),
        "months_6_59": ages.Ages(6, 60),
        "women_15_49": ages.Ages.years(15, 49),
        "from_60": ages.Ages.years(60),
        "from_80": ages.Ages.years(80),
    }
    for key, span in spans.items():
        asked = choice(key, on)
        found = {row.pk: row.is_sure for row in targets._marked(scope, asked)}
        for person in people:
            answer = ages.belongs(person.birth_date, person.birth_precision, span, on)
            wanted = {"yes": True, "maybe": False}.get(answer)
            assert found.get(person.pk) == wanted, (key, person.birth_date, person.birth_precision, answer)


def test_women_are_women_and_the_dead_are_not_counted(scope, station):
    a_person(station, "Chị Hai", birth_date=D(1990, 1, 2))
    a_person(station, "Anh Ba", birth_date=D(1990, 1, 2), sex="male")
    a_person(station, "Mất Trước", birth_date=D(1990, 1, 2), life_status="dead", died_on=D(2026, 5, 1))
    a_person(station, "Mất Sau", birth_date=D(1990, 1, 2), life_status="dead", died_on=D(2026, 7, 1))
    a_person(station, "Đã Chuyển", birth_date=D(1990, 1, 2), life_status="moved")
    assert sorted(names(scope, choice("women_15_49"))) == ["Chị Hai", "Mất Sau"]


def test_by_hamlet_sex_and_ethnicity(nurse, scope, station):
    far = a_hamlet(station.unit, "Thôn Xa")
    Catchment.objects.create(facility=station, hamlet=far)
    a_person(station, "Bé Gần", birth_date=D(2026, 1, 1), ethnicity="12")
    a_person(station, "Bé Xa", birth_date=D(2026, 1, 1), hamlet=far, sex="male")
    assert names(scope, choice("under_1", hamlet_id=far.pk)) == ["Bé Xa"]
    assert names(scope, choice("under_1", sex="female")) == ["Bé Gần"]
    assert names(scope, choice("under_1", ethnicity="12")) == ["Bé Gần"]
    rows = targets.by_hamlet(scope, choice("under_1"))
    assert {(row.name, row.sure, row.male, row.female) for row in rows} == {
        ("Thôn Làng Teng", 1, 0, 1), ("Thôn Xa", 1, 1, 0),
    }  # fmt: skip
    page = nurse.get(f"/doi-tuong/?nhom=under_1&ngay=01/06/2026&thon={far.pk}").content.decode()
    assert "Bé Xa" in page and "Bé Gần" not in page


def test_who_has_no_birth_date_is_told_of(nurse, station):
    a_person(station, "Không Rõ", birth_date=None)
    page = nurse.get("/doi-tuong/?nhom=under_1").content.decode()
    assert "1 người không có ngày sinh" in page


def test_the_poor_by_their_household(scope, station):
    poor = a_person(station, "Đinh Văn Nghèo")
    a_household(station, poor, poverty="poor")
    a_household(station, a_person(station, "Đinh Văn Khá"))
    assert names(scope, choice("poor")) == ["Đinh Văn Nghèo"]
    assert names(scope, choice("near_poor")) == []


def test_the_poor_of_another_day(scope, station):
    """By the membership and the decision of that day, not by today's."""
    person = a_person(station, "Đinh Văn Nghèo")
    home = a_household(station, person, poverty="poor")
    HouseholdStatus.unscoped.create(
        household=home, poverty="near_poor", valid_from=D(2026, 1, 1), valid_to=D(2026, 6, 30)
    )
    HouseholdStatus.unscoped.create(household=home, poverty="poor", valid_from=D(2026, 7, 1))
    found = {
        on: [key for key in ("poor", "near_poor") if names(scope, choice(key, on))]
        for on in (D(2025, 12, 31), ON, D(2026, 12, 31))
    }
    assert found == {D(2025, 12, 31): [], ON: ["near_poor"], D(2026, 12, 31): ["poor"]}


def test_who_is_entitled_that_day(scope, station):
    blind, old = a_person(station, "Người Mù"), a_person(station, "Thương Binh")
    ill = a_person(station, "Dữ Liệu Hạn Chế")
    PersonStatus.unscoped.create(person=blind, kind="disability", category="3", valid_from=D(2026, 1, 1))
    PersonStatus.unscoped.create(person=ill, kind="disability", category="4", valid_from=D(2026, 1, 1))
    PersonStatus.unscoped.create(person=old, kind="merit", category="1", valid_to=D(2026, 5, 1))
    PersonStatus.unscoped.create(
        person=old, kind="merit", category="2", state="entered_in_error", error_reason="nhầm"
    )
    assert names(scope, choice("disabled")) == ["Người Mù"], "a mental disability is known by right alone"
    assert names(scope, choice("disabled", D(2025, 1, 1))) == []
    assert names(scope, choice("merit")) == []
    assert names(scope, choice("merit", D(2026, 5, 1))) == ["Thương Binh"]
    with enter(scope_at(station, RIGHTS | {"targets.view", "restricted.view"})) as doctor:
        assert sorted(names(doctor, choice("disabled"))) == ["Dữ Liệu Hạn Chế", "Người Mù"]
        lines = targets.lines(choice("free_check"), targets.page(doctor, choice("free_check")).items)
        assert {line.groups for line in lines} == {("Người khuyết tật",)}


def test_who_left_later_was_here(scope, station):
    gone = a_person(station, "Đã Đi", birth_date=D(1990, 1, 2))
    closing.close(person_id=gone.pk, event_id=uuid7(), kind="departure", on=D(2026, 7, 1))
    Person.unscoped.filter(pk=gone.pk).update(life_status="moved")
    assert names(scope, choice("women_15_49")) == ["Đã Đi"]
    assert names(scope, choice("women_15_49", D(2026, 7, 1))) == []


def test_the_free_check_says_why(scope, station, nurse):
    old = a_person(station, "Cụ Già", birth_date=D(1950, 1, 1))
    ill = a_person(station, "Chị Bệnh", birth_date=D(1990, 1, 2))
    a_person(station, "Người Khỏe", birth_date=D(1990, 1, 2))
    a_household(station, old, poverty="near_poor")
    an_enrolment(ill, since=D(2026, 1, 1))
    an_enrolment(
        a_person(station, "Đã Khỏi"), since=D(2025, 1, 1), until=D(2025, 6, 1), state="ended", outcome="x"
    )
    an_enrolment(a_person(station, "Dữ Liệu Hạn Chế"), "hypertension", since=D(2026, 1, 1), restricted=True)
    asked = choice("free_check")
    lines = {
        line.person.full_name: line.groups for line in targets.lines(asked, targets.page(scope, asked).items)
    }
    assert lines == {
        "Cụ Già": ("Người từ 60 tuổi", "Người thuộc hộ cận nghèo"),
        "Chị Bệnh": ("Người đang quản lý bệnh mạn tính",),
    }
    page = nurse.get("/doi-tuong/?nhom=free_check&ngay=01/06/2026").content.decode()
    assert "Cụ Già" in page and "Người từ 60 tuổi" in page


def test_what_one_may_not_read_is_not_offered(station):
    population = signed_in("population", station, "ds.ct", "Phạm Thị Dân")
    page = population.get("/doi-tuong/").content.decode()
    assert "Trẻ dưới 1 tuổi" in page and "bệnh mạn tính" not in page
    an_enrolment(a_person(station, "Chị Bệnh"))
    assert "Chị Bệnh" not in population.get("/doi-tuong/?nhom=chronic").content.decode()


def test_the_list_leaves_as_a_guarded_file(head, station):
    a_person(station, "Bé Sinh", birth_date=D(2026, 1, 1), phone="0912345678")
    a_person(station, "=Cộng", birth_date=D(2025, 1, 1), birth_precision="year")
    path = "/doi-tuong/xuat/?nhom=under_1&ngay=01/06/2026"
    assert head.get(path).status_code == 200
    assert head.post(path, {"form_key": str(uuid7()), "reason": ""}).status_code == 422
    assert head.post(path, {"form_key": str(uuid7()), "reason": "gửi trung tâm y tế"}).status_code == 302
    made = GuardedExport.unscoped.get()
    assert (made.rows, made.title) == (2, "Trẻ dưới 1 tuổi ngày 01/06/2026")
    with enter(scope_at(station, RIGHTS | {"targets.export"})):
        rows = dict(targets.sheet(made.args).rows)
    cells = {row[1]: row for row in rows.values()}
    assert cells["Bé Sinh"][8] == "0912 345 678" and cells["Bé Sinh"][9] == ""
    assert cells["=Cộng"][2] == "2025" and "chưa chắc" in cells["=Cộng"][9]


def test_a_nurse_exports_nothing(nurse, station):
    assert nurse.get("/doi-tuong/xuat/?nhom=under_1").status_code == 403
    assert "Xuất tệp" not in nurse.get("/doi-tuong/?nhom=under_1").content.decode()


def test_the_paper(nurse, station):
    child = a_person(station, "Bé Sinh", birth_date=D(2026, 1, 1))
    answer = nurse.get("/doi-tuong/in/?nhom=under_1&ngay=01/06/2026")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    assert ReadEntry.objects.get(screen="targets.list").person_ids == [child.pk]
    assert nurse.get("/doi-tuong/in/").status_code == 404


def test_a_stranger_sees_her_own_people_alone(stranger, station):
    a_person(station, "Bé Sinh", birth_date=D(2026, 1, 1))
    page = stranger.get("/doi-tuong/?nhom=under_1&ngay=01/06/2026").content.decode()
    assert "Bé Sinh" not in page and "Không có ai thuộc nhóm này" in page


@pytest.mark.parametrize(
    "query",
    [
        "nhom=%00",
        "nhom=under_1&ngay=31/02/2026",
        "nhom=under_1&thon=%E2%80%AE&gioi=x&dan-toc=%F0%9F%98%80&c=zz",
        "nhom=under_1&ngay=01/01/1880",
        "nhom=from_80&ngay=31/12/2199",
    ],
)
def test_an_odd_address_is_no_error(nurse, station, query):
    answer = nurse.get(f"/doi-tuong/?{query}")
    assert answer.status_code == 200
    if "31/02" in query:
        assert "không có ngày 31" in answer.content.decode()


def test_queries_do_not_grow_with_the_rows(nurse, station):
    def cost(path):
        nurse.get(path)
        with CaptureQueriesContext(connection) as caught:
            assert nurse.get(path).status_code == 200
        return len(caught)

    paths = ("/doi-tuong/?nhom=under_1", "/doi-tuong/?nhom=free_check", "/doi-tuong/")
    today = timezone.localdate()
    for number in range(2):
        a_person(station, f"Bé {number}", birth_date=today)
        a_person(station, f"Cụ {number}", birth_date=D(1940, 1, 1))
    few = [cost(path) for path in paths]
    for number in range(2, 20):
        a_person(station, f"Bé {number}", birth_date=today)
        a_person(station, f"Cụ {number}", birth_date=D(1940, 1, 1))
    assert [cost(path) for path in paths] == few
