"""What another room knows and a section's form offers, while nobody has written it there."""

from typing import Any
from uuid import UUID

from apps.core import ports
from apps.core.words import date_words
from apps.patients.health_record.parts import Part

# A kind of latrine of the household's survey as the form of QĐ 831 names it; the form knows no others.
TOILETS = {"0": "4", "1": "1", "2": "1", "3": "2"}


def toilet(part: Part, person_id: UUID, values: dict[str, Any]) -> tuple[dict[str, str], str]:
    """B.2's toilet from the last look at how her family lives: the value and where it comes from. One query,
    none where it is written already.
    """
    living = ports.get(ports.LivingOf)
    if part.key != "nguy-co" or values.get("toilet") or living is None:
        return {}, ""
    code, on = living.latrine(person_id) or ("", None)
    if on is None or code not in TOILETS:
        return {}, ""
    return {"toilet": TOILETS[code]}, f"Theo điều kiện sống của hộ, xem ngày {date_words(on)}. Sửa nếu khác."
