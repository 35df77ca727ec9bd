"""The queue's ticket on 80 mm paper: number, where and when; nothing of why she came."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.core import paper, papers
from apps.encounters.desk import boards
from apps.encounters.models import Visit
from apps.facilities import asof

KIND = "ticket"


def tickets(visits: Sequence[Visit], request: HttpRequest) -> list[dict[str, Any]]:
    """What stands on the ticket of each visit; each print is counted. They come with person and places."""
    return [_ticket(visit, request) for visit in visits]


def _ticket(visit: Visit, request: HttpRequest) -> dict[str, Any]:
    code = papers.code_for(KIND, visit.pk)
    papers.count_copy(code, person_id=visit.person_id, facility_id=visit.facility_id)
    place = asof.face(visit.point or visit.facility, visit.on)
    return {
        "number": visit.queue_no,
        "facility": place.name,
        "room": visit.room.name if visit.room else "",
        "received": timezone.localtime(visit.occurred_at),
        "first": bool(visit.priority_for),
        "name": boards.call_name(visit, boards.shows_names(visit.facility_id)),
        "qr": paper.qr_svg(request.build_absolute_uri(reverse("core:paper", args=[code.code]))),
    }
