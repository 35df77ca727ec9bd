"""Invented tasks."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from apps.core.models import Task


def a_task(facility_id: UUID, *, due_in: float = 24, **fields: Any) -> Task:
    """An open task of a notifiable case, due in so many hours."""
    now = timezone.now()
    due = now + dt.timedelta(hours=due_in)
    values: dict[str, Any] = {
        "kind": "case.report",
        "facility_id": facility_id,
        "object_id": uuid4(),
        "title": "Bệnh sởi",
        "happened_at": due - dt.timedelta(hours=24),
        "due_at": due,
        "escalate_at": due,
    }
    return Task.unscoped.create(**values | fields)
