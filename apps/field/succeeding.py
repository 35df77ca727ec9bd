"""What village workers have told goes on at the station that succeeds theirs, under the hamlets of now.

Unscoped: a reform is the province's, approved by a second person; its stations were checked there.
"""

from django.db.models import QuerySet

from apps.core.journal import Journal
from apps.core.registry import Succession
from apps.field.models import Proposal
from apps.patients.succeeding import waiting

BATCH = 500


def _told(step: Succession) -> QuerySet[Proposal]:
    return Proposal.unscoped.filter(waiting(step))


def told(step: Succession) -> int:
    return _told(step).count()


def move_told(step: Succession, journal: Journal) -> int:
    rows = list(_told(step).select_for_update(of=("self",)).order_by("pk")[:BATCH])
    for row in rows:
        heir = step.hamlets.get(row.hamlet_id)
        journal.change(
            row,
            station_id=step.station_for(row.station_id, row.hamlet_id),
            hamlet_id=heir.hamlet_id if heir else row.hamlet_id,
        )
    return len(rows)
