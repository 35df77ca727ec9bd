"""Mothers and fathers: who cannot be it, who asks for a reason, no circle."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import NeedsReason, Refused
from apps.patients import naming, parents, plausibility
from apps.patients.data import PersonData
from apps.patients.plausibility import Parent
from apps.patients.services import person_create, person_update
from tests.factories.patients import a_person

BORN = dt.date(2000, 6, 15)


def child(born=BORN, precision="day"):
    return PersonData("Đinh Văn Con", "male", born, precision)


def mother(born=dt.date(1975, 1, 1), precision="day", sex="female", died=None):
    return {"mother": Parent(sex, born, precision, died)}


def father(**fields):
    given = {"sex": "male", "birth_date": dt.date(1975, 1, 1), "birth_precision": "day", "died_on": None}
    return {"father": Parent(**given | fields)}


@pytest.mark.parametrize(
    ("given", "blocked", "asked"),
    [
        (mother(), False, False),
        (mother(sex="male"), True, False),
        (mother(sex="unknown"), False, False),
        (mother(born=None), False, False),
        (mother(born=dt.date(2000, 1, 1)), True, False),
        (mother(born=dt.date(2010, 1, 1)), True, False),
        (mother(born=dt.date(1988, 6, 15)), False, True),  # twelve years on this very day
        (mother(born=dt.date(1988, 6, 16)), False, True),
        (mother(born=dt.date(1987, 6, 15)), False, False),  # thirteen
        (mother(born=dt.date(1987, 6, 16)), False, True),  # thirteen tomorrow
        (mother(born=dt.date(1987, 1, 1), precision="year"), False, False),
        (mother(born=dt.date(1988, 1, 1), precision="year"), False, True),
        (mother(born=dt.date(1945, 6, 15)), False, False),  # 55
        (mother(born=dt.date(1944, 6, 15)), False, True),
        (mother(died=dt.date(2000, 6, 15)), False, False),  # at the birth
        (mother(died=dt.date(2000, 6, 14)), True, False),
        (father(died_on=dt.date(1999, 12, 1)), False, False),
        (father(died_on=dt.date(1999, 6, 1)), True, False),
        (father(sex="female"), True, False),
        (father(birth_date=dt.date(1930, 1, 1)), False, False),
    ],
)
def test_who_may_be_a_parent(given, blocked, asked):
    assert bool(plausibility.parent_blocks(child(), given)) is blocked
    assert bool(plausibility.parent_doubts(child(), given)) is asked


@given(
    born=st.dates(dt.date(1900, 1, 1), dt.date(2026, 1, 1)),
    parent=st.dates(dt.date(1900, 1, 1), dt.date(2026, 1, 1)),
    precision=st.sampled_from(["day", "year"]),
)
def test_nobody_is_both_refused_and_asked_about(born, parent, precision):
    given = mother(born=parent, precision=precision)
    refused = plausibility.parent_blocks(child(born), given)
    asked = plausibility.parent_doubts(child(born), given)
    assert not (refused and asked)
    if parent >= born:
        assert refused


@pytest.fixture
def line(at_station):
    """Great-grandmother, grandmother, mother."""
    great = a_person(at_station, "Hồ Thị Nhất", birth_date=dt.date(1920, 1, 1))
    grand = a_person(at_station, "Hồ Thị Nhì", birth_date=dt.date(1945, 1, 1), mother=great)
    return great, grand, a_person(at_station, "Hồ Thị Ba", birth_date=dt.date(1970, 1, 1), mother=grand)


@pytest.mark.django_db
def test_a_descendant_is_no_mother(line):
    great, _, young = line
    # Without birth dates the years cannot tell: the circle itself is refused.
    for person in line:
        person.birth_date = None
        person.save()
    with pytest.raises(Refused) as raised:
        person_update(person=great, data=naming.named(great, mother_id=young.pk), expected_version=1)
    assert raised.value.field == "mother"
    assert "ông bà" in raised.value.message


@pytest.mark.django_db
def test_a_circle_that_stands_already_ends(line):
    great, grand, young = line
    type(great).unscoped.filter(pk=great.pk).update(mother=young, birth_date=None)
    assert parents._descends(young.pk, grand.pk)
    assert not parents._descends(young.pk, a_person(great.station, "Ai Khác").pk)


@pytest.mark.django_db
def test_one_person_is_not_both(at_station):
    parent = a_person(at_station, sex="unknown", birth_date=dt.date(1970, 1, 1))
    said = PersonData("Đinh Văn Con", "male", BORN, mother_id=parent.pk, father_id=parent.pk)
    with pytest.raises(Refused) as raised:
        person_create(data=said, another=True)
    assert raised.value.field == "father"


@pytest.mark.django_db
def test_a_young_mother_asks_when_she_is_chosen_and_never_again(at_station):
    girl = a_person(at_station, "Hồ Thị Út", birth_date=dt.date(1988, 6, 15))
    person = a_person(at_station, "Hồ Văn Con", sex="male", birth_date=BORN)
    said = naming.named(person, mother_id=girl.pk)
    with pytest.raises(NeedsReason):
        person_update(person=person, data=said, expected_version=1)
    person = person_update(person=person, data=said, expected_version=1, reason="đã xác minh")
    person_update(person=person, data=naming.named(person, phone="0912345678"), expected_version=2)


@pytest.mark.django_db
@pytest.mark.parametrize(("years", "limit"), [(106, "105"), (121, "120"), (140, "120")])
def test_a_great_age_asks_for_a_reason(at_station, years, limit):
    from django.utils import timezone

    said = PersonData("Đinh Thị Cụ", "female", dt.date(timezone.localdate().year - years, 1, 1), "year")
    with pytest.raises(NeedsReason) as raised:
        person_create(data=said)
    assert limit in raised.value.warnings[0].sentence
    assert person_create(data=said, reason="có giấy tờ").birth_year == timezone.localdate().year - years
