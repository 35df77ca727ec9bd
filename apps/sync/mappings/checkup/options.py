"""How the data axis wants its content: a receiver's settings, every value checked beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import settings
from ..codes import CodeOptions
from ..jsonform import JsonForms, forms_from
from ..table import shipped

FORM = "checkup"  # its fields: fixtures/checkup
CODE_KINDS = ("service",)
SEXES = {"male": 1, "female": 2, "unknown": 3}


@dataclass(frozen=True)
class Options(CodeOptions):
    """`sexes`: its codes as they stand in the JSON; `sender`: 13 digits where one sends for all stations."""

    forms: JsonForms = field(default_factory=lambda: JsonForms(shipped(FORM)))
    sexes: Mapping[str, str | int] = field(default_factory=lambda: dict(SEXES))
    sender: str = ""


def options_from(said: Mapping[str, Any]) -> Options:
    """Options from a receiver's settings. Raises ValueError with a Vietnamese sentence for what cannot be."""
    sender = settings.text(said, "sender", "")
    if sender and not (len(sender) == 13 and sender.isascii() and sender.isdigit()):
        raise ValueError("Thiết lập sender là mã đơn vị 13 chữ số.")
    return Options(
        mapped=settings.mapped(said, CODE_KINDS),
        forms=forms_from(said, FORM, "%d/%m/%Y %H:%M:%S"),
        sexes=settings.codes(said, "sexes", SEXES),
        sender=sender,
    )
