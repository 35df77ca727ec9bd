"""Issued papers stay with the station whose number they bear; a reform is told what still waits there.

Unscoped: a reform is the province's; it is told numbers, nothing of any paper.
"""

from apps.core.registry import Succession
from apps.encounters.models import Certificate, CertificateKind, CertificateState


def unanswered(step: Succession) -> int:
    """Referrals of the former stations that nobody has answered: the successor's staff note the answer."""
    rows = Certificate.unscoped.filter(facility__in=step.stations, kind=CertificateKind.REFERRAL)
    return rows.filter(state=CertificateState.FINAL, answered=False).count()
