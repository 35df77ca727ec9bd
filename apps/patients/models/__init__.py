"""The person and what stays with her for life. Split by what changes together; import from here."""

from apps.patients.models.births import Birth, BirthPlace
from apps.patients.models.closing import Closing, ClosingKind
from apps.patients.models.deaths import (
    Death,
    DeathCause,
    DeathPlace,
    DeathState,
    DeathVersion,
    MaternalReview,
    MaternalTiming,
    ReviewState,
    ThreeValued,
)
from apps.patients.models.emergency import EmergencyAccess, EmergencyReason
from apps.patients.models.health_record import (
    AskedNone,
    BirthHistory,
    Disability,
    FamilyDisease,
    HealthRecord,
    LineState,
    OtherIssue,
    OwnDisease,
    RecordVersion,
    ReproductiveHistory,
    RiskFactors,
    Surgery,
)
from apps.patients.models.identity import Identifier, IdentifierKind, InsuranceCard
from apps.patients.models.merging import DuplicatePair, MergeRecord, PairState
from apps.patients.models.missing import MissingReport
from apps.patients.models.person import (
    Allergy,
    AllergyKind,
    AllergyState,
    BirthPrecision,
    Certainty,
    CodeCounter,
    Identity,
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
    "AskedNone",
    "Birth",
    "BirthHistory",
    "BirthPlace",
    "BirthPrecision",
    "Certainty",
    "Closing",
    "ClosingKind",
    "CodeCounter",
    "Death",
    "DeathCause",
    "DeathPlace",
    "DeathState",
    "DeathVersion",
    "Disability",
    "DueItem",
    "DueState",
    "DuplicatePair",
    "EmergencyAccess",
    "EmergencyReason",
    "FamilyDisease",
    "HealthRecord",
    "Identifier",
    "IdentifierKind",
    "Identity",
    "InsuranceCard",
    "LifeStatus",
    "LineState",
    "MaternalReview",
    "MaternalTiming",
    "MergeRecord",
    "MissingReport",
    "OtherIssue",
    "OwnDisease",
    "PairState",
    "Person",
    "RecordVersion",
    "ReproductiveHistory",
    "ReviewState",
    "RiskFactors",
    "ScannedCard",
    "Sex",
    "Surgery",
    "ThreeValued",
    "TimelineEntry",
    "TreatingAccess",
]
