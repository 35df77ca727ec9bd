"""The nightly list of possible duplicates: who is found, who is left alone, what is remembered."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from apps.core import registry, scope
from apps.core.ids import uuid7
from apps.facilities.models import Facility
from apps.patients import alike, duplicates
from apps.patients.data import NumberData
from apps.patients.models import DuplicatePair, Identifier, Person
from apps.patients.numbers import identifier_add
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_person, a_station

TODAY = dt.date(2026, 11, 29)
BORN = dt.date(1990, 3, 5)


@pytest.fixture
def station(db: None) -> Facility:
    return a_station()


@pytest.fixture
def at_station(station: Facility):
    with scope.enter(merger_at(station)):
        yield station


def found() -> set[frozenset[str]]:
    with scope.system("test"):
        duplicates.find(TODAY)
    return {frozenset({pair.a.code, pair.b.code}) for pair in DuplicatePair.unscoped.filter(state="open")}


def test_it_works(station: Facility) -> None:
    hoa, again = a_person(station, "Nguyễn Thị Hòa"), a_person(station, "Nguyen Thi Hoa")
    a_person(station, "Nguyễn Thị Hòa", birth_date=dt.date(1961, 7, 9))
    a_person(station, "Trần Văn Bình", sex="male")
    assert found() == {frozenset({hoa.code, again.code})}
    pair = DuplicatePair.unscoped.get()
    assert pair.a_id < pair.b_id
    assert pair.reasons == ["name", "birth", "hamlet"]


def test_it_is_a_piece_of_the_night(station: Facility) -> None:
    a_person(station), a_person(station)
    with scope.system("test"):
        work = next(each for each in registry.nightly if each.key == "patients.duplicates")
        assert work.run(TODAY) == "Đã so 2 hồ sơ: 1 cặp có thể trùng cần xem, trong đó 1 cặp mới."
        assert work.run(TODAY) == "Đã so 2 hồ sơ: 1 cặp có thể trùng cần xem, trong đó 0 cặp mới."


# --- who is weighed how: pure


def facts(name: str = "Nguyễn Thị Hòa", born: dt.date | None = BORN, **more) -> alike.Facts:
    return alike.Facts(name, **{"sex": "female", "birth_date": born, **more})


SAME = [
    (facts(), "birth"),
    (facts("Nguyễn Thị Hoà"), "birth"),
    (facts("nguyen thi hoa"), "birth"),
    (facts("Nguyễn Thị Hoa"), "birth"),
    (facts("Nguyễn Hòa"), "birth"),
    (facts("Nguyễn Thi Hòaa"), "birth"),
    (facts(sex="unknown"), "birth"),
    (facts(born=dt.date(1990, 5, 3)), "near_day"),
    (facts(born=dt.date(1990, 3, 6)), "near_day"),
    (facts(born=dt.date(1980, 3, 5)), "near_day"),
    (facts(born=dt.date(1990, 1, 1), birth_precision="year"), "birth_year"),
    (facts(born=dt.date(1990, 3, 1), birth_precision="month"), "birth_year"),
]


@pytest.mark.parametrize(("other", "reason"), SAME)
def test_one_person_is_recognised(other: alike.Facts, reason: str) -> None:
    judged = alike.weigh(facts(), other)
    assert judged is not None and reason in judged.reasons
    assert judged.score >= alike.LISTED


STRANGERS = [
    facts("Trần Văn Bình"),
    facts("Nguyễn Thị Hường"),
    facts("Nguyễn Thị Hằng"),
    facts("Nguyễn Thị Nga"),
    facts(sex="male"),
    facts(born=dt.date(1961, 7, 9)),
    facts("Lê Thị Hòa"),
    facts(born=dt.date(1990, 12, 1), birth_precision="month"),
]


@pytest.mark.parametrize("other", STRANGERS)
def test_a_stranger_is_not_listed(other: alike.Facts) -> None:
    judged = alike.weigh(facts(), other)
    assert judged is None or judged.score < alike.LISTED


def test_the_same_number_is_certain_whatever_else_differs() -> None:
    one, other = facts(numbers=frozenset({"051190000111"})), facts("Lê Ba", None, sex="male")
    assert alike.weigh(one, other) is None
    with_number = alike.Facts("Lê Ba", sex="male", numbers=frozenset({"051190000111"}))
    assert alike.weigh(one, with_number) == alike.Alike(100, ("number",))


def test_twins_are_not_taken_for_one() -> None:
    mother = uuid7()
    lan, lam = facts("Lê Thị Lan", mother_id=mother), facts("Lê Thị Lam", mother_id=mother)
    assert alike.weigh(lan, lam) is None
    twice = facts("Le Thi Lan", mother_id=mother)
    assert alike.weigh(lan, twice) is not None


def test_other_mothers_speak_against_it() -> None:
    judged = alike.weigh(facts(mother_id=uuid7()), facts(mother_id=uuid7()))
    assert judged is not None and judged.score < alike.LISTED


def test_a_card_is_known_by_its_last_ten_digits() -> None:
    assert alike.number_keys(["DN4515112345678"]) == {"dn4515112345678", "5112345678"}
    assert alike.number_keys(["０５１", "x y", ""]) == frozenset()


names = st.sampled_from(["Nguyễn Thị Hòa", "Nguyễn Hòa", "Lê Văn Tí", "H'Hen Niê", "", "🙂", "a" * 200])
anybody = st.builds(
    alike.Facts,
    full_name=names,
    sex=st.sampled_from(["male", "female", "unknown"]),
    birth_date=st.none() | st.dates(dt.date(1900, 1, 1), TODAY),
    birth_precision=st.sampled_from(["day", "month", "year"]),
    phone=st.sampled_from(["", "0912345678"]),
    numbers=st.frozensets(st.sampled_from(["051190000111", "212345678"]), max_size=2),
)


@given(anybody, anybody)
def test_the_order_of_two_records_does_not_matter(one: alike.Facts, other: alike.Facts) -> None:
    there, back = alike.weigh(one, other), alike.weigh(other, one)
    assert there == back
    if there is not None:
        assert alike.ASKED_ABOUT <= there.score <= 100
        assert len(alike.words(there.reasons)) == len(there.reasons) > 0
        assert (there.score == 100) == bool(one.numbers & other.numbers)


@given(st.lists(anybody, max_size=8))
def test_the_keys_find_what_comparing_all_would_list(people: list[alike.Facts]) -> None:
    """Nothing certain or born on the same day gets lost for the speed."""
    by_id = {uuid7(): each for each in people}
    pairs = duplicates.likely(by_id)
    for a in by_id:
        for b in by_id:
            if a < b and (judged := alike.weigh(by_id[a], by_id[b])) and judged.score >= 88:
                assert (a, b) in pairs


# --- what is remembered


def test_not_the_same_is_remembered_until_they_change(at_station: Facility) -> None:
    one, two = a_person(at_station), a_person(at_station)
    assert len(found()) == 1
    duplicates.not_the_same(pair=DuplicatePair.unscoped.get())
    assert found() == set()
    Person.unscoped.filter(pk=one.pk).update(phone="0912345678", address_text="Xóm 2")
    assert found() == set()  # where she lives and how she is called does not matter
    identifier_add(person=two, number=NumberData("cmnd", "212345678"))
    assert found() == {frozenset({one.code, two.code})}
    assert DuplicatePair.unscoped.get().decided_by_name == ""


def test_what_is_no_longer_alike_leaves_the_list(station: Facility) -> None:
    one, _ = a_person(station), a_person(station)
    assert len(found()) == 1
    Person.unscoped.filter(pk=one.pk).update(birth_date=dt.date(1960, 1, 1))
    assert found() == set()
    assert not DuplicatePair.unscoped.exists()


def test_who_was_merged_is_compared_no_more(at_station: Facility) -> None:
    one, two, three = a_person(at_station), a_person(at_station), a_person(at_station)
    assert len(found()) == 3
    merge(one, two)
    assert list(duplicates.open_pairs().values_list("state", flat=True)) == ["open"]
    assert found() == {frozenset({one.code, three.code})}


def test_stations_are_compared_each_by_itself(station: Facility) -> None:
    a_person(station)
    a_person(a_station("21490", "Trạm Y tế xã Ba Vì"))
    assert found() == set()


def test_a_decision_follows_people_who_move_together(at_station: Facility) -> None:
    one, two = a_person(at_station), a_person(at_station)
    found()
    duplicates.not_the_same(pair=DuplicatePair.unscoped.get())
    there = a_station("21490", "Trạm Y tế xã Ba Vì")
    Person.unscoped.filter(pk=one.pk).update(station=there, code="P0000900")
    Person.unscoped.filter(pk=two.pk).update(station=there, code="P0000901")
    found()
    pair = DuplicatePair.unscoped.get()
    assert (pair.state, pair.station) == ("not_same", there)


def test_the_same_people_give_the_same_list(station: Facility) -> None:
    for number in range(12):
        a_person(
            station,
            f"Nguyễn Thị {'Hòa' if number % 2 else 'Hoa'}",
            birth_date=dt.date(1990, 1, 1 + number % 3),
        )
    found()
    first = list(DuplicatePair.unscoped.order_by("a", "b").values_list("a", "b", "score", "facts"))
    DuplicatePair.unscoped.all().delete()
    found()
    assert first == list(DuplicatePair.unscoped.order_by("a", "b").values_list("a", "b", "score", "facts"))
    assert first


def test_a_shared_number_is_found_after_it_has_ended(station: Facility) -> None:
    one = a_person(station, "Lê Thị Ba", cccd="051190000111")
    two = a_person(station, "Trần Thị Tư", birth_date=dt.date(1970, 1, 1))
    Identifier.unscoped.create(person=two, kind="cccd", value="051190000111", valid_to=dt.date(2020, 1, 1))
    two.set_keys(["051190000111"])
    two.save()
    assert found() == {frozenset({one.code, two.code})}
    assert DuplicatePair.unscoped.get().score == 100


# --- what it costs


def test_ten_times_the_people_cost_no_more_statements(station: Facility) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            found_now = found()
        assert found_now is not None
        return len(caught)

    for number in range(4):
        a_person(station, "Trần Văn Ba", birth_date=dt.date(1950 + number, 1, 1))
    few = statements()
    for number in range(40):
        a_person(station, f"Lê Thị Số {number}", birth_date=dt.date(1950, 1, 1) + dt.timedelta(days=number))
    assert statements() <= few + 2


def test_a_crowd_of_one_name_is_not_compared_all_with_all() -> None:
    people = {
        uuid7(): alike.Facts("Nguyễn Thị Hòa", "female", dt.date(1930, 1, 1) + dt.timedelta(days=41 * number))
        for number in range(1500)
    }
    weighed = 0
    original = alike.weigh

    def counting(one: alike.Facts, other: alike.Facts) -> alike.Alike | None:
        nonlocal weighed
        weighed += 1
        return original(one, other)

    alike.weigh = counting
    try:
        duplicates.likely(people)
    finally:
        alike.weigh = original
    assert weighed <= 1500 * duplicates.CROWD
