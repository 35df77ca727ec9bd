"""The catalogues that come with the software: one Table a file of fixtures/catalogues/.

Where each file comes from stands in fixtures/README.md.
"""

import re
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef

from apps.catalogues.models import (
    CodeEntry,
    CommunicableDisease,
    Drug,
    Edition,
    Icd10,
    Icd10Rule,
    LabTest,
    Service,
    ServicePrice,
    Supply,
)
from apps.catalogues.search import tokens
from apps.catalogues.tables import BadLine, Line, Row, Table, dated, one_of, text, whole, yes
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


# --- readers


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
        "sort_order": 0,
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


def _mark_common() -> None:
    """Icd10.common follows the list 'icd10_common', in both editions."""
    listed = CodeEntry.objects.filter(list="icd10_common", valid_to=None, code=OuterRef("code"))
    Icd10.objects.filter(Exists(listed), common=False).update(common=True)
    Icd10.objects.filter(~Exists(listed), common=True).update(common=False)


# --- the files


def _entries(key: str, title: str, order: int, *lists: str) -> Table:
    return Table(
        key=key,
        title=title,
        file=f"{key}.csv",
        model=CodeEntry,
        key_fields=("list", "code", "scope", "valid_from"),
        required=("list", "code", "name"),
        read=partial(entry, lists=lists),
        order=order,
        universe={"list__in": lists},
    )


_DRUG: dict[str, Any] = {
    "model": Drug,
    "key_fields": ("code",),
    "required": ("code", "ingredient", "name"),
    "read": drug,
}
_SERVICE: dict[str, Any] = {"model": Service, "key_fields": ("code",), "read": service}
_EXAM_BED = ("Khám bệnh", "Ngày giường")
_PRICE: dict[str, Any] = {
    "model": ServicePrice,
    "key_fields": ("service_id", "payer", "area", "valid_from"),
    "required": ("service_code", "price"),
    "read": service_price,
}
_ICD: dict[str, Any] = {
    "model": Icd10,
    "key_fields": ("code", "marker"),
    "required": ("code", "name_vi"),
    "read": icd10,
    "after": _mark_common,
}
_RULE: dict[str, Any] = {"model": Icd10Rule, "key_fields": ("code", "other")}
SMALL_LISTS: tuple[str, ...] = (
    *(
        "gender",
        "treatment_result",
        "discharge_type",
        "accident_type",
        "visit_type",
        "cost_group",
        "benefit_scope",
    ),
    *("payment_method", "anesthesia_method", "living_area", "tb_site", "tb_history", "health_check_subject"),
    *(
        "health_check_funding",
        "health_class",
        "vaccination_history",
        "abnormal_obstetric_history",
        "religion",
    ),
    *(
        "education_grade",
        "education_level",
        "marital_status",
        "relationship_to_head",
        "relationship_health_check",
    ),
    *("occupation_4069", "blood_group_abo", "blood_group_rh", "bhyt_card_benefit_level", "facility_level"),
    *("payer", "poverty"),
)

TABLES: dict[str, Table] = {
    table.key: table
    for table in (
        _entries("code_lists", "Các danh mục nhỏ", 100, *SMALL_LISTS),
        _entries("ethnic_groups", "Dân tộc", 101, "ethnic_groups"),
        _entries("nationalities", "Quốc tịch", 102, "nationalities"),
        _entries("occupations", "Nghề nghiệp", 103, "occupations"),
        _entries("bhyt_objects", "Mã đối tượng thẻ BHYT", 104, "bhyt_object"),
        _entries("kcb_object_types", "Mã đối tượng khám chữa bệnh", 105, "kcb_object_type"),
        _entries("practice_scope", "Phạm vi hành nghề", 106, "practice_scope"),
        _entries(
            "icd10_chapters_groups", "Chương và nhóm bệnh ICD-10", 110, "icd10_chapters", "icd10_groups"
        ),
        Table(
            key="icd10_common",
            title="Mã bệnh hay dùng ở trạm",
            file="icd10_common.csv",
            model=CodeEntry,
            key_fields=("list", "code", "scope", "valid_from"),
            required=("code", "name_vi"),
            read=icd10_common,
            order=111,
            universe={"list": "icd10_common"},
            after=_mark_common,
        ),
        Table(
            "icd10_tt06",
            "Mã bệnh ICD-10 theo TT 06/2026",
            "icd10_tt06.csv",
            order=112,
            fixed={"edition": Edition.TT06},
            **_ICD,
        ),
        Table(
            "icd10_qd4469",
            "Mã bệnh ICD-10 theo QĐ 4469",
            "icd10_qd4469.csv",
            order=113,
            fixed={"edition": Edition.QD4469},
            **_ICD,
        ),
        Table(
            "icd10_age_rules",
            "Quy tắc tuổi của mã bệnh",
            "icd10_age_rules.csv",
            required=("code", "annex", "age_unit"),
            read=icd10_age,
            order=114,
            fixed={"edition": Edition.QD4469, "rule": Icd10Rule.Kind.AGE},
            **_RULE,
        ),
        Table(
            "icd10_pairs",
            "Cặp mã kiếm (†) và sao (*)",
            "icd10_pairs.csv",
            required=("dagger_code", "asterisk_code"),
            read=icd10_pair,
            order=115,
            fixed={"edition": Edition.QD4469, "rule": Icd10Rule.Kind.PAIR},
            **_RULE,
        ),
        _entries("icd10_spoken", "Tên thường gọi của bệnh", 117, "icd10_spoken"),
        _entries("yhct_diseases", "Bệnh y học cổ truyền (trích)", 116, "yhct_diseases"),
        Table(
            key="communicable_diseases",
            title="Bệnh truyền nhiễm phải báo cáo",
            file="communicable_diseases.csv",
            model=CommunicableDisease,
            key_fields=("regime", "key"),
            required=("regime", "key", "name", "report_class"),
            read=communicable,
            order=120,
        ),
        _entries("drug_routes", "Đường dùng thuốc", 130, "drug_routes"),
        _entries("drug_bhyt_codes", "Mã hoạt chất BHYT đã gặp", 131, "drug_bhyt_codes"),
        Table(
            "drugs_commune",
            "Thuốc tuyến xã",
            "drugs_commune.csv",
            order=132,
            fixed={"kind": Drug.Kind.COMMUNE, "common": True},
            **_DRUG,
        ),
        Table(
            "drugs_products",
            "Biệt dược (mẫu)",
            "drugs_products.csv",
            order=133,
            fixed={"kind": Drug.Kind.PRODUCT},
            **_DRUG,
        ),
        Table(
            key="services",
            title="Dịch vụ kỹ thuật",
            file="services.csv",
            required=("code", "name", "tt43_code"),
            order=140,
            universe={"extra__has_key": "tt43_code"},
            **_SERVICE,
        ),
        Table(
            key="services_exam_bed",
            title="Khám bệnh và ngày giường",
            file="services_exam_bed.csv",
            required=("code", "name", "group"),
            order=141,
            universe={"group__in": _EXAM_BED},
            **_SERVICE,
        ),
        Table(
            key="service_prices",
            title="Giá dịch vụ kỹ thuật",
            file="service_prices.csv",
            order=142,
            universe={"service__extra__has_key": "tt43_code"},
            **_PRICE,
        ),
        Table(
            key="service_prices_exam_bed",
            title="Giá khám bệnh và ngày giường",
            file="service_prices_exam_bed.csv",
            order=143,
            universe={"service__group__in": _EXAM_BED},
            **_PRICE,
        ),
        Table(
            key="supplies",
            title="Vật tư y tế",
            file="supplies.csv",
            model=Supply,
            key_fields=("code",),
            required=("code", "name"),
            read=supply,
            order=150,
        ),
        Table(
            key="lab_tests",
            title="Xét nghiệm",
            file="lab_tests.csv",
            model=LabTest,
            key_fields=("code",),
            required=("code", "name", "result_type"),
            read=lab_test,
            order=160,
        ),
    )
}
