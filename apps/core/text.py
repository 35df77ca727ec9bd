"""Vietnamese text as keys: how names are cleaned, found and put in order.

Pure functions over strings. The database has neither unaccent nor a Vietnamese collation, so both the key
by which a name is found and the key by which it is sorted are made here and stored.

Find keys hold only ``[a-z0-9 ]``. Token strings hold words of a find key and marked tokens, whose first
letter is a capital, so that no typed word can ever meet one by chance.
"""

import re
import unicodedata
from collections.abc import Iterable

# Letters that no decomposition turns into a plain one. Eth and the African D are common slips for Đ (U+0110);
# b with stroke is a letter of the Ê Đê and M'Nông.
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ɖ": "d", "ƀ": "b", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
# Apostrophes stand inside a name (H'Hen, M'Nông): they join, every other sign separates.
_APOSTROPHES = dict.fromkeys(map(ord, "'`´‘’ʹʻʼʽˈ′＇"), None)

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})

# i and y are one sound at the end of a syllable after these letters, and everywhere after qu; the usual
# spelling in names is the key. Elsewhere they differ (Thúy is not Thúi, Thi is not Thy).
_FINAL_I = re.compile(r"^([hklmstv]?)i$")

_TONES = {"\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0301": "5", "\u0323": "6"}
# A letter with ~ follows every word that goes on with the plain letter: a < az < ă < â. Tone numbers
# precede letters.
_SORT_LETTERS = {
    "a\u0306": "a~",
    "a\u0302": "a~~",
    "e\u0302": "e~",
    "o\u0302": "o~",
    "o\u031b": "o~~",
    "u\u031b": "u~",
}
_SHAPES = frozenset("\u0306\u0302\u031b")


def clean(text: str, *, lines: bool = False) -> str:
    """The text as it is stored: NFC, without control, bidirectional and zero-width marks, blanks collapsed
    and trimmed.

    With ``lines`` line ends are kept (as ``\\n``, at most one empty line in a row), for texts of several
    lines.
    """
    if lines:
        rows = [clean(row) for row in re.split(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", text)]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip("\n")
    if text.isprintable():  # no such mark and no blank but the plain one: nearly every text
        return " ".join(unicodedata.normalize("NFC", text).split())
    kept = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in _DROPPED
    )
    return " ".join(unicodedata.normalize("NFC", kept).split())


def fold(text: str) -> str:
    """The text without case, tones and signs: ``"ĐẶNG  Thị-Hoà" -> "dang thi hoa"``. Only ``[a-z0-9 ]``
    remain.
    """
    letters = clean(text).translate(_APOSTROPHES).casefold().translate(_LETTERS)
    plain = "".join(
        char if char.isascii() and char.isalnum() else " "
        for char in unicodedata.normalize("NFKD", letters).casefold().translate(_LETTERS)
        if not unicodedata.combining(char)
    )
    return " ".join(plain.split())


def _one_spelling(word: str) -> str:
    """The folded word with i and y in the usual spelling of names: ``mi -> my``, ``qui -> quy``."""
    if word.startswith("qui"):
        return "quy" + word[3:]
    return _FINAL_I.sub(r"\1y", word)


def search_key(text: str) -> str:
    """The key by which a name is found: folded, one spelling for i and y; tone placement and blanks do not
    matter.
    """
    return " ".join(_one_spelling(word) for word in fold(text).split())


def tokens(
    full_name: str, *, birth_year: int | None = None, phone: str = "", codes: Iterable[str] = ()
) -> str:
    """Everything by which one record is found, parted by single blanks, each token once.

    Folded words in both spellings; ``I`` + initials; ``X`` + all words joined; ``Y`` + birth year; ``P`` +
    the digits of the phone backwards (an ending is a prefix then); ``C`` + each code in lower case.
    """
    words = fold(full_name).split()
    keys = [_one_spelling(word) for word in words]
    found = words + keys
    found += [
        part for word in clean(full_name).split() if len(parts := fold_parts(word)) > 1 for part in parts
    ]
    if len(words) > 1:
        found += ["I" + "".join(word[0] for word in words), "X" + "".join(keys)]
    if birth_year:
        found.append(f"Y{birth_year}")
    if digits := "".join(char for char in phone if char.isascii() and char.isdigit()):
        found.append("P" + digits[::-1])
    found += ["C" + code for raw in codes if (code := fold(raw).replace(" ", ""))]
    return " ".join(dict.fromkeys(found))


def fold_parts(word: str) -> list[str]:
    """The folded pieces of a word that holds apostrophes: ``"H'Hen" -> ["h", "hen"]``, ``"Hoa" ->
    ["hoa"]``.
    """
    return fold("".join(" " if ord(char) in _APOSTROPHES else char for char in word)).split()


def word_prefix(word: str) -> str:
    """The tsquery term for one folded word (``[a-z0-9]`` only)."""
    key = _one_spelling(word)
    return f"{word}:*" if key == word else f"({word}:* | {key}:*)"


def sort_key(full_name: str) -> str:
    """The key that puts people in Vietnamese order: given name, family name, the rest; letters before tones.

    To be compared byte by byte (collation "C"): ``"Nguyễn Thị Ánh" -> "anh5 nguye~n4 thi6"``.
    """
    words = [key for word in clean(full_name).split() if (key := _sort_word(word))]
    return " ".join([words[-1], *words[:-1]]) if words else ""


def _sort_word(word: str) -> str:
    """One word's letters in sorting form, then its tone (1 level, 2 huyền, 3 hỏi, 4 ngã, 5 sắc, 6 nặng)."""
    letters: list[str] = []
    tone = "1"
    for char in unicodedata.normalize("NFKD", word.translate(_APOSTROPHES).casefold()):
        if char == "đ":
            letters.append("d~")
        elif char in _TONES:
            tone = _TONES[char]
        elif char in _SHAPES and letters:
            letters[-1] = _SORT_LETTERS.get(letters[-1] + char, letters[-1])
        elif not unicodedata.combining(char):
            letters.append("".join(c for c in char.translate(_LETTERS) if c.isascii() and c.isalnum()))
    joined = "".join(letters)
    return joined + tone if joined else ""
