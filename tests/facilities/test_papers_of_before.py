"""After stations were merged or split, what tells about an earlier day bears the names of that day."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from apps.core import paper, scope
from apps.facilities import registers
from apps.facilities.letterheads import former_stations, letterhead
from apps.facilities.models import Facility
from apps.facilities.reforming import plan
from apps.facilities.reforming.plan import Decisions
from apps.facilities.registers import Asked
from apps.patients import death_register
from apps.patients.models import Death, Person
from tests.factories.accounts import a_member, client_of
from tests.factories.deaths import a_death
from tests.factories.households import a_household, an_event
from tests.factories.patients import a_person
from tests.factories.reform import CHANGE, REF, World, a_split, approve_and_run

pytestmark = pytest.mark.django_db

MAY = dt.date(2025, 5, 20)
THANH = "Trạm Y tế xã Ba Thành"
SPRING = Asked(dt.date(2025, 1, 1), dt.date(2025, 6, 30), "died")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What each paper was drawn from."""
    found: list[dict[str, Any]] = []

    def pdf(template: str, context: dict[str, Any]) -> bytes:
        found.append({"template": template, **context})
        return b"%PDF"

    monkeypatch.setattr(paper, "pdf", pdf)
    yield found


def head_of(world: World, station: Facility) -> Any:
    return client_of(a_member("station_head", station, f"truong.{station.kcb_code or station.pk.hex[:6]}"))


def died(person: Person, on: dt.date = MAY) -> Death:
    return a_death(person, died_on=on, entered_on=on)


def cells(asked: Asked) -> list[tuple[str, ...]]:
    _, lines = registers.page(death_register.A6, scope.current(), asked)
    return [line.cells for line in lines]


# --- register A6


def test_it_works(world: World, merged: Any, drawn: list[dict[str, Any]]) -> None:
    """2 to 1: the successor's register holds both books; each can be printed as the book that it was."""
    died(a_person(world.thanh, "Nguyễn Thị Hòa", address_text="Xóm Trên"))
    died(a_person(world.vinh, "Phạm Văn Xa", sex="male"))
    merged()
    died(a_person(world.new, "Lê Văn Mới", sex="male"), dt.date(2025, 8, 1))
    client = head_of(world, world.new)
    shown = client.get("/tu-vong/?tu=1/1/2025&den=31/12/2025").content.decode()
    assert all(name in shown for name in ("Nguyễn Thị Hòa", "Phạm Văn Xa", "Lê Văn Mới"))
    assert f"{THANH} (đến 30/06/2025)" in shown  # offered as a book of its own
    period = "tu=1/1/2025&den=30/6/2025"
    client.get(f"/tu-vong/so-a6.pdf?{period}&so={world.thanh.pk}")
    assert drawn[0]["facility_name"] == THANH and len(drawn[0]["lines"]) == 1
    assert drawn[0]["lines"][0].cells[5] == "Xóm Trên, Thôn 1, xã Ba Thành, huyện Ba Tơ, tỉnh Quảng Ngãi"
    client.get(f"/tu-vong/so-a6.pdf?{period}")
    assert drawn[1]["facility_name"] == f"{THANH}; Trạm Y tế xã Ba Vinh cũ" and len(drawn[1]["lines"]) == 2
    client.get("/tu-vong/so-a6.pdf?tu=1/7/2025&den=31/12/2025")
    assert drawn[2]["facility_name"] == "Trạm Y tế xã Ba Vinh" and len(drawn[2]["lines"]) == 1


def test_a_hamlet_of_now_shows_who_died_there_under_its_former_commune(world: World, merged: Any) -> None:
    hoa = a_person(world.thanh, "Nguyễn Thị Hòa")
    died(hoa)
    died(a_person(world.vinh, "Phạm Văn Xa", sex="male"))
    merged()
    hamlet = Person.unscoped.get(pk=hoa.pk).hamlet_id
    with world.as_(a_member("station_head", world.new, "truong.moi"), world.new):
        found = cells(Asked(SPRING.since, SPRING.until, "died", {"thon": hamlet}))
    assert [row[1] for row in found] == ["Nguyễn Thị Hòa"]


def test_after_a_split_each_death_stands_in_one_book(world: World) -> None:
    """1 to 2: the book of the former station goes with its point; the other's begins on the day."""
    first = a_person(world.thanh, "Nguyễn Thị Hòa", hamlet=world.hamlet(world.thanh, 1))
    second = a_person(world.thanh, "Phạm Văn Xa", sex="male", hamlet=world.hamlet(world.thanh, 2))
    later = a_person(world.thanh, "Đinh Văn Sau", sex="male", hamlet=world.hamlet(world.thanh, 2))
    died(first)
    died(second)
    reform, other = a_split(world)
    approve_and_run(world, reform)
    died(Person.unscoped.select_related("station").get(pk=later.pk), dt.date(2025, 8, 1))
    year = Asked(dt.date(2025, 1, 1), dt.date(2025, 12, 31), "died")
    with world.as_(a_member("station_head", world.new, "truong.moi"), world.new):
        assert [row[1] for row in cells(year)] == ["Nguyễn Thị Hòa", "Phạm Văn Xa"]
    with world.as_(a_member("station_head", other, "truong.khac"), other):
        assert [row[1] for row in cells(year)] == ["Đinh Văn Sau"]


def test_a_death_of_before_that_is_entered_late_stands_in_the_former_book(world: World, merged: Any) -> None:
    hoa = a_person(world.thanh, "Nguyễn Thị Hòa", address_text="Xóm Trên")
    merged()
    death = died(Person.unscoped.select_related("station", "hamlet").get(pk=hoa.pk))
    assert death.facility_id == world.thanh.pk
    assert death.hamlet is not None and death.hamlet.commune.name == "Ba Thành"
    with world.as_(world.nurse, world.thanh):
        (row,) = cells(SPRING)
    assert row[5].startswith("Xóm Trên, Thôn 1, xã Ba Thành")


def test_the_book_of_the_day_itself_is_the_successors(world: World, merged: Any) -> None:
    hoa = a_person(world.thanh, "Nguyễn Thị Hòa")
    merged()
    assert died(Person.unscoped.select_related("station").get(pk=hoa.pk), CHANGE).facility_id == world.new.pk


def test_a_station_without_a_past_is_asked_for_no_book(world: World) -> None:
    client = head_of(world, world.thanh)
    assert "Sổ của" not in client.get("/tu-vong/").content.decode()


def test_a_stranger_sees_nothing_of_a_former_book(world: World, merged: Any) -> None:
    died(a_person(world.thanh, "Nguyễn Thị Hòa"))
    merged()
    other = world.station("Trạm Y tế xã Ba Xa", world.new_unit, kcb_code="51999")
    shown = head_of(world, other).get(f"/tu-vong/?tu=1/1/2025&den=30/6/2025&so={world.thanh.pk}")
    assert "Nguyễn Thị Hòa" not in shown.content.decode() and not shown.context["lines"]


# --- the other papers


def test_a_family_that_was_closed_before_bears_the_names_of_its_last_day(
    world: World, merged: Any, drawn: list[dict[str, Any]]
) -> None:
    with scope.system("test"):
        home = a_household(world.thanh, a_person(world.thanh), closed="departed", closed_on=MAY)
        stays = a_household(world.vinh, a_person(world.vinh))
    merged()
    client = head_of(world, world.new)
    client.get(f"/ho/{home.pk}/phieu-ho.pdf")
    client.get(f"/ho/{stays.pk}/phieu-ho.pdf")
    assert drawn[0]["facility_name"] == THANH
    assert drawn[0]["hamlet"] == ["Thôn 1", "xã Ba Thành"]
    assert drawn[1]["facility_name"] == "Trạm Y tế xã Ba Vinh"
    assert drawn[1]["hamlet"] == ["Thôn 1", "xã Ba Vinh"]


def test_the_record_of_who_died_before_bears_the_names_of_that_day(
    world: World, merged: Any, drawn: list[dict[str, Any]]
) -> None:
    hoa, lives = a_person(world.thanh, "Nguyễn Thị Hòa"), a_person(world.vinh, "Phạm Văn Xa")
    died(hoa)
    merged()
    client = head_of(world, world.new)
    for person in (hoa, lives):
        assert client.get(f"/nguoi/{person.pk}/ho-so/in.pdf").status_code == 200
    assert [each["facility_name"] for each in drawn] == [THANH, "Trạm Y tế xã Ba Vinh"]


def test_the_slip_of_an_earlier_month_bears_the_names_of_that_month(
    world: World, merged: Any, drawn: list[dict[str, Any]]
) -> None:
    with scope.system("test"):
        hoa = a_person(world.thanh, "Nguyễn Thị Hòa")
        an_event(a_household(world.thanh, hoa), "departed", hoa, on=MAY)
    merged()
    hamlet = Person.unscoped.get(pk=hoa.pk).hamlet
    client = head_of(world, world.new)
    client.get(f"/thon/so-a0/phieu-p0.pdf?thang=2025-05&thon={hamlet.pk}")
    client.get(f"/thon/so-a0/phieu-p0.pdf?thang=2025-08&thon={hamlet.pk}")
    assert [each["facility_name"] for each in drawn] == [THANH, "Trạm Y tế xã Ba Vinh"]
    assert dict(drawn[0]["counts"])["Chuyển đi"] == 1


def test_a_target_list_of_an_earlier_day_bears_the_names_of_that_day(
    world: World, merged: Any, drawn: list[dict[str, Any]]
) -> None:
    hoa = a_person(world.thanh, "Nguyễn Thị Hòa")
    merged()
    client = head_of(world, world.new)
    hamlet = Person.unscoped.get(pk=hoa.pk).hamlet_id
    client.get(f"/doi-tuong/in/?nhom=women_15_49&ngay=20/05/2025&thon={hamlet}")
    client.get(f"/doi-tuong/in/?nhom=women_15_49&thon={hamlet}")
    assert [each["facility_name"] for each in drawn] == [THANH, "Trạm Y tế xã Ba Vinh"]


def test_a_paper_of_today_costs_no_look_into_the_past(
    world: World, merged: Any, django_assert_max_num_queries: Any
) -> None:
    merged()
    with world.as_(world.nurse, world.thanh) as her, django_assert_max_num_queries(2):
        head = letterhead(her, timezone.localdate())
    assert head["facility_name"] == "Trạm Y tế xã Ba Vinh"
    assert head["place_date"].startswith("Ba Vinh, ngày ")


def test_a_station_that_went_on_keeps_its_name_of_before(world: World) -> None:
    """2 to 1 where one of the two is the successor and is called otherwise from the day."""
    Facility.objects.filter(pk=world.vinh.pk).update(unit=world.new_unit)
    world.vinh.refresh_from_db()
    reform = world.planned(former=[world.thanh], successors=[world.vinh])
    row = reform.stations.get(facility=world.vinh)
    with world.as_(world.admin):
        plan.reform_update(
            reform=reform,
            decisions=Decisions(CHANGE, REF, names={row.pk: "Trạm Y tế xã Ba Vinh mới"}),
            expected_version=reform.version,
        )
    approve_and_run(world, reform)
    head = a_member("station_head", world.vinh, "truong.vinh")
    with world.as_(head, world.vinh) as hers:
        assert letterhead(hers, MAY)["facility_name"] == "Trạm Y tế xã Ba Vinh cũ"
        assert letterhead(hers, CHANGE)["facility_name"] == "Trạm Y tế xã Ba Vinh mới"
        assert former_stations(hers) == [(world.thanh.pk, f"{THANH} (đến 30/06/2025)")]
