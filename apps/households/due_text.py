"""All that a family is due for, as a text to be sent to it."""

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.core.words import date_words

if TYPE_CHECKING:
    from apps.households.queries import HouseholdPage


def written(page: "HouseholdPage", due: dict[UUID, list[dict[str, Any]]], today: dt.date) -> str:
    """One line a person and item, in the order of the page; '' when nothing is due.

    `due` are the lines that the page shows: nothing restricted is among them.
    """
    lines = [
        f"- {member.person.full_name}: {item['title']}, {_when(item, today)}"
        for member in page.members
        for item in due.get(member.person.pk, [])
    ]
    if not lines:
        return ""
    head = page.head.full_name if page.head else page.household.code
    return "\n".join(
        [
            f"Gia đình {head}, {page.household.hamlet.name}. Việc đến hạn tính đến {date_words(today)}:",
            *lines,
            f"Mời đến {page.household.station.name}.",
        ]
    )


def _when(item: dict[str, Any], today: dt.date) -> str:
    day = date_words(item["due_on"])
    if item["overdue_on"] and item["overdue_on"] < today:
        return f"hẹn {day}, đã quá hạn"
    return f"hẹn {day}, đã đến hạn" if item["due_on"] <= today else f"hẹn {day}"
