"""A card that was scanned and its owner's record, side by side: each difference is taken or left."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.core import readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.patients import queries, scan_compare, search
from apps.patients.numbers import note_taken

AGAIN = "Thẻ vừa quét không còn giữ lại. Hãy quét lại."


@require_http_methods(["GET", "HEAD", "POST"])
@needs("people.edit")
@idempotent
def compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the card says otherwise; what was chosen is written, and nothing else."""
    person = queries.get_person(pk)
    if person is None:
        raise Http404
    if not current().reaches(person.station_id):
        raise PermissionDenied("people.edit")
    card = search.scanned_of(request.user.pk, pk)
    if card is None:
        messages.info(request, AGAIN)
        return redirect("patients:person", pk)
    refusal = ""
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            taken = scan_compare.take(
                person=person,
                card=card,
                chosen={name for name, choice in request.POST.items() if choice == "take"},
                expected_version=int(version) if version.isascii() and version.isdecimal() else 0,
            )
        except Refused as refused:
            note_taken(refused)
            refusal = refused.message
            person.refresh_from_db()
        except StaleVersion:
            messages.warning(request, "Hồ sơ vừa được người khác sửa. Hãy xem lại rồi chọn.")
            return redirect("patients:scan_compare", pk)
        else:
            search.forget_scan(request.user.pk)
            words = f"Đã ghi theo thẻ: {', '.join(taken).lower()}." if taken else "Hồ sơ được giữ nguyên."
            messages.success(request, words)
            return redirect("patients:person", pk)
    rows = scan_compare.differences(person, card)
    readlog.record("person.edit", [pk])
    context = {
        "person": person,
        "rows": rows,
        "refusal": refusal,
        "weighty": any(row.weighty for row in rows),
        "taken": {name for name, choice in request.POST.items() if choice == "take"},
    }
    return render(request, "patients/scan_compare.html", context, status=422 if refusal else 200)
