"""A reform as the rooms' steps read it."""

from apps.core.registry import Heir, Succession
from apps.facilities.models import Becomes, Reform


def succession(reform: Reform) -> Succession:
    """Two queries."""
    stations = list(reform.stations.all())
    return Succession(
        id=reform.pk,
        on=reform.on,
        stations={row.facility_id: row.successor_id for row in stations if row.becomes != Becomes.GOES_ON},
        hamlets={
            row.hamlet_id: Heir(row.heir_id or row.hamlet_id, row.station_id)
            for row in reform.hamlets.all()
            if row.station_id is not None
        },
        names={row.facility_id: row.was_name for row in stations},
        marks={row.facility_id: row.book_mark for row in stations if row.book_mark},
    )
