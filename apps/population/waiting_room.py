"""The demo's waiting room: rooms, a family, an emergency, a queue under way. All through the services."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from apps.accounts.models import User
from apps.core.scope import enter, system
from apps.encounters import services
from apps.encounters.desk import boards, emergency, family, queue
from apps.encounters.inputs import Opening
from apps.encounters.models import Room, Visit
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from apps.households.models import Household, Membership
from apps.patients.models import Person
from apps.patients.naming import Found

ROOMS = ("Phòng khám 1", "Phòng khám 2")
REASONS = ("Ho, sốt", "Đau họng", "Tiêu chảy")
FAMILY = 3
LATELY = timedelta(days=20)


@transaction.atomic
def waiting_room(station: Facility) -> None:
    """Rooms, and a queue of today in which somebody is called, somebody was not there, somebody has left; the
    first time somebody whom nobody knows.
    """
    with system("find the demo's nurse"):
        nurse = User.objects.filter(username="dieuduong").first()
        scope = scope_for(nurse, station.pk) if nurse else None
    if scope is None:
        return
    with enter(scope):
        rooms = queue.rooms(scope)
        is_first = not Room.objects.filter(facility=station).exists()
        if is_first:
            rooms = [boards.room_put(name=name, position=place) for place, name in enumerate(ROOMS, start=1)]
        people = _family()
        openings = [
            (person, Opening(reason=reason, payer="fee"))
            for person, reason in zip(people, REASONS, strict=False)
        ]
        if openings:
            family.family_open(openings=openings)
        if is_first:
            found = Found(sex="male", years=50, marks="Áo xanh, sẹo ở tay phải", brought_by="Người đi đường")
            emergency.emergency_open(found=found, reason="Tai nạn xe máy")
        one, other = (rooms[0].pk, rooms[-1].pk) if rooms else (None, None)
        queue.call_next(room_id=one)
        if missing := queue.call_next(room_id=other):
            queue.skip(visit_id=missing.pk)
        queue.call_next(room_id=other)
        waiting = Visit.objects.filter(on=timezone.localdate(), state="waiting", call="waiting")
        if gone := waiting.filter(rank=9).order_by("-queue_no").first():
            services.visit_left(visit_id=gone.pk, expected_version=gone.version, reason="Có việc gấp")


def opening_of(person: Person, reason: str, at: datetime | None = None) -> Opening:
    """Received with the card that is good today; without one she pays herself."""
    today = timezone.localdate()
    good = next((card for card in person.cards.order_by("pk") if card.in_force(today)), None)
    return Opening(reason, "bhyt" if good else "fee", card_id=good.pk if good else None, at=at)


def _family() -> list[Person]:
    """The first family of at least three of whom nobody has come lately."""
    lately = Visit.objects.filter(on__gte=timezone.localdate() - LATELY).values("person_id")
    here = Membership.objects.filter(valid_to__isnull=True, person__life_status="alive")
    large = here.values("household").annotate(many=Count("pk")).filter(many__gte=FAMILY).values("household")
    came = here.filter(person__in=lately).values("household")
    home = Household.objects.filter(pk__in=large).exclude(pk__in=came).order_by("code").first()
    if home is None:
        return []
    rows = here.filter(household=home).select_related("person").order_by("-person__birth_date", "person_id")
    return [row.person for row in rows[:FAMILY]]
