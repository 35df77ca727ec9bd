"""The list of people with their households as a table: its columns, and one line read into plain values.

The headings are recognised with or without accents and by several names. An empty cell says nothing: it
never wipes out what is stored. django-import-export reads a line by `PeopleResource` (decision 0011 says what
it does not do here).
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from import_export import fields, resources, widgets

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
    ("full_name", "Họ và tên", ("Họ tên", "Tên", "Họ tên người dân", "Họ tên công dân", "Tên người dân")),
    ("family_name", "Họ và tên đệm", ("Họ đệm", "Họ", "Họ lót", "Họ và chữ đệm")),
    ("birth", "Ngày sinh", ("Ngày tháng năm sinh", "Năm sinh", "Sinh ngày", "Ngày, tháng, năm sinh")),
    ("sex", "Giới tính", ("Giới", "Nam/Nữ", "Phái")),
    ("relation", "Quan hệ với chủ hộ", ("Quan hệ", "QH với chủ hộ", "Quan hệ chủ hộ")),
    ("hamlet", "Thôn, tổ", ("Thôn", "Tổ", "Ấp", "Bản", "Khu phố", "Thôn/tổ", "Địa bàn")),
    ("address_text", "Số nhà, đường", ("Địa chỉ", "Số nhà", "Chỗ ở hiện nay", "Nơi ở")),
    ("poverty", "Diện hộ", ("Hộ nghèo", "Diện", "Loại hộ")),
    ("bhxh_code", "Mã hộ gia đình (BHXH)", ("Mã hộ BHXH", "Mã số hộ gia đình BHXH", "Mã hộ GĐ BHXH")),
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
    ("permanent_text", "Nơi thường trú", ("Thường trú", "Hộ khẩu thường trú", "HKTT", "Địa chỉ thường trú")),
    ("permanent_code", "Mã xã thường trú", ("Mã xã hộ khẩu", "Mã xã HKTT")),
    ("permanent_commune", "Xã thường trú", ("Xã hộ khẩu", "Phường xã thường trú", "Xã, phường thường trú")),
    ("permanent_district", "Huyện thường trú", ("Huyện hộ khẩu", "Quận huyện thường trú")),
    ("permanent_province", "Tỉnh thường trú", ("Tỉnh hộ khẩu", "Tỉnh thành thường trú")),
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
ONLY_READ = frozenset(
    {"family_name", "permanent_district", "permanent_province"}
)  # of earlier systems' lists
EXPORTED = {key: heading for key, heading in HEADINGS.items() if key not in ONLY_READ}
# Headings that need no meaning: running numbers, and what our own file of results adds.
PASSED_OVER = frozenset({"stt", "tt", "so tt", "so thu tu", "dong", "ly do khong nhan"})
REQUIRED = ("full_name", "sex")

FORMULA = re.compile(r"=\s*\S|[+@]\s*[A-Za-z]+\s*\(")  # what a spreadsheet would compute


def recognise(headings: Iterable[str], known: Mapping[str, str] | None = None) -> dict[str, int]:
    """Which column each heading stands for: key of COLUMNS -> place in the file. `known` is what a station
    has said itself (folded heading -> key, '' for none) and goes before the names above.
    """
    said, found = known or {}, dict[str, int]()
    for at, heading in enumerate(headings):
        word = search_key(heading)
        key = said[word] if word in said else _NAMES.get(word)
        if key:
            found.setdefault(key, at)
    return found


_NAMES = {search_key(name): key for key, heading, others in COLUMNS for name in (heading, *others)}


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


def read_line(place: int, cells: Mapping[str, str], words: Words) -> Read:
    """Reads one line, given by the keys of COLUMNS. Never raises: what is wrong is told in sentences."""
    read = Read(place)
    try:
        RESOURCE.import_instance(read, cells, words=words)
    except ValidationError as wrong:
        read.wrong += [sentence for sentences in wrong.message_dict.values() for sentence in sentences]
    if family := read.values.pop("family_name", ""):
        read.values["full_name"] = f"{family} {read.values.get('full_name', '')}".strip()
    for key in REQUIRED:
        if key not in read.values and not any(HEADINGS[key] in sentence for sentence in read.wrong):
            read.wrong.append(f"Thiếu {HEADINGS[key].lower()}.")
    return read


def plain(text: str) -> str:
    """The cell's text; a quote that keeps a spreadsheet from computing is taken off."""
    text = clean(text)
    return text[1:] if re.match("'[=+@-]", text) else text


def _text(key: str, text: str, _words: Words) -> dict[str, object]:
    return {key: text}


def _name(key: str, text: str, _words: Words) -> dict[str, object]:
    """Lists of earlier systems hold names in capitals."""
    return {key: text.title() if text.isupper() and len(text) > 1 else text}


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
    "full_name": partial(_name, "full_name"),
    "family_name": partial(_name, "family_name"),
    "guardian_name": partial(_name, "guardian_name"),
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
    "bhxh_code": partial(_digits, "bhxh_code", 10),
    "blood_group": _blood,
}


class CellWidget(widgets.Widget):
    """A cell into the values that it stands for; ValueError with a sentence when it stands for none."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.read = _READERS.get(key, partial(_text, key))
        self.heading = HEADINGS[key]

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dict[str, object]:
        text = clean(value) if value else ""
        if not text:
            return {}
        if FORMULA.match(text):
            raise ValueError(f"{self.heading} là công thức “{text[:30]}”. Hãy dán lại dạng giá trị.")
        text = plain(text)
        return self.read(text, kwargs["words"]) if text else {}


class CellField(fields.Field):
    """A column: its cell may stand for several values (a birth date and how exact it is)."""

    def save(self, instance: Read, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        instance.values |= self.clean(row, **kwargs)


class PeopleResource(resources.Resource):
    """The columns of COLUMNS for django-import-export, which reads and judges a line's cells one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = {key: CellField(key, key, CellWidget(key)) for key in HEADINGS}
        self._in_order = list(self.fields.values())

    def get_import_fields(self, selected_fields: Any = None) -> list[fields.Field]:
        return self._in_order


RESOURCE = PeopleResource()


def date_text(value: dt.date | None, precision: str = "day") -> str:
    """A date as the file writes it."""
    if value is None:
        return ""
    return value.strftime({"year": "%Y", "month": "%m/%Y"}.get(precision, "%d/%m/%Y"))
