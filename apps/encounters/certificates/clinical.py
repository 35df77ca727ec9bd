"""What was found and done on a visit, in lines of text, as its papers begin with it."""

from apps.catalogues import codes
from apps.core.scope import current
from apps.encounters import checking, dosing, organs, printing
from apps.encounters.models import YHCT, DiagnosisRole, OrderKind, Visit
from apps.encounters.ordering import printing as order_printing
from apps.encounters.ordering import queries as order_queries
from apps.encounters.sick_child import reading, sheet
from apps.patients.models import Identifier, IdentifierKind


def diagnoses(parts: checking.Parts) -> str:
    """'J18.9 - Viêm phổi; I10 - Tăng huyết áp'."""
    return "; ".join(row.label for row in parts.diagnoses)


def illnesses(parts: checking.Parts) -> str:
    """Her diagnoses without why she came (chapter Z: 'Z00.0 - Khám sức khỏe tổng quát' is no illness)."""
    return "; ".join(row.label for row in parts.diagnoses if not row.icd_code.startswith("Z"))


def icd_codes(parts: checking.Parts) -> list[str]:
    return [row.icd_code for row in parts.diagnoses if row.icd_edition != YHCT]


def main_diagnosis(parts: checking.Parts) -> str:
    rows = [row for row in parts.diagnoses if row.role == DiagnosisRole.MAIN]
    return rows[0].label if rows else ""


def other_diagnoses(parts: checking.Parts) -> str:
    return "; ".join(row.label for row in parts.diagnoses if row.role != DiagnosisRole.MAIN)


def found(visit: Visit, parts: checking.Parts) -> str:
    """Signs, then the examination, what was found by organ, and of a sick child what her form says."""
    told = [
        *printing.signs(dict(parts.measured)),
        visit.examination,
        *organs.told(visit.findings, visit.on),
        *_sick_child(visit),
    ]
    return "; ".join(line.strip().rstrip(".;") for line in told if line.strip())


def _sick_child(visit: Visit) -> list[str]:
    """The signs group by group, then the urgent classes they come to."""
    signs = sheet.told(visit.sick_child, reading.sheet_for(visit.person, visit.on))
    pink = [one.title for one in reading.told(visit.sick_judged, visit.on) if one.is_pink]
    classes = [f"Phân loại trẻ bệnh: {', '.join(pink)}"] if pink else []
    return [*(f"{title}: {words}" for title, words in signs), *classes]


def course(visit: Visit) -> str:
    """Why she came, what was told, how it went on."""
    lines = [visit.reason, visit.history, visit.course]
    return ". ".join(line.strip().rstrip(".") for line in lines if line.strip())


def results(visit: Visit) -> str:
    """Results of tests and pictures that anybody may read who sees the visit. One query."""
    orders = order_printing.printable(order_queries.of_visit(current(), visit))
    return "; ".join(
        f"{order.name}: {order.summary}" for order in orders if order.has_result and order.summary
    )


def treatment(visit: Visit, parts: checking.Parts) -> str:
    """What was done, then the medicines. One query."""
    orders = order_printing.printable(order_queries.of_visit(current(), visit))
    done = [order.name for order in orders if order.kind in (OrderKind.PROCEDURE, OrderKind.COURSE)]
    medicines = [
        f"{row.drug_name} {row.strength}".strip() + f" × {dosing.quantity_text(row.quantity)} {row.unit}"
        for row in parts.lines
    ]
    return "; ".join(line for line in [visit.treatment_text.strip(), *done, *medicines] if line)


def result_word(visit: Visit) -> str:
    return codes.label("treatment_result", visit.result, visit.on) if visit.result else ""


def holder_of(visit: Visit) -> str:
    """Her number at the social insurance: as it is kept, else the last ten signs of her card. One query."""
    # unscoped: whoever writes the visit's papers knows whose they are
    kept = Identifier.unscoped.filter(person_id=visit.person_id, kind=IdentifierKind.BHXH, valid_to=None)
    known = kept.values_list("value", flat=True).first()
    if known:
        return known
    number = visit.card.number if visit.card else ""
    return number[-10:] if len(number) in (10, 15) else ""
