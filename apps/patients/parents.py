"""Mother and father: who cannot be it, and no circle of ancestors.

All unscoped: parents may live elsewhere; nothing is told about them but that they do not fit.
"""

from uuid import UUID

from apps.core.errors import Refused, Warning
from apps.patients import plausibility
from apps.patients.data import PersonData
from apps.patients.models import Person
from apps.patients.plausibility import Parent

GENERATIONS = 12  # as far back as anybody's ancestors are recorded, and further


def of(data: PersonData) -> dict[str, Parent]:
    """The parents that are given, as far as the rules need to know. One query, none without parents."""
    wanted = {"mother": data.mother_id, "father": data.father_id}
    ids = [pk for pk in wanted.values() if pk]
    if not ids:
        return {}
    rows = Person.unscoped.filter(pk__in=ids).values_list(
        "pk", "sex", "birth_date", "birth_precision", "died_on"
    )
    known = {pk: Parent(sex, born, precision, died) for pk, sex, born, precision, died in rows}
    return {role: known[pk] for role, pk in wanted.items() if pk in known}


def blocks(data: PersonData, person: Person | None = None) -> list[Refused]:
    """What the parents given cannot be; a descendant as a parent would close a circle."""
    found = plausibility.parent_blocks(data, of(data))
    if data.mother_id and data.mother_id == data.father_id:
        found.append(Refused("Mẹ và bố không thể là một người.", field="father"))
    if person is not None and not found:
        for role, parent_id in (("mother", data.mother_id), ("father", data.father_id)):
            if parent_id and _descends(parent_id, person.pk):
                word = plausibility.PARENT_WORDS[role][0]
                found.append(
                    Refused(f"Người này là bố mẹ, ông bà của người được chọn làm {word}.", field=role)
                )
    return found


def doubts(data: PersonData) -> list[Warning]:
    return plausibility.parent_doubts(data, of(data))


def _descends(start: UUID, ancestor: UUID) -> bool:
    """Whether `ancestor` is among the ancestors of `start`, or is it. One query a generation."""
    generation, seen = {start}, set()
    for _ in range(GENERATIONS):
        if ancestor in generation:
            return True
        seen |= generation
        rows = Person.unscoped.filter(pk__in=generation).values_list("mother_id", "father_id")
        generation = {pk for pair in rows for pk in pair if pk} - seen
        if not generation:
            break
    return False
