"""What a slip says was done beside the examination: the money that was taken. It goes through the till's own
services, on today's page of the cash book: that is when it comes into the counted box.
"""

from django.core.exceptions import ValidationError

from apps.core.errors import Refused
from apps.core.fields import MoneyField
from apps.core.words import money_words
from apps.encounters.models import Method, Visit
from apps.encounters.money import bills, queries, receipts
from apps.outage.kinds import RowProblems


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
