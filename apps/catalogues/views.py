"""The catalogues' pages: pickers for every room, browsing, and the province's comparison of files."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.catalogues import columns, guarding, icd, picks, queries, services
from apps.catalogues.forms import UploadForm
from apps.catalogues.models import CatalogueChange, CatalogueUpload
from apps.catalogues.sheets import content_of
from apps.catalogues.shipped import TABLES
from apps.catalogues.tables import Table
from apps.core import approvals
from apps.core.access import needs, signed_in
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin
from apps.core.idempotency import idempotent
from apps.core.models import PendingChange
from apps.core.rates import limited
from apps.core.scope import active, current


@require_POST
@signed_in
@limited("look_up")
def pick(request: HttpRequest, kind: str) -> HttpResponse:
    """Lines for a code picker. POST `q` as typed, `on` (an ISO date, or one as it is typed) when the record
    is of another day, `whom` where it matters for whom.
    """
    found, scope = picks.find_kind(kind), active()
    if found is None:
        raise Http404
    if scope is None:
        raise PermissionDenied("no workplace")
    text, on = request.POST.get("q", ""), _day(request.POST.get("on", ""))
    if found.find_for and (whom := request.POST.get("whom", "")):
        results = found.find_for(scope, text, on, icd.Patient.read(whom))
    else:
        results = found.find(scope, text, on)
    return render(request, "components/picker_results.html", {"results": results})


def _day(text: str) -> dt.date:
    for read in (dt.date.fromisoformat, parse_date):
        try:
            return read(text)
        except ValueError:
            continue
    return timezone.localdate()


def _table(key: str) -> Table:
    try:
        return TABLES[key]
    except KeyError:
        raise Http404 from None


@require_GET
@needs("catalogues.view")
def index(request: HttpRequest) -> HttpResponse:
    """All catalogues with their counts, dates and confidence."""
    return render(request, "catalogues/index.html", {"sections": queries.overview()})


@require_http_methods(["GET", "POST"])
@needs("catalogues.view")
def browse(request: HttpRequest, key: str) -> HttpResponse:
    """The rows of one catalogue. A search is a POST, like every search of the house."""
    table = _table(key)
    asked = request.POST if request.method == "POST" else request.GET
    list_name, show = (asked.get(name, "")[:100] for name in ("list", "show"))
    text = request.POST.get("q", "")[:100]  # never in an address
    lists = queries.lists_of(table)
    page = queries.rows(
        table,
        text=text,
        list_name=list_name if list_name in lists else "",
        show=show,
        cursor=asked.get("c", ""),
    )
    context = {
        "table": table,
        "state": queries.state_of(key),
        "page": page,
        "rows": [columns.cells(row) | columns.list_cell(row) for row in page.items],
        "columns": columns.columns(table.model, lists=len(lists) > 1 and not list_name),
        "lists": [(name, queries.LIST_TITLES.get(name, name)) for name in lists] if len(lists) > 1 else [],
        "asked": {"q": text, "list": list_name, "show": show},
        "fields": [("q", text), ("list", list_name), ("show", show)],
        "may_edit": current().can("catalogues.edit"),
    }
    return render(request, "catalogues/browse.html", context)


@require_GET
@needs("catalogues.export")
def download(request: HttpRequest, key: str) -> HttpResponse:
    """The file that came with the software: its columns are those that an upload needs."""
    path = settings.BASE_DIR / "fixtures" / services.FOLDER / _table(key).file
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"'}
    return HttpResponse(path.read_bytes(), content_type="text/csv; charset=utf-8", headers=headers)


@require_http_methods(["GET", "POST"])
@needs("catalogues.edit")
@idempotent
def upload(request: HttpRequest, key: str) -> HttpResponse:
    """Send a file; it is compared, nothing is applied."""
    table = _table(key)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = services.upload_compare(
                table=table,
                file_name=file.name,
                content=content_of(file),
                effective_on=form.cleaned_data["effective_on"],
            )
        except Refused as refused:
            form.add_error(refused.field, refused.message)
        else:
            return redirect("catalogues:compared", made.id)
    context = {"table": table, "form": form, "uploads": queries.uploads(key)}
    return render(request, "catalogues/upload.html", context, status=422 if form.errors else 200)


@require_GET
@needs("catalogues.edit")
def compared(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What a file would change, by kind, paged."""
    found = _upload(upload_id)
    kind = request.GET.get("loai", "")
    counts: list[tuple[Any, int]] = [
        (CatalogueChange.Kind.ADDED, found.added),
        (CatalogueChange.Kind.CHANGED, found.changed),
        (CatalogueChange.Kind.WITHDRAWN, found.withdrawn),
    ]
    table = TABLES[found.key]
    page = queries.changes(found, kind=kind, cursor=request.GET.get("c", ""))
    context = {
        "upload": found,
        "table": table,
        "page": page,
        "changes": [columns.change_words(table.model, change) for change in page.items],
        "tabs": [
            {"title": "Tất cả", "url": "?", "active": not kind, "count": sum(n for _, n in counts)},
            *(
                {"title": each.label, "url": f"?loai={each.value}", "active": kind == each.value, "count": n}
                for each, n in counts
            ),
        ],
        "waiting": found.state == CatalogueUpload.State.COMPARED,
        "asked": approvals.waiting_on(guarding.UPLOAD, found.pk),
        "form_apply": FormKeyMixin(),
        "form_drop": FormKeyMixin(),
    }
    return render(request, "catalogues/compared.html", context)


@require_POST
@needs("catalogues.edit")
@idempotent
def apply(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Apply what was compared, or say why not."""
    try:
        done = guarding.upload_apply(upload=_upload(upload_id))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if isinstance(done, PendingChange):
            said = "Đã gửi yêu cầu. Tệp được áp dụng khi một người khác có quyền duyệt."
        else:
            said = f"Đã áp dụng: thêm {done.added}, sửa {done.changed}, ngừng dùng {done.withdrawn} dòng."
        messages.success(request, said)
    return redirect("catalogues:compared", upload_id)


@require_POST
@needs("catalogues.edit")
@idempotent
def drop(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Forget a compared file."""
    found = _upload(upload_id)
    services.upload_drop(upload=found)
    return redirect("catalogues:upload", found.key)


def _upload(upload_id: UUID) -> CatalogueUpload:
    found = queries.upload(upload_id)
    if found is None or found.key not in TABLES:
        raise Http404
    return found
