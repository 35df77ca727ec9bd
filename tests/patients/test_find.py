import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patients.find import Asked, rank, read


def test_it_works():
    asked = read("Nguyễn Văn A 1990")
    assert asked.query == "nguyen:* & van:* & a:* & (Y1990 | P0991:*)"
    assert asked.words == ("nguyen", "van", "a")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("nth", "(nth:* | Inth:*)"),
        ("nguyenthihoa", "(nguyenthihoa:* | Xnguyenthihoa:*)"),
        ("mi", "((mi:* | my:*) | Imi:*)"),
        ("hoa 90", "hoa:* & (Y1990 | Y2090)"),
        ("345678", "(P876543:*)"),
        ("0912 345 678", "(P8765432190:* | C0912345678:*)"),
        ("+84 912.345.678", "(P8765432190:* | C0912345678:*)"),
        ("051 090 000 111", "(C051090000111:*)"),
        ("DN4510112345678", "Cdn4510112345678:*"),
        ("p123", "Cp0000123"),
        ("P0000123", "Cp0000123"),
        ("H'Hen Niê", "hhen:* & nie:*"),
        ("5", ""),
        ("", ""),
        ("😀 & | ! ' :*", ""),
        ("a\x00b", "(ab:* | Iab:*)"),
    ],
)
def test_what_is_typed_becomes_lexemes(text, query):
    assert read(text).query == query


def test_a_whole_date_is_held_against_the_day_of_birth():
    assert read("hoa 5/3/1990") == Asked("hoa:* & Y1990", ("hoa",), dt.date(1990, 3, 5))
    assert read("31/02/1990").born_on is None


def test_whole_words_rank_before_beginnings():
    assert rank(read("an"), "Nguyễn Văn An") == 0
    assert rank(read("an"), "Nguyễn Văn Anh") == 1


@given(st.text(max_size=60))
def test_any_text_gives_a_harmless_query(text):
    assert set(read(text).query) <= set("abcdefghijklmnopqrstuvwxyz0123456789CIPXY:*&|() ")
