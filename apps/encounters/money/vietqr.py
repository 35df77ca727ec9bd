"""VietQR: the picture that a banking app reads to pay the right account the right sum. Pure.

EMVCo merchant-presented QR as NAPAS uses it: objects of two digits of tag, two of length, and the value.
Lengths count bytes, so everything is kept ASCII.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

GUID = "A000000727"  # NAPAS
SERVICES = ("QRIBFTTA", "QRIBFTTC")  # to an account, to a card
CURRENCY, COUNTRY = "704", "VN"
STATIC, DYNAMIC = "11", "12"
LONGEST_ACCOUNT, LONGEST_PURPOSE, LONGEST_AMOUNT = 19, 25, 13

Objects = list[tuple[str, str]]


class BadQr(ValueError):
    """What cannot be put into a payload, or read out of one. `field` names the input."""

    def __init__(self, field: str, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.field, self.message, self.code = field, message, code


@dataclass(frozen=True)
class Payment:
    """What a payload says. `amount` in whole đồng, None where the payer types it."""

    bank_bin: str
    account: str
    service: str
    amount: int | None
    purpose: str
    crc_ok: bool = True


def crc(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, beginning 0xFFFF. b'123456789' gives 0x29B1."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def ascii_words(text: str) -> str:
    """'Ủng hộ Quỹ Vắc xin' -> 'Ung ho Quy Vac xin': letters without marks, one blank between words; what has
    no plain letter is left out.
    """
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = "".join(char for char in plain if " " <= char <= "~" or char.isspace())
    return " ".join(kept.split())


def build(*, bank_bin: str, account: str, service: str, amount: int | None, purpose: str) -> str:
    """The payload, objects in the order 00 01 38 53 54 58 62 63. Without an amount it is a static one.

    Raises BadQr: a BIN that is not six digits, an account that is empty, too long or holds more than letters
    and digits, an unknown service, an amount that is not 1 to 13 digits, a purpose over 25 signs once folded.
    """
    _check(bank_bin, account, service, amount)
    said = ascii_words(purpose)
    if len(said) > LONGEST_PURPOSE:
        raise BadQr("purpose", f"Nội dung chuyển khoản dài quá {LONGEST_PURPOSE} ký tự.", "too_long")
    beneficiary = _join([("00", bank_bin), ("01", account)])
    objects: Objects = [
        ("00", "01"),
        ("01", STATIC if amount is None else DYNAMIC),
        ("38", _join([("00", GUID), ("01", beneficiary), ("02", service)])),
        ("53", CURRENCY),
    ]
    if amount is not None:
        objects.append(("54", str(amount)))
    objects.append(("58", COUNTRY))
    if said:
        objects.append(("62", _join([("08", said)])))
    begun = _join(objects) + "6304"
    return f"{begun}{crc(begun.encode('ascii')):04X}"


def parse(payload: str) -> Payment:
    """What a payload says; a wrong CRC is told, not refused.

    Raises BadQr for a broken structure, another scheme, currency, country or service, or what `build` would
    not have made of the bank, the account and the amount.
    """
    if not payload.isascii():
        raise BadQr("payload", "Mã QR có ký tự lạ.", "structure")
    objects = _split(payload)
    if objects[0] != ("00", "01"):
        raise BadQr("payload", "Mã QR phải bắt đầu bằng 000201.", "structure")
    if objects[-1][0] != "63" or len(objects[-1][1]) != 4:
        raise BadQr("payload", "Mã QR không kết thúc bằng mã kiểm tra.", "structure")
    found = _once(objects)
    merchant = _once(_split(_needed(found, "38")))
    if merchant.get("00") != GUID:
        raise BadQr("payload", "Không phải mã VietQR (NAPAS).", "guid")
    if _needed(found, "53") != CURRENCY:
        raise BadQr("payload", "Mã QR không phải tiền đồng Việt Nam.", "currency")
    if _needed(found, "58") != COUNTRY:
        raise BadQr("payload", "Mã QR không phải của Việt Nam.", "country")
    if found.get("01") not in (STATIC, DYNAMIC, None):
        raise BadQr("payload", "Mã QR không rõ loại.", "structure")
    beneficiary = _once(_split(_needed(merchant, "01")))
    amount = _amount(found["54"]) if "54" in found else None
    bank_bin, account = _needed(beneficiary, "00"), _needed(beneficiary, "01")
    service = _needed(merchant, "02")
    _check(bank_bin, account, service, amount, field="payload")
    more = _once(_split(found["62"])) if "62" in found else {}
    given, wanted = found["63"], crc(payload[:-4].encode("ascii"))
    return Payment(bank_bin, account, service, amount, more.get("08", ""), given == f"{wanted:04X}")


def _check(bank_bin: str, account: str, service: str, amount: int | None, field: str = "") -> None:
    if not (len(bank_bin) == 6 and bank_bin.isascii() and bank_bin.isdigit()):
        raise BadQr(field or "bank_bin", "Mã ngân hàng (BIN) gồm 6 chữ số.", "bank_bin")
    if not (0 < len(account) <= LONGEST_ACCOUNT and account.isascii() and account.isalnum()):
        raise BadQr(
            field or "account", f"Số tài khoản gồm chữ và số, tối đa {LONGEST_ACCOUNT} ký tự.", "account"
        )
    if service not in SERVICES:
        raise BadQr(field or "service", "Dịch vụ phải là QRIBFTTA hoặc QRIBFTTC.", "service")
    if amount is not None and not 0 < amount < 10**LONGEST_AMOUNT:
        raise BadQr(
            field or "amount",
            f"Số tiền là số nguyên đồng lớn hơn 0, tối đa {LONGEST_AMOUNT} chữ số.",
            "amount",
        )


def _amount(text: str) -> int:
    if not (text.isdigit() and len(text) <= LONGEST_AMOUNT):
        raise BadQr("payload", "Số tiền trong mã QR không đọc được.", "amount")
    return int(text)


def _join(objects: Sequence[tuple[str, str]]) -> str:
    for tag, value in objects:
        if len(value) > 99:
            raise BadQr("payload", f"Mục {tag} của mã QR quá dài.", "structure")
    return "".join(f"{tag}{len(value):02d}{value}" for tag, value in objects)


def _split(text: str) -> Objects:
    """The objects of a text; raises BadQr unless it is made of whole ones."""
    objects, at = [], 0
    while at < len(text):
        head, at = text[at : at + 4], at + 4
        if len(head) < 4 or not head.isdigit():
            raise BadQr("payload", "Mã QR hỏng: không đọc được các mục.", "structure")
        length = int(head[2:])
        value, at = text[at : at + length], at + length
        if len(value) < length or not length:
            raise BadQr("payload", "Mã QR hỏng: có mục thiếu nội dung.", "structure")
        objects.append((head[:2], value))
    if not objects:
        raise BadQr("payload", "Mã QR trống.", "structure")
    return objects


def _once(objects: Objects) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag, value in objects:
        if tag in found:
            raise BadQr("payload", f"Mã QR hỏng: mục {tag} có hai lần.", "structure")
        found[tag] = value
    return found


def _needed(found: dict[str, str], tag: str) -> str:
    if tag not in found:
        raise BadQr("payload", f"Mã QR thiếu mục {tag}.", "structure")
    return found[tag]
