"""Lines of a person's course and of what she is due for, in as many words as the scope may read."""

from typing import Any

from apps.core import ports, registry
from apps.core.scope import current
from apps.patients import queries
from apps.patients.models import Person


def timeline_line(entry: Any) -> dict[str, Any]:
    kind = registry.timeline_kinds.get(entry.kind)
    told = may_be_told(kind)
    return {
        "at": entry.at,
        "title": entry.title if told or kind is None else kind.title,
        "url": kind.link(entry.object_id) if told and kind and kind.link else "",
        "facility": entry.facility.name,
        "state": entry.state,
    }


def may_be_told(kind: Any) -> bool:
    """Whether the scope may read what an entry of that kind says in its own words."""
    return kind is None or kind.right is None or current().can(kind.right)


def due_line(item: Any, *, hushed: bool = False) -> dict[str, Any]:
    """`hushed`: in a list that travels, of somebody of whom nothing typed may be shown (hush.py)."""
    kind = registry.due_kinds.get(item.kind)
    told = may_be_told(kind)
    return {
        "title": kind.title if kind and (hushed or not told) else item.title,
        "due_on": item.due_on,
        "overdue_on": item.overdue_on,
        "action_url": kind.link(item.person_id, item.object_id) if told and kind and kind.link else "",
        "action_title": kind.action if kind else "",
    }


def household_link(line: ports.HouseholdLine | None) -> dict[str, str] | None:
    """A household as the banner shows it: under the name of its head."""
    return {"title": line.head_name or line.code, "url": line.url} if line else None


def home_of(person: Person) -> dict[str, str] | None:
    """Her household for the banner of a page about her, of the dead the one they died in. Not told to who
    only treats her. One query.
    """
    households = ports.get(ports.HouseholdOf)
    if households is None or not queries.knows_whole(current(), person):
        return None
    return household_link(households.of([person.pk], person.died_on).get(person.pk))
