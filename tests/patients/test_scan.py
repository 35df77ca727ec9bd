import csv
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patients.scan import CitizenCard, InsuranceQr, Unreadable, looks_scanned, parse, parse_citizen

CARD = "001088000101|012345678|Nguyễn Văn An|05031988|Nam|Thôn 2, Xã Ba Tơ, Quảng Ngãi|10052021"
LADY = "048192000202||Trần Thị Ngọc Ánh|17121992|Nữ|Phường Hải Vân, Đà Nẵng|01022022"


def hexed(text):
    return text.encode().hex()


def insurance(**changed):
    fields = {
        "number": "DN4484812345678",
        "name": hexed("Lê Thị Bưởi"),
        "birth": "09/08/1990",
        "sex": "2",
        "address": hexed("Thôn 1, Xã Ba Tơ"),
        "facility": "48 - 123",
        "from": "01/01/2026",
        "to": "31/12/2026",
        "issued": "20/12/2025",
        "managed": "4800",
        "parent": "-",
        "area": "K1",
        "five": "01/01/2025",
        "check": "abc",
        "end": "$",
    }
    return "|".join((fields | changed).values())


def test_it_works():
    card = parse(CARD)
    assert card == CitizenCard(
        "001088000101", "012345678", "Nguyễn Văn An", date(1988, 3, 5), "male",
        "Thôn 2, Xã Ba Tơ, Quảng Ngãi", date(2021, 5, 10),
    )  # fmt: skip
    assert parse(LADY).cmnd is None


def test_newer_cards_carry_more_fields_that_stay_unread():
    assert parse(CARD + "|Nguyễn Văn Cha|Trần Thị Mẹ|x").name == "Nguyễn Văn An"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_byte_marks_and_decomposed_letters_are_normal(form):
    card = parse("\ufeff" + unicodedata.normalize(form, LADY) + "\r\n")
    assert card.name == "Trần Thị Ngọc Ánh"
    assert card.sex == "female"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "fields"),
        ("001088000101|012345678|Nguyễn Văn An|05031988|Nam|Xã Ba Tơ", "fields"),
        (CARD.replace("001088000101", "00108800010"), "number"),
        (CARD.replace("001088000101", "000000000000"), "number"),
        (CARD.replace("Nguyễn Văn An", " "), "name"),
        (CARD.replace("05031988", "31021988"), "date"),
        (CARD.replace("05031988", "1988"), "date"),
        (CARD.replace("10052021", ""), "date"),
        (CARD.replace("10052021", "04031988"), "issued_before_birth"),
        (CARD.replace("|Nam|", "|Khác|"), "sex"),
        ("00020101021138540010A00000072701240006970415", "other_kind"),
        ("https://example.org/x", "other_kind"),
        (LADY.replace("Nữ", "Nuwx"), "garbled"),
        (LADY.replace("Nữ", "Nu74"), "garbled"),
    ],
)
def test_an_unusable_card_says_why(text, reason):
    found = parse_citizen(text)
    assert found == Unreadable(reason)
    assert found.sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        (CARD.replace("|Nam|", "|Nữ|"), ("sex_mismatch",)),
        (CARD.replace("05031988", "05031989"), ("birth_year_mismatch",)),
        (CARD.replace("05031988", "05031888"), ("century_mismatch",)),
        (CARD.replace("001088", "050088"), ("unknown_province",)),
        (CARD.replace("012345678", "1234"), ("old_number_invalid",)),
        (CARD.replace("Văn An", "Văn An 😀"), ("unusual_characters",)),
        (CARD.replace("Văn An", "V4n An"), ("unusual_characters",)),
        (CARD.replace("Nguyễn Văn An", "H'Hen Niê-Kđăm Y."), ()),
    ],
)
def test_what_looks_odd_is_a_warning(text, warnings):
    assert parse_citizen(text).warnings == warnings


@pytest.mark.parametrize("page", ["cp1252", "latin-1"])
@pytest.mark.parametrize("card", [CARD, LADY])
def test_mojibake_is_seen_first(card, page):
    broken = card.encode().decode(page, errors="replace")
    assert parse_citizen(broken).warnings[0] == "mojibake"
    assert parse(broken) == Unreadable("mojibake")


@pytest.mark.parametrize("name", ["Nguyeenx Vawn An", "Nguye64n Va8n An"])
def test_a_typing_program_left_on_is_told(name):
    found = parse(CARD.replace("Nguyễn Văn An", name))
    assert found == Unreadable("garbled")
    assert found.sentence == "Bộ gõ tiếng Việt làm sai chữ quét được. Tắt bộ gõ rồi quét lại."


@pytest.mark.parametrize(
    "name", ["Nguyen Van An", "Lee Aaron", "Ksor Hoa", "Rmah Doan", "Nguyễn Xuân Trường"]
)
def test_plain_names_are_not_taken_for_keystrokes(name):
    assert parse(CARD.replace("Nguyễn Văn An", name)).name == name


def test_the_old_insurance_card_is_read():
    assert parse(insurance()) == InsuranceQr(
        "DN4484812345678", "Lê Thị Bưởi", date(1990, 8, 9), "female", "Thôn 1, Xã Ba Tơ", "48123",
        date(2026, 1, 1), date(2026, 12, 31), date(2025, 1, 1), "K1",
    )  # fmt: skip
    assert parse(insurance(birth="1990", to="-")).dob == 1990
    assert parse_citizen(insurance()) == Unreadable("other_kind")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": "zz"}, "name"),
        ({"name": "4e67é1"}, "garbled"),
        ({"birth": "31/02/1990"}, "date"),
        ({"sex": "3"}, "sex"),
        ({"number": "DN9484812345678"}, "number"),
    ],
)
def test_an_unusable_insurance_card_says_why(changed, reason):
    assert parse(insurance(**changed)) == Unreadable(reason)


def test_a_short_insurance_code_is_unreadable():
    assert parse("DN4484812345678|4e67|09/08/1990") == Unreadable("fields")


def test_typed_words_are_not_a_scan():
    assert not looks_scanned("nguyen van an 1990")
    assert looks_scanned(CARD)


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text):
    assert parse(text)
    assert parse("|".join([text] * 8))


SCANS = Path(__file__).with_name("scans")
EXPECTED = list(csv.DictReader((SCANS / "expected.csv").open(encoding="utf-8", newline="")))


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: row["file"])
def test_what_scanners_have_typed(row):
    """Each file holds what a scanner typed: cards as they are, through Telex or VNI, in a wrong code page."""
    found = parse((SCANS / row["file"]).read_bytes().decode())
    kinds = {CitizenCard: "citizen", InsuranceQr: "insurance"}
    assert kinds.get(type(found)) == row["reads_as"] if row["name"] else found == Unreadable(row["reads_as"])
    assert getattr(found, "name", "") == row["name"]


def test_every_file_of_scans_is_expected():
    assert {path.name for path in SCANS.glob("*.txt")} == {row["file"] for row in EXPECTED}


@pytest.mark.parametrize(
    "row", [row for row in EXPECTED if row["reads_as"] == "garbled"], ids=lambda row: row["file"]
)
def test_whose_typing_program_is_on_is_told_to_switch_it_off(row):
    found = parse((SCANS / row["file"]).read_bytes().decode())
    assert found.sentence == "Bộ gõ tiếng Việt làm sai chữ quét được. Tắt bộ gõ rồi quét lại."
