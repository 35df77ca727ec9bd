"""The catalogues, and what is known of each one's loading."""

from apps.catalogues.models.catalogues import (
    CatalogueRow,
    CodeEntry,
    CommunicableDisease,
    Confidence,
    Drug,
    Edition,
    Icd10,
    Icd10Rule,
    LabTest,
    Service,
    ServicePrice,
    Supply,
)
from apps.catalogues.models.loading import (
    CatalogueChange,
    CatalogueState,
    CatalogueUpload,
)

__all__ = [
    "CatalogueChange",
    "CatalogueRow",
    "CatalogueState",
    "CatalogueUpload",
    "CodeEntry",
    "CommunicableDisease",
    "Confidence",
    "Drug",
    "Edition",
    "Icd10",
    "Icd10Rule",
    "LabTest",
    "Service",
    "ServicePrice",
    "Supply",
]
