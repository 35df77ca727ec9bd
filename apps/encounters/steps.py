"""The steps that the services of a visit share: taking it, writing its trail."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused, Warning
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion
from apps.encounters import states
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit, VisitRevision
from apps.encounters.revisions import snapshot
from apps.facilities.models import Practitioner
from apps.patients import projections

TIMELINE = "visit"
NUMBER = "visit"  # the book of core.numbering
DRAFT = "visit"  # what is typed into the form of a visit, by core.drafts


def number_in_year(number: str) -> int:
    """'2026-000123' is the 123rd of its year."""
    return int(number.rpartition("-")[2])


def taken(action: str, visit_id: UUID, expected_version: int, data: VisitInput | None = None) -> Visit:
    """The visit, locked, when this scope may do `action` on it now.

    Raises Visit.DoesNotExist for one out of sight, PermissionDenied for another station's or a missing right,
    StaleVersion when somebody has saved since, Refused when its state does not allow the action.
    """
    scope = current()
    visit = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("performer", "facility", "person")
        .defer("person__tokens", "person__search")
        .get(pk=visit_id)
    )
    if not scope.reaches(visit.facility_id):
        raise PermissionDenied(action)
    scope.require(states.right_for(visit.state, action))
    if data is not None and data.lines is not None:
        scope.require("prescriptions.enter")
    if visit.version != expected_version:
        mine = Visit.unscoped.get(pk=visit_id)  # the same that was found through the scope
        for name, value in (data.fields if data else {}).items():
            setattr(mine, name, value)
        raise StaleVersion(current=visit, mine=mine)
    if not states.allows(visit.state, action):
        raise Refused(
            f"Lượt khám {visit.number} {states.TITLES[visit.state]}: không làm được việc này.", code="state"
        )
    return visit


def author_of(visit: Visit, data: VisitInput) -> Practitioner | None:
    """The practitioner who writes `data`. Raises Refused when it prescribes and she may not."""
    scope = current()
    known = visit.performer
    if known is None or known.pk != scope.practitioner_id or not known.in_force(timezone.localdate()):
        known = own_practitioner(scope)
    # Without a practitioner the visit cannot end before a licensed one has taken it over.
    if data.lines and known and (no := why_not("prescribe", known)):
        raise Refused(no, code="cannot-prescribe")
    return known


def keep_overrides(visit: Visit, warnings: Iterable[Warning], reason: str) -> None:
    scope = current()
    visit.overrides = [
        *visit.overrides,
        *(
            {
                "code": warning.code,
                "sentence": warning.sentence,
                "reason": clean(reason)[:300],
                "by": scope.user_id,
                "at": timezone.now(),
            }
            for warning in warnings
        ),
    ]


def keep_revision(visit: Visit, reason: str, author: Practitioner | None) -> None:
    """Keep what a finalised visit said, before it is changed."""
    scope = current()
    VisitRevision.unscoped.create(  # of a visit that was taken through the scope
        visit=visit,
        of_version=visit.version,
        data=snapshot(visit),
        reason=reason,
        by=scope.user_id,
        by_name=author.full_name if author else scope.shown_name,
        at=timezone.now(),
    )


def put_timeline(visit: Visit) -> None:
    projections.put_timeline(
        person_id=visit.person_id,
        at=visit.occurred_at,
        kind=TIMELINE,
        title=title_of(visit),
        object_id=visit.id,
        facility_id=visit.facility_id,
        restricted=visit.restricted,
        state="entered_in_error" if visit.state == states.ENTERED_IN_ERROR else "done",
    )


def title_of(visit: Visit) -> str:
    title = visit.summary or visit.reason or "Khám bệnh"
    return f"{title[:280]} (bỏ về, chưa khám)" if visit.state == states.LEFT else title


def audited(action: str, visit: Visit, **data: Any) -> None:
    audit.record(
        action, person_id=visit.person_id, object_id=visit.id, facility_id=visit.facility_id, data=data
    )
