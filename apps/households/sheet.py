"""The list of people with their households as a table: its columns, and one line read into plain values.

The headings are recognised with or without accents and by several names. An empty cell says nothing: it
never wipes out what is stored.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from apps.catalogues import codes
from apps.core.dates import parse_date, parse_partial_date
from apps.core.text import clean, search_key
from apps.households.models import Poverty
from apps.patients.data import phone
from apps.patients.models import LifeStatus

# key, heading of the export, other headings under which it may come
COLUMNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("household", "Mã hộ", ("Số hộ", "Mã hộ gia đình", "Hộ số", "Hộ")),
    ("code", "Mã người", ("Mã cá nhân", "Mã số")),
    ("full_name", "Họ và tên", ("Họ tên", "Tên", "Họ tên người dân")),
    ("birth", "Ngày sinh", ("Ngày tháng năm sinh", "Năm sinh", "Sinh ngày", "Ngày, tháng, năm sinh")),
    ("sex", "Giới tính", ("Giới", "Nam/Nữ", "Phái")),
    ("relation", "Quan hệ với chủ hộ", ("Quan hệ", "QH với chủ hộ", "Quan hệ chủ hộ")),
    ("hamlet", "Thôn, tổ", ("Thôn", "Tổ", "Ấp", "Bản", "Khu phố", "Thôn/tổ", "Địa bàn")),
    ("address_text", "Số nhà, đường", ("Địa chỉ", "Số nhà", "Chỗ ở hiện nay", "Nơi ở")),
    ("poverty", "Diện hộ", ("Hộ nghèo", "Diện", "Loại hộ")),
    ("ethnicity", "Dân tộc", ()),
    ("nationality", "Quốc tịch", ()),
    ("occupation", "Nghề nghiệp", ("Nghề",)),
    ("education", "Trình độ học vấn", ("Học vấn", "Trình độ")),
    ("marital_status", "Tình trạng hôn nhân", ("Hôn nhân",)),
    ("phone", "Số điện thoại", ("Điện thoại", "SĐT", "Di động")),
    ("cccd", "Số CCCD", ("CCCD", "Số định danh", "Số định danh cá nhân", "Căn cước", "CCCD/CMND")),
    ("cmnd", "Số CMND", ("CMND", "Số CMND cũ")),
    ("bhyt", "Số thẻ BHYT", ("Thẻ BHYT", "Mã thẻ BHYT", "Mã thẻ", "BHYT")),
    ("bhyt_from", "BHYT từ ngày", ("Giá trị từ", "Từ ngày", "Thẻ từ ngày")),
    ("bhyt_to", "BHYT đến ngày", ("Giá trị đến", "Đến ngày", "Thẻ đến ngày", "Hạn thẻ")),
    ("bhyt_place", "Nơi đăng ký KCB ban đầu", ("KCB ban đầu", "Mã KCBBĐ", "Nơi KCBBĐ")),
    ("permanent_text", "Nơi thường trú", ("Thường trú", "Hộ khẩu thường trú", "HKTT")),
    ("email", "Thư điện tử", ("Email", "E-mail")),
    ("blood_group", "Nhóm máu", ()),
    ("mother", "Mã mẹ", ("Mã người mẹ",)),
    ("father", "Mã bố", ("Mã cha", "Mã người bố")),
    ("guardian_name", "Người giám hộ", ()),
    ("life_status", "Tình trạng", ("Tình trạng sống",)),
    ("died_on", "Ngày mất", ("Ngày chết",)),
    ("note", "Ghi chú", ()),
)
HEADINGS = {key: heading for key, heading, _ in COLUMNS}
REQUIRED = ("full_name", "sex")

Line = Mapping[str, str]


def recognise(headings: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Which column each heading stands for (key -> heading of the file), and the headings nobody knows."""
    known = {search_key(name): key for key, heading, others in COLUMNS for name in (heading, *others)}
    found: dict[str, str] = {}
    unknown = []
    for heading in headings:
        key = known.get(search_key(heading))
        if key and key not in found:
            found[key] = heading
        else:
            unknown.append(heading)
    return found, unknown


@dataclass(frozen=True)
class Words:
    """What the words of a file mean here: word (as search key) -> code or id, for one station."""

    hamlets: Mapping[str, UUID]
    lists: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, hamlets: Iterable[tuple[UUID, str, str]]) -> "Words":
        """`hamlets` are (id, name, code)."""
        by_word: dict[str, UUID] = {}
        for pk, name, code in hamlets:
            by_word.setdefault(search_key(code), pk)
            by_word[search_key(name)] = pk
        names = ("ethnic_groups", "nationalities", "occupations", "education_level", "marital_status")
        lists = {name: _code_words(name) for name in (*names, "relationship_to_head")}
        return cls(by_word, lists)


def _code_words(list_name: str) -> dict[str, str]:
    """Names, aliases and codes of a small list, as search keys, each with its code."""
    found: dict[str, str] = {}
    for row in codes.rows(list_name):
        for word in (*row.extra.get("aliases", "").split(","), row.code, row.name):
            if key := search_key(word):
                found[key] = row.code
    return found


@dataclass
class Read:
    """One line as plain values under the keys of PersonData and this module; `wrong` says what cannot be."""

    place: int
    values: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


SEX_WORDS = {"nam": "male", "nu": "female", "1": "male", "2": "female", "m": "male", "f": "female"}
SEX_WORDS |= {
    "male": "male",
    "female": "female",
    "chua xac dinh": "unknown",
    "3": "unknown",
    "khac": "unknown",
}
POVERTY_WORDS = {"ho ngheo": Poverty.POOR, "ngheo": Poverty.POOR, "ho can ngheo": Poverty.NEAR_POOR}
POVERTY_WORDS |= {"can ngheo": Poverty.NEAR_POOR, "khong thuoc dien": Poverty.NONE, "khong": Poverty.NONE}
LIFE_WORDS = {search_key(label): value for value, label in LifeStatus.choices}
BLOOD = re.compile("(A|B|AB|O)[+-]")


def read_line(place: int, line: Line, columns: Mapping[str, str], words: Words) -> Read:
    """Reads the known columns of one line. Never raises: what is wrong is told in sentences."""
    read = Read(place)
    for key, heading in columns.items():
        raw = line.get(heading, "")
        text = _plain(raw)
        if not text:
            continue
        try:
            read.values |= _READERS.get(key, partial(_text, key))(text, words)
        except ValueError as error:
            read.wrong.append(str(error))
    for key in REQUIRED:
        if key not in read.values and not any(HEADINGS[key] in sentence for sentence in read.wrong):
            read.wrong.append(f"Thiếu {HEADINGS[key].lower()}.")
    return read


def _plain(text: str) -> str:
    """The cell's text; a quote that keeps a spreadsheet from computing is taken off."""
    text = clean(text)
    return text[1:] if re.match("'[=+@-]", text) else text


def _text(key: str, text: str, _words: Words) -> dict[str, object]:
    return {key: text}


def _birth(text: str, _words: Words) -> dict[str, object]:
    try:
        parsed = parse_partial_date(text)
    except ValueError as error:
        raise ValueError(f"Ngày sinh: {error}") from error
    return {"birth_date": parsed.date, "birth_precision": parsed.precision}


def _day(key: str, text: str, _words: Words) -> dict[str, object]:
    try:
        return {key: parse_date(text)}
    except ValueError as error:
        raise ValueError(f"{HEADINGS[key]}: {error}") from error


def _word(key: str, meanings: Mapping[str, object], text: str, _words: Words) -> dict[str, object]:
    meaning = meanings.get(search_key(text))
    if meaning is None:
        raise ValueError(f"{HEADINGS[key]} “{text[:40]}” không hiểu được.")
    return {key: meaning}


def _coded(key: str, list_name: str, text: str, words: Words) -> dict[str, object]:
    code = words.lists[list_name].get(search_key(text))
    if code is None:
        raise ValueError(f"{HEADINGS[key]} “{text[:40]}” không có trong danh mục.")
    return {key: code}


def _hamlet(text: str, words: Words) -> dict[str, object]:
    found = words.hamlets.get(search_key(text))
    if found is None:
        raise ValueError(f"Thôn “{text[:40]}” không có trong địa bàn của trạm.")
    return {"hamlet_id": found}


def _digits(key: str, length: int, text: str, _words: Words) -> dict[str, object]:
    """A number out of which a spreadsheet has eaten the leading zero."""
    digits = "".join(text.split())
    return {key: digits.zfill(length) if digits.isdigit() and len(digits) == length - 1 else text}


def _phone(text: str, _words: Words) -> dict[str, object]:
    digits = phone(text)
    return {"phone": "0" + digits if re.fullmatch("[1-9][0-9]{8,9}", digits) else digits}


def _blood(text: str, _words: Words) -> dict[str, object]:
    group = text.upper().replace("RH", "").replace(" ", "")
    if not BLOOD.fullmatch(group):
        raise ValueError(f"Nhóm máu “{text[:20]}” không hiểu được.")
    return {"blood_group": group}


_READERS: dict[str, Callable[[str, Words], dict[str, object]]] = {
    "birth": _birth,
    "sex": partial(_word, "sex", SEX_WORDS),
    "poverty": partial(_word, "poverty", POVERTY_WORDS),
    "life_status": partial(_word, "life_status", LIFE_WORDS),
    "hamlet": _hamlet,
    "relation": partial(_coded, "relation", "relationship_to_head"),
    "ethnicity": partial(_coded, "ethnicity", "ethnic_groups"),
    "nationality": partial(_coded, "nationality", "nationalities"),
    "occupation": partial(_coded, "occupation", "occupations"),
    "education": partial(_coded, "education", "education_level"),
    "marital_status": partial(_coded, "marital_status", "marital_status"),
    "bhyt_from": partial(_day, "bhyt_from"),
    "bhyt_to": partial(_day, "bhyt_to"),
    "died_on": partial(_day, "died_on"),
    "phone": _phone,
    "cccd": partial(_digits, "cccd", 12),
    "cmnd": partial(_digits, "cmnd", 9),
    "blood_group": _blood,
}


def date_text(value: dt.date | None, precision: str = "day") -> str:
    """A date as the file writes it."""
    if value is None:
        return ""
    return value.strftime({"year": "%Y", "month": "%m/%Y"}.get(precision, "%d/%m/%Y"))
