"""Codes of slips, times as they stand on paper, lateness in words."""

import datetime as dt
import secrets

import pytest

from apps.outage import rules


def test_a_code_is_long_and_of_safe_signs() -> None:
    codes = {rules.new_code(secrets.choice) for _ in range(500)}
    assert len(codes) == 500
    assert all(len(code) == 10 and set(code) <= set(rules.ALPHABET) for code in codes)
    # Typing aids for Vietnamese change words with vowels, d and w only.
    assert not set(rules.ALPHABET) & set("AEIOUYDW01L")


@pytest.mark.parametrize(
    "text",
    [
        "KTBX7QRM2P",
        "ktbx-7qrm-2p",
        " KTBX 7QRM 2P ",
        "https://tram.vn/nhap-bu/phieu/KTBX7QRM2P/",
        "htps://tram.vn/nhâp-bu/phiêu/ktbx7qrm2p",
    ],
)
def test_a_code_is_read_as_typed_and_as_scanned(text: str) -> None:
    assert rules.read_code(text) == "KTBX7QRM2P"
    assert rules.shown_code("KTBX7QRM2P") == "KTBX-7QRM-2P"


@pytest.mark.parametrize("text", ["", "KTBX7QRM2", "KTBX7QRM2PP", "ATBX7QRM2P", "../etc", "1234567890", "\0"])
def test_anything_else_is_no_code(text: str) -> None:
    assert rules.read_code(text) == ""


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        *(("7h30", 7, 30), ("7:30", 7, 30), ("07g30", 7, 30), ("0730", 7, 30), ("730", 7, 30)),
        *(("7h", 7, 0), ("7", 7, 0), ("23.59", 23, 59), ("0h00", 0, 0), ("7h30p", 7, 30)),
    ],
)
def test_times_are_read(text: str, hour: int, minute: int) -> None:
    assert rules.read_time(text) == dt.time(hour, minute)


@pytest.mark.parametrize("text", ["", "24h", "7h60", "sáng", "7h30h", "-7", "٧", "99999", "7:3:0"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="không phải là giờ"):
        rules.read_time(text)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 phút"),
        (40, "40 phút"),
        (60, "1 giờ"),
        (320, "5 giờ 20 phút"),
        (1440, "1 ngày"),
        (4560, "3 ngày 4 giờ"),
        (-5, "0 phút"),
    ],
)
def test_lateness(minutes: int, words: str) -> None:
    at = dt.datetime(2026, 11, 20, 7, 30, tzinfo=dt.UTC)
    assert rules.lateness_words(at, at + dt.timedelta(minutes=minutes)) == words
