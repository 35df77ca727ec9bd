"""Families, who belongs to them, what happens to both, lists that come in. Split by what changes together;
import from here.
"""

from apps.households.models.conditions import (
    CATEGORIES,
    MENTAL,
    HouseholdStatus,
    LivingSurvey,
    PersonStatus,
    StatusKind,
)
from apps.households.models.homes import HEAD, Closed, Household, Membership, Poverty
from apps.households.models.lists import (
    ImportBatch,
    ImportHeading,
    ImportRow,
    ImportState,
    RowChoice,
    RowOutcome,
    RowState,
)
from apps.households.models.residence import (
    EventKind,
    EventState,
    Reach,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.households.models.transfers import AskState, Transfer, TransferAsk, TransferState

__all__ = [
    "CATEGORIES",
    "HEAD",
    "MENTAL",
    "AskState",
    "Closed",
    "EventKind",
    "EventState",
    "Household",
    "HouseholdStatus",
    "ImportBatch",
    "ImportHeading",
    "ImportRow",
    "ImportState",
    "LivingSurvey",
    "Membership",
    "PersonStatus",
    "Poverty",
    "Reach",
    "ResidenceEvent",
    "ResidenceEventPerson",
    "RowChoice",
    "RowOutcome",
    "RowState",
    "StatusKind",
    "Transfer",
    "TransferAsk",
    "TransferState",
]
