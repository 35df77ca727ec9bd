"""Which facility stands above which is changed by two people: a link of reporting gives those above reach.

A new facility is put in its place by one; so is a link that gives no reach. Any other waits for a second
person (core.approvals), who sees what stood before and what will stand.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import approvals, audit
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.facilities.models import FacilityLink
from apps.facilities.posts import SCOPE_LINK
from apps.facilities.queries import administered_facilities

CHANGE = "facility.link"  # the ChangeKind
FIELDS = [
    field for field in FacilityLink._meta.fields if field.name in ("parent", "kind", "valid_from", "valid_to")
]


@transaction.atomic
def link_keep(*, link: FacilityLink) -> PendingChange | None:
    """Save a link that an administrator has filled in, or ask a second person; the change that waits then."""
    current().require("facilities.edit")
    stored = FacilityLink.objects.filter(pk=link.pk).first()
    if not _gives_reach(link, stored):
        _write(link)
        return None
    scope = current()
    seen, wanted = _values(stored), _values(link)
    return approvals.ask(
        CHANGE,
        object_id=link.pk,
        facility_id=link.facility_id if scope.reaches(link.facility_id) else link.parent_id,
        title=f"Đổi quan hệ cấp trên của {link.facility.name}",
        lines=[
            (str(field.verbose_name), _word(stored, field.name), _word(link, field.name)) for field in FIELDS
        ],
        args={"facility": link.facility_id, "seen": seen, "wanted": wanted},
    )


def link_approved(change: PendingChange) -> None:
    """Put in force what the second person has seen, if the link still is so and is hers to change."""
    stored = FacilityLink.objects.select_for_update().filter(pk=change.object_id).first()
    if _values(stored) != change.args["seen"]:
        raise Refused("Quan hệ này đã đổi từ lúc xin. Người xin cần gửi lại yêu cầu.")
    link = stored or FacilityLink(pk=change.object_id, facility_id=change.args["facility"])
    for field in FIELDS:
        setattr(link, field.attname, field.to_python(change.args["wanted"][field.name]))
    ours = administered_facilities(current())
    if ours.filter(pk__in={link.facility_id, link.parent_id}).count() < 2:
        raise Refused("Cơ sở này nằm ngoài quyền quản lý của bạn.")
    _write(link)


def _gives_reach(link: FacilityLink, stored: FacilityLink | None) -> bool:
    """Whether it moves somebody's reach over a facility that has its place already, or once had it."""
    if current().everything or current().level == "system":
        return False
    if SCOPE_LINK not in (link.kind, stored.kind if stored else ""):
        return False
    placed = FacilityLink.objects.filter(facility=link.facility_id, kind=SCOPE_LINK)
    return stored is not None or placed.exists()


def _write(link: FacilityLink) -> None:
    try:
        link.validate_constraints()
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    link.version += not link._state.adding
    link.save()
    audit.record(
        "facility.linked",
        object_id=link.facility_id,
        facility_id=link.facility_id,
        data={"kind": link.kind, "parent": link.parent_id, "until": link.valid_to},
    )


def _values(link: FacilityLink | None) -> dict[str, str | None]:
    if link is None:
        return {}
    values: dict[str, Any] = {field.name: getattr(link, field.attname) for field in FIELDS}
    return {name: None if value is None else str(value) for name, value in values.items()}


def _word(link: FacilityLink | None, name: str) -> str:
    if link is None:
        return ""
    value = link.get_kind_display() if name == "kind" else getattr(link, name)
    return f"{value:%d/%m/%Y}" if hasattr(value, "strftime") else str(value or "")
