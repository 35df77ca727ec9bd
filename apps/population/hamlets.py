"""What the demo's village worker has told, and what the couples of her hamlets use: through the services that
everybody uses, so that the demo's pages of hamlets have something on them.
"""

import datetime as dt
import random

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.scope import Scope, enter, system
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from apps.facilities.queries import hamlets_in
from apps.field import contraception
from apps.field.models import Proposal
from apps.field.months import add_months, first_of, is_minor
from apps.field.proposals import proposal_accept, proposal_make, proposal_refuse
from apps.field.said import Birth, Cluster, DeathNews, MoveIn, MoveOut, Pregnancy, Said
from apps.households.models import Household, Membership
from apps.patients.models import Person

WORKER, ANSWERS = "thonban", "danso"
MONTHS = 12
# Of a hundred couples about so many: a method, as (code, how many).
USED = (("1", 28), ("2", 18), ("5", 14), ("3", 6), ("4", 4), ("6", 4), ("0", 20), ("9", 6))
COUPLES = 60


@transaction.atomic
def news(station: Facility) -> None:
    """News in every state, and a year of marks of the couples. Nothing where there is some already."""
    with system("find the demo's village worker"):
        worker, officer = _scope(WORKER, station), _scope(ANSWERS, station)
        if worker is None or officer is None or Proposal.objects.exists():
            return
    with enter(worker):
        made = _tell(worker)
        _marks(worker)
    with enter(officer):
        if len(made) > 1:
            proposal_refuse(proposal_id=made[-1].pk, reason="Đã ghi tháng trước rồi")
        if len(made) > 2:
            proposal_accept(proposal_id=made[-2].pk, note="Cảm ơn chị, trạm sẽ hẹn khám")


def _scope(username: str, station: Facility) -> Scope | None:
    user = User.objects.filter(username=username).first()
    return scope_for(user, station.pk) if user else None


def _tell(scope: Scope) -> list[Proposal]:
    """A sick cluster and a newcomer of the hamlet; a birth, a death, a departure, a pregnancy of families."""
    today = timezone.localdate()
    hamlets = list(hamlets_in(scope, today))
    if not hamlets:
        return []
    ago = [today - dt.timedelta(days=days) for days in range(12)]
    made = [
        proposal_make(
            kind="cluster",
            said=Cluster(sign="diarrhoea", many=4, since=ago[1], note="Xóm trên, sau đám giỗ"),
            hamlet=hamlets[0],
        ),
        proposal_make(
            kind="move_in",
            said=MoveIn(full_name="Phạm Văn Thử", sex="male", birth="1991", on=ago[6], from_place="Đắk Lắk"),
            hamlet=hamlets[0],
        ),
    ]
    families = Household.objects.filter(hamlet=hamlets[0], closed="").order_by("code")[:40]
    told: list[tuple[str, Said]] = [
        ("birth", Birth(born_on=ago[2], sex="female", place="home", order=2)),
        ("death", DeathNews(died_on=ago[3], place="home")),
        ("move_out", MoveOut(on=ago[5], whole="one", to_place="Bình Dương")),
        ("pregnancy", Pregnancy(due_on=today + dt.timedelta(days=150))),
        ("pregnancy", Pregnancy(due_on=today + dt.timedelta(days=90))),
    ]
    for household in families:
        if not told:
            break
        kind, said = told[0]
        person = _who(kind, household, today)
        if person is not None:
            told.pop(0)
            made.append(
                proposal_make(
                    kind=kind, said=said, hamlet=household.hamlet, household=household, person=person
                )
            )
    return made


def _who(kind: str, household: Household, today: dt.date) -> Person | None:
    """Somebody of the family whom such news may be about."""
    rows = Membership.objects.filter(household=household, valid_to__isnull=True, person__life_status="alive")
    people = [row.person for row in rows.select_related("person").order_by("pk")]
    if kind == "death":
        return max(people, key=lambda each: each.age_days(today) or 0, default=None)
    if kind == "move_out":
        return next((each for each in people if 18 * 366 < (each.age_days(today) or 0) < 30 * 365), None)
    women = [each for each in people if each.sex == "female" and each.marital_status == "2"]
    return next((each for each in women if 20 * 366 < (each.age_days(today) or 0) < 40 * 365), None)


def _marks(scope: Scope) -> None:
    """Each couple keeps to one method, some change it once, some months are left out."""
    chance = random.Random("a0")  # invented people  # nosec B311
    this = first_of(timezone.localdate())
    months = [add_months(this, -back) for back in range(MONTHS, 0, -1)]
    women = contraception.couples(scope, hamlet_id=None, since=months[0], until=this).order_by("code")
    codes, weights = [code for code, _ in USED], [many for _, many in USED]
    entries = []
    for woman in women[:COUPLES]:
        first, second = chance.choices(codes, weights, k=2)
        change = chance.randrange(MONTHS * 2)
        for place, month in enumerate(months):
            if chance.random() > 0.04 and not is_minor(woman.birth_date, month, 18):
                code = second if place >= change else first
                entries.append(contraception.Entry(woman.pk, month, code, ""))
    contraception.marks_put(entries=entries)
