"""The catalogue rows that the invented visits name, fetched once: diseases' names, prescription lines."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from apps.catalogues import icd
from apps.catalogues.models import Drug, Icd10, ServicePrice
from apps.core import parameters
from apps.core.errors import Refused
from apps.encounters import dosing
from apps.encounters.money.sources import EXAM_SERVICE
from apps.encounters.writing import printed_name, route_word
from apps.population import illness, prices
from apps.population.bulk import Cells, cells


@dataclass(frozen=True)
class Line:
    """A prescription line as encounters writes it, ready for every visit that needs it."""

    kind: str
    values: Cells


@dataclass(frozen=True, slots=True)
class Shelf:
    """Names of the diseases by (edition, code), lines by the drug of the illness table."""

    names: dict[tuple[str, str], str]
    lines: dict[illness.Drug, Line]
    exams: tuple[tuple[date, int], ...] = ()  # what an examination costs from a day on, oldest first
    orders: dict[str, int] = field(default_factory=dict)  # what the demo says of orders (prices.py), by code
    orders_from: date = date.max


LINE_COLUMNS = (
    "drug_id",
    "drug_name",
    "strength",
    "unit",
    "route_code",
    "dose",
    "dose_unit",
    "times_per_day",
    "days",
    "quantity",
    "usage",
    "note",
)


def _ills() -> list[illness.Illness]:
    return [*illness.ACUTE, *illness.CHRONIC.values()]


def prescribed() -> set[illness.Drug]:
    """The medicines that the invented visits prescribe: what a station has to keep."""
    return {drug for ill in _ills() for drug in (*ill.drugs, *ill.child_drugs)} | set(illness.SECOND_DRUG)


def shelf(on: date) -> Shelf:
    """Everything of the catalogues that the illness table names. Raises Refused when a row is missing."""
    ills = _ills()
    codes = {code for ill in ills for code in (ill.icd, *ill.also)}
    found = {(row.edition, row.code): row.name for row in Icd10.objects.filter(code__in=codes, marker="")}
    drugs = prescribed()
    rows = {row.code: row for row in Drug.objects.filter(code__in={drug.code for drug in drugs})}
    missing = {code for code in codes if (icd.edition_on(on), code) not in found}
    missing |= {drug.code for drug in drugs if drug.code not in rows}
    if missing:
        raise Refused(f"Danh mục chưa có: {', '.join(sorted(missing))}. Hãy chạy manage.py load_catalogues.")
    lines = {drug: _line(drug, rows[drug.code], on) for drug in drugs}
    orders = list(ServicePrice.objects.on(on).filter(source=prices.SOURCE))
    since = min((row.valid_from for row in orders if row.valid_from), default=date.max)
    return Shelf(found, lines, _exams(on), {row.service_id: row.price for row in orders}, since)


def _exams(on: date) -> tuple[tuple[date, int], ...]:
    code = parameters.value(EXAM_SERVICE, on=on)
    prices = ServicePrice.objects.filter(service_id=code, payer="bhyt", area="", valid_from__isnull=False)
    rows = prices.order_by("valid_from").values_list("valid_from", "price")
    return tuple((since, price) for since, price in rows if since)


def _line(drug: illness.Drug, row: Drug, on: date) -> Line:
    unit = row.unit.lower()
    dose, dose_unit = Decimal(drug.dose), drug.dose_unit or unit
    quantity = Decimal(drug.quantity) or dosing.quantity(dose, drug.times, drug.days, unit, dose_unit)
    usage = dosing.usage(dose, dose_unit, drug.times, route_word(row, on), drug.note)
    named = (row.pk, printed_name(row), row.strength, unit, row.route_code)
    given = (dose, dose_unit, drug.times, drug.days, quantity, usage, drug.note)
    return Line(dosing.kind_of(row.controlled, row.bhyt_code), cells(*named, *given))
