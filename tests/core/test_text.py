import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.text import clean, fold, search_key, sort_key, tokens, word_prefix

VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
names = st.lists(
    st.text(alphabet=VIETNAMESE + VIETNAMESE.upper(), min_size=1, max_size=7), min_size=1, max_size=5
)
anything = st.text(max_size=60)


def test_it_works():
    assert fold("ĐẶNG  Thị-Hoà") == "dang thi hoa"
    assert search_key("Nguyễn Thị Mỹ Linh") == "nguyen thi my linh"
    assert sort_key("Nguyễn Thị Ánh") == "anh5 nguye~n4 thi6"
    assert clean("  Nguyễn\u200b \t Văn\u202e  A ") == "Nguyễn Văn A"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hòa", "Hoà"),
        ("Thúy", "Thuý"),
        ("Trần Thị Lý", "TRẦN THỊ LÍ"),
        ("Mĩ", "Mỹ"),
        ("Quí", "Quý"),
        ("Quình", "Quỳnh"),
        ("Vi", "Vy"),
        ("Đoàn", "Ðoàn"),
        ("H'Hen Niê", "H’Hen  Niê"),
        (unicodedata.normalize("NFD", "Nguyễn Đức Thường"), "nguyen duc thuong"),
        ("Nguyễn\u00a0Văn\u200dAn", "nguyen vanan"),
    ],
)
def test_spellings_of_one_name_share_a_key(one, other):
    assert search_key(one) == search_key(other)


@pytest.mark.parametrize(("one", "other"), [("Thúy", "Thúi"), ("Mai", "May"), ("Thi", "Thy"), ("Hai", "Hay")])
def test_i_and_y_stay_apart_where_they_are_two_sounds(one, other):
    assert search_key(one) != search_key(other)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("😀", ""),
        ("A\x00B", "ab"),
        ("Nguyễn 😀 An", "nguyen an"),
        ("\u202eAn", "an"),
        ("１２", "12"),
        ("", ""),
        ("ƀ", "b"),
    ],
)
def test_odd_signs(text, key):
    assert fold(text) == key


def test_lines_are_kept_when_asked():
    assert clean("Ho\r\n\r\n\r\n\r\n sốt  cao\x00\n", lines=True) == "Ho\n\nsốt cao"


def test_tokens_hold_every_way_to_find_a_person():
    found = tokens(
        "Nguyễn Thị Mĩ", birth_year=1990, phone="0912 345 678", codes=["DN4010112345678", "P0000123", ""]
    )
    assert found.split() == [
        "nguyen", "thi", "mi", "my", "Intm", "Xnguyenthimy", "Y1990", "P8765432190", "Cdn4010112345678",
        "Cp0000123", ]  # fmt: skip


def test_a_name_with_apostrophe_is_found_by_its_pieces():
    assert {"hhen", "hen", "nie"} <= set(tokens("H'Hen Niê").split())


def test_a_word_is_asked_for_in_both_spellings():
    assert word_prefix("mi") == "(mi:* | my:*)"
    assert word_prefix("nh") == "nh:*"


def test_order_of_names():
    ordered = [
        "Trần Văn An",
        "Nguyễn An Bình",
        "Nguyễn Văn Bình",
        "Trần Bình",
        "Lê Cần",
        "Lê Dung",
        "Lê Đang",
        "Lê Đặng",
        "Lê Hoa",
        "Lê Hòa",
        "Lê Hỏa",
        "Lê Hóa",
        "Lê Hoan",
        "Bùi Ma",
        "Bùi Mai",
        "Bùi Măng",
        "Bùi Mân",
        "Lê Mận",
        "Lê Mơ",
        "Lê Ý",
    ]
    keys = [sort_key(name) for name in ordered]
    assert keys == sorted(set(keys))


@given(anything)
def test_fold_keeps_only_plain_letters_and_is_stable(text):
    folded = fold(text)
    assert set(folded) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    assert fold(folded) == folded
    assert search_key(search_key(text)) == search_key(text)


@given(anything)
def test_clean_is_stable_and_storable(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "\x00" not in cleaned
    cleaned.encode()


@given(names)
def test_composed_and_decomposed_names_have_the_same_keys(words):
    name = " ".join(words)
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, name.upper())
        assert (search_key(other), sort_key(other)) == (search_key(name), sort_key(name))
        assert tokens(other) == tokens(name)


@given(names, names)
def test_given_names_decide_first(one, other):
    def letters(word):
        return sort_key(word)[:-1]

    if letters(one[-1]) < letters(other[-1]):
        assert sort_key(" ".join(one)) < sort_key(" ".join(other))


@given(anything)
def test_tokens_make_a_lexeme_array(text):
    found = tokens(text, birth_year=2000, phone=text, codes=[text])
    assert "" not in found.split(" ")
    assert len(set(found.split())) == len(found.split())
