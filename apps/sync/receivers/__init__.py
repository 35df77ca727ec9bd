"""One folder a kind of receiver. The next one: docs/adding-a-receiver.md."""

from apps.sync.models import Receiver
from apps.sync.receivers.base import Adapter


def adapter_for(receiver: Receiver) -> Adapter:
    """The adapter of a receiver's kind, with its settings. Raises ValueError for settings that cannot be."""
    from apps.sync.receivers.fhir.adapter import FhirAdapter

    kinds = {"fhir": FhirAdapter}
    return kinds[receiver.kind](receiver)
