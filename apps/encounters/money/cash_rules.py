"""The cash book of a day (sổ quỹ): opening, in, out, closing, and what was counted. Pure; whole đồng."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Totals:
    """What the book says of a day."""

    opening: int
    receipts: int  # cash of patients
    other_in: int
    refunds: int
    other_out: int
    transfers: int = 0  # to the bank account: told beside, never in the cash box
    transfers_back: int = 0

    @property
    def cash_in(self) -> int:
        return self.receipts + self.other_in

    @property
    def cash_out(self) -> int:
        return self.refunds + self.other_out

    @property
    def closing(self) -> int:
        return self.opening + self.cash_in - self.cash_out

    @property
    def moved(self) -> bool:
        return bool(self.cash_in or self.cash_out or self.transfers or self.transfers_back)


def difference(counted: int, closing: int) -> int:
    """More than nought: there is more in the box than the book says."""
    return counted - closing


def change(given: int, payable: int) -> int:
    """What goes back of the money given; less than nought: too little was given."""
    return given - payable


def left_to_refund(payable: int, refunds: Iterable[int]) -> int:
    return payable - sum(refunds)


def due_back(payable: int, left: int, wanted: int) -> int:
    """What is still to be given back of a receipt of which `left` was not yet: all of it, or no more than
    `wanted` in all (what came back of what was charged).
    """
    return max(0, min(left, wanted - (payable - left))) if wanted else left
