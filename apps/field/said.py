"""What a village worker says happened, one dataclass a kind of proposal. Pure: plain values in and out.

A form makes one, a proposal keeps it as JSON, the station's page reads it back.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

TEXT = 120  # a sentence on a phone; the columns that it may end in are longer


class BadProposal(ValueError):
    """Stored or sent data that is not what the kind says."""


def _text(label: str, limit: int = TEXT) -> dict[str, Any]:
    return {"label": label, "limit": limit}


def _pick(label: str, choices: Mapping[str, str]) -> dict[str, Any]:
    return {"label": label, "choices": choices}


def _day(label: str) -> dict[str, Any]:
    return {"label": label, "day": True}


def _number(label: str, lowest: int, highest: int) -> dict[str, Any]:
    return {"label": label, "range": (lowest, highest)}


SEXES = {"female": "Nữ", "male": "Nam"}
BIRTH_PLACES = {"station": "Trạm y tế", "home": "Tại nhà", "other": "Nơi khác"}  # as book A0, part III
DEATH_PLACES = {"home": "Tại nhà", "facility": "Cơ sở y tế", "other": "Nơi khác"}
MARITAL = {"married": "Kết hôn", "divorced": "Ly hôn"}
WHOLE = {"one": "Một người", "all": "Cả hộ"}
SIGNS = {
    "fever": "Sốt",
    "rash": "Sốt, phát ban",
    "diarrhoea": "Tiêu chảy",
    "cough": "Ho, khó thở",
    "poisoning": "Nôn, đau bụng sau khi ăn uống",
    "other": "Dấu hiệu khác",
}


@dataclass(frozen=True)
class Said:
    """The parts that all kinds share: reading from JSON, writing to it, words for a page."""

    @classmethod
    def read(cls, data: object) -> Self:
        """From stored JSON. Raises BadProposal for what the kind does not know."""
        if not isinstance(data, dict) or not data.keys() <= {each.name for each in fields(cls)}:
            raise BadProposal(cls.__name__)
        return cls(**{each.name: _value(each, data[each.name]) for each in fields(cls) if each.name in data})

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; checked as if it came from outside."""
        data = {
            each.name: value.isoformat() if isinstance(value, dt.date) else value
            for each in fields(self)
            if (value := getattr(self, each.name)) not in (None, "")
        }
        type(self).read(data)
        return data

    def lines(self) -> list[tuple[str, str]]:
        """What was said, label and words, in the order of the form; what was left empty is left out."""
        return [
            (each.metadata["label"], _words(each, value))
            for each in fields(self)
            if (value := getattr(self, each.name)) not in (None, "")
        ]


def _value(each: Any, value: Any) -> Any:
    told = each.metadata
    if value is None or value == "":
        return each.default
    if told.get("day"):
        try:
            return dt.date.fromisoformat(value)
        except (TypeError, ValueError) as wrong:
            raise BadProposal(each.name) from wrong
    if "range" in told:
        lowest, highest = told["range"]
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise BadProposal(each.name)
        return value
    if not isinstance(value, str):
        raise BadProposal(each.name)
    if "choices" in told and value not in told["choices"]:
        raise BadProposal(each.name)
    if len(value) > told.get("limit", TEXT):
        raise BadProposal(each.name)
    return value


def _words(each: Any, value: Any) -> str:
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    if "choices" in each.metadata:
        return str(each.metadata["choices"][value])
    return str(value)


@dataclass(frozen=True)
class Birth(Said):
    born_on: dt.date | None = field(default=None, metadata=_day("Ngày sinh"))
    sex: str = field(default="", metadata=_pick("Giới tính", SEXES))
    full_name: str = field(default="", metadata=_text("Họ và tên trẻ", 100))
    place: str = field(default="", metadata=_pick("Nơi đẻ", BIRTH_PLACES))
    order: int | None = field(default=None, metadata=_number("Con thứ", 1, 20))
    note: str = field(default="", metadata=_text("Ghi thêm"))


@dataclass(frozen=True)
class DeathNews(Said):
    died_on: dt.date | None = field(default=None, metadata=_day("Ngày mất"))
    place: str = field(default="", metadata=_pick("Mất ở đâu", DEATH_PLACES))
    note: str = field(default="", metadata=_text("Ghi thêm"))


@dataclass(frozen=True)
class Pregnancy(Said):
    last_period_on: dt.date | None = field(default=None, metadata=_day("Ngày đầu kỳ kinh cuối"))
    due_on: dt.date | None = field(default=None, metadata=_day("Dự kiến sinh"))
    note: str = field(default="", metadata=_text("Ghi thêm"))


@dataclass(frozen=True)
class MoveIn(Said):
    full_name: str = field(default="", metadata=_text("Họ và tên", 100))
    sex: str = field(default="", metadata=_pick("Giới tính", SEXES))
    birth: str = field(default="", metadata=_text("Ngày sinh", 10))
    on: dt.date | None = field(default=None, metadata=_day("Ngày đến"))
    from_place: str = field(default="", metadata=_text("Từ đâu đến"))
    phone: str = field(default="", metadata=_text("Số điện thoại", 20))


@dataclass(frozen=True)
class MoveOut(Said):
    on: dt.date | None = field(default=None, metadata=_day("Ngày đi"))
    whole: str = field(default="", metadata=_pick("Ai đi", WHOLE))
    to_place: str = field(default="", metadata=_text("Đi đâu"))
    note: str = field(default="", metadata=_text("Ghi thêm"))


@dataclass(frozen=True)
class Marriage(Said):
    what: str = field(default="", metadata=_pick("Việc", MARITAL))
    on: dt.date | None = field(default=None, metadata=_day("Ngày"))
    partner: str = field(default="", metadata=_text("Vợ hoặc chồng", 100))
    note: str = field(default="", metadata=_text("Ghi thêm"))


@dataclass(frozen=True)
class Cluster(Said):
    sign: str = field(default="", metadata=_pick("Dấu hiệu chung", SIGNS))
    many: int | None = field(default=None, metadata=_number("Số người ốm", 1, 9999))
    since: dt.date | None = field(default=None, metadata=_day("Người đầu tiên ốm từ ngày"))
    note: str = field(default="", metadata=_text("Ở đâu, thấy gì"))


@dataclass(frozen=True)
class Kind:
    """A kind of proposal: what it is called, what it says, and what it is about.

    `about`: 'person' somebody of a household, 'mother' a woman of it where she is listed, 'household' the
    family alone or nobody's yet, '' the hamlet as a whole. `day` is the field that tells when it happened.
    """

    key: str
    title: str
    said: type[Said]
    about: str
    day: str

    def happened(self, said: Said) -> dt.date | None:
        return getattr(said, self.day) if self.day else None


KINDS = {
    kind.key: kind
    for kind in (
        Kind("birth", "Sinh con", Birth, "mother", "born_on"),
        Kind("death", "Qua đời", DeathNews, "person", "died_on"),
        Kind("pregnancy", "Có thai", Pregnancy, "person", ""),
        Kind("move_in", "Chuyển đến", MoveIn, "household", "on"),
        Kind("move_out", "Chuyển đi", MoveOut, "person", "on"),
        Kind("marriage", "Kết hôn, ly hôn", Marriage, "person", "on"),
        Kind("cluster", "Nhiều người cùng ốm", Cluster, "", "since"),
    )
}
CHOICES = [(kind.key, kind.title) for kind in KINDS.values()]
