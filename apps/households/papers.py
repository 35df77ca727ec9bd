"""The papers of families: the sheet of one, with its QR, and the list of a hamlet."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.catalogues import codes
from apps.core import audit, paper, papers, readlog
from apps.core.access import needs
from apps.core.scope import current
from apps.facilities import asof
from apps.facilities.letterheads import letterhead
from apps.facilities.queries import hamlets_in
from apps.households import queries

SHEET = "household"
MOST = 600  # families of one list: about 20 pages, drawn in some 4 s


@require_GET
@needs("households.view")
def sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Phiếu hộ dân cư: who the family is, one line a person, in the columns of the population book."""
    scope = current()
    page = queries.household_page(scope, pk)
    if page is None:
        raise Http404
    household = page.household
    on = household.closed_on or timezone.localdate()  # of a family that is no more: its last day
    readlog.record("household.paper", [member.person.pk for member in page.members])
    code = papers.code_for(SHEET, household.pk)
    copy = papers.count_copy(code, person_id=None, facility_id=household.station_id)
    address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
    context = {
        "title": "Phiếu hộ dân cư",
        "landscape": True,
        **letterhead(scope, on, facility=household.station, hamlet=household.hamlet),
        "hamlet": asof.hamlet_words(asof.hamlet_on(household.hamlet, on), on)[:2],
        "number": household.code,
        "qr": paper.qr_svg(address),
        "copy": copy,
        "page": page,
        "lines": [_line(member) for member in page.members],
        "at": timezone.now(),
    }
    return paper.pdf_response("print/household.html", context, filename="phieu-ho.pdf")


def _line(member: queries.Member) -> dict[str, Any]:
    person = member.person
    return {
        "person": person,
        "card": member.card.number if member.card else "",
        "card_until": member.card.valid_to if member.card else None,
        "relation": codes.label("relationship_to_head", member.membership.relation),
        "ethnicity": codes.label("ethnic_groups", person.ethnicity),
        "education": codes.label("education_level", person.education),
        "marital": codes.label("marital_status", person.marital_status),
        "residence": "Tạm vắng" if member.away else "Có mặt",
    }


@require_GET
@needs("households.view")
def hamlet_list(request: HttpRequest) -> HttpResponse:
    """Danh sách hộ of one hamlet, to be taken along and written on. It names people beside where they live,
    so it takes the right to see people too: whoever sees families alone (docs/permissions.md) prints no list.
    """
    scope = current()
    scope.require("people.view")
    hamlets = hamlets_in(scope, timezone.localdate())
    hamlet = next((each for each in hamlets if str(each.pk) == request.GET.get("thon")), None)
    if hamlet is None:
        raise Http404
    rows = list(queries.household_list(scope, hamlet_id=hamlet.pk).order_by("sort_key", "id")[: MOST + 1])
    readlog.record("household.hamlet_paper", [head.person_id for row in rows for head in row.heads])
    audit.record("household.list_printed", data={"rows": len(rows[:MOST]), "hamlet": hamlet.code})
    context = {
        "title": f"Danh sách hộ gia đình {hamlet.name}",
        **letterhead(scope, timezone.localdate(), hamlet=hamlet),
        "rows": rows[:MOST],
        "cut": len(rows) > MOST,
        "people": sum(row.member_count for row in rows[:MOST]),
        "most": MOST,
        "at": timezone.now(),
    }
    return paper.pdf_response("print/hamlet.html", context, filename="danh-sach-ho.pdf")
