"""What there is to remark about a visit before it ends: the pure rules, fed from the record."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from apps.care import queries as care
from apps.care import vitals
from apps.care.saying import Known
from apps.catalogues import icd
from apps.catalogues.models import Icd10
from apps.catalogues.rules import injured
from apps.core import ports
from apps.core.text import fold
from apps.encounters import case_forms, insured, notifying, rules
from apps.encounters.models import YHCT, Diagnosis, DiagnosisRole, Order, PrescriptionLine, Visit
from apps.encounters.ordering import states as order_states
from apps.encounters.sick_child import reading
from apps.encounters.writing import SOURCE, Limits, line_facts
from apps.patients.models import Allergy, AllergyState, Person

OBSERVATION = "observation"  # of the code list procedure_form


@dataclass(frozen=True)
class Parts:
    """All that hangs on a visit, read once: figures by key, diagnoses, medicines, the person's allergies."""

    measured: dict[str, Decimal]
    diagnoses: list[Diagnosis]
    lines: list[PrescriptionLine]
    allergies: list[Allergy]
    readings: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    oedema: bool = False


def parts(visit: Visit) -> Parts:
    """Four queries, whatever their number; unscoped, the caller has seen the visit through its scope."""
    taken = care.taken(SOURCE, visit.pk)
    return Parts(
        measured=taken.figures,
        readings=taken.readings,
        oedema=taken.oedema,
        diagnoses=list(Diagnosis.unscoped.filter(visit=visit).order_by("position")),
        lines=list(
            PrescriptionLine.unscoped.filter(prescription__visit=visit)
            .select_related("drug", "prescription")
            .order_by("position")
        ),
        allergies=_allergies(visit),
    )


def _allergies(visit: Visit) -> list[Allergy]:
    # An allergy noted anywhere must be seen wherever a medicine is prescribed.
    return list(Allergy.unscoped.filter(person_id=visit.person_id, state=AllergyState.ACTIVE))


@dataclass(frozen=True)
class Looked:
    """What the checks found: `remarks` block or ask, in the order of the page; `dangers` are words in red.
    `cover` is what the insurance pays on the day, where there are medicines; `figures` what the measured
    ones were judged by.
    """

    remarks: list[rules.Problem]
    dangers: list[vitals.Finding]
    figures: Known
    cover: insured.CoverRule | None = None


def look(visit: Visit, known: Parts) -> Looked:
    """All checks of a visit as it stands. Notes that ask nothing are left out."""
    limits = Limits.on(visit.on)
    if known.lines:
        limits = limits.with_doses(visit.on)
    pink = reading.pink(visit.sick_judged, visit.on)
    findings = limits.figures.findings(known.measured, visit.age_days)
    asked = [
        rules.Problem(f"vital-{found.key}", found.sentence, found.key, blocks=found.level == "impossible")
        for found in findings
        if found.level != "danger"
    ]
    return Looked(
        [
            *asked,
            *_diagnoses(visit, known),
            *_cases(visit, known),
            *rules.check_visit(_facts(visit, known, limits, _line_facts(known.lines)), limits.prescriptions),
            *rules.check_end(visit.outcome, visit.result, visit.follow_up_on, limits.ends),
            *rules.check_referral(pink, visit.outcome, visit.result, limits.ends),
        ],
        [
            *(found for found in findings if found.level == "danger"),
            *([_refer(pink)] if pink else []),
        ],
        limits.figures,
        limits.prescriptions.cover,
    )


def line_remarks(
    visit: Visit,
    known: Parts,
    *,
    lines: Sequence[rules.LineFacts] | None = None,
    limits: Limits | None = None,
) -> list[rules.Problem]:
    """What medicines alone bring: those of `known`, not saved ones included, or `lines` that are being typed.
    `limits` with doses, where they were read already.
    """
    limits = limits or Limits.on(visit.on).with_doses(visit.on)
    facts = _facts(visit, known, limits, _line_facts(known.lines) if lines is None else lines)
    return rules.check_lines(facts, limits.prescriptions)


def typed(visit: Visit, *, weight_kg: Decimal | None, icds: Collection[str]) -> Parts:
    """What a form says beside its medicines, as far as their checks ask for it. One query."""
    edition = icd.edition_on(visit.on)
    return Parts(
        measured={"weight": weight_kg} if weight_kg is not None else {},
        diagnoses=[Diagnosis(icd_edition=edition, icd_code=code) for code in icds],
        lines=[],
        allergies=_allergies(visit),
    )


def _refer(pink: list[str]) -> vitals.Finding:
    return vitals.Finding("sick_child", "danger", f"Trẻ bệnh cần chuyển tuyến gấp: {'; '.join(pink)}")


# What other rooms ask about before a visit ends.
askers: list[Callable[[Visit], list[rules.Problem]]] = []


def remarks(visit: Visit) -> list[rules.Problem]:
    """What stands between the stored visit and its end. One query more than `look`, and what rooms ask."""
    asked = [problem for ask in askers for problem in ask(visit)]
    return [*look(visit, parts(visit)).remarks, *_still_watched(visit), *asked]


def _still_watched(visit: Visit) -> list[rules.Problem]:
    """She lies on the observation bed until its sheet is ended: its hours are reckoned from there."""
    # unscoped: of the visit that its service has taken through the scope
    beds = Order.unscoped.filter(visit=visit, form=OBSERVATION, state__in=order_states.WAITING)
    if not beds.exists():
        return []
    sentence = "Giường lưu chưa kết thúc: ghi giờ kết thúc ở phiếu theo dõi, hoặc ghi lý do."
    return [rules.Problem("still-watched", sentence)]


def _diagnoses(visit: Visit, known: Parts) -> list[rules.Problem]:
    coded = [row for row in known.diagnoses if row.role != DiagnosisRole.TRADITIONAL]
    if not coded:
        return []
    person: Person = visit.person
    found = icd.check_all(
        [(row.icd_code, row.role) for row in coded],  # type: ignore[misc]
        on=visit.on,
        sex=person.sex,  # type: ignore[arg-type]
        age_days=visit.age_days,
    )
    return [
        rules.Problem(
            f"icd-{row.icd_code}-{finding.code}",
            finding.sentence,
            f"diagnosis-{row.role}",
            blocks=finding.level == "block",
        )
        for row in coded
        for finding in found[row.icd_code]
        if finding.level != "note"
    ]


def _cases(visit: Visit, known: Parts) -> list[rules.Problem]:
    """What the report of a case needs to know: how sure it is, and which disease."""
    found = []
    for case in notifying.cases(known.diagnoses, visit.on):
        code = case.diagnosis.icd_code
        box = f"{case_forms.prefix(code)}-"
        if case.open_to_choice:
            names = ", ".join(row.name for row in case.diseases)
            sentence = f"Mã {code} là mã của nhiều bệnh ({names}): chọn bệnh nào phải báo cáo."
            found.append(rules.Problem(f"case-{code}-which", sentence, f"{box}disease_key"))
        if not case.diagnosis.certainty:
            sentence = f"{case.title} phải báo cáo ca bệnh: chọn nghi ngờ hay xác định."
            found.append(rules.Problem(f"case-{code}-sure", sentence, f"{box}certainty"))
    return found


def _line_facts(rows: Sequence[PrescriptionLine]) -> list[rules.LineFacts]:
    return [
        line_facts(row.position, row.drug, row.dose, row.dose_unit, row.times_per_day, row.days, row.quantity)
        for row in rows
    ]


def _facts(visit: Visit, known: Parts, limits: Limits, lines: Sequence[rules.LineFacts]) -> rules.VisitFacts:
    usual = vitals.band_for(limits.figures.bounds["weight"], visit.age_days)["usual"]
    return rules.VisitFacts(
        on=visit.on,
        age_months=rules.age_months(visit.person.birth_date, visit.on),
        reason=visit.reason,
        main_diagnoses=sum(row.role == "main" for row in known.diagnoses),
        has_performer=visit.performer_id is not None or bool(visit.performer_text),
        weight_kg=known.measured.get("weight"),
        heaviest_kg=Decimal(str(usual[1])),
        follow_up_on=visit.follow_up_on,
        payer=visit.payer,
        pregnant=bool(lines) and _is_pregnant(visit),
        injured=any(injured(row.icd_code) for row in known.diagnoses if row.icd_edition != YHCT),
        injury_cause=visit.injury_cause,
        lines=list(lines),
        allergies=[
            rules.AllergyFacts(row.substance, fold(row.substance), row.drug_code) for row in known.allergies
        ],
        long_days=_long_days(known.diagnoses, lines, limits.prescriptions.usual),
    )


def _is_pregnant(visit: Visit) -> bool:
    """Whether an open pregnancy of hers is known on the day, where a room tells of pregnancies."""
    told = ports.get(ports.PregnancyStatus)
    if told is None or visit.person.sex == "male":
        return False
    return visit.person_id in told.open_for([visit.person_id], visit.on)


def _long_days(diagnoses: Sequence[Diagnosis], lines: Sequence[rules.LineFacts], usual: int) -> int:
    """The longest run that a code of the visit allows (flag long_rx_max_days of TT 06/2026); not asked where
    no medicine runs longer than all may.
    """
    if all(line.days <= usual for line in lines):
        return 0
    flags = Icd10.objects.filter(
        edition__in={row.icd_edition for row in diagnoses},
        code__in=[row.icd_code for row in diagnoses],
    ).values_list("flags", flat=True)
    return max((int(flag.get("long_rx_max_days") or 0) for flag in flags), default=0)
