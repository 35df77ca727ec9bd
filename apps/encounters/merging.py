"""What of a visit under way stands in the way of a merge, and what follows besides the visits themselves.

All unscoped: the merge has taken both people through the scope.
"""

from apps.core.models import Draft
from apps.core.registry import MergeStep
from apps.encounters import states
from apps.encounters.models import Visit

BEING_EXAMINED = (
    "Hồ sơ {code} đang có lượt khám {number} ({state}). Hoàn tất hoặc hủy lượt khám đó trước, rồi gộp; "
    "hoặc giữ lại hồ sơ {code} và gộp hồ sơ kia vào."
)


def refuse(step: MergeStep) -> str:
    """While somebody is examined under the record that goes away: its page is open on another screen, and its
    prescriptions were checked against that record's allergies. A visit of the person who stays goes on.
    """
    visit = (
        Visit.unscoped.filter(person_id=step.old_id, state__in=(states.WAITING, states.IN_PROGRESS))
        .select_related("person")
        .only("number", "state", "person__code")
        .first()
    )
    if visit is None:
        return ""
    return BEING_EXAMINED.format(
        code=visit.person.code, number=visit.number, state=states.TITLES[visit.state]
    )


def drafts(step: MergeStep) -> None:
    """Half-typed receptions of the old record, where their writer has none for the one who stays."""
    rows = list(Draft.unscoped.filter(object_id__in=[step.old_id, step.kept_id]).order_by("pk"))
    taken = {(row.user_id, row.kind) for row in rows if row.object_id == step.kept_id}
    going = [row.pk for row in rows if row.object_id == step.old_id and (row.user_id, row.kind) not in taken]
    step.journal.repoint("core.Draft", "object_id", step.old_id, step.kept_id, going)
