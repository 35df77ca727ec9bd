"""What is looked at when somebody is received: whether she may be, her card, who goes first."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.catalogues import codes
from apps.core import numbering, parameters, ports
from apps.core.errors import Refused, Warning
from apps.encounters import states
from apps.encounters.desk import priority
from apps.encounters.desk.priority import Known, Priority, PriorityRules
from apps.encounters.inputs import Opening
from apps.encounters.models import EXAM, Payer, Room, Visit
from apps.households.models import PersonStatus, StatusKind
from apps.households.models.residence import EventState
from apps.patients import restricted
from apps.patients.models import InsuranceCard, Person

KINDS, FREE = "visit_kind", "free_care"
QUEUE = "queue"  # the book of core.numbering
RULES = [
    "queue.child_under",
    "queue.elder_from",
    "queue.disability_degrees",
    "queue.merit_groups",
    "queue.ranks",
]
CARDLESS = "Chọn BHYT nhưng chưa có thẻ nào dùng được. Ghi lý do để bổ sung thẻ sau."
DAY_CLOSED = "{name} đã có lượt khám {number} hôm nay, {state}."


def refuse_dead(person: Person, on: dt.date) -> None:
    """Nobody is received after the day of her death."""
    if person.life_status == "dead" and (person.died_on is None or person.died_on < on):
        raise Refused("Hồ sơ ghi người này đã mất. Hãy xem lại hồ sơ trước khi tiếp nhận.", code="dead")


def card_for(person: Person, card_id: Any, on: dt.date) -> InsuranceCard | None:
    """The card that was chosen (its id, or itself), hers and good on that day. Raises Refused."""
    if not card_id:
        return None
    if isinstance(card_id, InsuranceCard):  # a form has read her cards already
        card = card_id if card_id.person_id == person.pk else None
    else:
        card = InsuranceCard.objects.filter(pk=card_id, person=person).first()
    if card is None:
        raise Refused("Thẻ BHYT này không phải của người bệnh.", field="card", code="card")
    if not card.in_force(on):
        raise Refused("Thẻ BHYT không có giá trị vào ngày khám.", field="card", code="card-date")
    return card


def check_codes(opening: Opening, on: dt.date) -> None:
    """The kind of visit, why it is free: codes of the day."""
    if opening.kind != EXAM and not codes.exists(KINDS, opening.kind, on):
        raise Refused("Loại lượt khám này không có trong danh mục.", field="kind", code="kind")
    if opening.free_for and not codes.exists(FREE, opening.free_for, on):
        raise Refused("Diện miễn phí này không có trong danh mục.", field="free_for", code="free")


def room_for(room_id: Any, places: Iterable[UUID | None]) -> Room | None:
    """A room in use at one of these places. Raises Refused."""
    if not room_id:
        return None
    room = Room.objects.filter(pk=room_id, facility_id__in=[place for place in places if place]).first()
    if room is None or not room.is_active:
        raise Refused("Phòng, bàn này không có ở nơi đang làm việc.", field="room", code="room")
    return room


def queue_number(facility_id: UUID, point_id: UUID | None, on: dt.date, visit_id: UUID) -> int:
    """The next number of the day: a point counts alone. A station that became a point today has closed its
    own book; until tomorrow it counts with its station.
    """
    if point_id is not None:
        try:
            return int(numbering.take(QUEUE, facility_id=point_id, on=on, object_id=visit_id))
        except Refused as closed:
            if closed.code != "closed-book":
                raise
    return int(numbering.take(QUEUE, facility_id=facility_id, on=on, object_id=visit_id))


def same_day(person: Person, facility_id: UUID, on: dt.date) -> list[Warning]:
    """She is here a second time on one day: asked about, never refused."""
    other = (  # unscoped: at the facility where she works, which the caller has checked
        Visit.unscoped.filter(person=person, facility_id=facility_id, on=on)
        .exclude(state__in=states.NOT_COUNTED)
        .first()
    )
    if other is None:
        return []
    sentence = DAY_CLOSED.format(name=person.full_name, number=other.number, state=states.TITLES[other.state])
    return [Warning("same-day", sentence, "override")]


def cardless(opening: Opening, card: InsuranceCard | None, place: Priority) -> list[Warning]:
    """Insurance is said to pay and no card was chosen; not asked of an emergency, nor of a small child."""
    if opening.payer != Payer.BHYT or card is not None:
        return []
    if {priority.EMERGENCY, priority.CHILD} & set(place.reasons):
        return []
    return [Warning("no-card", CARDLESS, "override")]


def rules_on(on: dt.date) -> PriorityRules:
    """The rules of priority of a day. One query; raises NoParameter."""
    found = parameters.values(RULES, on=on)
    if missing := set(RULES) - found.keys():
        raise parameters.NoParameter(f"{', '.join(sorted(missing))} on {on}")
    return PriorityRules(
        int(found["queue.child_under"]),
        int(found["queue.elder_from"]),
        frozenset(found["queue.disability_degrees"]),
        {key: int(rank) for key, rank in found["queue.ranks"].items()},
        frozenset(found["queue.merit_groups"]),
    )


def priorities(
    people: Sequence[Person], on: dt.date, emergencies: Iterable[UUID], rules: PriorityRules
) -> dict[UUID, Priority]:
    """Where each stands in the queue, by person id. One query, and one of the room of pregnancies."""
    ids = [person.pk for person in people]
    pregnancies = ports.get(ports.PregnancyStatus)
    pregnant = pregnancies.open_for(ids, on) if pregnancies else {}
    degrees: dict[UUID, list[str]] = {}
    merits: dict[UUID, list[str]] = {}
    # unscoped: people whom the caller has seen; that she goes first is all that comes of it
    entitled = PersonStatus.unscoped.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=on),
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        person_id__in=ids,
        kind__in=(StatusKind.DISABILITY, StatusKind.MERIT),
        state=EventState.FINAL,
    )
    for person_id, kind, degree, category in entitled.values_list("person_id", "kind", "degree", "category"):
        if kind == StatusKind.MERIT:
            merits.setdefault(person_id, []).append(category)
        else:
            degrees.setdefault(person_id, []).append(degree)
    urgent = set(emergencies)
    return {
        person.pk: priority.judge(
            Known(
                birth=person.birth_date,
                precision=person.birth_precision,
                pregnant=person.pk in pregnant,
                minor=person.pk in pregnant and _is_minor(person, on),
                degrees=degrees.get(person.pk, ()),
                emergency=person.pk in urgent,
                merits=merits.get(person.pk, ()),
            ),
            on,
            rules,
        )
        for person in people
    }


def _is_minor(person: Person, on: dt.date) -> bool:
    return restricted.minor_mother((person.birth_date, person.birth_precision), (on, "day"))


def kind_word(visit: Visit) -> str:
    """The kind of visit in the words of its day."""
    name = codes.label(KINDS, visit.kind, visit.on)
    return "Khám bệnh" if name == EXAM else name


def free_word(visit: Visit) -> str:
    """Why it is free; empty where nobody said."""
    return codes.label(FREE, visit.free_for, visit.on)


def digest(told: Iterable[str]) -> str:
    """A short mark of what is shown: a page that asks again is told nothing while it stays."""
    return hashlib.sha256("|".join(told).encode()).hexdigest()[:16]
