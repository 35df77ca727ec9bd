"""How the vaccination system is spoken to. No specification of it is public, so this is what changes when one
appears: another adapter in `TRANSPORTS`, the rest stays.
"""

from __future__ import annotations

from typing import Any

from apps.sync.models import Receiver
from apps.sync.receivers.base import Adapter
from apps.sync.receivers.fhir.adapter import FhirAdapter

USUAL = "fhir"
# Where VN Core keeps the names of vaccines (draft of 2026): the codes that ours are turned into.
VACCINES = "http://fhir.hl7.org.vn/core/CodeSystem/vn-vaccine-type-cs"
MAPPED = ("vaccine",)


def transport_for(receiver: Receiver) -> Adapter:
    """The adapter that the setting `transport` names; ValueError with a sentence for what cannot be."""
    name = receiver.settings.get("transport", USUAL)
    if name not in TRANSPORTS:
        raise ValueError(f"Không có cách truyền '{name}'; chọn: {', '.join(TRANSPORTS)}.")
    return TRANSPORTS[name](receiver)


def _fhir(receiver: Receiver) -> Adapter:
    said: dict[str, Any] = receiver.settings
    own = said.get("systems", {})
    systems = {"vaccine": VACCINES, **own} if isinstance(own, dict) else own  # which the adapter refuses
    return FhirAdapter(receiver, {"mapped": MAPPED, **said, "systems": systems})


TRANSPORTS = {USUAL: _fhir}
