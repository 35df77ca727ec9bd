"""What a form, an import or the API brings to a visit, as plain values."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

# The plain fields of a visit that a save may change.
EDITABLE = frozenset(
    {
        "reason",
        "history",
        "examination",
        "findings",
        "sick_child",
        "injury_cause",
        "course",
        "treatment_text",
        "advice",
        "follow_up_on",
        "outcome",
        "result",
        "payer",
        "card_id",
        "performer_id",
    }
)


@dataclass(frozen=True)
class DiagnosisInput:
    """A diagnosis by code; `role` main, secondary, external or traditional (a code of yhct_diseases); `text`
    what the clinician adds to its name. Of one that has to be reported, `certainty` suspected or confirmed,
    and the key of the disease where the code does not tell which.
    """

    code: str
    role: str = "secondary"
    text: str = ""
    certainty: str = ""
    disease_key: str = ""


@dataclass(frozen=True)
class LineInput:
    """A medicine by its code. Without `quantity` it is computed; an empty `dose_unit` is the drug's."""

    drug_code: str
    dose: Decimal
    times_per_day: int
    days: int
    dose_unit: str = ""
    quantity: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class VisitInput:
    """What one save brings. None (or a key that is not there) leaves what is stored as it is.

    `vitals` is {sign's key: figure, or None to take it back}; the fields `findings` {organ's key: words} and
    `sick_child` {sign's key: answer}, whole.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    vitals: Mapping[str, Decimal | None] | None = None
    diagnoses: Sequence[DiagnosisInput] | None = None
    lines: Sequence[LineInput] | None = None
    # Each reading of a pressure that was taken more than once, by sign; swollen feet, None leaves them.
    readings: Mapping[str, Sequence[Decimal]] = field(default_factory=dict)
    oedema: bool | None = None

    def __post_init__(self) -> None:
        unknown = set(self.fields) - EDITABLE
        if unknown:
            raise KeyError(f"not fields of a visit that may be saved: {sorted(unknown)}")


@dataclass(frozen=True)
class Opening:
    """What reception writes down."""

    reason: str = ""
    payer: str = ""
    card_id: Any = None
    at: dt.datetime | None = None
    entry_mode: str = "direct"
    performer: Any = None  # a Practitioner; without, the one who receives
    kind: str = "exam"  # code list visit_kind
    emergency: bool = False  # said by whoever receives her
    free_for: str = ""  # code list free_care
    room_id: Any = None
    lookup: "CardLookup | None" = None


@dataclass(frozen=True)
class CardLookup:
    """What a look-up of the card said: a code of bhyt_lookup_result; `way` gateway or typed."""

    code: str
    way: str = "typed"
