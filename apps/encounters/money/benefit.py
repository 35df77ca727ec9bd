"""What the health-insurance fund pays of a visit's cost, and what is left to the patient. Pure.

Luật BHYT Điều 22 (2024), QĐ 3176/QĐ-BYT (`MUC_HUONG`), QĐ 3276/QĐ-BYT (`MA_DOITUONG_KCB`). Figures that law
or a decision may change (base salary, share of the threshold, rates of the object types) come in as
arguments.

Rounding, QĐ 4750/QĐ-BYT as the gateway checks it: the fund's share is rounded half up, the patient's share
is the rest, so both together are always the amount. A claim keeps two decimals; a till knows whole đồng
alone.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# By the third character of the card (QĐ 1351/QĐ-BHXH).
OF_CARD = {"1": 100, "2": 100, "3": 95, "4": 80, "5": 100}
CARD = re.compile(r"[A-Z]{2}([1-5])[0-9]{12}")
LOOKUP_KEY = re.compile(r"[0-9]{10}([0-9]{2})?")

STATION = "1.2"  # care at a commune health station: all is paid, whatever the card says
NOT_INSURED = ("8", "9")  # claim taken back; no insured care
# Why the usual rule does not hold: medicines that an upper level prescribed are only collected here; the
# year's own payments are over six base salaries after five years without a gap.
REFILL, EXEMPT = "refill", "copay_exempt"
REASONS = (REFILL, EXEMPT)


class NoBenefit(ValueError):
    """Why no share can be said. `field` names the input that is missing or wrong."""

    def __init__(self, field: str, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.field, self.message, self.code = field, message, code


@dataclass(frozen=True)
class ObjectType:
    """A row of `MA_DOITUONG_KCB` in force: the share of the card's benefit that it leaves, in percent.
    `rate` is None where the row names none (medicines collected): the card's benefit then.
    """

    code: str
    rate: Decimal | None
    ignores_card: bool = False

    @property
    def right_route(self) -> bool:
        """Came as the law wants: for these the small visit is paid whole. 3.x came by themselves."""
        return self.code.split(".")[0] in ("1", "2", "7", "10") and self.rate in (None, Decimal(100))


def level_of_card(number: str) -> int | None:
    """The benefit of a card of 15 characters in percent; None for a key (10 or 12 digits) that tells none.

    Raises NoBenefit for what is no card.
    """
    text = re.sub(r"\s", "", number).upper()
    if found := CARD.fullmatch(text):
        return OF_CARD[found[1]]
    if LOOKUP_KEY.fullmatch(text):
        return None
    raise NoBenefit("card", "Số thẻ BHYT không đúng dạng.", "card")


def level(
    *,
    kind: ObjectType,
    card_level: int | None,
    total: Decimal,
    threshold: Decimal,
    at_station: bool = False,
    reason: str | None = None,
) -> Decimal:
    """What of the insured total the fund pays, in percent.

    `threshold` is the share (15 %) of the base salary under which a visit is paid whole; strictly less
    counts.
    """
    if kind.code in NOT_INSURED:
        return Decimal(0)
    station = at_station or kind.ignores_card
    if station and reason != REFILL:
        return Decimal(100)
    right = kind.right_route or station
    if right and (total < threshold or reason == EXEMPT):
        return Decimal(100)
    if card_level is None:
        raise NoBenefit("card", "Cần số thẻ BHYT đủ 15 ký tự để biết mức hưởng.", "card_level")
    rate = Decimal(100) if kind.rate is None or station else kind.rate
    return Decimal(card_level) * rate / 100


def split(total: Decimal, percent: Decimal, *, places: int = 2) -> tuple[Decimal, Decimal]:
    """(fund, patient) of an insured amount; together exactly the amount."""
    fund = (total * percent / 100).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    fund = min(fund, total)
    return fund, total - fund


def whole(amount: Decimal) -> int:
    """Whole đồng, half up."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
