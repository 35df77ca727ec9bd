"""Who goes first: the pure rules, and what reception knows of a person."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core import ports
from apps.encounters.desk import priority, receiving
from apps.encounters.desk.priority import Known, PriorityRules
from tests.factories.households import a_person_status
from tests.factories.patients import a_person, a_station

RULES = PriorityRules(
    6,
    80,
    frozenset({"1", "2"}),
    {"emergency": 0, "child": 1, "pregnant": 1, "elder": 1, "disabled": 1, "merit": 1},
    frozenset({"4", "5"}),
)
ON = dt.date(2026, 11, 29)


def judge(**known):
    found = priority.judge(Known(**known), ON, RULES)
    return found.rank, found.reasons


def test_it_works():
    assert judge(birth=dt.date(2021, 5, 1)) == (1, ("child",))
    assert judge(birth=dt.date(1990, 5, 1)) == (priority.ORDINARY, ())


@pytest.mark.parametrize(
    ("birth", "precision", "expected"),
    [
        (dt.date(2020, 11, 30), "day", ("child",)),  # six tomorrow
        (dt.date(2020, 11, 29), "day", ()),  # six today
        (dt.date(2020, 1, 1), "year", ("child",)),  # may still be five
        (dt.date(2019, 1, 1), "year", ()),
        (dt.date(1946, 11, 29), "day", ("elder",)),  # eighty today
        (dt.date(1946, 11, 30), "day", ()),
        (dt.date(1946, 1, 1), "year", ("elder",)),  # may be eighty
        (dt.date(1947, 1, 1), "year", ()),
        (dt.date(2020, 11, 1), "month", ("child",)),
        (dt.date(1946, 11, 1), "month", ("elder",)),
        (dt.date(2026, 12, 1), "day", ()),  # not born yet
        (None, "day", ()),
    ],
)
def test_ages(birth, precision, expected):
    assert judge(birth=birth, precision=precision)[1] == expected


def test_an_emergency_goes_before_all():
    assert judge(birth=dt.date(2024, 1, 1), emergency=True) == (0, ("emergency", "child"))


def test_that_a_minor_is_pregnant_is_not_told():
    assert judge(pregnant=True, minor=True) == (1, ("private",))
    assert judge(pregnant=True) == (1, ("pregnant",))


def test_degrees_of_disability():
    assert judge(degrees=["2"]) == (1, ("disabled",))
    assert judge(degrees=["3", ""]) == (priority.ORDINARY, ())


def test_groups_of_merit() -> None:
    assert judge(merits=["4"]) == (1, ("merit",))
    assert judge(merits=["9"]) == (priority.ORDINARY, ())  # whose kin they are, not they themselves


def test_a_reason_without_a_rank_does_not_count():
    rules = PriorityRules(6, 80, frozenset(), {"emergency": 0})
    assert priority.judge(Known(pregnant=True), ON, rules).reasons == ()


def test_words_tell_the_age_of_the_day():
    assert priority.words("child", RULES) == "trẻ dưới 6 tuổi"
    assert priority.words("elder", RULES) == "từ 80 tuổi"


# ---- what is known


class Pregnancies:
    def __init__(self, *people):
        self.people = people

    def open_for(self, person_ids, on):
        return {
            pk: ports.Pregnancy(pk, 100, None) for pk in person_ids if pk in [each.pk for each in self.people]
        }


def test_what_the_house_knows(db, system_scope, monkeypatch, django_assert_max_num_queries):
    station, today = a_station(), timezone.localdate()
    names = ("Hồ Thị A", "Hồ Văn B", "Hồ Văn C", "Hồ Văn D")
    pregnant, disabled, plain, merited = (a_person(station, name) for name in names)
    a_person_status(disabled, kind="disability", category="1", degree="1")
    a_person_status(merited, kind="merit", category="5")
    a_person_status(plain, kind="merit", category="9")
    monkeypatch.setitem(ports._provided, ports.PregnancyStatus, Pregnancies(pregnant))
    rules = receiving.rules_on(today)
    receiving.priorities([pregnant], today, [], rules)  # fills the lists that a process keeps
    with django_assert_max_num_queries(1):
        found = receiving.priorities([pregnant, disabled, merited, plain], today, [], rules)
    assert [found[each.pk].reasons for each in (pregnant, disabled, merited, plain)] == [
        ("pregnant",),
        ("disabled",),
        ("merit",),
        (),
    ]


def test_a_status_that_has_ended_does_not_count(db, system_scope):
    today = timezone.localdate()
    person = a_person(a_station())
    a_person_status(
        person, kind="disability", category="1", degree="1", valid_to=today - dt.timedelta(days=1)
    )
    found = receiving.priorities([person], today, [], receiving.rules_on(today))
    assert found[person.pk].reasons == ()
