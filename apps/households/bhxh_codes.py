"""The number that the social insurance gives to a household: of one open household in the whole database."""

from uuid import UUID

from apps.core.errors import Refused
from apps.households.models import Closed, Household

TAKEN = "Mã hộ gia đình (BHXH) này đang thuộc một hộ khác. Hãy xem lại giấy tờ."


def is_taken(code: str, by_another_than: UUID | None = None) -> bool:
    """Whether another open household, perhaps far away, carries it; that one does is all that is told."""
    # unscoped: unique in the whole database
    rows = Household.unscoped.filter(bhxh_code=code, closed=Closed.OPEN)
    if by_another_than is not None:
        rows = rows.exclude(pk=by_another_than)
    return bool(code) and rows.exists()


def refuse_taken(code: str, by_another_than: UUID | None = None) -> None:
    if is_taken(code, by_another_than):
        raise Refused(TAKEN, field="bhxh_code", code="taken")
