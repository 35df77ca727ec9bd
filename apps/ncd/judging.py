"""A form judged by what is stored: how she was followed, what lowers her target, target and risk.

All unscoped: the caller has found the visit within its scope; she may be followed by another station.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Q

from apps.care.models import Enrolment, EnrolmentState, fact_values
from apps.core import words
from apps.core.errors import Refused
from apps.encounters.models import Diagnosis, Visit
from apps.ncd import coming, cvd, figures, limits, target
from apps.ncd.models import FollowUp, Programme
from apps.patients.models import Person


def in_force(on: dt.date) -> Q:
    """Enrolments of that day."""
    open_then = Q(until__isnull=True) | Q(until__gte=on)
    return open_then & Q(since__lte=on) & ~Q(state=EnrolmentState.ENTERED_IN_ERROR)


def enrolment_on(visit: Visit, programme: str) -> Enrolment:
    """How she was followed on the visit's day. Refused where she was not."""
    rows = Enrolment.unscoped.filter(in_force(visit.on), person_id=visit.person_id, programme=programme)
    found = rows.order_by("-since", "-number").first()
    if found is None:
        raise Refused("Ngày khám này người bệnh chưa được đưa vào quản lý.", code="not-followed")
    return found


def renew(form: FollowUp, visit: Visit, known: limits.Limits, *, chosen: int | None, why: str) -> None:
    """Copy what the visit says, and judge it anew. Three queries.

    `chosen` is what somebody said by hand: it stands with its reason `why` where the arithmetic says
    otherwise.
    """
    for name, value in fact_values(visit).items():
        setattr(form, name, value)
    form.on, form.next_on = visit.on, visit.follow_up_on
    found = figures.judged(figures.of_visit(visit), form.glucose_kind)
    form.systolic, form.diastolic = found.systolic, found.diastolic
    form.glucose, form.hba1c = found.glucose, found.hba1c
    form.glucose_kind = found.glucose_kind
    form.medicines_until = coming.lasts_until(visit.on, form.medicine_days)
    comorbid = comorbid_at(visit, form.complications, form.programme, known)
    said = target.judge(
        form.programme,
        found,
        visit.on,
        comorbid=comorbid,
        born=visit.person.birth_date,
        aim=form.aim,
        ncd=known.ncd,
        control=known.control,
    )
    form.computed, form.computed_why = said.code, said.reason[:200]
    if chosen is None or chosen == said.code:
        form.target, form.target_why = said.code, ""
    elif why:
        form.target, form.target_why = chosen, why[:200]
    else:
        raise Refused("Ghi lý do đổi mục tiêu.", field="target_why", code="no-reason")
    risk = risk_of(
        visit.person, visit.on, form.programme, found, form.smoker, form.cholesterol, comorbid, known
    )
    form.risk, form.risk_word = (risk.percent, risk.word) if risk else (None, "")
    form.risk_chart = risk.chart if risk else ""


def comorbid_at(
    visit: Visit, complications: Iterable[str], programme: str, known: limits.Limits
) -> frozenset[str]:
    """What lowers her target at a visit: its diagnoses, the complications, a programme of diabetes. Two
    queries.
    """
    codes = list(Diagnosis.unscoped.filter(visit=visit).values_list("icd_code", flat=True))
    followed = Enrolment.unscoped.filter(
        in_force(visit.on), person_id=visit.person_id, programme=Programme.DIABETES
    ).exists()
    also = ["diabetes"] if followed or programme == Programme.DIABETES else []
    return target.comorbid_of(codes, list(complications), also, known.ncd)


def risk_of(
    person: Person,
    on: dt.date,
    programme: str,
    found: target.Figures,
    smoker: bool | None,
    cholesterol: Decimal | None,
    comorbid: Iterable[str],
    known: limits.Limits,
) -> cvd.Risk | None:
    """Her ten-year risk on a day; None where her age is not known or no chart is in use."""
    if person.birth_date is None:
        return None
    return cvd.risk(
        cvd.Asked(
            sex=person.sex,
            age=words.completed_months(person.birth_date, on) // 12,
            systolic=found.systolic,
            diastolic=found.diastolic,
            smoker=smoker,
            diabetes=programme == Programme.DIABETES or "diabetes" in comorbid,
            cholesterol=cholesterol,
            comorbid=frozenset(comorbid),
        ),
        known.ncd["cvd"],
    )
