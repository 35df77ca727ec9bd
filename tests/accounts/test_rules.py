"""Names, passwords and rights: pure rules."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.rules import expand_rights, may_hand_on, slip_password, username_key, username_suggest


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("hoa.nt", "hoa.nt"),
        ("HOA.NT", "hoa.nt"),
        (" Hòa . NT ", "hoa.nt"),
        ("đức.nv", "duc.nv"),
        ("ĐỨC.NV", "duc.nv"),
        ("Thu\u0309y", "thuy"),
        ("a\u200bb_c-1", "ab_c-1"),
        ("🙂", ""),
        ("x" * 300, "x" * 40),
    ],
)
def test_a_name_has_one_spelling(typed: str, key: str) -> None:
    assert username_key(typed) == key


@given(st.text())
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert username_key(username_key(text)) == username_key(text)


@pytest.mark.parametrize(
    ("full_name", "taken", "name"),
    [
        ("Nguyễn Thị Hòa", (), "hoa.nt"),
        ("Nguyễn Thị Hòa", ("hoa.nt",), "hoa.nt2"),
        ("Nguyễn Thị Hòa", ("hoa.nt", "hoa.nt2", "hoa.nt4"), "hoa.nt3"),
        ("Y Bớt", (), "bot.y"),
        ("Đinh", (), "dinh"),
        ("", (), ""),
        ("***", (), ""),
    ],
)
def test_a_name_is_suggested_from_the_full_name(full_name: str, taken: tuple[str, ...], name: str) -> None:
    assert username_suggest(full_name, taken) == name


def test_a_slip_password_survives_the_vietnamese_keyboard() -> None:
    for _ in range(200):
        password = slip_password()
        first, digits, *rest = password.split("-")
        assert len(password) == 19
        assert digits.isdecimal() and not set(digits) & set("01")
        # Telex changes a vowel when one of these follows it somewhere in the word.
        assert not set(first + "".join(rest)) & set("sfrxjzwdo01l")
        assert all(a != b for a, b in pairwise(password) if a.isalpha())


def test_slip_passwords_differ() -> None:
    assert len({slip_password() for _ in range(500)}) == 500


def test_rights_are_spelled_out() -> None:
    actions = ("view", "enter")
    assert expand_rights("people.* visits.view", actions) == ["people.enter", "people.view", "visits.view"]
    assert expand_rights("", actions) == []


@pytest.mark.parametrize("word", ["people.fly", "people", ".view", "people.view,visits.view"])
def test_an_unknown_right_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="quyền"):
        expand_rights(word, ("view",))


def test_nobody_hands_on_a_right_she_lacks() -> None:
    assert may_hand_on({"people.view"}, (), {"people.view"})
    assert may_hand_on({"users.enter"}, {"people.view"}, {"people.view"})
    assert not may_hand_on({"people.view"}, (), {"people.view", "visits.view"})
