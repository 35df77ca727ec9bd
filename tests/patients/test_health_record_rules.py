"""What may be said in the health record, as pure rules."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patients.health_record import rules
from apps.patients.health_record.rules import Bounds, Subject

TODAY = dt.date(2026, 11, 29)
WOMAN = Subject("female", dt.date(1986, 5, 1), TODAY)
WEIGHT, LENGTH = Bounds((300, 8000), (1500, 5000)), Bounds((20, 70), (40, 60))

counts = st.integers(0, 30) | st.none()
years = st.integers(0, 9999) | st.none()


def codes(warnings):
    return [warning.code for warning in warnings]


@given(st.integers(-10_000, 100_000))
def test_a_weight_is_blocked_asked_or_fine(grams):
    blocked = list(rules.birth_blocks({"weight_g": grams}, WEIGHT, LENGTH))
    asked = list(rules.birth_doubts({"weight_g": grams}, WEIGHT, LENGTH))
    assert bool(blocked) == (not 300 <= grams <= 8000)
    assert bool(asked) == (not 1500 <= grams <= 5000)
    assert all(refusal.field == "weight_g" for refusal in blocked)


@pytest.mark.parametrize(
    ("typed", "guess"),
    [("3.2", "3200"), ("0.9", "900"), ("2.75", "2750"), ("35", None), ("0", None), ("9.5", None)],
)
def test_only_what_could_be_kilograms_is_guessed(typed, guess):
    (refusal,) = rules.birth_blocks({"weight_g": Decimal(typed)}, WEIGHT, LENGTH)
    assert (f"Có phải {guess} g?" in refusal.message) if guess else ("Có phải" not in refusal.message)


@given(years, st.dates(dt.date(1900, 1, 1), TODAY) | st.none())
def test_a_year_lies_between_birth_and_today(year, birth):
    subject = Subject("female", birth, TODAY)
    told = list(rules.years_blocked({"since_year": year}, subject, ("since_year",)))
    fits = not year or (max(birth.year if birth else 0, 1880) <= year <= TODAY.year)
    assert (told == []) == fits


@given(st.fixed_dictionaries(dict.fromkeys(rules.COUNTS, counts)), years)
def test_a_man_says_nothing_of_it(said, year):
    man = Subject("male", dt.date(1980, 1, 1), TODAY)
    assert len(list(rules.reproductive_blocks(said | {"last_pregnancy_year": year}, man))) == 1


@given(st.integers(0, 8), st.integers(0, 3), st.integers(0, 3), st.data())
def test_what_adds_up_asks_nothing(births, lost, ended, data):
    caesarean, preterm = (data.draw(st.integers(0, births)) for _ in range(2))
    said = {
        "pregnancies": births + lost + ended, "miscarriages": lost, "abortions": ended, "deliveries": births,
        "normal": births - caesarean, "caesarean": caesarean, "difficult": 0, "term": births - preterm,
        "preterm": preterm, "living_children": data.draw(st.integers(0, births)), "last_pregnancy_year": 2010,
    }  # fmt: skip
    assert list(rules.reproductive_blocks(said, WOMAN)) == []
    assert list(rules.reproductive_doubts(said, WOMAN)) == []


@given(st.fixed_dictionaries(dict.fromkeys(rules.COUNTS, counts)))
def test_nothing_that_is_hidden_is_reckoned_with(said):
    """Without pregnancies and abortions no sentence can tell of them."""
    seen = said | {"pregnancies": None, "abortions": None}
    other = said | {"pregnancies": None, "abortions": 29}
    sentences = [w.sentence for w in rules.reproductive_doubts(seen, WOMAN)]
    assert sentences == [w.sentence for w in rules.reproductive_doubts(other, WOMAN)]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"pregnancies": 2, "deliveries": 2, "miscarriages": 1, "abortions": 0}, ["pregnancies_sum"]),
        ({"pregnancies": 2, "deliveries": 2, "miscarriages": 1}, []),
        ({"deliveries": 2, "living_children": 3}, ["living_children"]),
        ({"deliveries": 2, "normal": 2, "caesarean": 1}, ["delivery_ways"]),
        ({"deliveries": 2, "term": 1, "preterm": 0}, ["delivery_terms"]),
        ({"last_pregnancy_year": 1996}, ["young_mother"]),
        ({"last_pregnancy_year": 1998}, []),
        ({}, []),
    ],
)
def test_sums_that_ask(said, told):
    assert codes(rules.reproductive_doubts(said, WOMAN)) == told


@given(
    st.sampled_from(["", "0", "1", "2"]),
    st.integers(0, 300) | st.none(),
    st.booleans(),
)
def test_who_never_smoked_smokes_nothing_and_gave_nothing_up(state, a_day, gave_up):
    said = {"tobacco": state, "tobacco_a_day": a_day, "tobacco_quit": gave_up}
    fields = {refusal.field for refusal in rules.risk_blocks(said)}
    assert ("tobacco_quit" in fields) == (state in ("", "0") and gave_up)
    assert ("tobacco_a_day" in fields) == (
        bool(a_day) and (state in ("", "0") or (a_day or 0) > rules.MOST_CIGARETTES)
    )
