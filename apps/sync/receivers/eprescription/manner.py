"""How the system of prescriptions is spoken to: where, as whom, and what its answers say. Its settings.

The defaults are what its guide and public programs show; none was tried against the system itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from apps.sync.mappings import settings
from apps.sync.receivers import signing

LOGIN = {
    "url": "/api/auth/dang-nhap-co-so-kham-chua-benh",
    "client": "{unit}",
    "auth": "login",
    "username": "ma_lien_thong_co_so_kham_chua_benh",
    "value": "token",
}
DOCTOR = "ma_lien_thong_bac_si"  # the member that holds a doctor's name when she signs in
OR = "|"  # between words of which any may stand in an answer


@dataclass(frozen=True)
class Manner:
    """Setting `paths`: `submit`, and `doctor` where a doctor signs in. Setting `account`: who does, the
    facility or the doctor. Setting `answers`: where in an answer what stands, and the words by which it says
    that it took a prescription, did not, or has one of that code already. Setting `sign`: the variable of the
    key that signs.
    """

    submit: str = "/api/v1/gui-don-thuoc"
    doctor: str = "/api/auth/dang-nhap-bac-si"
    account: str = "facility"
    sign: str = ""
    success: str = "success"
    message: str = "message"
    code: str = "ma_don_thuoc"
    errors: str = "danh_sach_cac_loi"
    field: str = "truong"
    text: str = "thong_bao"
    taken: str = "thành công"
    refused: str = "không thành công|thất bại"
    exists: str = "already exists|đã tồn tại|đã được sử dụng"


PATHS = ("submit", "doctor")
OWN = ("account", "sign")
ANSWERS = tuple(each.name for each in fields(Manner) if each.name not in (*PATHS, *OWN))


def manner_from(said: Mapping[str, Any]) -> Manner:
    """Raises ValueError with a Vietnamese sentence for what cannot be."""
    return Manner(
        **settings.paths(said, PATHS),
        **settings.texts(said, "answers", ANSWERS),
        account=settings.one_of(said, "account", ("facility", "doctor")),
        sign=signing.wanted(said),
    )


def says(text: str, words: str) -> bool:
    """Whether any of the words stands in it, whatever their case."""
    return any(word.strip() in text for word in words.lower().split(OR) if word.strip())
