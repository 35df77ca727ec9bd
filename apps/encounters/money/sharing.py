"""A visit's bill: what each line costs and who pays it. Pure; whole đồng, and the shares of a line are its
amount.

The fund's share is rounded half up to whole đồng, the patient's is the rest (benefit.py says where that rule
comes from). What a programme or the budget pays is never charged to anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal
from uuid import UUID

from apps.encounters.money.benefit import split, whole

BHYT, FEE, FREE = "bhyt", "fee", "free"  # who pays for the visit as a whole
FREE_PAYERS = (FREE, "programme")

Group = Literal["exam", "service", "drug", "bed", "other"]


@dataclass(frozen=True)
class FeeItem:
    """Something of a visit that has a price. `key` is the same however often the bill is made, and one item
    with it is charged once. `price` is a unit's (đồng), None where no price is known; `insured` the price
    that the fund pays by, None outside its scope, and then `why_not` says why where that is known. `free_for`
    says why nobody is charged (a programme).
    """

    source: str
    key: str
    text: str
    price: int | None
    quantity: Decimal = Decimal(1)
    insured: int | None = None
    code: str = ""
    group: Group = "service"
    free_for: str = ""
    why_not: str = ""
    object_id: UUID | None = None


@dataclass(frozen=True)
class Line:
    """An item with its shares: `fund` + `programme` + `patient` = `amount`."""

    item: FeeItem
    amount: int
    fund: int = 0
    programme: int = 0
    patient: int = 0


@dataclass(frozen=True)
class Bill:
    """What is to be charged. `relief` is taken from the patients' part; `payable` is what is left of it."""

    lines: tuple[Line, ...]
    unpriced: tuple[FeeItem, ...] = ()
    level: Decimal = Decimal(0)
    relief: int = 0

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def fund(self) -> int:
        return sum(line.fund for line in self.lines)

    @property
    def programme(self) -> int:
        return sum(line.programme for line in self.lines)

    @property
    def patient(self) -> int:
        return sum(line.patient for line in self.lines)

    @property
    def payable(self) -> int:
        return self.patient - self.relief


@dataclass(frozen=True)
class Relief:
    """What the station lets a patient off: a share in percent, or a sum."""

    percent: int = 0
    amount: int = 0
    reason: str = ""

    def of(self, patient: int, used: int = 0) -> int:
        """What of the patient's part is let off; of a sum what earlier receipts have `used` is gone."""
        if self.percent:
            return min(patient, whole(Decimal(patient) * self.percent / 100))
        return max(0, min(patient, self.amount - used))


def amount_of(price: int, quantity: Decimal) -> int:
    return whole(price * quantity)


def insured_total(items: Iterable[FeeItem], payer: str) -> Decimal:
    """What of the items the fund looks at when it asks whether the visit is a small one."""
    if payer != BHYT:
        return Decimal(0)
    return sum(
        (item.insured * item.quantity for item in items if item.insured is not None and not item.free_for),
        Decimal(0),
    )


def line_of(item: FeeItem, payer: str, level: Decimal) -> Line:
    """One priced item's shares."""
    amount = amount_of(item.price or 0, item.quantity)
    line = Line(item, amount)
    if item.free_for or payer in FREE_PAYERS:
        return replace(line, programme=amount)
    if payer == BHYT and item.insured is not None:
        base = min(amount, amount_of(item.insured, item.quantity))
        fund = int(split(Decimal(base), level, places=0)[0])
        return replace(line, fund=fund, patient=amount - fund)
    return replace(line, patient=amount)


def bill(
    items: Sequence[FeeItem], *, payer: str, level: Decimal, relief: Relief | None = None, used: int = 0
) -> Bill:
    """The bill of these items. `level` is the fund's part in percent (benefit.level)."""
    priced = [item for item in items if item.price is not None]
    lines = tuple(line_of(item, payer, level) for item in priced)
    made = Bill(
        lines,
        tuple(item for item in items if item.price is None),
        level if payer == BHYT else Decimal(0),
    )
    return replace(made, relief=relief.of(made.patient, used)) if relief else made
