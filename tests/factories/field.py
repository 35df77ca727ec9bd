"""Invented news from the hamlets, saved directly: no task, no audit."""

import datetime as dt
from typing import Any

from apps.accounts.models import User
from apps.facilities.models import Facility, Hamlet
from apps.field.models import Proposal

NEWS: dict[str, dict[str, Any]] = {
    "birth": {"born_on": "2026-11-20", "sex": "female", "full_name": "Đinh Thị Mới", "place": "home"},
    "death": {"died_on": "2026-11-20", "place": "home"},
    "pregnancy": {"due_on": "2027-03-01"},
    "move_in": {"full_name": "Phạm Văn Mới Đến", "sex": "male", "birth": "1988", "on": "2026-11-20"},
    "move_out": {"on": "2026-11-20", "whole": "one", "to_place": "Đà Nẵng"},
    "marriage": {"what": "married", "on": "2026-11-20", "partner": "Hồ Văn Sáu"},
    "cluster": {"sign": "diarrhoea", "many": 4, "since": "2026-11-25"},
}


def news(kind: str, today: dt.date) -> dict[str, Any]:
    """What a form of that kind is sent, with days near to today."""
    near = f"{today - dt.timedelta(days=5):%d/%m/%Y}"
    said = {name: near if str(value).startswith("2026-11") else value for name, value in NEWS[kind].items()}
    if kind == "pregnancy":
        said["due_on"] = f"{today + dt.timedelta(days=100):%d/%m/%Y}"
    return said


def a_proposal(
    station: Facility, hamlet: Hamlet, kind: str = "death", *, made_by: User, **fields: Any
) -> Proposal:
    data = fields.pop("data", NEWS[kind])
    return Proposal.unscoped.create(
        station=station,
        hamlet=hamlet,
        kind=kind,
        data=data,
        made_by=made_by.pk,
        made_by_name=made_by.full_name,
        **fields,
    )
