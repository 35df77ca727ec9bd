"""What is measured outside a visit: written, confirmed, corrected, taken back. Each audited, with its event.

A visit's own figures are written and corrected by the visit (services.measurements_put).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.care import vitals
from apps.care.events import MeasurementsChanged
from apps.care.models import HAND_SOURCES, FactState, Measurement, Method, Source
from apps.care.occasion import occasion
from apps.care.queries import bounds
from apps.care.vitals import BY_KEY
from apps.core import audit
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.ids import uuid7
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.patients.models import Person

BLOOD = ("glucose_fasting", "glucose_random", "hba1c")


@transaction.atomic
def measurements_add(
    *,
    person: Person,
    values: Mapping[str, Decimal | None],
    at: dt.datetime,
    source: str,
    method: str = "",
    note: str = "",
    reason: str = "",
    readings: Mapping[str, Sequence[Decimal]] | None = None,
    oedema: bool = False,
) -> list[Measurement]:
    """Write what was measured at one moment, {sign's key: figure}; `readings` are those of a pressure taken
    more than once, `oedema` says that a child's feet were swollen when it was weighed.

    Refuses what is impossible, asks for a reason for what is odd. What she measured herself at home waits for
    somebody to confirm it.
    """
    current().require("care.enter")
    told = {key: value for key, value in values.items() if value is not None}
    if not told:
        raise Refused("Hãy ghi ít nhất một số đo.", code="empty")
    if source not in HAND_SOURCES:
        raise Refused("Hãy chọn nơi đo.", field="source", code="source")
    if method and method not in Method.values:
        raise Refused("Hãy chọn cách lấy máu.", field="method", code="method")
    fact = occasion(person, at)
    if oedema and "weight" not in told:
        raise Refused("Ghi cân nặng cùng với phù hai bàn chân.", field="weight", code="oedema")
    several = dict(readings or {})
    odd = judge(told, fact["age_days"], timezone.localdate(at), reason, several)
    where = uuid7()
    rows = [
        Measurement(
            **fact,
            code=BY_KEY[key].code,
            unit=BY_KEY[key].unit,
            value=value.quantize(Decimal("0.001")),
            method=method if key in BLOOD else "",
            readings=list(several.get(key, ())),
            oedema=oedema and key == "weight",
            note=_note(note, reason if key in odd else ""),
            source_kind=source,
            source_id=where,
            state=FactState.PRELIMINARY if source == Source.HOME else FactState.FINAL,
        )
        for key, value in told.items()
    ]
    for row in rows:
        row.save(force_insert=True)
    _tell("measurement.added", rows[0], where, count=len(rows), odd=sorted(odd))
    return rows


def judge(
    values: Mapping[str, Decimal],
    age_days: int | None,
    on: dt.date,
    reason: str,
    readings: Mapping[str, Sequence[Decimal]] | None = None,
) -> set[str]:
    """Refuse what cannot be, ask for a reason for what is odd; the signs whose oddness has its reason."""
    findings = [
        *vitals.assess(dict(values), age_days, bounds(on), pairs(readings or {})),
        *vitals.posture(dict(values), age_days),
    ]
    for finding in findings:
        if finding.level == "impossible":
            raise Refused(finding.sentence, field=finding.key, code="impossible")
    odd = [finding for finding in findings if finding.level == "odd"]
    if odd and not clean(reason):
        raise NeedsReason([Warning(f"odd-{finding.key}", finding.sentence, finding.key) for finding in odd])
    return {finding.key for finding in odd}


def pairs(readings: Mapping[str, Sequence[Decimal]]) -> list[tuple[Decimal, Decimal]]:
    """The readings of a pressure, stored by sign, as pairs again."""
    return list(zip(readings.get("systolic", ()), readings.get("diastolic", ()), strict=False))


@transaction.atomic
def measurement_correct(
    *, measurement_id: UUID, expected_version: int, value: Decimal, why: str, reason: str = ""
) -> Measurement:
    """The figure was written down wrongly: the old row stays, in error with `why`, and a new one counts."""
    current().require("care.edit")
    old = _open(measurement_id)
    why = _why(why)
    value = value.quantize(Decimal("0.001"))
    if value == old.value:
        raise Refused("Giá trị mới giống giá trị cũ.", field="value", code="same")
    key = old.vital.key
    together = _measured_with(old) | {key: value}
    try:
        odd = judge(together, old.age_days, timezone.localdate(old.occurred_at), reason)
    except Refused as refused:
        raise Refused(refused.message, field="value", code=refused.code) from refused
    except NeedsReason as needed:
        mine = [warning for warning in needed.warnings if warning.field == key]
        if not mine:  # the other figure of the moment was odd before and had its reason then
            odd = set()
        else:
            raise NeedsReason([Warning(w.code, w.sentence, "value") for w in mine]) from needed
    _close(old, expected_version, why)
    new = Measurement.unscoped.get(pk=old.pk)  # unscoped: the row above
    new.pk, new.source_id, new.corrects = uuid7(), uuid7(), old
    new._state.adding = True
    new.value, new.state, new.version = value, FactState.FINAL, 1
    new.readings = []  # the value that was put right is no mean of theirs
    new.note = _note("", reason if key in odd else "")
    new.error_reason, new.error_by_name, new.error_at = "", "", None
    new.recorded_by, new.recorded_at = current().user_id, timezone.now()
    new.created_at = timezone.now()
    new.save(force_insert=True)
    _tell("measurement.corrected", new, new.pk, code=new.code)
    return new


@transaction.atomic
def measurement_in_error(*, measurement_id: UUID, expected_version: int, why: str) -> Measurement:
    """The figure should never have been written (another person's). It stays, and does not count."""
    current().require("care.edit")
    old = _open(measurement_id)
    _close(old, expected_version, _why(why))
    _tell("measurement.in_error", old, old.pk, code=old.code)
    return old


@transaction.atomic
def measurement_confirm(*, measurement_id: UUID, expected_version: int) -> Measurement:
    """Somebody of the station has looked at what was measured at home."""
    current().require("care.enter")
    row = _open(measurement_id)
    if row.state != FactState.PRELIMINARY:
        raise Refused("Số đo này đã được xác nhận.", code="confirmed")
    row.state = FactState.FINAL
    save_versioned(row, expected=expected_version)
    _tell("measurement.confirmed", row, row.pk, code=row.code)
    return row


def _open(measurement_id: UUID) -> Measurement:
    """A figure of these stations that is still open to change, locked."""
    scope = current()
    row = Measurement.objects.select_for_update(of=("self",)).filter(pk=measurement_id).first()
    if row is None or not scope.reaches(row.facility_id):
        raise Refused("Không thấy số đo này ở nơi làm việc đang chọn.", code="gone")
    if not row.by_hand:
        raise Refused("Số đo của lượt khám chỉ sửa trong lượt khám đó.", code="visit")
    if row.state == FactState.ENTERED_IN_ERROR:
        raise Refused("Số đo này đã được ghi là nhập nhầm.", code="closed")
    return row


def _measured_with(row: Measurement) -> dict[str, Decimal]:
    """The figures that belong together with this one: the other pressure of the same moment."""
    if row.vital.key not in ("systolic", "diastolic"):
        return {}
    others = Measurement.unscoped.filter(  # unscoped: of the same moment as a row that was seen
        source_kind=row.source_kind, source_id=row.source_id
    ).exclude(state=FactState.ENTERED_IN_ERROR)
    return {other.vital.key: other.value for other in others if other.vital.key in ("systolic", "diastolic")}


def _close(row: Measurement, expected_version: int, why: str) -> None:
    row.state = FactState.ENTERED_IN_ERROR
    row.error_reason, row.error_by_name = why, current().shown_name[:150]
    row.error_at = timezone.now()
    save_versioned(row, expected=expected_version)


def _why(text: str) -> str:
    why = clean(text)
    if not why:
        raise Refused("Hãy ghi lý do.", field="why", code="no-reason")
    if len(why) > 300:
        raise Refused("Lý do dài quá 300 ký tự.", field="why", code="long")
    return why


def _note(note: str, reason: str) -> str:
    return "; ".join(part for part in (clean(note), clean(reason)) if part)[:300]


def _tell(action: str, row: Measurement, object_id: UUID, **data: object) -> None:
    audit.record(action, person_id=row.person_id, object_id=object_id, facility_id=row.facility_id, data=data)
    publish(MeasurementsChanged(row.person_id, row.facility_id, timezone.localdate(row.occurred_at)))
