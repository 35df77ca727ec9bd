"""What a person must not be given: noted, and closed. One transaction each, audited, told to the others."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.patients import keys
from apps.patients.events import PersonChanged
from apps.patients.models import Allergy, AllergyState, Person


@transaction.atomic
def allergy_add(
    *,
    person: Person,
    substance: str,
    kind: str = "drug",
    drug_code: str = "",
    reaction: str = "",
    certainty: str = "confirmed",
    noted_on: dt.date | None = None,
) -> Allergy:
    """Notes what a person must not be given. The same active entry is not made twice."""
    current().require("people.edit")
    keys.refuse_pointer(person)
    substance = clean(substance)
    if not substance:
        raise Refused("Hãy ghi tên chất gây dị ứng.", field="substance")
    if len(substance) > 150:
        raise Refused("Tên chất gây dị ứng dài quá 150 chữ.", field="substance")
    if noted_on and noted_on > timezone.localdate():
        raise Refused("Ngày ghi nhận còn ở tương lai.", field="noted_on")
    active = Allergy.objects.filter(person=person, state=AllergyState.ACTIVE)
    if active.filter(kind=kind, substance__iexact=substance).exists():
        raise Refused("Đã có dị ứng này trong hồ sơ.", field="substance")
    allergy = Allergy.objects.create(
        person=person,
        substance=substance,
        kind=kind,
        drug_code=drug_code,
        reaction=clean(reaction)[:200],
        certainty=certainty,
        noted_on=noted_on,
    )
    _withdraw_none(person)
    audit.record("allergy.added", person_id=person.pk, object_id=allergy.pk, data={"kind": kind})
    publish(PersonChanged(person.pk, ("allergies",)))
    return allergy


@transaction.atomic
def allergy_none(*, person: Person) -> None:
    """Notes that she was asked today and no allergy is known; said again, the day is today's."""
    scope = current()
    scope.require("people.edit")
    person = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    keys.refuse_pointer(person)
    if Allergy.objects.filter(person=person, state=AllergyState.ACTIVE).exists():
        raise Refused("Hồ sơ đang có dị ứng. Đã hết hoặc nhập nhầm thì đóng dị ứng đó trước.")
    # Without a new version: who is changing her address meanwhile does not contradict this.
    Person.objects.filter(pk=person.pk).update(
        no_allergy_on=timezone.localdate(), no_allergy_by=scope.shown_name, no_allergy_until=None
    )
    audit.record("allergy.none", person_id=person.pk, object_id=person.pk)
    publish(PersonChanged(person.pk, ("allergies",)))


def _withdraw_none(person: Person) -> None:
    told = Person.objects.filter(pk=person.pk, no_allergy_on__isnull=False, no_allergy_until__isnull=True)
    if told.update(no_allergy_until=timezone.localdate()):
        audit.record("allergy.none_withdrawn", person_id=person.pk, object_id=person.pk)


@transaction.atomic
def allergy_close(*, allergy: Allergy, state: str, expected_version: int) -> Allergy:
    """Says that an allergy is over, or was entered in error; the line stays readable."""
    current().require("people.edit")
    if state not in (AllergyState.RESOLVED, AllergyState.ENTERED_IN_ERROR):
        raise Refused("Trạng thái không hợp lệ.", field="state")
    allergy.state = state
    save_versioned(allergy, expected=expected_version)
    audit.record("allergy.closed", person_id=allergy.person_id, object_id=allergy.pk, data={"state": state})
    publish(PersonChanged(allergy.person_id, ("allergies",)))
    return allergy
