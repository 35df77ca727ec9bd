"""The ordinary form that answers a piece of news, filled with what was told: as a draft of whoever opens it.

So nothing is typed twice, nothing is written before she has read and saved it, and no name stands in an
address.
"""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from apps.core import drafts
from apps.core.dates import parse_partial_date
from apps.core.scope import current
from apps.field.models import Proposal
from apps.field.said import Birth, DeathNews, Marriage, MoveIn
from apps.households.models import Membership
from apps.patients import births, match
from apps.patients.data import PersonData
from apps.patients.match import Candidate
from apps.patients.models import Person

DEATH_PLACES = ("home", "facility")  # what both forms say in the same words
CHILD = "05"  # 'Con đẻ' in the list relationship_to_head; she looks at it in the form


def title_of(proposal: Proposal) -> str:
    """What the button says; '' where no ordinary form follows."""
    scope = current()
    enter = scope.can("people.enter") and scope.can("households.edit")
    return {
        "birth": "Mở phiếu thêm trẻ vào hộ" if enter and proposal.household_id else "",
        "move_in": ("Mở phiếu thêm người vào hộ" if proposal.household_id else "Mở phiếu thêm hộ")
        if enter and scope.can("households.enter")
        else "",
        "death": "Mở phiếu ghi tử vong" if scope.can("deaths.enter") else "",
        "move_out": "Mở phiếu chuyển đi" if scope.can("households.edit") else "",
        "marriage": "Mở phiếu kết hôn, ly hôn" if scope.can("households.edit") else "",
    }.get(proposal.kind, "")


def prepare(proposal: Proposal) -> str:
    """Leaves the draft and gives the address of the form."""
    said = proposal.said
    if isinstance(said, Birth):
        mother = proposal.person
        return _member(
            proposal,
            {
                "full_name": said.full_name or (_newborns_name(mother, said) if mother else ""),
                "sex": said.sex,
                "birth_date": f"{said.born_on:%d/%m/%Y}" if said.born_on else "",
                "mother": mother.code if mother else "",
                "relation": CHILD,
            },
        )
    if isinstance(said, MoveIn):
        typed = {
            "full_name": said.full_name,
            "sex": said.sex,
            "birth_date": said.birth,
            "phone": said.phone,
        }
        if proposal.household_id:
            return _member(proposal, typed)
        station = current().workplace_id
        assert station is not None  # noqa: S101 - who answers works at a station
        fields = {f"head-{name}": [value] for name, value in typed.items()}
        drafts.keep("household-new", station, {"hamlet": [str(proposal.hamlet_id)], **fields})
        return reverse("households:create")
    if isinstance(said, DeathNews) and proposal.person_id:
        typed = {
            "died_on": f"{said.died_on:%d/%m/%Y}" if said.died_on else "",
            "place": said.place if said.place in DEATH_PLACES else "",
            "informant": proposal.made_by_name,
        }
        drafts.keep(
            "death-new", proposal.person_id, {name: [value] for name, value in typed.items() if value}
        )
        return reverse("patients:death_record", args=[proposal.person_id])
    member = Membership.objects.filter(person=proposal.person_id, valid_to__isnull=True).first()
    if proposal.kind == "move_out" and member is not None:
        return f"{reverse('households:depart', args=[member.household_id])}?nguoi={member.pk}"
    if isinstance(said, Marriage) and member is not None:
        page = "marry" if said.what == "married" else "divorce"
        return reverse(f"households:{page}", args=[member.household_id, member.pk])
    return reverse("households:household", args=[proposal.household_id])


def _newborns_name(mother: Person, said: Birth) -> str:
    born_on = said.born_on or timezone.localdate()
    return births.newborn_name(births.mothers_name(mother, born_on), 1, 1)


def _member(proposal: Proposal, typed: dict[str, Any]) -> str:
    household = proposal.household
    assert household is not None  # noqa: S101 - title_of has offered it for a family alone
    typed |= {"hamlet": str(household.hamlet_id), "address_text": household.address_text}
    drafts.keep("member-new", household.pk, {name: [value] for name, value in typed.items() if value})
    return reverse("households:member_new", args=[household.pk])


def alike(proposal: Proposal) -> list[Candidate]:
    """Who of the stored people may be the newborn or the newcomer."""
    said = proposal.said
    if isinstance(said, Birth) and said.full_name:
        return match.candidates(
            PersonData(full_name=said.full_name, sex=said.sex or "unknown", birth_date=said.born_on)
        )
    if isinstance(said, MoveIn):
        try:
            birth = parse_partial_date(said.birth) if said.birth else None
        except ValueError:
            birth = None
        data = PersonData(
            full_name=said.full_name,
            sex=said.sex or "unknown",
            birth_date=birth.date if birth else None,
            birth_precision=birth.precision if birth else "day",
            phone=said.phone,
        )
        return match.candidates(data)
    return []
