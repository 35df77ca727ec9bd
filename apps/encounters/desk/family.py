"""Several people of one family received at once: each her own visit and number, all or none."""

from collections.abc import Sequence

from django.db import transaction

from apps.core.errors import NeedsReason, Refused, Warning
from apps.encounters.desk import reception
from apps.encounters.inputs import Opening
from apps.encounters.models import Visit
from apps.patients.models import Person

MOST = 20  # of one family at once


@transaction.atomic
def family_open(*, openings: Sequence[tuple[Person, Opening]], override: str = "") -> list[Visit]:
    """Receive each of them, in this order. Raises Refused with her name, NeedsReason with all that is odd;
    then nobody is received.
    """
    if not openings:
        raise Refused("Đánh dấu ít nhất một người để tiếp nhận.", code="nobody")
    if len(openings) > MOST:
        raise Refused(f"Mỗi lần tiếp nhận nhiều nhất {MOST} người.", code="many")
    if len({person.pk for person, _ in openings}) != len(openings):
        raise Refused("Có người được đánh dấu hai lần.", code="twice")
    visits: list[Visit] = []
    asked: list[Warning] = []
    for person, opening in openings:
        try:
            visits.append(reception.visit_open(person=person, opening=opening, override=override))
        except NeedsReason as needs:
            asked += [_of(person, warning) for warning in needs.warnings]
        except Refused as refused:
            sentence = f"{person.full_name}: {refused.message[:1].lower()}{refused.message[1:]}"
            raise Refused(sentence, field=f"{refused.field}-{person.pk}", code=refused.code) from refused
    if asked:
        raise NeedsReason(asked)
    return visits


def _of(person: Person, warning: Warning) -> Warning:
    if person.full_name in warning.sentence:
        return warning
    return Warning(warning.code, f"{person.full_name}: {warning.sentence}", warning.field)
