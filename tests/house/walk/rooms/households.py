"""Families: members, moves, statuses, lists that come in."""

from apps.households.models import LivingSurvey, PersonStatus, ResidenceEvent
from tests.house.walk.declaring import Arguments, Samples, same
from tests.house.walk.sides import Side


def event(side: Side, kind: str) -> Arguments:
    found = ResidenceEvent.unscoped.get(household=side.household, kind=kind)
    return {"pk": side.household.pk, "event": found.pk}


SAMPLES: Samples = {
    **same(
        "households:",
        "household edit member_add member_new split merge move head relocate depart absence history statuses "
        "household_status person_status survey sheet",
        lambda side: {"pk": side.household.pk},
    ),
    **same(
        "households:",
        "member_leave member_relation head_change marry divorce",
        lambda side: {"pk": side.household.pk, "member": side.member.pk},
    ),
    "households:status_end": lambda side: {
        "pk": side.household.pk,
        "row": PersonStatus.unscoped.get(person=side.member.person).pk,
    },
    "households:survey_withdraw": lambda side: {
        "pk": side.household.pk,
        "survey": LivingSurvey.unscoped.get(household=side.household).pk,
    },
    "households:return": lambda side: event(side, "departed"),
    **same("households:", "back withdraw", lambda side: event(side, "absent")),
    **same("households:", "newcomer newcomer_decline", lambda side: {"pk": side.newcomer.part.event_id}),
    **same("households:", "ask_give ask_refuse ask_stop", lambda side: {"pk": side.ask.pk}),
    **same(
        "households:import_",
        "batch start columns choose resume rejected",
        lambda side: {"pk": side.batch.pk},
    ),
    "households-detail": lambda side: {"pk": side.household.pk},
}
