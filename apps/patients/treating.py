"""Who may see a person besides her own station."""

import datetime as dt
from uuid import UUID

from apps.patients.models import TreatingAccess


def treating_access_put(*, person_id: UUID, facility_id: UUID, until: dt.date) -> None:
    """Lets a facility that treats a person from elsewhere see her until that day; never shortens it."""
    access, made = TreatingAccess.objects.get_or_create(
        person_id=person_id, facility_id=facility_id, defaults={"until": until}
    )
    if not made and access.until < until:
        TreatingAccess.objects.filter(pk=access.pk, until__lt=until).update(until=until)
