"""The record and the list of those due as PDF; layouts in templates/print/."""

import re
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core import paper, papers, readlog
from apps.core.access import needs
from apps.core.scope import current
from apps.facilities.letterheads import letterhead
from apps.patients import queries
from apps.patients.health_record import due, reading
from apps.patients.health_record.views import asked, person_of
from apps.patients.models import Person


@require_safe
@needs("records.view")
def record_paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The whole record in the order of the form; `phan` asks for a further sheet of very many visits."""
    person = person_of(pk)
    asked_sheet = request.GET.get("phan", "1")
    sheet = int(asked_sheet) if re.fullmatch("[1-9][0-9]?", asked_sheet) else 1
    context = record_context(person, sheet)
    if sheet > 1 and not any(sheet in section.more_sheets for section in context["sections"]):
        raise Http404
    readlog.record("record.paper", [pk])
    context |= _mark(request, person)
    return paper.pdf_response("print/health_record.html", context, filename="ho-so-suc-khoe.pdf")


def record_context(person: Person, sheet: int = 1) -> dict[str, Any]:
    """What the paper shows: the same sections and the same right as the page; after sheet 1 C and D alone."""
    scope = current()
    said = reading.read(scope, person)
    day = person.died_on or timezone.localdate()  # a life that has ended is told of as on its last day
    return {
        "title": "Hồ sơ sức khỏe cá nhân",
        "national": True,
        **letterhead(scope, day, facility=person.station, hamlet=person.hamlet),
        "person": person,
        "record": said.record,
        "parts": said.parts,
        "administrative": reading.administrative(person),
        "allergies": queries.active_allergies([person.pk]).get(person.pk, []),
        "sections": reading.other_sections(scope, person, sheet=sheet),
        "sheet": sheet,
        "today": timezone.localdate(),
        "printed_by": scope.shown_name,
    }


def _mark(request: HttpRequest, person: Person) -> dict[str, Any]:
    """The QR and the number of the copy."""
    code = papers.code_for("health_record", person.pk)
    copy = papers.count_copy(code, person_id=person.pk, facility_id=current().workplace_id)
    address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
    return {"qr": paper.qr_svg(address), "copy": copy}


@require_safe
@needs("records.view")
def due_paper(request: HttpRequest) -> HttpResponse:
    """The list of those due, to take along into the hamlet."""
    scope = current()
    _, chosen, only = asked(request)
    found = due.due_people(scope, hamlet_id=chosen.pk if chosen else None, only=only)
    people = list(found.order_by("sort_key", "pk")[: due.PRINTED + 1])
    readlog.record("record.due_paper", [person.pk for person in people[: due.PRINTED]])
    context = {
        "title": "Danh sách đến hạn rà soát hồ sơ sức khỏe",
        **letterhead(scope, timezone.localdate()),
        "people": people[: due.PRINTED],
        "most": due.PRINTED if len(people) > due.PRINTED else 0,
        "hamlet": chosen.name if chosen else "Cả địa bàn",
        "filter": due.FILTERS[only],
        "at": timezone.now(),
    }
    return paper.pdf_response("print/health_record_due.html", context, filename="den-han-ra-soat.pdf")
