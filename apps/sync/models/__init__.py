"""What must go out, to whom, and what was said to it. Split by what changes together; import from here."""

from apps.sync.models.figures import Comparison, SyncHour
from apps.sync.models.receivers import (
    BREAKER_AT,
    SOURCE_TOKEN_NAME,
    TOKEN_NAME,
    CatalogueSource,
    CodeMap,
    Receiver,
    ReceiverKind,
)
from apps.sync.models.rows import (
    DIFFERENT,
    OPEN_STATES,
    OUTCOME_WORDS,
    SENT_STATES,
    STUCK_STATES,
    Delivery,
    Need,
    OutboxRow,
    RowState,
    SyncAnswer,
)

__all__ = [
    "BREAKER_AT",
    "DIFFERENT",
    "OPEN_STATES",
    "OUTCOME_WORDS",
    "SENT_STATES",
    "SOURCE_TOKEN_NAME",
    "STUCK_STATES",
    "TOKEN_NAME",
    "CatalogueSource",
    "CodeMap",
    "Comparison",
    "Delivery",
    "Need",
    "OutboxRow",
    "Receiver",
    "ReceiverKind",
    "RowState",
    "SyncAnswer",
    "SyncHour",
]
