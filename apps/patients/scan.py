"""Scanned cards as text: the citizen card's QR, the old insurance card's QR, and what a scanner makes of
them by mistake.

Pure. A scanner types like a keyboard, so a Vietnamese typing program that is switched on (Telex, VNI)
spoils the text, and a wrong code page turns it into mojibake; both are told apart, because the remedy
differs. The raw text is never stored.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from apps.core.text import clean, fold

from .identifiers import Context, check, citizen_doubts

Sex = Literal["male", "female"]
BARS = 3  # signs between fields that nobody types by hand

REASONS = {
    "garbled": "Bộ gõ tiếng Việt làm sai chữ quét được. Tắt bộ gõ rồi quét lại.",
    "mojibake": "Máy quét gửi sai bảng mã nên chữ bị vỡ. Đặt máy quét về UTF-8 rồi quét lại.",
    "other_kind": "Mã này không phải mã QR của thẻ căn cước.",
    "fields": "Mã quét được thiếu phần, hãy quét lại.",
    "number": "Số trên mã quét được không đúng dạng, hãy quét lại.",
    "name": "Mã quét được không có họ tên, hãy quét lại.",
    "date": "Mã quét được có ngày không có thật, hãy quét lại.",
    "issued_before_birth": "Mã quét được có ngày cấp trước ngày sinh, hãy quét lại.",
    "sex": "Mã quét được có giới tính không phải Nam hay Nữ, hãy quét lại.",
}


@dataclass(frozen=True)
class CitizenCard:
    """What the QR of a citizen card says. ``warnings`` are codes; with ``mojibake`` nothing of it may be
    stored.
    """

    cccd: str
    cmnd: str | None
    name: str
    dob: date
    sex: Sex
    address: str | None
    issued: date
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class InsuranceQr:
    """What the QR of an old insurance card says. ``dob`` is a date, or a year alone."""

    number: str
    name: str
    dob: date | int
    sex: Sex
    address: str | None
    facility: str | None
    valid_from: date | None
    valid_to: date | None
    five_year_on: date | None
    area_code: str | None


Card = CitizenCard | InsuranceQr


@dataclass(frozen=True)
class Unreadable:
    """Why a text that looks like a scan cannot be used."""

    reason: str

    @property
    def sentence(self) -> str:
        return REASONS[self.reason]


def looks_scanned(text: str) -> bool:
    """Whether the text came from a scanner rather than from fingers: parted by bars, or a payment code, or
    an address.
    """
    return text.count("|") >= BARS or _is_foreign(text.strip())


def parse(text: str) -> CitizenCard | InsuranceQr | Unreadable:
    """Reads whatever the scanner typed."""
    fields = _fields(text)
    first = fields[0].strip()
    if len(fields) >= 2 and (
        re.fullmatch(r"[A-Za-zĐđ]{2}\s*[0-9]{13}", first) or re.fullmatch(r"[0-9]{10}", first)
    ):
        return _insurance(fields)
    card = parse_citizen(text)
    if isinstance(card, CitizenCard) and "mojibake" in card.warnings:
        return Unreadable("mojibake")
    if isinstance(card, CitizenCard) and _is_garbled_name(card.name):
        return Unreadable("garbled")
    return card


def parse_citizen(text: str) -> CitizenCard | Unreadable:
    """Reads the QR of a citizen card: number, old number, name, birth, sex, address, issue date; more
    fields stay unread.
    """
    fields = [clean(part) for part in _fields(text)]
    if _is_foreign(text.strip()) or re.fullmatch("[A-Za-z]{2}[0-9]{13}|[0-9]{10}", fields[0]):
        return Unreadable("other_kind")
    broken = _is_mojibake(text)
    if not broken and len(fields) > 4 and _is_garbled_sex(fields[4]):
        return Unreadable("garbled")
    if len(fields) < 7:
        return Unreadable("fields")
    number, old, name, birth, sex_word, address, issue = fields[:7]
    if not re.fullmatch("[0-9]{12}", number) or set(number) == {"0"}:
        return Unreadable("number")
    if not name:
        return Unreadable("name")
    dob, issued = _ddmmyyyy(birth), _ddmmyyyy(issue)
    if not dob or not issued:
        return Unreadable("date")
    if issued < dob:
        return Unreadable("issued_before_birth")
    sex = _sex(_repair(sex_word) if broken else sex_word)
    if not sex:
        return Unreadable("sex")
    warnings = ["mojibake"] if broken else []
    warnings += citizen_doubts(number, Context(dob=dob, sex=sex))
    if old and check("cmnd", old).result == "invalid":
        warnings.append("old_number_invalid")
    if not broken and not all(_may_stand_in_name(char) for char in name):
        warnings.append("unusual_characters")
    return CitizenCard(number, old or None, name, dob, sex, address or None, issued, tuple(warnings))


def _insurance(fields: list[str]) -> InsuranceQr | Unreadable:
    if len(fields) < 10:
        return Unreadable("fields")
    number, name_hex, birth, sex, address_hex, facility, valid_from, valid_to = (
        part.strip() for part in fields[:8]
    )
    if not name_hex.isascii() or not address_hex.isascii():
        return Unreadable(
            "garbled"
        )  # hexadecimal digits turned into letters with marks: a typing program was on
    judged = check("bhyt_lookup_key", number)
    name, address = _from_hex(name_hex), _from_hex(address_hex)
    dob = _dd_mm_yyyy(birth) or (int(birth) if re.fullmatch("[12][0-9]{3}", birth) else None)
    if judged.result == "invalid":
        return Unreadable("number")
    if not name:
        return Unreadable("name")
    if not dob:
        return Unreadable("date")
    if sex not in ("1", "2"):
        return Unreadable("sex")
    more = [part.strip() for part in fields[8:]] + [""] * 7
    area = more[3].upper()
    return InsuranceQr(
        number=judged.value,
        name=name,
        dob=dob,
        sex="male" if sex == "1" else "female",
        address=address or None,
        facility=re.sub("[^0-9A-Z]", "", facility.upper()) or None,
        valid_from=_dd_mm_yyyy(valid_from),
        valid_to=_dd_mm_yyyy(valid_to),
        five_year_on=_dd_mm_yyyy(more[4]),
        area_code=area if area in ("K1", "K2", "K3") else None,
    )


def _fields(text: str) -> list[str]:
    return text.replace("\ufeff", "").strip().split("|")


def _is_foreign(text: str) -> bool:
    return bool(re.match(r"https?://|000201", text, re.IGNORECASE))


def _sex(word: str) -> Sex | None:
    return {"nam": "male", "nữ": "female"}.get(unicodedata.normalize("NFC", word).casefold())  # type: ignore[return-value]


def _ddmmyyyy(text: str) -> date | None:
    if not re.fullmatch("[0-9]{8}", text):
        return None
    return _date(text[4:], text[2:4], text[:2])


def _dd_mm_yyyy(text: str) -> date | None:
    match = re.fullmatch("([0-9]{2})/([0-9]{2})/([0-9]{4})", text)
    return _date(match[3], match[2], match[1]) if match else None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _from_hex(text: str) -> str:
    try:
        return clean(bytes.fromhex(text).decode())
    except ValueError:
        return ""


def _may_stand_in_name(char: str) -> bool:
    return char.isalpha() or unicodedata.combining(char) > 0 or char in " '’ʼ-."


def _repair(text: str) -> str:
    """UTF-8 that was read as Western European, read again as what it was; the text itself when it was not."""
    for page in ("cp1252", "latin-1"):
        try:
            return text.encode(page).decode()
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return text


# The second and third bytes of every Vietnamese letter in UTF-8, read in a Western European code page,
# leave these pairs.
_BROKEN = re.compile(
    "\ufffd|Ã[\u0080-¿\u0152-\u2122]|á[º»]|Æ[°¡¯\u00a0]|Ä[‘\u0091\u0090\u0082ƒ\u0083]|Å[©¨]|Ä©|Ä¨|Ì[\u0080-\u0089€ƒ]"
)


def _is_mojibake(text: str) -> bool:
    return bool(_BROKEN.search(text)) or (not text.isascii() and _repair(text) != text)


_TELEX_WORD = re.compile(".*(aa|ee|oo|dd|[aou]w).*[fsrxj]")


def _is_garbled_sex(word: str) -> bool:
    """Whether Nữ came as keystrokes of Telex (``Nuwx``) or VNI (``Nu74``)."""
    return fold(word) not in ("nam", "nu", "") and bool(re.fullmatch("n[uư][wvx0-9]+", word.casefold()))


def _is_garbled_name(name: str) -> bool:
    """Whether keystrokes of Telex (``Nguyeenx``) or VNI (``Nguye64n``) stand where letters belong."""
    if re.search("[A-Za-z][0-9]", name):
        return True
    return any(word.isascii() and _TELEX_WORD.fullmatch(fold(word)) for word in name.split())
