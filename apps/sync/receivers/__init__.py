"""One folder a kind of receiver. The next one: docs/adding-a-receiver.md."""

from apps.core.errors import Refused
from apps.sync import kinds
from apps.sync.models import Receiver, ReceiverKind
from apps.sync.receivers import certificates, limits
from apps.sync.receivers.base import Adapter, Form, wrong_settings


def adapter_class(kind: str) -> type[Adapter]:
    """The class of a kind of receiver; what it says of itself needs no settings."""
    from apps.sync.receivers.checkup.adapter import CheckUpAdapter
    from apps.sync.receivers.eprescription.adapter import EprescriptionAdapter
    from apps.sync.receivers.fhir.adapter import FhirAdapter
    from apps.sync.receivers.qd831.adapter import Qd831Adapter
    from apps.sync.receivers.vaccination.adapter import VaccinationAdapter

    classes: dict[str, type[Adapter]] = {
        ReceiverKind.FHIR: FhirAdapter,
        ReceiverKind.QD831: Qd831Adapter,
        ReceiverKind.VACCINATION: VaccinationAdapter,
        ReceiverKind.EPRESCRIPTION: EprescriptionAdapter,
        ReceiverKind.CHECK_UP: CheckUpAdapter,
    }
    return classes[kind]


def adapter_for(receiver: Receiver) -> Adapter:
    """The adapter of a receiver's kind, with its settings. Raises ValueError for settings that cannot be."""
    from apps.sync.receivers import tokens  # which asks here how a kind of receiver gives them

    try:
        limits.limits_of(receiver.settings)
        certificates.wanted(receiver.settings)
        tokens.wanted(receiver)
        return adapter_class(receiver.kind)(receiver)
    except TypeError as wrong:  # a list where a word is wanted, and the like
        raise ValueError("Có thiết lập mang giá trị sai kiểu.") from wrong


def adapter_or_refuse(receiver: Receiver) -> Adapter:
    """The same for whoever is asked by a person: settings that cannot be are a Refused."""
    try:
        return adapter_for(receiver)
    except ValueError as wrong:
        raise Refused(wrong_settings(wrong)) from wrong


def telling_health() -> frozenset[str]:
    """The kinds of receivers that are told the health record too."""
    return frozenset(kind for kind in ReceiverKind.values if adapter_class(kind).form == Form.QD831)


def taking(record_kind: str) -> frozenset[str]:
    """The kinds of receivers that take records of this kind."""
    return frozenset(kind for kind in ReceiverKind.values if record_kind in adapter_class(kind).kinds)


def offered() -> list[tuple[str, str]]:
    """The kinds of receivers, with their names, for which some room gives records: who a person is alone is
    nothing to set a receiver up for.
    """
    there = kinds.registered() - {"person"}
    return [(kind, name) for kind, name in ReceiverKind.choices if there & set(adapter_class(kind).kinds)]
