"""How far a prescription has been given: plain arithmetic."""

from decimal import Decimal

import pytest

from apps.encounters.dispensing import rules
from apps.encounters.dispensing.rules import Given, Prescribed, Standing
from apps.encounters.money.cash_rules import due_back

TEN = Prescribed("a", "para", Decimal(10))


def given(quantity, key="a", drug="para", **fields):
    return Given(key, drug, Decimal(quantity), **fields)


def test_it_works():
    found, orphans = rules.standings([TEN], [given(4), given(2, outside=True)])
    row = found["a"]
    assert (row.given, row.outside, row.remaining, row.allowed) == (4, 2, 4, 4)
    assert (rules.progress(found.values()), orphans) == ("part", [])


def test_what_came_back_waits_for_nobody_and_may_be_given_anew():
    found, _ = rules.standings([TEN], [given(10, back=Decimal(3))])
    row = found["a"]
    assert (row.remaining, row.allowed, row.kept, rules.progress([row])) == (0, 3, 7, "done")


def test_a_line_written_anew_keeps_what_was_given_of_its_medicine():
    lines = [Prescribed("new", "para", Decimal(6)), Prescribed("two", "para", Decimal(10))]
    found, _ = rules.standings(lines, [given(10, key="old")])
    assert (found["new"].given, found["two"].given) == (0, 10)
    found, _ = rules.standings(lines[:1], [given(10, key="old")])
    assert (found["new"].over, found["new"].remaining) == (4, 0)


def test_what_is_prescribed_no_more_hangs_on_no_line():
    found, orphans = rules.standings([TEN], [given(5, key="old", drug="amoxi")])
    assert found["a"].given == 0 and [each.quantity for each in orphans] == [5]


def test_nothing_given_is_none_and_all_lines_must_be_settled():
    assert rules.progress([Standing(Decimal(1))]) == "none"
    assert rules.progress([Standing(Decimal(1), given=Decimal(1)), Standing(Decimal(2))]) == "part"
    assert rules.progress([Standing(Decimal(1), outside=Decimal(1))]) == "done"


@pytest.mark.parametrize(
    ("quantity", "taken", "returned", "back"),
    [(10, 10, 4, "4"), (10, 20, 5, "2.5"), (10, 3, 1, "3.33"), (10, 0, 0, "0")],
)
def test_what_came_back_in_the_prescriptions_unit(quantity, taken, returned, back):
    assert rules.came_back(Decimal(quantity), taken, returned) == Decimal(back)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("viên", "Viên", True), ("viên nang", "Viên", True), ("gói", "viên", False), ("", "viên", False)],
)
def test_units_that_count_alike(one, other, same):
    assert rules.same_unit(one, other) is same


def test_two_lines_share_the_lots_of_one_item():
    taken = [("L1", 7), ("L2", 8)]
    assert rules.shared(taken, [("a", 5), ("b", 10)]) == [("a", "L1", 5), ("b", "L1", 2), ("b", "L2", 8)]
    with pytest.raises(ValueError):
        rules.shared(taken, [("a", 5)])


def test_half_a_tablet_takes_a_tablet():
    assert [rules.units_for(Decimal(text)) for text in ("2.5", "3", "0.01")] == [3, 3, 1]


@pytest.mark.parametrize(
    ("payable", "left", "wanted", "due"),
    [(100, 100, 0, 100), (100, 100, 30, 30), (100, 80, 30, 10), (100, 70, 30, 0), (100, 10, 100, 10)],
)
def test_what_is_still_to_be_given_back_of_a_receipt(payable, left, wanted, due):
    assert due_back(payable, left, wanted) == due
