"""The person and what stays with her for life. Split by what changes together; import from here."""

from apps.patients.models.identity import Identifier, IdentifierKind, InsuranceCard
from apps.patients.models.person import (
    Allergy,
    AllergyKind,
    AllergyState,
    BirthPrecision,
    Certainty,
    CodeCounter,
    LifeStatus,
    Person,
    Sex,
)
from apps.patients.models.projections import DueItem, DueState, TimelineEntry, TreatingAccess
from apps.patients.models.scans import ScannedCard

__all__ = [
    "Allergy",
    "AllergyKind",
    "AllergyState",
    "BirthPrecision",
    "Certainty",
    "CodeCounter",
    "DueItem",
    "DueState",
    "Identifier",
    "IdentifierKind",
    "InsuranceCard",
    "LifeStatus",
    "Person",
    "ScannedCard",
    "Sex",
    "TimelineEntry",
    "TreatingAccess",
]
