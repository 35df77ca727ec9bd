"""How this room's rows follow a merge, where pointing them to the person who stays is not enough.

All unscoped: the merge has taken both people through the scope.
"""

import datetime as dt
from uuid import UUID

from django.db.models import Q

from apps.core import dated
from apps.core.registry import MergeQuestion, MergeStep
from apps.core.text import fold
from apps.patients.models import (
    Allergy,
    AllergyState,
    Birth,
    Closing,
    Death,
    DueItem,
    DueState,
    Identifier,
    IdentifierKind,
    InsuranceCard,
    LifeStatus,
    MissingReport,
    Person,
    TreatingAccess,
)
from apps.patients.models.deaths import STANDING
from apps.patients.models.identity import ONE_AT_A_TIME

IDENTIFIERS, CARDS, ALLERGIES = "patients.Identifier", "patients.InsuranceCard", "patients.Allergy"
SEVERAL = ("passport", "other")  # kinds of which a person may hold more than one at a time
KIN = "Hai hồ sơ này đang được ghi là mẹ con hoặc cha con. Hãy sửa lại bố, mẹ trong hồ sơ trước."


# --- numbers


def current_clashes(old_id: UUID, kept_id: UUID) -> dict[str, tuple[str, str]]:
    """Kinds of which both carry a current number of their own: kind -> (kept's, old's). One query."""
    found: dict[str, dict[UUID, str]] = {}
    rows = Identifier.unscoped.filter(
        person_id__in=[old_id, kept_id], valid_to__isnull=True, kind__in=ONE_AT_A_TIME
    )
    for row in rows:
        found.setdefault(row.kind, {})[row.person_id] = row.value
    return {
        kind: (values[kept_id], values[old_id])
        for kind, values in sorted(found.items(), reverse=True)  # the national number first
        if len(values) == 2 and values[kept_id] != values[old_id]
    }


def ask_numbers(step: MergeStep) -> list[MergeQuestion]:
    """Which of two current numbers is the one that holds."""
    return [
        MergeQuestion(f"number.{kind}", IdentifierKind(kind).label, kept, old)
        for kind, (kept, old) in current_clashes(step.old_id, step.kept_id).items()
    ]


def numbers(step: MergeStep) -> None:
    """All numbers go along. Of a kind that is held one at a time the one not chosen ends the day before; a
    number that both have written down stays where it is.
    """
    rows = list(
        Identifier.unscoped.filter(person_id__in=[step.old_id, step.kept_id])
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    kept = [row for row in rows if row.person_id == step.kept_id]
    for row in [row for row in rows if row.person_id == step.old_id]:
        same = next((one for one in kept if (one.kind, one.value) == (row.kind, row.value)), None)
        if same is not None and (same.valid_to is None or row.valid_to is not None):
            continue
        if row.valid_to is None and row.kind not in SEVERAL:
            _end_the_other(step, row, kept)
        step.journal.repoint(IDENTIFIERS, "person", step.old_id, step.kept_id, [row.pk])
        kept.append(row)


def _end_the_other(step: MergeStep, row: Identifier, kept: list[Identifier]) -> None:
    for other in kept:
        if other.kind == row.kind and other.valid_to is None:
            loser = other if step.takes_old(f"number.{row.kind}") else row
            step.journal.change(loser, valid_to=_day_before(loser.valid_from, step.on))


def _day_before(valid_from: dt.date | None, on: dt.date) -> dt.date:
    """The day before, never before the row began."""
    before = on - dt.timedelta(days=1)
    return max(valid_from, before) if valid_from else before


def cards(step: MergeStep) -> None:
    """Cards go along. Where two are good on one day the earlier ends when the later begins; one that cannot
    be told apart from a card of the person who stays remains with the old record, and is found there.
    """
    rows = list(
        InsuranceCard.unscoped.filter(person_id__in=[step.old_id, step.kept_id])
        .select_for_update(of=("self",))
        .order_by("valid_from", "pk")
    )
    kept = [row for row in rows if row.person_id == step.kept_id]
    for row in [row for row in rows if row.person_id == step.old_id]:
        if all(_part_days(step, row, other) for other in dated.overlaps(kept, row.valid_from, row.valid_to)):
            step.journal.repoint(CARDS, "person", step.old_id, step.kept_id, [row.pk])
            kept.append(row)


def _part_days(step: MergeStep, one: InsuranceCard, other: InsuranceCard) -> bool:
    """End the earlier of two cards the day before the later begins; False where neither begins later."""
    begins = (one.valid_from or dt.date.min, other.valid_from or dt.date.min)
    if begins[0] == begins[1] or one.number == other.number:
        return False
    earlier, later = (one, other) if begins[0] < begins[1] else (other, one)
    assert later.valid_from is not None  # noqa: S101 - it is greater than another date
    step.journal.change(earlier, valid_to=later.valid_from - dt.timedelta(days=1))
    return True


# --- what she must not be given


def allergies(step: MergeStep) -> None:
    """All go along but what both have noted alike. A known allergy outweighs 'none is known'; what only the
    old record knew of that is kept.
    """
    rows = list(Allergy.unscoped.filter(person_id__in=[step.old_id, step.kept_id]).select_for_update())
    known = {_same(row) for row in rows if row.person_id == step.kept_id}
    going = [row.pk for row in rows if row.person_id == step.old_id and _same(row) not in known]
    step.journal.repoint(ALLERGIES, "person", step.old_id, step.kept_id, going)
    people = Person.unscoped.defer("search").in_bulk([step.old_id, step.kept_id])
    kept, old = people[step.kept_id], people[step.old_id]
    if any(row.state == AllergyState.ACTIVE for row in rows):
        if kept.knows_no_allergy:
            step.journal.change(kept, no_allergy_until=step.on)
    elif old.knows_no_allergy and not kept.knows_no_allergy:
        step.journal.change(
            kept,
            no_allergy_on=old.no_allergy_on,
            no_allergy_by=old.no_allergy_by,
            no_allergy_until=None,
        )


def _same(row: Allergy) -> tuple[str, str, str]:
    return row.kind, fold(row.substance), row.state


# --- missing


def refuse_missing(step: MergeStep) -> str:
    """Two open reports, or one of somebody who is here: one of the two records is wrong about it."""
    rows = MissingReport.unscoped.filter(person_id__in=[step.old_id, step.kept_id], found_on__isnull=True)
    if rows.exists():
        return "Một trong hai hồ sơ đang được báo mất tích. Hãy ghi đã tìm thấy trước khi gộp."
    return ""


def missing(step: MergeStep) -> None:
    """Reports that have ended go along; an open one was refused before."""
    step.journal.repoint("patients.MissingReport", "person", step.old_id, step.kept_id)


# --- her own birth


def births(step: MergeStep) -> None:
    """The birth goes along where who stays has none of her own; else it stays to be read with the old one."""
    if not Birth.unscoped.filter(person_id=step.kept_id).exists():
        step.journal.repoint("patients.Birth", "person", step.old_id, step.kept_id)


# --- deaths


def refuse_deaths(step: MergeStep) -> str:
    """Two deaths of one person, or a death of somebody who lives: one of them is wrong."""
    rows = Death.unscoped.filter(STANDING, person_id__in=[step.old_id, step.kept_id])
    dead = set(rows.values_list("person_id", flat=True))
    if len(dead) == 2:
        return "Cả hai hồ sơ đều có ghi nhận tử vong. Hãy đánh dấu một ghi nhận là nhầm trước."
    people = Person.unscoped.filter(pk__in=[step.old_id, step.kept_id]).exclude(life_status=LifeStatus.DEAD)
    if dead and people.exists():
        return "Một hồ sơ ghi đã mất, hồ sơ kia ghi còn sống. Hãy sửa cho khớp trước khi gộp."
    return ""


def deaths(step: MergeStep) -> None:
    """All go along, those taken back too; that both have a standing one was refused before."""
    step.journal.repoint("patients.Death", "person", step.old_id, step.kept_id)


# --- what is expected of her no more


def closings(step: MergeStep) -> None:
    """A departure or death goes along where the person who stays has left or died too; else it tells about
    the old record, and she who stays is expected as before. After the due items.
    """
    rows = list(Closing.unscoped.filter(person_id__in=[step.old_id, step.kept_id]).order_by("-made_at"))
    standing = [row for row in rows if row.person_id == step.kept_id and row.ended_at is None]
    going = [row.pk for row in rows if row.person_id == step.old_id and (row.ended_at or standing)]
    step.journal.repoint("patients.Closing", "person", step.old_id, step.kept_id, going)
    if standing:
        for item in DueItem.unscoped.filter(person_id=step.kept_id, state=DueState.OPEN):
            step.journal.change(item, state=DueState.DROPPED, closed_by=standing[0].pk)


# --- who may see her, and her kin


def treating(step: MergeStep) -> None:
    """Whoever treats either of them sees the one who stays, until the later day."""
    rows = list(TreatingAccess.objects.filter(person_id__in=[step.old_id, step.kept_id]).order_by("pk"))
    kept = {row.facility_id: row for row in rows if row.person_id == step.kept_id}
    going = []
    for row in [row for row in rows if row.person_id == step.old_id]:
        other = kept.get(row.facility_id)
        if other is None:
            going.append(row.pk)
        elif other.until < row.until:
            step.journal.change(other, until=row.until)
    step.journal.repoint("patients.TreatingAccess", "person", step.old_id, step.kept_id, going)


def refuse_kin(step: MergeStep) -> str:
    """A mother is not her child, whatever the names say."""
    pair = [step.old_id, step.kept_id]
    kin = Person.unscoped.filter(Q(mother_id__in=pair) | Q(father_id__in=pair), pk__in=pair)
    return KIN if kin.exists() else ""
