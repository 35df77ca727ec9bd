"""How the system of prescriptions wants its JSON: a receiver's settings, every value checked beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import settings
from ..codes import CodeOptions
from ..jsonform import JsonForms, forms_from
from ..table import shipped

FORM = "eprescription"  # its fields: fixtures/eprescription
CODE_KINDS = ("facility", "icd10", "drug")
SEXES = {"male": 2, "female": 3, "unknown": 1}


@dataclass(frozen=True)
class Options(CodeOptions):
    """`sexes`, `treatment`: its codes as they stand in the JSON. `follow_up`: the days until the next visit,
    or its date. `weight_months`, `guardian_months`: below which age a weight, or who answers for the child,
    must be told; 0 never.
    """

    forms: JsonForms = field(default_factory=lambda: JsonForms(shipped(FORM)))
    sexes: Mapping[str, str | int] = field(default_factory=lambda: dict(SEXES))
    treatment: str | int = 1  # outpatients
    follow_up: str = "days"
    weight_months: int = 72
    guardian_months: int = 0


def options_from(said: Mapping[str, Any]) -> Options:
    """Options from a receiver's settings. Raises ValueError with a Vietnamese sentence for what cannot be."""
    if not settings.is_code(treatment := said.get("treatment", 1)):
        raise ValueError("Thiết lập treatment là một mã, chữ hoặc số.")
    return Options(
        mapped=settings.mapped(said, CODE_KINDS),
        forms=forms_from(said, FORM, "%Y-%m-%d %H:%M:%S"),
        sexes=settings.codes(said, "sexes", SEXES),
        treatment=treatment,
        follow_up=settings.one_of(said, "follow_up", ("days", "date")),
        weight_months=settings.whole(said, "weight_months", 72),
        guardian_months=settings.whole(said, "guardian_months", 0),
    )
