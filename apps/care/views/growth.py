"""A child's growth: the page with its pictures, and the same on paper."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from apps.care.growth import queries
from apps.care.growth.track import Point
from apps.care.views.measurements import banner, person_or_404
from apps.core import paper, papers, readlog
from apps.core.access import needs
from apps.core.scope import current
from apps.core.words import quantity_words
from apps.facilities.letterheads import letterhead

SCREEN, PAPER_SCREEN = "care.growth", "care.growth_paper"
PAPER = "growth"
SHOWN = 100  # lines of the table on the page
ON_PAPER = 40  # lines of the table: the last three years and more of monthly weighing


@require_safe
@needs("care.view")
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every indicator with its picture, what the last measuring says, and the table behind."""
    person, scope = person_or_404(pk), current()
    readlog.record(SCREEN, [pk])
    growth = queries.growth_of(person, queries.rows(scope, pk), queries.limits())
    context = {
        **banner(person),
        "growth": growth,
        "charts": growth.charts(table=False),  # one table of all stands below
        "card": card(growth.last),
        "points": list(reversed(growth.points))[:SHOWN],
        "cut": len(growth.points) > SHOWN,
        "most": SHOWN,
        "may_add": scope.can("care.enter") and scope.workplace_id is not None,
    }
    return render(request, "care/growth.html", context)


@require_GET
@needs("care.view")
def printed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Biểu đồ tăng trưởng, A4: for the mother, the handbook or whoever the child is sent to."""
    person, scope = person_or_404(pk), current()
    growth = queries.growth_of(person, queries.rows(scope, pk), queries.limits())
    readlog.record(PAPER_SCREEN, [pk])
    code = papers.code_for(PAPER, pk)
    copy = papers.count_copy(code, person_id=pk, facility_id=scope.workplace_id)
    address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
    context = {
        "title": "Biểu đồ tăng trưởng",
        **letterhead(scope, timezone.localdate(), hamlet=person.hamlet),
        "number": person.code,
        "qr": paper.qr_svg(address),
        "copy": copy,
        "person": person,
        "place": person.hamlet.name if person.hamlet else "Ngoài địa bàn",
        "growth": growth,
        "charts": growth.charts(table=False),
        "card": card(growth.last),
        "points": list(reversed(growth.points))[:ON_PAPER],
        "cut": len(growth.points) > ON_PAPER,
        "most": ON_PAPER,
        "at": timezone.now(),
    }
    return paper.pdf_response("print/growth.html", context, filename="bieu-do-tang-truong.pdf")


def card(point: Point | None) -> list[dict[str, Any]]:
    """What the last measuring says, a line an indicator: what was measured, the z-score, its class."""
    if point is None:
        return []
    weight, head, index = point.of("weight"), point.of("head"), point.scores.bmi
    texts = {
        "waz": f"{quantity_words(weight)} kg" if weight else "",
        "haz": point.tall_text,
        "whz": "",
        "baz": f"{quantity_words(round(index, 1))} kg/m²" if index else "",
        "hcaz": f"{quantity_words(head)} cm" if head else "",
    }
    return [{"verdict": verdict, "measured": texts[verdict.indicator]} for verdict in point.verdicts]
