"""The invented commune is the same each time, plausible, and full of numbers that pass the checks."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from apps.population.commune import SINCE, TODAY, Commune, Plan, make
from apps.population.families import MOTHER_FROM, MOTHER_TO, age_on
from apps.population.numbers import SLOTS, Numbers

ON = date(2026, 11, 22)
PLAN = Plan(seed=7, slot=3, people=4000, on=ON, province_code="51", live=True)
OLD_PROVINCES = {"049", "051", "052", "062", "037"}


@cache
def commune() -> Commune:
    return make(PLAN)


def test_it_works() -> None:
    made = commune()
    assert len(made.people) == 4000
    assert 2.8 < len(made.people) / len(made.households) < 4.2
    assert len(made.visits) > 4000
    assert len({h.name for h in made.hamlets}) == len(made.hamlets) >= 4


def test_the_same_plan_makes_the_same_commune_byte_for_byte() -> None:
    plan = replace(PLAN, people=300)
    assert repr(make(plan)) == repr(make(plan))


@pytest.mark.parametrize("change", [{"seed": 8}, {"slot": 4}])
def test_another_seed_or_slot_makes_another_commune(change: dict[str, int]) -> None:
    plan = replace(PLAN, people=50)
    names = {p.full_name for p in make(plan).people}
    others = {p.full_name for p in make(replace(plan, **change)).people}
    assert len(names & others) < 25


def test_the_pyramid_is_that_of_a_vietnamese_commune() -> None:
    ages = [age_on(p.birth, ON) for p in commune().people]
    share = {name: sum(low <= age < high for age in ages) / len(ages) for name, low, high in
             (("children", 0, 15), ("grown", 15, 65), ("old", 65, 120), ("infants", 0, 1))}  # fmt: skip
    assert 0.19 < share["children"] < 0.27
    assert 0.62 < share["grown"] < 0.73
    assert 0.06 < share["old"] < 0.13
    assert 0.006 < share["infants"] < 0.025
    assert min(ages) >= 0
    assert max(ages) < 105
    assert 0.46 < sum(p.sex == "female" for p in commune().people) / len(ages) < 0.53


def test_mothers_and_fathers_are_of_plausible_age_and_live_in_the_household() -> None:
    by_id = {p.id: p for p in commune().people}
    children = [p for p in commune().people if p.mother]
    assert len(children) > 1000
    for child in children:
        mother = by_id[child.mother or ""]
        assert mother.sex == "female"
        assert mother.household == child.household
        if mother.precision == child.precision == "day":
            assert MOTHER_FROM <= age_on(mother.birth, child.birth) <= MOTHER_TO
    for child in commune().people:
        if child.father:
            father = by_id[child.father]
            assert father.sex == "male"
            assert father.household == child.household
            assert 15 <= child.birth.year - father.birth.year <= 65


def test_no_child_lives_alone_and_each_household_has_one_head_of_age() -> None:
    made = commune()
    heads = [p for p in made.people if p.relation == "00"]
    assert Counter(p.household for p in heads) == dict.fromkeys(range(len(made.households)), 1)
    assert min(age_on(p.birth, ON) for p in heads) >= 18
    for person in made.people[:-20]:  # the last household may have been cut short
        if person.relation in ("05", "09", "10") and age_on(person.birth, ON) < 15:
            assert person.mother or person.father


def test_children_carry_the_family_name_of_the_father() -> None:
    by_id = {p.id: p for p in commune().people}
    kinh = [p for p in commune().people if p.father and p.ethnicity == "01"]
    same = sum(p.full_name.split()[0] == by_id[p.father or ""].full_name.split()[0] for p in kinh)
    assert same / len(kinh) > 0.97


def test_citizen_numbers_fit_sex_century_year_and_province() -> None:
    numbered = [p for p in commune().people if p.cccd]
    assert len(numbered) / len(commune().people) > 0.85
    for p in numbered:
        assert re.fullmatch(r"[0-9]{12}", p.cccd)
        assert p.cccd[:3] in OLD_PROVINCES
        assert int(p.cccd[3]) == (p.birth.year // 100 - 19) * 2 + (p.sex == "female")
        assert p.cccd[4:6] == f"{p.birth.year % 100:02d}"
        if p.cccd_on:
            assert p.birth.replace(year=p.birth.year + 14, day=min(p.birth.day, 28)) <= p.cccd_on <= ON


def test_insurance_numbers_have_a_known_group_the_groups_level_and_the_province() -> None:
    insured = [p for p in commune().people if p.bhyt]
    assert 0.85 < len(insured) / len(commune().people) < 0.97
    for p in insured:
        assert re.fullmatch(r"[A-Z]{2}[1-5]51[0-9]{10}", p.bhyt)
        assert p.bhyt.startswith(f"{p.bhyt_object}{p.bhyt_level}")
        assert (p.bhyt_object == "TE") == (age_on(p.birth, ON) < 6)


def test_phones_are_of_a_form_no_network_uses() -> None:
    assert all(re.fullmatch(r"01[2689][0-9]{7}", p.phone) for p in commune().people if p.phone)


def test_numbers_are_unique_within_and_between_communes() -> None:
    people = [*commune().people, *make(replace(PLAN, slot=4, people=1500)).people]
    for field in ("id", "cccd", "bhyt", "phone"):
        values = [getattr(p, field) for p in people if getattr(p, field)]
        assert len(values) == len(set(values)), field


def test_numbers_of_the_first_and_last_slot_never_meet() -> None:
    first, last = Numbers(1, 0, "51"), Numbers(1, SLOTS - 1, "51")
    made = [n.cccd("051", "male", ON) for n in (first, last) for _ in range(500)]
    assert len(set(made)) == 1000


def test_a_slot_outside_the_population_is_refused() -> None:
    with pytest.raises(ValueError, match="slot"):
        Numbers(1, SLOTS, "51")


def test_visits_lie_in_the_years_asked_for_and_after_birth_in_order_and_numbered() -> None:
    made = commune()
    assert all(made.start <= v.on <= ON for v in made.visits)
    assert all(v.on > v.person.birth for v in made.visits)
    assert all(v.on.weekday() != 6 or v.on == ON for v in made.visits)
    for year in {v.on.year for v in made.visits}:
        numbers = [v.number for v in made.visits if v.on.year == year]
        assert numbers == list(range(1, len(numbers) + 1))


def test_illnesses_fit_age_and_sex_and_finished_visits_have_a_diagnosis() -> None:
    for visit in commune().visits:
        age = (visit.on - visit.person.birth).days / 365.2425
        assert visit.illness.ages[0] <= int(age) <= visit.illness.ages[1] + 1
        assert visit.illness.sex in ("", visit.person.sex)
        assert bool(visit.icd) == (visit.state != "waiting")
        assert visit.outcome or visit.state in ("waiting", "in_progress")


def test_vital_signs_are_plausible() -> None:
    for visit in commune().visits:
        for name, low, high in (("temperature", 36, 40), ("pulse", 50, 190), ("breathing", 12, 60),
                                ("spo2", 93, 100), ("systolic", 80, 200), ("diastolic", 45, 130),
                                ("weight", 2, 110), ("height", 45, 190)):  # fmt: skip
            if name in visit.signs:
                assert low <= visit.signs[name] <= high, (name, visit.signs)
        if "systolic" in visit.signs:
            assert visit.signs["systolic"] - visit.signs["diastolic"] >= 15


def test_the_live_day_has_a_queue_and_visits_that_wait_for_a_signature() -> None:
    today = Counter(v.state for v in commune().visits if v.on == ON)
    assert today == {"finalised": 6, "awaiting_signature": 2, "in_progress": 2, "waiting": 5}
    assert not [v for v in make(replace(PLAN, people=200, live=False)).visits if v.on == ON]


@pytest.mark.parametrize("minute", [0, 4, 30, 90, 420, 1000, 23 * 60 + 50])
def test_a_live_day_tells_nothing_of_what_is_still_to_come(minute: int) -> None:
    day = [v for v in make(replace(PLAN, people=200, minute=minute)).visits if v.on == ON]
    assert day, "somebody has come"
    for visit in day:
        assert 0 <= visit.minute + SINCE[visit.state] <= minute, visit.state
    assert sum(v.state == "waiting" for v in day) == 5
    if minute >= 30:
        assert {v.state for v in day} == set(SINCE)
    if minute >= 7 * 60:
        assert len(day) == len(TODAY)
        assert minute - min(v.minute for v in day) < 150, "nobody has waited since the day before"


@pytest.mark.parametrize(
    ("profile", "people"), [("highland_east", "19"), ("highland_west", "14"), ("urban", "01")]
)
def test_the_peoples_of_a_profile_are_the_commonest_in_it(profile: str, people: str) -> None:
    made = make(replace(PLAN, people=3000, profile=profile, years=0))
    counts = Counter(p.ethnicity for p in made.people)
    assert people in dict(counts.most_common(2))
    if profile == "highland_west":
        assert any(p.full_name.startswith(("A ", "Y ")) for p in made.people)


def test_a_province_without_a_list_of_its_own_works() -> None:
    assert len(make(replace(PLAN, province_code="92", people=200)).people) == 200
