"""Traditional medicine in the demo: a formula that was given out and one that waits for it. Through the
services, so that the stock follows.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogues import codes, icd
from apps.core.scope import enter, system
from apps.encounters import services as visits
from apps.encounters.herbs import HERBS
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import HerbalFormula, Visit
from apps.encounters.ordering import traditional
from apps.encounters.ordering.traditional import HerbInput
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from apps.patients.models import Person
from apps.population.desk import give
from apps.population.waiting_room import opening_of
from apps.stock.queries import dispensing_places

SAMPLE = "Dữ liệu mẫu"
TRADITIONAL = "yhct_diseases"
USAGE = "Sắc với 600 ml nước còn 200 ml, chia 2 lần, uống ấm sau ăn; ngày 1 thang"


@dataclass(frozen=True)
class Formula:
    """A formula with what it is for; `herbs` are codes of the list yhct_herb and grams of a packet."""

    name: str
    reason: str
    icd: str
    traditional: str
    packets: int
    herbs: tuple[tuple[str, int], ...]


BACK = Formula(
    "Độc hoạt tang ký sinh thang", "Đau lưng, mỏi gối, sợ lạnh", "M47.8", "U62.392.5", 7,
    (("YH022", 12), ("YH063", 16), ("YH021", 12), ("YH052", 12), ("YH023", 12), ("YH020", 12),
     ("YH080", 8), ("YH055", 8), ("YH006", 6)),
)  # fmt: skip
SLEEP = Formula(
    "Quy tỳ thang", "Mất ngủ, ăn kém, mệt mỏi", "G47.0", "", 5,
    (("YH017", 12), ("YH003", 12), ("YH023", 10), ("YH056", 12), ("YH046", 8), ("YH064", 12),
     ("YH015", 8), ("YH006", 4)),
)  # fmt: skip
FORMULAS = (BACK, SLEEP)


def kept() -> list[str]:
    """The herbs that a station keeps for them, those that the catalogue knows."""
    named = {code for formula in FORMULAS for code, _ in formula.herbs}
    return sorted(code for code in named if codes.get(HERBS, code))


@transaction.atomic
def formulas(station: Facility) -> int:
    """Two visits of today with a formula each; the first is given out. None where a formula was prescribed
    already. How many.
    """
    with system("find the demo's doctor and pharmacist"):
        users = [User.objects.filter(username=name).first() for name in ("bacsi", "duocsi")]
        doctor, pharmacist = (scope_for(user, station.pk) if user else None for user in users)
        if doctor is None or pharmacist is None or HerbalFormula.objects.exists() or not kept():
            return 0
    with enter(doctor):
        seen = Visit.objects.filter(on=timezone.localdate()).values("person_id")
        old = Person.objects.filter(birth_date__year__range=(1950, 1975), life_status="alive")
        people = old.exclude(pk__in=seen).order_by("code")[: len(FORMULAS)]
        made = [_prescribed(person, formula) for person, formula in zip(people, FORMULAS, strict=False)]
    with enter(pharmacist):
        places = dispensing_places(pharmacist)
        if made and places:
            give(pharmacist, made[0], places[0])
    return len(made)


def _prescribed(person: Person, formula: Formula) -> Visit:
    today = timezone.localdate()
    visit = visits.visit_open(person=person, opening=opening_of(person, formula.reason), override=SAMPLE)
    diagnoses = [DiagnosisInput(formula.icd, "main")] if icd.names([formula.icd], on=today) else []
    if codes.exists(TRADITIONAL, formula.traditional, today):
        diagnoses.append(DiagnosisInput(formula.traditional, "traditional"))
    visit = visits.visit_save(
        visit_id=visit.pk,
        expected_version=visit.version,
        data=VisitInput(fields={"outcome": "1", "advice": "Uống thuốc ấm, tránh lạnh"}, diagnoses=diagnoses),
    )
    traditional.formula_save(
        visit_id=visit.pk,
        herbs=[HerbInput(code, Decimal(grams)) for code, grams in formula.herbs if code in kept()],
        packets=formula.packets,
        usage=USAGE,
        name=formula.name,
    )
    visit.refresh_from_db()
    return visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override=SAMPLE)
