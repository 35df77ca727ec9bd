"""Courses of treatment over days, and herbal formulas (thuốc thang)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.catalogues import codes
from apps.core import audit, parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.scope import current
from apps.core.text import clean, fold
from apps.core.versions import save_versioned
from apps.encounters import states
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.herbs import HERBS, herb_on
from apps.encounters.models import HerbalFormula, HerbalLine, Order, OrderKind, TreatmentSession, Visit
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.orders import audit_order, order_for, put_timeline, tell_changed
from apps.encounters.steps import keep_revision

METHODS, GRAMS = "yhct_method", "formula.most_grams"
MAX_HERBS = 40
SAME_DAY = "Hôm đó đã ghi một buổi của liệu trình này."


@dataclass(frozen=True)
class SessionInput:
    """One sitting as it was done."""

    at: dt.datetime | None = None
    methods: Sequence[str] = ()
    minutes: int | None = None
    points: str = ""
    note: str = ""


@dataclass(frozen=True)
class HerbInput:
    """One herb as typed: its name, or a code of the list yhct_herb; grams in one thang."""

    herb: str
    grams: Decimal


# ---- courses


@transaction.atomic
def session_add(*, order_id: UUID, data: SessionInput, override: str = "") -> TreatmentSession:
    """One sitting more. The last one that was ordered ends the course.

    Asks for a reason for a second sitting on one day; refuses the future, days before the order.
    """
    order = order_for("result", order_id)
    if order.kind != OrderKind.COURSE:
        raise Refused("Dịch vụ này không làm theo buổi.", code="no-course")
    at = data.at or timezone.now()
    day = timezone.localtime(at).date()
    if at > timezone.now() + dt.timedelta(minutes=5):
        raise Refused("Buổi điều trị ở tương lai.", field="at", code="session-future")
    if day < order.visit.on:
        raise Refused("Buổi điều trị trước ngày chỉ định.", field="at", code="session-early")
    picked = list(dict.fromkeys(data.methods))
    if not picked or not all(codes.exists(METHODS, code, day) for code in picked):
        raise Refused("Chọn phương pháp đã làm.", field="methods", code="session-method")
    if data.minutes is not None and not 1 <= data.minutes <= 240:
        raise Refused("Số phút từ 1 đến 240.", field="minutes", code="session-minutes")
    done = _sittings(order)
    if any(timezone.localtime(row.at).date() == day for row in done) and not clean(override):
        raise NeedsReason([Warning("session-same-day", SAME_DAY, "at")])
    who = own_practitioner(current())
    note = clean(f"{data.note} ({override})" if clean(override) else data.note)[:300]
    row = TreatmentSession.unscoped.create(  # of an order that was taken through the scope
        order=order,
        at=at,
        methods=picked,
        minutes=data.minutes,
        points=clean(data.points)[:300],
        note=note,
        performer=who,
        performer_text=who.full_name if who else current().shown_name,
        entered_by=current().user_id,
    )
    _count(order, len(done) + 1)
    audit_order("session.recorded", order, code=order.code, methods=picked)
    tell_changed(order.visit)
    return row


@transaction.atomic
def session_in_error(*, session_id: UUID, reason: str) -> TreatmentSession:
    """A sitting that was written by mistake stays with its reason and is not counted."""
    row = TreatmentSession.objects.get(pk=session_id)
    current().require("results.edit")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do.", field="reason", code="no-reason")
    order = Order.objects.select_for_update(of=("self",)).select_related("visit").get(pk=row.order_id)
    if not current().reaches(order.facility_id):
        raise PermissionDenied("session")
    row.in_error, row.error_reason = True, reason
    row.save(update_fields=["in_error", "error_reason", "updated_at"])
    if order.is_live:
        order.state = order_states.ORDERED
        _count(order, len(_sittings(order)))
    audit_order("session.in_error", order, code=order.code)
    tell_changed(order.visit)
    return row


@transaction.atomic
def course_end(*, order_id: UUID, expected_version: int, reason: str) -> Order:
    """End a course before its last sitting, with the reason."""
    order = order_for("result", order_id, expected_version)
    reason = clean(reason)[:300]
    if order.kind != OrderKind.COURSE:
        raise Refused("Dịch vụ này không làm theo buổi.", code="no-course")
    if not reason:
        raise Refused("Ghi lý do kết thúc sớm.", field="reason", code="no-reason")
    done = len(_sittings(order))
    order.state = order_states.RESULTED
    order.summary = f"{done}/{order.sessions} buổi; kết thúc sớm: {reason}"[:500]
    save_versioned(order, expected=expected_version)
    audit_order("session.course_ended", order, code=order.code)
    put_timeline(order, at=timezone.now())
    tell_changed(order.visit)
    return order


def _sittings(order: Order) -> list[TreatmentSession]:
    # unscoped: of an order that was taken through the scope
    return list(TreatmentSession.unscoped.filter(order=order, in_error=False))


def _count(order: Order, done: int) -> None:
    order.summary = f"{done}/{order.sessions} buổi" if done else ""
    if done >= order.sessions:
        order.state = order_states.RESULTED
    save_versioned(order, expected=order.version)
    if done:
        put_timeline(order, at=timezone.now())


# ---- herbal formulas


@transaction.atomic
def formula_save(
    *,
    visit_id: UUID,
    herbs: Sequence[HerbInput],
    packets: int,
    usage: str,
    name: str = "",
    note: str = "",
    override: str = "",
) -> HerbalFormula:
    """A formula on an open visit. Who prescribes medicines prescribes it.

    Refuses one herb twice, no grams, no usage; asks for a reason for more than `formula.most_grams` and for a
    toxic herb.
    """
    scope = current()
    scope.require("prescriptions.enter")
    author = own_practitioner(scope)
    if sentence := why_not("prescribe", author):
        raise Refused(sentence, field="herbs", code="cannot-prescribe")
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=visit_id)
    if not scope.reaches(visit.facility_id):
        raise PermissionDenied("formula")
    if not visit.is_open:
        raise Refused(f"Lượt khám {states.TITLES[visit.state]}: không kê thêm được.", code="state")
    rows, warnings = _herbs(herbs, packets, visit.on)
    if not clean(usage):
        raise Refused("Ghi cách sắc, cách uống.", field="usage", code="formula-usage")
    if warnings and not clean(override):
        raise NeedsReason(warnings)
    formula = HerbalFormula.unscoped.create(  # of a visit that was taken through the scope
        visit=visit,
        name=clean(name)[:200],
        packets=packets,
        usage=clean(usage)[:500],
        note=clean(f"{note} ({override})" if warnings else note)[:300],
        prescriber=author,
    )
    for row in rows:
        row.formula = formula
    HerbalLine.unscoped.bulk_create(rows)  # the same
    _audit("formula.prescribed", formula, visit)
    return formula


@transaction.atomic
def formula_in_error(*, formula_id: UUID, reason: str) -> HerbalFormula:
    """A formula that should not have been written stays with its reason. Who prescribes medicines takes it
    out; what a visit said when it was signed is kept.
    """
    current().require("prescriptions.enter")
    author = own_practitioner(current())
    if sentence := why_not("prescribe", author):
        raise Refused(sentence, code="cannot-prescribe")
    visit_id = HerbalFormula.objects.values_list("visit_id", flat=True).get(pk=formula_id)
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=visit_id)  # as whoever gives it out does
    formula = HerbalFormula.objects.select_for_update(of=("self",)).get(pk=formula_id)
    formula.visit = visit
    if not current().reaches(visit.facility_id):
        raise PermissionDenied("formula")
    if formula.in_error:
        raise Refused("Bài thuốc này đã ghi là nhập nhầm.", code="state")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do.", field="reason", code="no-reason")
    if visit.state == states.FINALISED:
        keep_revision(visit, reason, author)
        save_versioned(visit, expected=visit.version)
    formula.in_error, formula.error_reason = True, reason
    formula.save(update_fields=["in_error", "error_reason", "updated_at"])
    _audit("formula.in_error", formula, formula.visit)
    tell_changed(formula.visit)
    return formula


def _herbs(herbs: Sequence[HerbInput], packets: int, on: dt.date) -> tuple[list[HerbalLine], list[Warning]]:
    if not herbs:
        raise Refused("Ghi ít nhất một vị thuốc.", field="herbs", code="formula-empty")
    if len(herbs) > MAX_HERBS:
        raise Refused(f"Một thang có nhiều nhất {MAX_HERBS} vị.", field="herbs", code="formula-long")
    most = parameters.value(GRAMS, on=on)
    if packets < 1:
        raise Refused("Ghi số thang.", field="packets", code="formula-packets")
    warnings = []
    if packets > most["packets"]:
        warnings.append(
            Warning("formula-many", f"{packets} thang là nhiều hơn {most['packets']}.", "packets")
        )
    rows: list[HerbalLine] = []
    seen: set[str] = set()
    for place, herb in enumerate(herbs):
        known = codes.get(HERBS, herb.herb, on)
        said = known.name if known else clean(herb.herb)[:100]
        if not said:
            raise Refused("Ghi tên vị thuốc.", field="herbs", code="formula-herb")
        if fold(said) in seen:
            raise Refused(f"Vị {said} ghi hai lần.", field="herbs", code="formula-twice")
        seen.add(fold(said))
        if not Decimal("0.1") <= herb.grams < 10_000:
            raise Refused(f"Ghi số gam của {said}.", field="herbs", code="formula-grams")
        if herb.grams > most["one"]:
            warnings.append(Warning("formula-much", f"{said} {herb.grams:g} g một thang là nhiều.", "herbs"))
        if toxic := herb_on(herb.herb, on).toxic:
            sentence = f"{said} là {toxic}: xem lại liều, cách chế biến, cách dùng."
            warnings.append(Warning(f"formula-toxic:{herb.herb}", sentence, "herbs"))
        rows.append(HerbalLine(code=herb.herb if known else "", name=said, grams=herb.grams, position=place))
    return rows, warnings


def _audit(action: str, formula: HerbalFormula, visit: Visit) -> None:
    audit.record(action, person_id=visit.person_id, object_id=formula.pk, facility_id=visit.facility_id)
