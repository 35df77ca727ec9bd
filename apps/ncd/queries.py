"""What is read for the page of a visit, of a person, of a form."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, When
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone

from apps.care.models import Enrolment, FactState, Measurement, Method
from apps.care.ncd.pressure import classify
from apps.care.vitals import BY_KEY
from apps.core import charts, parameters
from apps.core.registry import Flag
from apps.core.scope import Scope
from apps.encounters.models import Diagnosis, PrescriptionLine, Visit
from apps.encounters.rules import Problem
from apps.ncd import coming, figures, limits, suspect, target
from apps.ncd.judging import in_force
from apps.ncd.models import FollowUp, FollowUpState, Programme, Reached
from apps.ncd.services import FollowUpInput
from apps.patients.models import LifeStatus

DRAWN = 36  # visits in a picture: three years of months
LOWEST = 90  # where the band of what is aimed at begins, mmHg
SHOWN = 6  # lines under it
UNWRITTEN = "Chưa ghi phiếu theo dõi {title} của lần khám này (F3)."
LINES = 8  # medicines of the last time that are shown


# --- beside a visit


@dataclass(frozen=True)
class Beside:
    """One programme beside a visit: how she is followed, her form of this visit, or why she should be."""

    programme: str
    title: str
    enrolment_id: UUID | None = None
    number: str = ""
    since: dt.date | None = None
    form_id: UUID | None = None
    form_chip: tuple[str, str] | None = None
    suspicion: suspect.Suspicion | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether she should be taken in, and not only measured again."""
        return self.suspicion is not None and self.suspicion.state == "confirmed"


def unwritten(visit: Visit) -> list[Problem]:
    """Asked before a visit ends that treats the disease she is followed for: its form is not written. Three
    queries at most.
    """
    # unscoped: parts of a visit that its own service has found
    codes = set(Diagnosis.unscoped.filter(visit=visit).values_list("icd_code", flat=True))
    of_programme = limits.on(visit.on).ncd["codes"] if codes else {}
    treated = [each for each, group in of_programme.items() if any(code[:3] in group for code in codes)]
    if not treated:
        return []
    # unscoped: as above
    filled = FollowUp.unscoped.filter(
        visit=visit, programme=OuterRef("programme"), state=FollowUpState.CURRENT
    )
    # unscoped: as above
    waits = Enrolment.unscoped.filter(in_force(visit.on), ~Exists(filled), person_id=visit.person_id)
    return [
        Problem(f"ncd-{row}", UNWRITTEN.format(title=Programme(row).label.lower()))
        for row in waits.filter(programme__in=treated).values_list("programme", flat=True)
    ]


def beside_visit(scope: Scope, visit: Visit) -> list[Beside]:
    """What the page of a visit says about each programme; nothing of who is neither followed nor suspected.

    One query: diagnoses, a year of figures, enrolments, forms and limits come as columns of the visit.
    """
    day_ends = timezone.make_aware(dt.datetime.combine(visit.on + dt.timedelta(days=1), dt.time()))
    measured = Measurement.visible(scope).filter(
        person_id=OuterRef("person_id"),
        code__in=figures.CODES,
        state=FactState.FINAL,
        occurred_at__lt=day_ends,
        occurred_at__gte=day_ends - dt.timedelta(days=400),
    )
    # unscoped: parts of a visit that the scope sees
    diagnoses = Diagnosis.unscoped.filter(visit=OuterRef("pk")).order_by("position")
    forms = FollowUp.unscoped.filter(visit=OuterRef("pk"), state=FollowUpState.CURRENT)
    enrolments = Enrolment.visible(scope).filter(
        in_force(visit.on), person_id=OuterRef("person_id"), programme__in=Programme.values
    )
    # unscoped: the visit itself, which the scope sees
    row: Any = Visit.unscoped.annotate(
        codes=ArraySubquery(diagnoses.values("icd_code")),
        measured=ArraySubquery(
            measured.values(
                whole=JSONObject(
                    code="code", at="occurred_at", value=Cast("value", CharField()), method="method",
                    source="source_id",
                )
            )
        ),
        forms=ArraySubquery(forms.values(whole=JSONObject(id="id", programme="programme", target="target"))),
        followed=ArraySubquery(
            enrolments.order_by("since").values(
                whole=JSONObject(id="id", programme="programme", number="number", since="since")
            )
        ),
        limits_told=parameters.told("ncd."),
    ).get(pk=visit.pk)  # fmt: skip
    known = {**limits.shipped().ncd, **parameters.heard("ncd.", row.limits_told).on(visit.on)}
    followed = {each["programme"]: each for each in row.followed}
    filled = {each["programme"]: each for each in row.forms}
    comorbid = target.comorbid_of(row.codes, [], ["diabetes"] * (Programme.DIABETES in followed), known)
    found = suspect.suspect(
        row.codes,
        _days(row.measured),
        visit.on,
        age_days=visit.age_days,
        damaged=bool(comorbid),
        ncd=known,
    )
    suspected = {each.programme: each for each in found if each.programme not in followed}
    return [
        _beside(programme, followed.get(programme), filled.get(programme), suspected.get(programme))
        for programme in Programme
        if programme in followed or programme in suspected
    ]


def _beside(
    programme: Programme,
    enrolment: Mapping[str, Any] | None,
    form: Mapping[str, Any] | None,
    suspicion: suspect.Suspicion | None,
) -> Beside:
    if enrolment is None:
        return Beside(programme, str(programme.label), suspicion=suspicion)
    return Beside(
        programme,
        str(programme.label),
        UUID(enrolment["id"]),
        enrolment["number"],
        dt.date.fromisoformat(enrolment["since"]),
        UUID(form["id"]) if form else None,
        FollowUp(target=form["target"]).chip if form else None,
    )


def _days(rows: Iterable[Mapping[str, Any]]) -> list[suspect.Day]:
    """Figures that came as JSON, day by day: the last pressure of a day, glucose by kind."""
    days: dict[dt.date, dict[str, Decimal]] = {}
    screening: dict[dt.date, set[str]] = {}
    for row in sorted(rows, key=lambda each: each["at"]):
        on = timezone.localdate(dt.datetime.fromisoformat(row["at"]))
        key = figures.CODES[row["code"]]
        days.setdefault(on, {})[key] = Decimal(row["value"])
        if row["method"] == Method.CAPILLARY:
            screening.setdefault(on, set()).add(suspect.SIGNS.get(key, ""))
    return [
        suspect.Day(
            on,
            (found["systolic"], found["diastolic"]) if {"systolic", "diastolic"} <= found.keys() else None,
            {word: found[key] for key, word in suspect.SIGNS.items() if key in found},
            screening.get(on, ()),
        )
        for on, found in days.items()
    ]


# --- the form


@dataclass(frozen=True)
class Opening:
    """What a form begins with, and what stands beside it."""

    data: FollowUpInput
    form: FollowUp | None
    last: FollowUp | None
    found: target.Figures
    lines: list[PrescriptionLine]
    last_lines: list[PrescriptionLine]
    limits: limits.Limits


def opening(scope: Scope, visit: Visit, enrolment: Enrolment) -> Opening:
    """The form of a visit: as it was saved, else out of the figures, the prescription and the last form that
    the scope sees. Six queries.
    """
    known = limits.on(visit.on)
    # unscoped: of a visit that was found within the scope
    form = FollowUp.unscoped.filter(visit=visit, programme=enrolment.programme).first()
    last = (
        FollowUp.visible(scope)
        .filter(enrolment=enrolment, state=FollowUpState.CURRENT, on__lte=visit.on)
        .exclude(visit=visit)
        .order_by("-on", "-occurred_at")
        .first()
    )
    kind = form.glucose_kind if form else last.glucose_kind if last else ""
    measured = figures.of_visit(visit)
    found = figures.judged(measured, kind)
    lines = _lines(visit.pk)
    last_lines = _lines(last.visit_id) if last and not lines else []
    data = _as_saved(form, visit) if form else _proposed(visit, enrolment, last, found, lines, known)
    return Opening(data, form, last, found, lines, last_lines, known)


def _lines(visit_id: UUID) -> list[PrescriptionLine]:
    # unscoped: of a visit of her course, which the caller sees
    rows = PrescriptionLine.unscoped.filter(prescription__visit=visit_id).order_by("position")
    return list(rows[:LINES])


def _as_saved(form: FollowUp, visit: Visit) -> FollowUpInput:
    return FollowUpInput(
        glucose=form.glucose,
        glucose_kind=form.glucose_kind or target.FASTING,
        hba1c=form.hba1c,
        cholesterol=form.cholesterol,
        smoker=form.smoker,
        complications=form.complications,
        adherence=form.adherence,
        side_effects=form.side_effects,
        medicine_days=form.medicine_days,
        next_on=visit.follow_up_on,
        aim_systolic=form.aim_systolic,
        aim_diastolic=form.aim_diastolic,
        aim_hba1c=form.aim_hba1c,
        target=form.target if form.by_hand else None,
        target_why=form.target_why,
    )


def _proposed(
    visit: Visit,
    enrolment: Enrolment,
    last: FollowUp | None,
    found: target.Figures,
    lines: list[PrescriptionLine],
    known: limits.Limits,
) -> FollowUpInput:
    days = max((line.days for line in lines), default=0)
    category = ""
    if found.systolic is not None and found.diastolic is not None:
        category = classify(found.systolic, found.diastolic, known.pressure).category
    given = min(days, int(known.ncd["medicine_days"]["most"])) if days else None
    proposed = coming.next_on(visit.on, enrolment.programme, category, given, known.ncd)
    return FollowUpInput(
        glucose=found.glucose,
        glucose_kind=found.glucose_kind or target.FASTING,
        hba1c=found.hba1c,
        cholesterol=last.cholesterol if last and (visit.on - last.on).days <= 366 else None,
        smoker=last.smoker if last else None,
        complications=last.complications if last else (),
        adherence="all" if last else "new",
        medicine_days=given,
        next_on=visit.follow_up_on or proposed,
        aim_systolic=last.aim_systolic if last else None,
        aim_diastolic=last.aim_diastolic if last else None,
        aim_hba1c=last.aim_hba1c if last else None,
    )


# --- one person


def course(scope: Scope, person_id: UUID) -> list[Any]:
    """Her forms of three years, newest first, each with the codes of its visit; the newest tells the limits.
    One query.
    """
    rows = FollowUp.visible(scope).filter(person_id=person_id, state=FollowUpState.CURRENT)
    rows = rows.order_by("-on", "-occurred_at", "-pk")
    # unscoped: of the visit of a form that the scope sees
    diagnoses = Diagnosis.unscoped.filter(visit=OuterRef("visit")).order_by("position")
    newest = Q(pk=Subquery(rows.values("pk")[:1]))
    rows = rows.annotate(
        codes=ArraySubquery(diagnoses.values("icd_code")),
        ncd_told=Case(When(newest, then=parameters.told(limits.OWN))),
        control_told=Case(When(newest, then=parameters.told(limits.CONTROL))),
    )
    return list(rows.select_related("enrolment")[: DRAWN * 2])


def of_person(scope: Scope, person: Any) -> dict[str, Any] | None:
    """The course of her pressure and her glucose with what is aimed at, and the last forms. One query, none
    of who has died: her timeline tells it.
    """
    rows = [] if person.life_status == LifeStatus.DEAD else course(scope, person.pk)
    if not rows:
        return None
    ncd, control = (
        parameters.heard(prefix, told)
        for prefix, told in ((limits.OWN, rows[0].ncd_told), (limits.CONTROL, rows[0].control_told))
    )
    pressed = [row for row in rows if row.programme == Programme.HYPERTENSION and row.pressure_words]
    sweet = [row for row in rows if row.programme == Programme.DIABETES and row.glucose is not None]
    pictures = []
    if pressed:
        aims = _aims(pressed[0], rows, person.birth_date, ncd, control)
        pictures.append(
            charts.trend(
                [(row.on, float(row.systolic or 0)) for row in pressed[:DRAWN]],
                title="Huyết áp tối đa",
                unit="mmHg",
                band=charts.Band(LOWEST, aims[0], f"mục tiêu dưới {aims[0]}/{aims[1]}"),
                also=charts.Also("tối thiểu", [(row.on, float(row.diastolic or 0)) for row in pressed]),
                table=False,
            )
        )
    if sweet:
        known = {**limits.shipped().ncd, **ncd.on(sweet[0].on)}
        low, high = known["glucose_target"]["fasting"]
        pictures.append(
            charts.trend(
                [(row.on, float(row.glucose or 0)) for row in sweet[:DRAWN]],
                title="Đường huyết",
                unit=BY_KEY["glucose_fasting"].unit_text,
                band=charts.Band(low, high, "mục tiêu lúc đói"),
                table=False,
            )
        )
    return {"pictures": pictures, "rows": rows[:SHOWN], "until": _medicines(rows)}


def _aims(
    form: Any,
    rows: list[Any],
    born: dt.date | None,
    ncd: parameters.Dated,
    control: parameters.Dated,
) -> tuple[int, int]:
    """Below what her pressure should be by what held on the day of a form: as the form itself was judged."""
    shipped, on = limits.shipped(), form.on
    followed = any(
        row.programme == Programme.DIABETES
        and row.enrolment.since <= on
        and (row.enrolment.until is None or on <= row.enrolment.until)
        for row in rows
    )
    also = ["diabetes"] if followed else []
    known = {**shipped.ncd, **ncd.on(on)}
    comorbid = target.comorbid_of(form.codes, form.complications, also, known)
    return target.below(comorbid, born, on, {**shipped.control, **control.on(on)}, form.aim)


def _medicines(rows: list[FollowUp]) -> dt.date | None:
    """Until when her medicines last, by the last form of each programme."""
    return max((row.medicines_until for row in rows[:2] if row.medicines_until), default=None)


def flags(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, list[Flag]]:
    """Who is followed for which of the two, for the banner. One query."""
    rows = Enrolment.visible(scope).filter(
        in_force(timezone.localdate()), person_id__in=list(person_ids), programme__in=Programme.values
    )
    found: dict[UUID, list[Flag]] = {}
    for person_id, programme in rows.order_by("programme").values_list("person_id", "programme"):
        found.setdefault(person_id, []).insert(0, Flag(str(Programme(programme).label), "info"))
    return found


def shown(pk: UUID) -> FollowUp | None:
    """A form with its visit, person and enrolment, within the scope. One query."""
    return (
        FollowUp.objects.select_related("visit", "enrolment", "person__hamlet", "facility", "performer")
        .filter(pk=pk)
        .first()
    )


def target_words(form: FollowUp) -> str:
    """'Không đạt: 148/92, mục tiêu dưới 140/90', with what was changed by hand."""
    said = f"{Reached(form.computed).label}: {form.computed_why}"
    return (
        f"{Reached(form.target).label}: {form.target_why} (tính được: {said.lower()})"
        if form.by_hand
        else said
    )


def of_group(programme: str) -> Any:
    """The condition of a target group: who was followed in the programme on a day."""

    def q(on: dt.date) -> Q:
        # unscoped: a condition on people who are scoped themselves
        rows = Enrolment.unscoped.filter(in_force(on), programme=programme, restricted=False)
        return Q(pk__in=rows.values("person_id"))

    return q
