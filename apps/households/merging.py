"""Which household somebody lives in who was known under two records, each perhaps in one of its own.

All unscoped: the merge has taken both people through the scope.
"""

import datetime as dt

from apps.core import dated
from apps.core.registry import MergeQuestion, MergeStep
from apps.households.locking import lock_homes
from apps.households.models import HEAD, EventState, Membership, PersonStatus, ResidenceEventPerson
from apps.patients.models import Person

LABEL = "households.Membership"
EVENTS = "households.ResidenceEventPerson"
STATUSES = "households.PersonStatus"
QUESTION = "household"
HEAD_LEAVES = (
    "Hồ sơ này đang là chủ hộ {code} còn người khác. "
    "Hãy đặt chủ hộ mới cho hộ đó, hoặc chọn giữ hộ đó, rồi gộp."
)


def lock(step: MergeStep) -> None:
    """The households of both, as each change of a household locks them before its people: those of before as
    well, which a merge that is taken back puts in order again.
    """
    people = [step.old_id, step.kept_id]
    earlier = Membership.unscoped.filter(person_id__in=people).values_list("household_id", flat=True)
    lock_homes(people, also=earlier)


def ask(step: MergeStep) -> list[MergeQuestion]:
    """Which of two households she lives in."""
    kept, old = _open_of_both(step)
    if kept is None or old is None or kept.household_id == old.household_id:
        return []
    return [MergeQuestion(QUESTION, "Hộ gia đình và nơi ở", _in_words(kept), _in_words(old))]


def refuse(step: MergeStep) -> str:
    """A household of several must not lose its head by this."""
    kept, old = _open_of_both(step)
    if kept is None or old is None or kept.household_id == old.household_id:
        return ""
    leaves = kept if step.takes_old(QUESTION) else old
    if not leaves.is_head:
        return ""
    others = Membership.unscoped.filter(household_id=leaves.household_id, valid_to__isnull=True)
    if not others.exclude(pk=leaves.pk).exists():
        return ""
    return HEAD_LEAVES.format(code=leaves.household.code)


def follow(step: MergeStep) -> None:
    """One open membership stays, and her home is that household's. Earlier ones go along where she was known
    to live nowhere else on those days.
    """
    kept, old = _open_of_both(step)
    journal = step.journal
    if old is not None and kept is None:
        _move(step, old)
    elif old is not None and kept is not None:
        if old.household_id == kept.household_id:
            journal.change(old, valid_to=_day_before(old, step.on))
            if old.is_head:
                journal.change(kept, is_head=True, relation=HEAD)
        elif step.takes_old(QUESTION):
            journal.change(kept, valid_to=_day_before(kept, step.on))
            _move(step, old)
        else:
            journal.change(old, valid_to=_day_before(old, step.on))
    _move_earlier(step, without=old)
    _take_home(step)


def follow_events(step: MergeStep) -> None:
    """What happened to her goes along; an event that tells of both records tells of her once already."""
    theirs = ResidenceEventPerson.unscoped.filter(person_id=step.kept_id).values("event_id")
    rows = ResidenceEventPerson.unscoped.filter(person_id=step.old_id).exclude(event_id__in=theirs)
    step.journal.repoint(
        EVENTS, "person", step.old_id, step.kept_id, list(rows.order_by("pk").values_list("pk", flat=True))
    )


def follow_statuses(step: MergeStep) -> None:
    """What she is entitled to goes along. Told on the same days under both records, it is told once, over all
    of these days, with the papers of who stays; the other row stays with the other record.
    """
    rows = list(
        PersonStatus.unscoped.filter(person_id__in=[step.old_id, step.kept_id], state=EventState.FINAL)
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    kept = [row for row in rows if row.person_id == step.kept_id]
    going = []
    for row in rows:
        if row.person_id != step.old_id:
            continue
        like = [each for each in kept if (each.kind, each.category) == (row.kind, row.category)]
        told = dated.overlaps(like, row.valid_from, row.valid_to)
        if not told:
            going.append(row.pk)
        elif len(told) == 1:
            _widen(step, told[0], row)
    in_error = PersonStatus.unscoped.filter(person_id=step.old_id).exclude(state=EventState.FINAL)
    going += list(in_error.values_list("pk", flat=True))
    step.journal.repoint(STATUSES, "person", step.old_id, step.kept_id, going)


def _widen(step: MergeStep, kept: PersonStatus, other: PersonStatus) -> None:
    starts = [kept.valid_from, other.valid_from]
    ends = [kept.valid_to, other.valid_to]
    valid_from = None if None in starts else min(day for day in starts if day)
    valid_to = None if None in ends else max(day for day in ends if day)
    if (valid_from, valid_to) != (kept.valid_from, kept.valid_to):
        step.journal.change(kept, valid_from=valid_from, valid_to=valid_to)


def _open_of_both(step: MergeStep) -> tuple[Membership | None, Membership | None]:
    """The open membership of the person who stays, and of the record that goes away."""
    rows = Membership.unscoped.filter(person_id__in=[step.old_id, step.kept_id], valid_to__isnull=True)
    found = {row.person_id: row for row in rows.select_related("household")}
    return found.get(step.kept_id), found.get(step.old_id)


def _move(step: MergeStep, row: Membership) -> None:
    step.journal.repoint(LABEL, "person", step.old_id, step.kept_id, [row.pk])
    row.person_id = step.kept_id


def _move_earlier(step: MergeStep, *, without: Membership | None) -> None:
    rows = list(Membership.unscoped.filter(person_id__in=[step.old_id, step.kept_id]).order_by("pk"))
    kept = [row for row in rows if row.person_id == step.kept_id]
    for row in rows:
        goes = row.person_id == step.old_id and (without is None or row.pk != without.pk)
        if goes and not dated.overlaps(kept, row.valid_from, row.valid_to):
            _move(step, row)
            kept.append(row)


def _take_home(step: MergeStep) -> None:
    """Her address is that of her household, whose place in the list of names follows its head."""
    row = (
        Membership.unscoped.filter(person_id=step.kept_id, valid_to__isnull=True)
        .select_related("household")
        .first()
    )
    if row is None:
        return
    person = Person.unscoped.defer("search").get(pk=step.kept_id)
    household = row.household
    if household.station_id == person.station_id:
        address = household.address_text or person.address_text
        step.journal.change(person, hamlet_id=household.hamlet_id, address_text=address)
    if row.is_head:
        step.journal.change(household, sort_key=person.sort_key)


def _in_words(row: Membership) -> str:
    head = (
        Membership.unscoped.filter(household_id=row.household_id, valid_to__isnull=True, is_head=True)
        .values_list("person__full_name", flat=True)
        .first()
    )
    place = row.household.hamlet.name
    return ", ".join(part for part in (f"Hộ {row.household.code} {head or ''}".strip(), place) if part)


def _day_before(row: Membership, on: dt.date) -> dt.date:
    """The day before, never before the row began."""
    before = on - dt.timedelta(days=1)
    return max(row.valid_from, before) if row.valid_from else before
