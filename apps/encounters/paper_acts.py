"""What a slip says was done beside the examination: medicines that were handed out, money that was taken.

Each goes through its own services: medicines leave the stock on the day of the slip, by who did it then; cash
stands in today's page of the cash book, because that is when it comes into the counted box.
"""

from django.core.exceptions import ValidationError

from apps.core.errors import NeedsReason, Refused
from apps.core.fields import MoneyField
from apps.core.scope import Scope, current
from apps.core.words import money_words
from apps.encounters import states
from apps.encounters.dispensing import offers
from apps.encounters.dispensing.inputs import DispenseInput, Part
from apps.encounters.dispensing.services import dispense
from apps.encounters.models import Method, Visit
from apps.encounters.money import bills, queries, receipts
from apps.outage.kinds import Row, RowProblems
from apps.stock import queries as stock

LATER = "chọn “Chưa phát” rồi cấp ở trang lượt khám."


def places(scope: Scope) -> list[tuple[str, str]]:
    """From where the medicines of a slip were handed out; first that they were not. One query."""
    return [("", "Chưa phát"), *((str(place.pk), place.name) for place in stock.dispensing_places(scope))]


def medicines_given(visit: Visit, chosen: str, row: Row) -> None:
    """The whole prescription was handed out at a place of ours. Raises RowProblems at 'given'."""
    scope = current()
    place = next((each for each in stock.dispensing_places(scope) if str(each.pk) == chosen), None)
    if place is None:
        raise RowProblems({"given": "Chọn nơi đã phát thuốc."})
    if visit.state != states.FINALISED:
        raise RowProblems({"given": f"Lượt khám {states.TITLES[visit.state]}: {LATER}"})
    lines, _ = offers.offered(scope, visit, place, visit.on)
    parts = []
    for line in lines:
        best = line.best
        if best is None or not best.alike:
            raise RowProblems({"given": f"{line.line.drug_name}: {place.name} không có thuốc này. {LATER}"})
        parts.append(Part(line.line.pk, line.standing.remaining, best.item.pk))
    try:
        dispense(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=DispenseInput(parts, place.pk, visit.on, at=row.at, by=row.practitioner),
            override=row.cells.get("keep", ""),
        )
    except Refused as refused:
        raise RowProblems({"given": refused.message}) from refused
    except NeedsReason as asked:
        raise RowProblems({"keep": asked.warnings[0].sentence}) from asked


def money_taken(visit: Visit, typed: str) -> None:
    """The receipt of what the patient has paid in cash. Raises RowProblems at 'paid'."""
    try:
        paid = MoneyField().clean(typed)
    except ValidationError as error:
        raise RowProblems({"paid": error.messages[0]}) from error
    shown = queries.visit_page(visit.pk)
    if not paid or shown is None:
        return
    owed = bills.bill_of(shown).payable
    if paid != owed:
        raise RowProblems(
            {
                "paid": f"Theo bảng giá phải thu {money_words(owed)}, phiếu ghi {money_words(paid)}. "
                "Xem lại; nếu phiếu đúng, xóa ô này rồi lập biên lai ở trang lượt khám."
            }
        )
    try:
        receipts.receipt_make(visit_id=visit.pk, expected=owed, method=Method.CASH, given=paid)
    except Refused as refused:
        raise RowProblems({"paid": refused.message}) from refused
