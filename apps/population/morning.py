"""A later day of the demo: who has come this morning, was seen, waits. Through the services that everybody
uses.
"""

import datetime as dt
import random

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.care.models import Appointment, AppointmentState
from apps.core.errors import NeedsReason, Refused
from apps.core.scope import Scope, enter, system
from apps.encounters import services as visits
from apps.encounters import states
from apps.encounters.models import Visit
from apps.encounters.writing import Problems
from apps.facilities.models import Facility, Post
from apps.facilities.posts import scope_for
from apps.patients.models import Person
from apps.population.commune import APART, JUST_NOW, TODAY
from apps.population.desk import desk
from apps.population.examining import found, illness_of
from apps.population.illness import Illness
from apps.population.overnight import SAMPLE, close_earlier
from apps.population.waiting_room import opening_of, waiting_room

EXPECTED = 8  # at most so many of those who come were asked to come today


def station_of_demo() -> Facility | None:
    """Where the demo's nurse works."""
    with system("find the demo's station"):
        posts = Post.objects.current(timezone.localdate()).filter(user__username="dieuduong")
        post = posts.select_related("facility").first()
        return post.facility if post else None


def morning(station: Facility) -> int:
    """What earlier days left open is closed, then the visits of a morning under way, a family in the queue,
    medicines given out; nothing where somebody has come today already. How many visits.
    """
    today = timezone.localdate()
    with system("find the demo's nurse, midwife and doctor"):
        if Visit.objects.filter(facility=station, on=today).exists():
            return 0
        users = [User.objects.filter(username=name).first() for name in ("dieuduong", "hosinh", "bacsi")]
        nurse, midwife, doctor = (scope_for(user, station.pk) if user else None for user in users)
    if nurse is None or midwife is None or doctor is None:
        return 0
    close_earlier(nurse, doctor)
    with transaction.atomic():
        for who, arrived, state in _comers(nurse, today):
            seen_by = midwife if state == states.AWAITING_SIGNATURE else doctor
            _come(nurse, seen_by, *who, arrived, state)
        waiting_room(station)
    desk(station)
    with system("count the morning's visits"):
        return Visit.objects.filter(facility=station, on=today).count()


def _comers(scope: Scope, today: dt.date) -> list[tuple[tuple[Person, Illness], dt.datetime, str]]:
    """Who comes for what, when, and how far it has got: those who were asked to come, and others."""
    rng = random.Random(f"morning {today}")  # invented people  # nosec B311
    with enter(scope):
        expected = Appointment.objects.filter(on=today, state=AppointmentState.PLANNED, kind="follow_up")
        asked = {row.person_id: row.reason for row in expected.order_by("pk")[:EXPECTED]}
        alive = Person.objects.filter(life_status="alive", merged_into=None, birth_date__isnull=False)
        others = alive.exclude(pk__in=asked).order_by("code").values_list("pk", flat=True)
        more = rng.sample(list(others), min(len(TODAY) - len(asked), len(others)))
        people = list(alive.filter(pk__in=[*asked, *more]).order_by("code"))
    rng.shuffle(people)
    now = timezone.now()
    midnight = timezone.make_aware(dt.datetime.combine(today, dt.time.min))
    apart = min(dt.timedelta(minutes=APART), (now - midnight) / len(TODAY))
    last = max(midnight, now - dt.timedelta(minutes=JUST_NOW))
    return [
        (
            (person, illness_of(rng, person, asked.get(person.pk, ""), today)),
            max(midnight, last - apart * (len(people) - place)),
            state,
        )
        for place, (person, state) in enumerate(zip(people, TODAY, strict=False))
    ]


def _come(
    nurse: Scope, seen_by: Scope, person: Person, ill: Illness, arrived: dt.datetime, state: str
) -> None:
    """One visit as far as `state`; a demo goes on without who may not be seen so."""
    try:
        with transaction.atomic():
            with enter(nurse):
                visit = visits.visit_open(
                    person=person, opening=opening_of(person, ill.reason, arrived), override=SAMPLE
                )
            if state == states.WAITING:
                return
            with enter(seen_by):
                visit = visits.visit_save(
                    visit_id=visit.pk,
                    expected_version=visit.version,
                    data=found(person, ill, timezone.localdate()),
                )
                if state != states.IN_PROGRESS:
                    visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override=SAMPLE)
    except (Refused, Problems, NeedsReason):
        return
