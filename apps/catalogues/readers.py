"""One line of a shipped or sent file as the fields of its row: a reader for each kind of catalogue.

A bad cell raises BadLine with a Vietnamese sentence.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.catalogues.models import (
    CommunicableDisease,
    Drug,
    LabTest,
)
from apps.catalogues.search import tokens
from apps.catalogues.tables import BadLine, Line, Row, dated, one_of, text, whole, yes
from apps.core.text import search_key

# A year of an age limit, in days: the limit itself never falls on a birthday (docs/plausibility.md).
YEAR_DAYS = 365.25

_ENTRY_COLUMNS = (
    "list",
    "code",
    "scope",
    "name",
    "sort_order",
    "valid_from",
    "valid_to",
    "source",
    "confidence",
)
_ICD_CODE = re.compile(r"[A-Z]\d{2}(\.\d{1,2})?")


def _found_by(name: str, *codes: str, also: tuple[str, ...] = ()) -> Row:
    return {"folded": search_key(name), "tokens": tokens((name, *also), codes)}


def _icd_code(line: Line, column: str) -> str:
    code = text(line, column).upper()
    if not _ICD_CODE.fullmatch(code):
        raise BadLine(f"cột {column} không phải mã ICD-10: {code[:30]}")
    return code


def entry(line: Line, *, lists: tuple[str, ...]) -> Row:
    """A code of one of `lists`. Columns beyond the usual ones go into `extra`."""
    extra = {
        name: value for name in line if name and name not in _ENTRY_COLUMNS and (value := text(line, name))
    }
    name, code = text(line, "name"), text(line, "code")
    aliases = (extra["aliases"],) if "aliases" in extra else ()
    return {
        "list": one_of(line, "list", lists),
        "code": code,
        "scope": text(line, "scope"),
        "name": name,
        "sort_order": whole(line, "sort_order") or 0,
        "extra": extra,
        **dated(line),
        **_found_by(name, code, also=aliases),
    }


def icd10(line: Line) -> Row:
    """A disease code; the marks of both editions have the same names where they mean the same."""
    code, name = _icd_code(line, "code"), text(line, "name_vi")
    flags: dict[str, Any] = {
        mark: yes(line, mark)
        for mark in (
            "is_leaf",
            "not_principal",
            "discouraged_principal",
            "has_more_specific",
            "death_cause_only",
        )
        if text(line, mark)
    }
    if sex := one_of(line, "sex", ("", "M", "F")):
        flags["sex"] = sex
    if days := whole(line, "long_rx_max_days"):
        flags["long_rx_max_days"] = days
    if status := text(line, "status"):
        flags["status"] = status
    return {
        "code": code,
        "marker": one_of(line, "marker", ("", "†", "*")),
        "name": name,
        "name_en": text(line, "name_en"),
        "chapter": text(line, "chapter_no"),
        "group": text(line, "group_code"),
        "flags": flags,
        **dated(line),
        **_found_by(name, code),
    }


def icd10_age(line: Line) -> Row:
    """An age limit, kept in days: 'age_to' 2 năm holds until the day before the third birthday."""
    code = _icd_code(line, "code")
    unit = one_of(line, "age_unit", ("ngày", "năm"))
    low, high = whole(line, "age_from"), whole(line, "age_to")
    days = 1.0 if unit == "ngày" else YEAR_DAYS
    name = text(line, "name")
    return {
        "code": code,
        "other": text(line, "annex"),
        "data": {
            "name": name,
            "age_text": text(line, "age_text"),
            "min_days": int(low * days) if low else None,
            "max_days": None if high is None else high if unit == "ngày" else int((high + 1) * days),
        },
        **dated(line),
        **_found_by(name, code),
    }


def icd10_pair(line: Line) -> Row:
    asterisk, dagger = _icd_code(line, "asterisk_code"), _icd_code(line, "dagger_code")
    return {
        "code": asterisk,
        "other": dagger,
        "data": {"principal_code": text(line, "principal_code")},
        **dated(line),
        **_found_by("", asterisk, dagger),
    }


def icd10_common(line: Line) -> Row:
    code, name = _icd_code(line, "code"), text(line, "name_vi")
    return {
        "list": "icd10_common",
        "code": code,
        "scope": "",
        "name": name,
        "sort_order": whole(line, "sort_order") or 0,
        "extra": {"group": text(line, "common_group")},
        **dated(line),
        **_found_by(name, code),
    }


def drug(line: Line) -> Row:
    code, name, ingredient = text(line, "code"), text(line, "name"), text(line, "ingredient")
    strength, form = text(line, "strength"), text(line, "form")
    extra: dict[str, Any] = {
        column: value
        for column in ("packaging", "manufacturer", "country", "price_area")
        if (value := text(line, column))
    }
    if price := whole(line, "price"):
        extra["price"] = price
    return {
        "code": code,
        "group": text(line, "group"),
        "ingredient": ingredient,
        "name": name,
        "strength": strength,
        "form": form,
        "unit": text(line, "unit"),
        "route_code": text(line, "route_code"),
        "bhyt_code": text(line, "bhyt_code"),
        "registration_no": text(line, "registration_no"),
        "is_antibiotic": yes(line, "is_antibiotic"),
        "controlled": one_of(line, "controlled", Drug.Controlled.values),
        "programme": text(line, "programme"),
        "extra": extra,
        **dated(line),
        "folded": search_key(f"{name} {strength}"),
        "tokens": tokens(
            (name, ingredient, strength, form), (code, text(line, "bhyt_code"), text(line, "registration_no"))
        ),
    }


def service(line: Line) -> Row:
    code, name, level = text(line, "code"), text(line, "name"), text(line, "level")
    extra = {
        column: value
        for column in ("procedure_class", "tt43_code", "tt23_code", "interop_code", "price_item_no")
        if (value := text(line, column))
    }
    return {
        "code": code,
        "name": name,
        "group": text(line, "group"),
        "level": level,
        "common": level == "D",
        "extra": extra,
        **dated(line),
        **_found_by(name, code),
    }


def service_price(line: Line) -> Row:
    price = whole(line, "price")
    if price is None:
        raise BadLine("cột price bị trống")
    code, area = text(line, "service_code"), text(line, "area")
    return {
        "service_id": code,
        "price": price,
        "payer": text(line, "payer") or "bhyt",
        "area": area,
        **dated(line),
        **_found_by(area, code),
    }


def supply(line: Line) -> Row:
    code, name = text(line, "code"), text(line, "name")
    return {
        "code": code,
        "name": name,
        "unit": text(line, "unit"),
        "group_code": text(line, "group_code"),
        **dated(line),
        **_found_by(name, code),
    }


_RANGE = re.compile(r"(?P<who>any|M|F|(?P<first>\d+)m-(?P<last>\d+)m) (?P<low>[\d.]*)\.\.(?P<high>[\d.]*)")


def ranges(value: str) -> list[dict[str, Any]]:
    """'M 62..106; F 44..80; 6m-59m 110..140' as a list; numbers stay text, exactly as written."""
    found: list[dict[str, Any]] = []
    for part in filter(None, (part.strip() for part in value.split(";"))):
        match = _RANGE.fullmatch(part)
        try:
            if match is None or not (match["low"] or match["high"]):
                raise ValueError(part)
            limits = {name: str(Decimal(match[name])) for name in ("low", "high") if match[name]}
        except (ValueError, InvalidOperation) as error:
            raise BadLine(f"cột ranges không đọc được: {part[:30]}") from error
        if match["who"] in ("M", "F"):
            limits["sex"] = match["who"]
        item: dict[str, Any] = dict(limits)
        if match["first"]:
            item["from_months"], item["to_months"] = int(match["first"]), int(match["last"])
        found.append(item)
    return found


def lab_test(line: Line) -> Row:
    code, name = text(line, "code"), text(line, "name")
    return {
        "code": code,
        "name": name,
        "name_en": text(line, "name_en"),
        "group": text(line, "group"),
        "specimen": text(line, "specimen"),
        "unit": text(line, "unit"),
        "ranges": ranges(text(line, "ranges")),
        "result_type": one_of(line, "result_type", LabTest.ResultType.values),
        "allowed_values": [part.strip() for part in text(line, "allowed_values").split(";") if part.strip()],
        "sex": one_of(line, "sex", ("", "M", "F")),
        "loinc": text(line, "loinc"),
        "service_code": text(line, "service_code"),
        "note": text(line, "note"),
        **dated(line),
        **_found_by(name, code, text(line, "loinc"), also=(text(line, "name_en"),)),
    }


def communicable(line: Line) -> Row:
    name, icd = text(line, "name"), [part for part in text(line, "icd10").split(";") if part]
    return {
        "regime": text(line, "regime"),
        "key": text(line, "key"),
        "seq": whole(line, "seq") or 0,
        "name": name,
        "icd": icd,
        "group": text(line, "group"),
        "group_2026": text(line, "group_2026"),
        "report_class": one_of(line, "report_class", CommunicableDisease.ReportClass.values),
        "deadline": text(line, "deadline"),
        "deadline_hours": whole(line, "deadline_hours"),
        "form11_column": text(line, "form11_column"),
        "note": text(line, "note"),
        **dated(line),
        **_found_by(name, *icd),
    }
