"""An emergency nobody can name: a record under what is seen of her, and a visit. Papers come later."""

from django.db import transaction

from apps.encounters.desk import reception
from apps.encounters.inputs import Opening
from apps.encounters.models import Visit
from apps.patients.naming import Found, unknown_record


@transaction.atomic
def emergency_open(*, found: Found, reason: str = "") -> Visit:
    """Raises Refused beside a field of `found`."""
    person = unknown_record(found=found)
    return reception.visit_open(person=person, opening=Opening(reason=reason, emergency=True))
