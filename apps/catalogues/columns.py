"""How the rows of each catalogue are shown: columns and cells for components/table.html."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from apps.catalogues import codes
from apps.catalogues.models import (
    CatalogueChange,
    CatalogueRow,
    CodeEntry,
    CommunicableDisease,
    Confidence,
    Drug,
    Icd10,
    Icd10Rule,
    LabTest,
    Service,
    ServicePrice,
    Supply,
)
from apps.catalogues.queries import LIST_TITLES
from apps.core.words import date_words

Cell = tuple[str, str, str, Callable[[Any], Any]]

_CHIPS = {
    Confidence.HIGH: "done",
    Confidence.MEDIUM: "info",
    Confidence.LOW: "warning",
    Confidence.LOCAL: "off",
}
_LOW_WORD = "Cần đối chiếu"


def validity(row: CatalogueRow) -> str:
    """'từ 01/07/2026', 'đến 30/06/2026', both, or nothing for always."""
    parts = []
    if row.valid_from:
        parts.append(f"từ\u00a0{date_words(row.valid_from)}")
    if row.valid_to:
        parts.append(f"đến\u00a0{date_words(row.valid_to)}")
    return " ".join(parts)


def confidence(row: CatalogueRow) -> dict[str, str]:
    level = Confidence(row.confidence)
    return {"state": _CHIPS[level], "text": _LOW_WORD if level == Confidence.LOW else str(level.label)}


def _marks(row: Icd10) -> str:
    flags = row.flags
    words = {
        "not_principal": "không làm bệnh chính",
        "discouraged_principal": "hạn chế làm bệnh chính",
        "death_cause_only": "chỉ ghi nguyên nhân tử vong",
        "has_more_specific": "còn mã chi tiết",
    }
    found = [word for name, word in words.items() if flags.get(name)]
    if flags.get("sex"):
        found.append("chỉ nữ" if flags["sex"] == "F" else "chỉ nam")
    if flags.get("long_rx_max_days"):
        found.append(f"kê đơn đến {flags['long_rx_max_days']} ngày")
    if row.common:
        found.append("hay dùng")
    if flags.get("status") == "qd4469_only":
        found.append("không thấy trong TT 06/2026")
    return ", ".join(found)


def _range(test: LabTest) -> str:
    """'nam 62–106; nữ 44–80'; for a choice the answers that may be chosen."""
    if test.result_type == LabTest.ResultType.CHOICE:
        return " / ".join(test.allowed_values)
    return "; ".join(range_words(each) for each in test.ranges)


def range_words(limits: dict[str, Any]) -> str:
    """One reference range in words: 'nữ 44–80', 'từ 1,3', '6–59 tháng 110–140'."""
    low, high = (str(limits.get(name, "")).replace(".", ",") for name in ("low", "high"))
    numbers = f"{low}–{high}" if low and high else f"từ {low}" if low else f"đến {high}"
    who = {"M": "nam ", "F": "nữ "}.get(limits.get("sex", ""), "")
    if "from_months" in limits:
        who += f"{limits['from_months']}–{limits['to_months']} tháng "
    return who + numbers


def _extra(row: CodeEntry) -> str:
    hidden = {"name_en", "name_vn_core", "aliases"}
    spoken = [row.extra.get("aliases", "")] if row.extra.get("aliases") else []
    labels = {
        "benefit_percent": "mức hưởng {} %",
        "rate": "tỷ lệ {} %",
        "alpha3": "{}",
        "parent": "thuộc {}",
        "icd10": "ICD-10 {}",
        "codes": "ICD-10 {}",
        "chapter_no": "chương {}",
        "group": "{}",
        "note": "{}",
    }
    spoken += [
        labels[name].format(value)
        for name, value in row.extra.items()
        if name in labels and name not in hidden
    ]
    return "; ".join(spoken)


def _rule_words(row: Icd10Rule) -> str:
    if row.rule == Icd10Rule.Kind.AGE:
        return f"{row.data['name']}: {row.data['age_text']}"
    return f"đi cùng mã {row.other} (†)"


_CELLS: dict[type[CatalogueRow], tuple[Cell, ...]] = {
    CodeEntry: (
        ("code", "Mã", "text", lambda row: row.code),
        ("name", "Tên", "text", lambda row: row.name),
        ("extra", "Thông tin thêm", "text", _extra),
    ),
    Icd10: (
        ("code", "Mã", "text", lambda row: f"{row.code}{row.marker}"),
        ("name", "Tên bệnh", "text", lambda row: row.name),
        ("marks", "Quy tắc", "text", _marks),
    ),
    Icd10Rule: (
        ("code", "Mã", "text", lambda row: row.code),
        ("words", "Quy tắc", "text", _rule_words),
    ),
    Drug: (
        ("code", "Mã", "text", lambda row: row.code),
        ("name", "Tên thuốc, hàm lượng", "text", str),
        ("ingredient", "Hoạt chất", "text", lambda row: row.ingredient),
        ("form", "Dạng bào chế", "text", lambda row: row.form),
        ("route", "Đường dùng", "text", lambda row: codes.label("drug_routes", row.route_code)),
        ("bhyt", "Mã BHYT", "text", lambda row: row.bhyt_code),
        (
            "marks",
            "Ghi chú",
            "text",
            lambda row: ", ".join(
                part
                for part in (
                    "kháng sinh" if row.is_antibiotic else "",
                    row.get_controlled_display().lower() if row.controlled else "",
                    row.programme,
                )
                if part
            ),
        ),
    ),
    Service: (
        ("code", "Mã", "text", lambda row: row.code),
        ("name", "Tên dịch vụ", "text", lambda row: row.name),
        ("group", "Chuyên khoa", "text", lambda row: row.group),
        ("level", "Tuyến", "text", lambda row: "Tuyến xã" if row.level == "D" else row.level),
    ),
    ServicePrice: (
        ("code", "Mã dịch vụ", "text", lambda row: row.service_id),
        ("price", "Giá", "money", lambda row: row.price),
        ("area", "Nơi áp dụng", "text", lambda row: row.area or "Toàn quốc"),
        ("payer", "Nguồn chi trả", "text", lambda row: codes.label("payer", row.payer)),
    ),
    Supply: (
        ("code", "Mã", "text", lambda row: row.code),
        ("name", "Tên vật tư", "text", lambda row: row.name),
        ("unit", "Đơn vị", "text", lambda row: row.unit),
        ("group", "Nhóm", "text", lambda row: row.group_code),
    ),
    LabTest: (
        ("code", "Mã", "text", lambda row: row.code),
        ("name", "Tên xét nghiệm", "text", lambda row: row.name),
        ("range", "Tham chiếu hoặc kết quả", "text", _range),
        ("unit", "Đơn vị", "text", lambda row: row.unit),
        ("specimen", "Mẫu", "text", lambda row: row.specimen),
        ("loinc", "LOINC", "text", lambda row: row.loinc),
    ),
    CommunicableDisease: (
        ("name", "Tên bệnh", "text", lambda row: row.name),
        ("icd", "Mã ICD-10", "text", lambda row: ", ".join(row.icd)),
        ("group", "Nhóm", "text", lambda row: row.group),
        ("report", "Báo cáo", "text", lambda row: row.get_report_class_display()),
        ("deadline", "Thời hạn", "text", lambda row: row.deadline),
        ("note", "Ghi chú", "text", lambda row: row.note),
    ),
}


def change_words(model: type[CatalogueRow], change: CatalogueChange) -> dict[str, Any]:
    """A difference as the page shows it: key, kind, and what differs as (column, before, after)."""
    before, after = change.before, change.after
    names = [*before, *(name for name in after if name not in before)]
    rows = [
        (_field_words(model, name), _value(name, before.get(name)), _value(name, after.get(name)))
        for name in names
        if name not in ("folded", "tokens")
    ]
    return {
        "key": " · ".join(str(part) for part in change.key if part not in (None, "")),
        "kind": change.kind,
        "kind_words": change.get_kind_display(),
        "fields": [row for row in rows if row[1] != row[2]],
    }


def _field_words(model: type[CatalogueRow], name: str) -> str:
    words = str(getattr(model._meta.get_field(name.removesuffix("_id")), "verbose_name", name))
    return words[:1].upper() + words[1:]


def _value(name: str, value: Any) -> str:
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, dict):
        return "; ".join(_value("", part) for part in value.values())
    if isinstance(value, list):
        return "; ".join(range_words(part) if isinstance(part, dict) else str(part) for part in value)
    if name == "confidence":
        return str(Confidence(value).label)
    if name in ("valid_from", "valid_to"):
        return date_words(dt.date.fromisoformat(value))
    return str(value)


def list_cell(row: CatalogueRow) -> dict[str, str]:
    """Of which small list a row is, where several stand in one file."""
    return {"list": LIST_TITLES.get(row.list, row.list)} if isinstance(row, CodeEntry) else {}


def columns(model: type[CatalogueRow], *, lists: bool = False) -> list[dict[str, str]]:
    """Columns of a catalogue's table, with validity and confidence at the end; `lists`: several in one."""
    own = [{"name": name, "label": label, "kind": kind} for name, label, kind, _ in _CELLS[model]]
    which = [{"name": "list", "label": "Danh mục con", "kind": "text"}] if lists else []
    return [
        *own[:2],
        *which,
        *own[2:],
        {"name": "valid", "label": "Hiệu lực", "kind": "text"},
        {"name": "confidence", "label": "Độ tin cậy", "kind": "chip"},
        {"name": "source", "label": "Căn cứ", "kind": "text"},
    ]


def cells(row: CatalogueRow) -> dict[str, Any]:
    """The cells of one row by column name."""
    own = {name: say(row) for name, _, _, say in _CELLS[type(row)]}
    return {**own, "valid": validity(row), "confidence": confidence(row), "source": row.source}
