"""Everything that writes the sheet of a procedure: its boxes, what was watched, its end, its reopening."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.care import queries as care_queries
from apps.care import vitals
from apps.core import parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.encounters.bedside import own_practitioner
from apps.encounters.models import Order, OrderKind, ProcedureSheet, SheetRow, SheetState
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.orders import audit_order, keep_overrides, order_for, put_timeline, tell_changed
from apps.encounters.rules import Problem
from apps.encounters.writing import Problems

LONG, SHORT = 2000, 300
REOPENED = Warning("reopened", "Phiếu đã kết thúc được mở lại để sửa.")
GRACE = dt.timedelta(minutes=5)  # two clocks in one house


@dataclass(frozen=True)
class SheetInput:
    """What was typed into a short form: {field: text}, the supplies, from when to when."""

    fields: Mapping[str, str]
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    supplies: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class RowInput:
    """One look: signs as read, what was seen and done."""

    at: dt.datetime | None = None
    signs: Mapping[str, Decimal] = field(default_factory=dict)
    text: str = ""


@transaction.atomic
def sheet_save(
    *, order_id: UUID, expected_version: int, data: SheetInput, end: bool = False, override: str = ""
) -> ProcedureSheet:
    """Keep the sheet of a procedure; with `end` it is over: complete, and watched for long enough.

    Raises Problems at the boxes, NeedsReason where an injection was watched for less than its form asks.
    """
    order = order_for("result", order_id, expected_version)
    if order.kind != OrderKind.PROCEDURE:
        raise Refused("Dịch vụ này không ghi bằng phiếu thủ thuật.", code="no-sheet-kind")
    form = order_catalogue.form(order.form, order.visit.on)
    sheet = _standing(order) or ProcedureSheet(order=order, form=form.code)
    if sheet.state != SheetState.OPEN:
        raise Refused("Phiếu đã kết thúc.", code="sheet-ended")
    started = data.started_at or (sheet.started_at if sheet.pk and sheet.started_at else timezone.now())
    _refuse_wrong(order, form, data, started, end=end)
    who = own_practitioner(current())
    sheet.started_at, sheet.ended_at = started, data.ended_at
    sheet.data = {
        box.code: clean(data.fields.get(box.code, ""), lines=box.kind == "long")[:LONG] for box in form.fields
    }
    sheet.supplies = clean(data.supplies, lines=True)[:LONG]
    sheet.outcome = clean(data.outcome)[:500]
    if sheet.performer is None:
        sheet.performer = who
        sheet.performer_text = who.full_name if who else current().shown_name
    sheet.entered_by = current().user_id
    if end:
        warnings = _watched_short(sheet, form)
        if warnings and not clean(override):
            raise NeedsReason(warnings)
        keep_overrides(sheet, warnings, override)
        sheet.ended_at = data.ended_at or timezone.now()
        sheet.state = SheetState.FINAL
        order.state = order_states.RESULTED
    order.summary = _summary(sheet)
    sheet.save()
    save_versioned(order, expected=expected_version)
    audit_order("procedure.ended" if end else "procedure.saved", order, code=order.code)
    if end:
        put_timeline(order, at=started)
        tell_changed(order.visit)
    return sheet


@transaction.atomic
def sheet_reopen(*, order_id: UUID, expected_version: int, reason: str) -> ProcedureSheet:
    """Open an ended sheet again to mend it; what it said stays with the reason."""
    order = order_for("correct", order_id, expected_version)
    sheet = _standing(order)
    reason = clean(reason)[:300]
    if sheet is None:
        raise Refused("Không có phiếu để mở lại.", code="no-sheet")
    if not reason:
        raise Refused("Ghi lý do mở lại.", field="reason", code="no-reason")
    said = {"data": sheet.data, "supplies": sheet.supplies, "outcome": sheet.outcome}
    keep_overrides(sheet, [REOPENED], reason)
    sheet.overrides[-1]["was"] = said
    sheet.state = SheetState.OPEN
    sheet.save()
    order.state = order_states.ORDERED
    save_versioned(order, expected=expected_version)
    audit_order("procedure.reopened", order, code=order.code)
    tell_changed(order.visit)
    return sheet


@transaction.atomic
def row_add(*, order_id: UUID, data: RowInput) -> SheetRow:
    """One look during a procedure. Several people may add rows; each signs her own."""
    order = order_for("result", order_id)
    sheet = _standing(order)
    if sheet is None or sheet.state != SheetState.OPEN:
        raise Refused("Lưu phiếu trước, rồi ghi theo dõi.", code="no-sheet")
    at, text = data.at or timezone.now(), clean(data.text)[:500]
    if not data.signs and not text:
        raise Refused("Ghi ít nhất một chỉ số hoặc diễn biến.", field="text", code="row-empty")
    if at > timezone.now() + GRACE:
        raise Refused("Giờ theo dõi ở tương lai.", field="at", code="row-future")
    if at < sheet.started_at - GRACE:
        raise Refused("Giờ theo dõi trước khi bắt đầu thủ thuật.", field="at", code="row-early")
    _refuse_impossible(order, data.signs)
    who = own_practitioner(current())
    row = SheetRow.unscoped.create(  # of an order that was taken through the scope
        sheet=sheet,
        at=at,
        signs={key: str(value) for key, value in data.signs.items()},
        text=text,
        watcher=who,
        watcher_text=who.full_name if who else current().shown_name,
        entered_by=current().user_id,
    )
    audit_order("procedure.watched", order, signs=sorted(data.signs))
    return row


@transaction.atomic
def row_in_error(*, row_id: UUID) -> SheetRow:
    """A row that was written by mistake stays, struck out."""
    row = SheetRow.objects.select_related("sheet").get(pk=row_id)
    order = order_for("result", row.sheet.order_id)
    row.in_error = True
    row.save(update_fields=["in_error", "updated_at"])
    audit_order("procedure.row_in_error", order)
    return row


# ---- parts


def _standing(order: Order) -> ProcedureSheet | None:
    # unscoped: of an order that was taken through the scope
    rows = ProcedureSheet.unscoped.filter(order=order).exclude(state=SheetState.ENTERED_IN_ERROR)
    return rows.select_related("performer").first()


def _refuse_wrong(
    order: Order, form: order_catalogue.Form, data: SheetInput, started: dt.datetime, *, end: bool
) -> None:
    problems = []
    now = timezone.now()
    if started > now + GRACE:
        problems.append(_problem("sheet-future", "Giờ bắt đầu ở tương lai.", "started"))
    if data.ended_at is not None:
        if data.ended_at < started:
            problems.append(_problem("sheet-times", "Giờ kết thúc trước giờ bắt đầu.", "ended"))
        elif data.ended_at > now + GRACE:
            problems.append(_problem("sheet-future", "Giờ kết thúc ở tương lai.", "ended"))
    for box in form.fields:
        text = data.fields.get(box.code, "").strip()
        most = LONG if box.kind == "long" else SHORT
        if len(text) > most:
            problems.append(_problem("sheet-long", f"{box.label}: nhiều nhất {most} chữ.", f"box-{box.code}"))
        if box.options and text and text not in box.options:
            problems.append(
                _problem("sheet-option", f"{box.label}: chọn trong danh sách.", f"box-{box.code}")
            )
        if end and box.required and not text:
            problems.append(_problem("sheet-missing", f"Ghi {box.label.lower()}.", f"box-{box.code}"))
    if problems:
        raise Problems(problems)


def _problem(code: str, sentence: str, where: str) -> Problem:
    return Problem(code, sentence, where, blocks=True)


def _refuse_impossible(order: Order, signs: Mapping[str, Decimal]) -> None:
    if not signs:
        return
    bounds = care_queries.bounds_from(parameters.values(care_queries.bound_keys(), on=order.visit.on))
    wrong = [
        _problem("row-impossible", finding.sentence, finding.key)
        for finding in vitals.assess(dict(signs), order.age_days, bounds)
        if finding.level == "impossible"
    ]
    if wrong:
        raise Problems(wrong)


def _watched_short(sheet: ProcedureSheet, form: order_catalogue.Form) -> list[Warning]:
    """What is missing of the watching that a form asks for."""
    if not form.minutes:
        return []
    # unscoped: of an order that was taken through the scope
    rows = SheetRow.unscoped.filter(sheet=sheet, in_error=False) if sheet.pk else SheetRow.unscoped.none()
    last = max((row.at for row in rows), default=None)
    watched = int((last - sheet.started_at).total_seconds() // 60) if last else 0
    if watched >= form.minutes:
        return []
    sentence = (
        f"Mới theo dõi {max(watched, 0)} phút sau khi bắt đầu; phiếu này cần {form.minutes} phút. "
        "Ghi thêm dòng theo dõi, hoặc ghi lý do."
    )
    return [Warning("watched-short", sentence, "override")]


def _summary(sheet: ProcedureSheet) -> str:
    local = timezone.localtime
    if sheet.state == SheetState.OPEN:
        return f"Bắt đầu {local(sheet.started_at):%H:%M %d/%m}"
    said = sheet.outcome or sheet.data.get("reaction", "") or sheet.data.get("end", "")
    ended = f"{local(sheet.started_at):%H:%M}–{local(sheet.ended_at):%H:%M %d/%m}" if sheet.ended_at else ""
    return f"{ended}{': ' if said else ''}{said}"[:500]


def shown(sheet: ProcedureSheet, on: dt.date) -> list[tuple[str, Any]]:
    """(label, text) of the boxes that say something, in the order of the form."""
    form = order_catalogue.form(sheet.form, on)
    return [
        (box.label, f"{sheet.data[box.code]} {box.unit}".strip())
        for box in form.fields
        if sheet.data.get(box.code)
    ]
