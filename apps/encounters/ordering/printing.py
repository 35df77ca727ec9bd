"""What stands on the papers of orders: phiếu chỉ định, phiếu kết quả, a procedure's sheet, a formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.catalogues import codes
from apps.encounters import checking, printing
from apps.encounters.models import (
    HerbalFormula,
    HerbalLine,
    Order,
    OrderKind,
    Result,
    ResultState,
    ResultValue,
    Visit,
)
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import procedures
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering import states as order_states

MARKS = {"low": "Thấp", "high": "Cao", "critical_low": "Thấp nguy hiểm", "critical_high": "Cao nguy hiểm"}


@dataclass(frozen=True)
class Shown:
    """An order with the result that stands, as a paper shows it."""

    order: Order
    result: Result | None
    rows: list[dict[str, str]]


def order_slip(visit: Visit, orders: Sequence[Order]) -> dict[str, Any]:
    """Phiếu chỉ định: what is to be done, by kind, signed by who ordered it last."""
    groups = [
        {"title": title, "orders": [order for order in orders if order.kind == kind]}
        for kind, title in OrderKind.choices
    ]
    last = orders[-1] if orders else None
    return _context(visit, "Phiếu chỉ định") | {
        "groups": [group for group in groups if group["orders"]],
        "ordered_by": last.performer_text if last else "",
        "reason": visit.reason,
    }


def result_slip(visit: Visit, orders: Sequence[Order], title: str = "Phiếu kết quả") -> dict[str, Any]:
    """Phiếu kết quả of the orders that have one; two queries for all of them."""
    # unscoped: parts of orders that the scope sees
    found: dict[Any, Result] = {
        result.order_id: result
        for result in Result.unscoped.filter(
            order__in=[o.pk for o in orders], state=ResultState.FINAL
        ).select_related("performer", "verifier")
    }
    shown = [Shown(order, found.get(order.pk), _rows(found.get(order.pk))) for order in orders]
    shown = [one for one in shown if one.result is not None]
    signer = next((one.result.verifier for one in reversed(shown) if one.result), None)
    return _context(visit, title) | {
        "shown": shown,
        "verified_by": signer.full_name if signer else "",
        "late": any(one.result.late for one in shown if one.result),
    }


def _rows(result: Result | None) -> list[dict[str, str]]:
    if result is None:
        return []
    # unscoped: parts of a result that the scope sees
    return [_row(value) for value in ResultValue.unscoped.filter(result=result).order_by("position")]


def _row(value: ResultValue) -> dict[str, str]:
    flag = value.get_flag_display() if value.flag else ""
    return {
        "name": value.name,
        "shown": value.shown,
        "unit": value.unit,
        "range": value.range_text,
        "mark": MARKS.get(value.flag, flag.capitalize()),
    }


def procedure_sheet(order: Order) -> dict[str, Any]:
    """The sheet of a procedure with its rows."""
    sheet = order_queries.sheet(order)
    definition = order_catalogue.form(order.form, order.visit.on)
    return _context(order.visit, definition.title) | {
        "order": order,
        "sheet": sheet,
        "said": procedures.shown(sheet, order.visit.on) if sheet else [],
        "watched": [row for row in order_queries.watched(sheet, order.age_days) if not row.row.in_error]
        if sheet
        else [],
    }


def course_sheet(order: Order) -> dict[str, Any]:
    """Phiếu theo dõi điều trị: the sittings of a course."""
    return _context(order.visit, "Phiếu theo dõi liệu trình điều trị") | {
        "order": order,
        "sittings": [row for row in order_queries.sittings(order) if not row.row.in_error],
    }


def formula(found: HerbalFormula) -> dict[str, Any]:
    """Đơn thuốc thang."""
    # unscoped: parts of a formula that the scope sees
    lines = list(HerbalLine.unscoped.filter(formula=found).order_by("position"))
    return _context(found.visit, "Đơn thuốc thang y học cổ truyền") | {
        "formula": found,
        "lines": lines,
        "grams": sum((line.grams for line in lines), start=0),
        "prescriber": found.prescriber.full_name if found.prescriber else "",
    }


def _context(visit: Visit, title: str) -> dict[str, Any]:
    context = printing.common(visit, checking.parts(visit))
    today = timezone.localdate()
    place = context["place_date"].split(", ngày")[0]
    return context | {
        "title": title,
        "number": visit.number,
        "payer": codes.label("payer", visit.payer, visit.on) if visit.payer else "",
        "place_date": f"{place}, ngày {today.day:02d} tháng {today.month:02d} năm {today.year}",
    }


def printable(orders: Sequence[Order]) -> list[Order]:
    """What the sheet of a visit shows: live orders that anybody may read; a restricted one has its own."""
    return [order for order in orders if order.state in order_states.LIVE and not order.restricted]
