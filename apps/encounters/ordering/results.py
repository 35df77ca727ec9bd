"""Everything that writes a result: entered, verified, corrected. A verified result is never edited.

Unscoped where it touches what hangs on an order that was taken through the scope just before.
"""

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.care import services as care
from apps.care import vitals
from apps.core import parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.encounters import states
from apps.encounters.bedside import own_practitioner
from apps.encounters.events import ResultVerified
from apps.encounters.models import Order, OrderKind, Result, ResultState, ResultValue
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import lab_rules
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.orders import SOURCE, audit_order, keep_overrides, order_for, put_timeline
from apps.encounters.rules import Problem
from apps.encounters.writing import Problems
from apps.facilities.models import Practitioner
from apps.patients.facts import EntryMode

WITH_RESULT = (OrderKind.LAB, OrderKind.IMAGING)
MOST_IN_SUMMARY = 4


@dataclass(frozen=True)
class ResultInput:
    """What was typed: {test: text} for a laboratory, description and conclusion for the others."""

    values: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    conclusion: str = ""
    note: str = ""
    fasting: bool = False
    at: dt.datetime | None = None
    device: str = ""


@dataclass(frozen=True)
class _Written:
    """What was typed, as rows that are not saved; `series` says which of them are measurements too."""

    values: list[ResultValue]
    series: Mapping[str, Mapping[str, str]]
    anew: bool


@dataclass(frozen=True)
class _Read:
    tests: Mapping[str, Any]
    readings: Sequence[lab_rules.Reading]
    at: dt.datetime
    series: Mapping[str, Mapping[str, str]]


@transaction.atomic
def result_save(
    *, order_id: Any, expected_version: int, data: ResultInput, verify: bool = False, override: str = ""
) -> Result:
    """Enter what an order has shown; with `verify`, by who may, it stands at once.

    Raises Problems for what cannot be read or cannot be, NeedsReason for figures far from their range.
    """
    order = order_for("result", order_id, expected_version)
    if verify:
        current().require(order_states.right_for("verify"))
    # unscoped: of an order that was taken through the scope
    standing = Result.unscoped.filter(order=order, state=ResultState.PRELIMINARY).first()
    result = standing or Result(order=order)
    who = own_practitioner(current())
    written = _write(order, result, data, override, who, anew=standing is None)
    audit_order("result.entered", order, code=order.code, tests=sorted(data.values))
    if verify:
        _verify(order, result, who)
    else:
        order.state = order_states.DONE
    _keep(result, written)
    save_versioned(order, expected=expected_version)
    if verify:
        _tell(order, result, written.values, written.series)
    return result


@transaction.atomic
def result_verify(*, order_id: Any, expected_version: int) -> Result:
    """The signature under a result that waits for it."""
    order = order_for("verify", order_id, expected_version)
    result = _standing(order, ResultState.PRELIMINARY)
    _verify(order, result, own_practitioner(current()))
    result.save()
    save_versioned(order, expected=expected_version)
    # unscoped: of an order that was taken through the scope
    values = list(ResultValue.unscoped.filter(result=result))
    series = parameters.value(order_catalogue.SERIES, on=order.visit.on) if values else {}
    _tell(order, result, values, series)
    return result


@transaction.atomic
def result_correct(
    *, order_id: Any, expected_version: int, data: ResultInput, reason: str, override: str = ""
) -> Result:
    """Put another result in the place of a verified one, which stays readable with the reason."""
    order = order_for("correct", order_id, expected_version)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do sửa kết quả.", field="reason", code="no-reason")
    old = _standing(order, ResultState.FINAL)
    old.state, old.error_reason = ResultState.ENTERED_IN_ERROR, reason
    old.save(update_fields=["state", "error_reason", "updated_at"])
    care.measurements_in_error(source_kind=SOURCE, source_id=old.pk)
    result = Result(order=order, corrects=old)
    who = own_practitioner(current())
    written = _write(order, result, data, override, who, anew=True)
    _verify(order, result, who)
    _keep(result, written)
    save_versioned(order, expected=expected_version)
    audit_order("result.corrected", order, code=order.code)
    _tell(order, result, written.values, written.series)
    return result


# ---- parts


def _standing(order: Order, state: str) -> Result:
    # unscoped: of an order that was taken through the scope
    found = Result.unscoped.filter(order=order, state=state).first()
    if found is None:
        raise Refused("Chưa có kết quả để duyệt hoặc sửa.", code="no-result")
    return found


def _write(
    order: Order,
    result: Result,
    data: ResultInput,
    override: str,
    who: Practitioner | None,
    *,
    anew: bool,
) -> _Written:
    """The row and its values from what was typed, not saved; the order told of them."""
    if order.kind not in WITH_RESULT:
        raise Refused("Dịch vụ này ghi bằng phiếu thủ thuật hoặc buổi điều trị.", code="no-result-kind")
    read = _read(order, data)
    odd = [
        Warning(f"result-odd:{reading.test}", reading.odd, f"test-{reading.test}")
        for reading in read.readings
        if reading.odd
    ]
    if odd and not clean(override):
        raise NeedsReason(odd)
    result.at = read.at
    result.description = clean(data.description, lines=True)
    result.conclusion = clean(data.conclusion, lines=True)
    result.note = clean(data.note)[:300]
    result.fasting = data.fasting
    result.device = clean(data.device)[:60]
    if anew:  # whoever puts it right or verifies it has not done it
        result.performer = who
        result.performer_text = who.full_name if who else current().shown_name
    result.entered_at = timezone.now()
    result.entered_by = current().user_id
    keep_overrides(result, odd, override)
    rows = [
        _value(result, read.tests[reading.test], reading, place, order)
        for place, reading in enumerate(read.readings)
    ]
    order.summary, order.flag = _summary(rows, result), _worst(rows)
    return _Written(rows, read.series, anew)


def _keep(result: Result, written: _Written) -> None:
    """Save the row and its values in the place of what stood there."""
    # unscoped: of an order that was taken through the scope
    result.save(force_insert=written.anew)
    if not written.anew:
        ResultValue.unscoped.filter(result=result).delete()
    ResultValue.unscoped.bulk_create(written.values)


def _value(result: Result, test: Any, reading: lab_rules.Reading, place: int, order: Order) -> ResultValue:
    return ResultValue(
        result=result,
        test=test.code,
        name=test.name,
        loinc=test.loinc,
        unit=test.unit,
        value=reading.value,
        comparator=reading.comparator,
        word=reading.word,
        word_code=order_catalogue.word_code(reading.word, order.visit.on) if reading.word else "",
        range_text=reading.range_text,
        flag=reading.flag,
        position=place,
    )


def _read(order: Order, data: ResultInput) -> _Read:
    """What was typed, read by the catalogues of the visit's day. Raises Problems, all at once."""
    on = order.visit.on
    problems: list[Problem] = []
    at = data.at or (
        order.occurred_at if order.visit.entry_mode == EntryMode.BACK_ENTERED else timezone.now()
    )
    if at > timezone.now() + dt.timedelta(minutes=5):
        problems.append(_problem("result-future", "Giờ thực hiện ở tương lai.", "at"))
    elif timezone.localtime(at).date() < on:
        problems.append(_problem("result-early", "Giờ thực hiện trước ngày khám.", "at"))
    typed = {code: text.strip() for code, text in data.values.items() if text.strip()}
    tests = {test.code: test for test in order_catalogue.tests(order.tests, on)} if typed else {}
    rules = order_catalogue.result_rules(on) if typed else None
    readings = []
    for code, text in typed.items():
        if code not in tests or rules is None:
            problems.append(
                _problem("result-unknown", "Xét nghiệm này không thuộc chỉ định.", f"test-{code}")
            )
            continue
        try:
            readings.append(
                lab_rules.read(
                    order_catalogue.as_rule(tests[code], on),
                    text,
                    sex=order.person.sex,
                    age_days=order.age_days,
                    limits=rules.limits,
                )
            )
        except lab_rules.Unreadable as error:
            problems.append(_problem("result-unreadable", str(error), f"test-{code}"))
    if rules is not None:
        problems += _impossible(readings, data.fasting, order, rules)
    if order.tests and not typed:
        problems.append(_problem("result-empty", "Ghi ít nhất một kết quả.", f"test-{order.tests[0]}"))
    if not order.tests and not data.conclusion.strip():
        problems.append(_problem("result-empty", "Ghi kết luận.", "conclusion"))
    if problems:
        raise Problems(problems)
    place = {code: number for number, code in enumerate(order.tests)}
    return _Read(
        tests,
        sorted(readings, key=lambda reading: place[reading.test]),
        at,
        rules.series if rules else {},
    )


def _problem(code: str, sentence: str, where: str) -> Problem:
    return Problem(code, sentence, where, blocks=True)


def _impossible(
    readings: Sequence[lab_rules.Reading], fasting: bool, order: Order, rules: order_catalogue.Rules
) -> list[Problem]:
    """The figures of a series that cannot be: glucose typed in mg/dL, a comma forgotten."""
    found = []
    for reading in readings:
        key = order_catalogue.series_key(rules.series.get(reading.test), fasting)
        if not key or reading.value is None or reading.comparator:
            continue
        for finding in vitals.assess({key: reading.value}, order.age_days, rules.bounds):
            if finding.level == "impossible":
                found.append(_problem("result-impossible", finding.sentence, f"test-{reading.test}"))
    return found


def _verify(order: Order, result: Result, signer: Practitioner | None) -> None:
    """The signature, and the state of the order; the rows are left to the caller to save."""
    if signer is None:
        raise Refused(
            "Tài khoản này không gắn với người hành nghề nên không duyệt được kết quả.", code="no-verifier"
        )
    result.state = ResultState.FINAL
    result.verifier = signer
    result.verified_at = timezone.now()
    result.verified_by = current().user_id
    result.late = order.visit.state in (states.FINALISED, states.AWAITING_SIGNATURE)
    order.state = order_states.RESULTED


def _tell(
    order: Order,
    result: Result,
    values: Sequence[ResultValue],
    series: Mapping[str, Mapping[str, str]],
) -> None:
    """What a result that stands brings: measurements, timeline, audit, event."""
    _measure(order, result, values, series)
    put_timeline(order, at=result.at)
    audit_order("result.verified", order, code=order.code, late=result.late)
    publish(ResultVerified(order.pk, order.visit_id, order.person_id, order.facility_id, order.visit.on))


def _measure(
    order: Order,
    result: Result,
    rows: Sequence[ResultValue],
    series: Mapping[str, Mapping[str, str]],
) -> None:
    by_method: dict[str, dict[str, Decimal | None]] = {}
    for row in rows:
        key = order_catalogue.series_key(series.get(row.test), result.fasting)
        if key and row.value is not None and not row.comparator:
            by_method.setdefault(series[row.test].get("method", ""), {})[key] = row.value
    if not by_method:
        return
    fact = copy.copy(order)
    fact.restricted = order.restricted or order.visit.restricted
    fact.performer_id, fact.performer_text = result.performer_id, result.performer_text
    for method, values in by_method.items():
        care.measurements_put(
            fact=fact, source_kind=SOURCE, source_id=result.pk, values=values, at=result.at, method=method
        )


def _summary(rows: Sequence[ResultValue], result: Result) -> str:
    """'Glucose 2,4 mmol/L thấp nguy hiểm; …': what is not as it should be first."""
    if not rows:
        return (result.conclusion or result.description)[:500]
    shown = sorted(rows, key=lambda row: (not row.flag.startswith("critical"), not row.flag, row.position))
    parts = []
    for row in shown[:MOST_IN_SUMMARY]:
        text = f"{row.shown} {row.unit}".strip()
        flag = f" {row.get_flag_display()}" if row.flag and row.value is not None else ""
        parts.append(f"{text}{flag}" if len(rows) == 1 else f"{row.name} {text}{flag}")
    more = len(rows) - len(parts)
    return ("; ".join(parts) + (f"; và {more} chỉ số khác" if more else ""))[:500]


def _worst(rows: Sequence[ResultValue]) -> str:
    order = ("critical_low", "critical_high", "abnormal", "high", "low", "unclear")
    flags = {row.flag for row in rows}
    if {"high", "low"} <= flags:
        flags.add("abnormal")
    return next((flag for flag in order if flag in flags), "")
