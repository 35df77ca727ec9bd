"""How issued papers follow their visit or death: undone, amended, entered in error, another person's.

Unscoped: told by the record's own service, which has checked everything. A paper stays what it was when its
record is amended: its page and its list say so (`queries.with_changes`).
"""

from apps.core.errors import Refused
from apps.encounters.certificates import issuing, queries
from apps.encounters.certificates.kinds import small
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitUndone
from apps.encounters.models import Certificate, CertificateState, Visit
from apps.patients.events import DeathCorrected
from apps.patients.models import TimelineEntry

WRONG_VISIT = "Lượt khám ghi nhập nhầm"
WRONG_DEATH = "Ghi nhận tử vong là ghi nhầm"
ISSUED = "Lượt khám đã cấp {title} số {number}. Hủy giấy đó trước, hoặc dùng Sửa đổi, ghi lý do."


def visit_undone(event: VisitUndone) -> None:
    """A visit with a paper in force stays ended."""
    found = queries.final_of_visit(event.visit_id)
    if found is not None:
        title = small(found.get_kind_display())
        raise Refused(ISSUED.format(title=title, number=found.number), code="issued")


def visit_amended(event: VisitAmended) -> None:
    """A visit that turned out restricted takes along what its papers have put into the timeline."""
    if Visit.unscoped.filter(pk=event.visit_id, restricted=True).exists():
        papers = list(Certificate.unscoped.filter(visit=event.visit_id).values_list("pk", flat=True))
        TimelineEntry.unscoped.filter(kind=issuing.TIMELINE, object_id__in=papers).update(restricted=True)


def visit_in_error(event: VisitEnteredInError) -> None:
    """Its papers hold no more; whoever has one in hand is told when it is scanned."""
    _cancel({"visit": event.visit_id}, WRONG_VISIT)


def death_corrected(event: DeathCorrected) -> None:
    """She lives: the notice holds no more. Another day is told on the notice's page."""
    if event.on is None:
        _cancel({"death": event.death_id}, WRONG_DEATH)


def _cancel(of: dict[str, object], reason: str) -> None:
    rows = Certificate.unscoped.filter(state=CertificateState.FINAL, **of)
    for found in rows.select_for_update(of=("self",)).order_by("pk"):
        issuing.cancel(found, reason)
