"""By which numbers a person is found: her papers, her cards, and all that of records merged into her.

All unscoped: the caller has taken her through the scope; all of hers count, whoever wrote them.
"""

from django.db.models import Q
from django.utils import timezone

from apps.core.errors import Refused
from apps.patients.models.identity import Identifier, InsuranceCard
from apps.patients.models.person import Person

MERGED = "Hồ sơ {code} đã được gộp vào hồ sơ khác. Hãy mở hồ sơ còn lại và làm tiếp ở đó."


def codes_of(person: Person) -> list[str]:
    """Her numbers as they are searched. Three queries."""
    hers = Q(person=person) | Q(person__merged_into=person)
    found = list(Identifier.unscoped.filter(hers).order_by("pk").values_list("value", flat=True))
    found += Person.unscoped.filter(merged_into=person).order_by("pk").values_list("code", flat=True)
    for number in InsuranceCard.unscoped.filter(hers).order_by("pk").values_list("number", flat=True):
        found += [number, number[-10:]] if len(number) == 15 else [number]
    return found


def renew(person: Person) -> None:
    """The search tokens after a number came or went; not an edit of the person, so the version stays."""
    person.set_keys(codes_of(person))
    # told as a change of hers: whoever asks what has changed since a moment must hear of her new card
    Person.unscoped.filter(pk=person.pk).update(
        tokens=person.tokens, sort_key=person.sort_key, updated_at=timezone.now()
    )


def refuse_pointer(person: Person) -> None:
    """Nothing is begun or changed under a record that was merged into another. One query: it is asked anew
    and held until the transaction ends, so a merge under way is waited for and one that follows takes along
    what is written now.
    """
    held = Person.unscoped.select_for_update(no_key=True, of=("self",)).filter(pk=person.pk)
    if held.values_list("merged_into_id", flat=True).first() is not None:
        raise Refused(MERGED.format(code=person.code), field="person", code="merged")
