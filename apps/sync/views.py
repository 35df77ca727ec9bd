"""Pages of sync: what waits, what was refused and why, the receivers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import approvals, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.encounters.models import Visit
from apps.patients import restricted
from apps.sync import (
    backfill,
    by_hand_list,
    check_ups,
    comparing,
    guarding,
    kinds,
    queries,
    services,
    standings,
    unread,
)
from apps.sync.by_hand import TAKEN_FROM, right_to_take
from apps.sync.forms import EarlierForm, HandReceiptForm
from apps.sync.models import OutboxRow, Receiver, RowState
from apps.sync.receivers import words

POLL_SECONDS = 2


def _row(pk: UUID) -> OutboxRow:
    """The row of that id that the scope sees; else a 404 that tells nothing."""
    row = queries.row_for(current(), pk)
    if row is None:
        raise Http404
    return row


def _receiver(pk: UUID) -> Receiver:
    receiver = Receiver.objects.filter(pk=pk).first()
    if receiver is None:
        raise Http404
    return receiver


@require_GET
@needs("sync.view")
def station(request: HttpRequest) -> HttpResponse:
    """What of these facilities waits, is stuck, or was accepted."""
    scope = current()
    counts = queries.station_counts(scope)
    tab = request.GET.get("muc", "")
    if tab not in queries.TABS:
        tab = "tu-choi" if counts["stuck"] else "cho" if counts["waiting"] else "xong"
    page, lines = queries.station_lines(scope, tab, request.GET.get("c", ""))
    if page.items and tab == "tu-choi":  # what receivers say may quote people
        readlog.record("sync.list", [row.person_id for row in page.items if row.person_id])
    known = {
        "tu-choi": counts["stuck"],
        "cho": counts["waiting"],
        "gui-tay": counts["receipts"] or None,
        "lech": counts["differs"] or None,
    }
    tabs = [
        {"title": title, "url": f"?muc={key}", "active": key == tab, "count": known.get(key)}
        for key, (title, _) in queries.TABS.items()
    ]
    context = {"counts": counts, "tabs": tabs, "tab": tab, "lines": lines, "page": page}
    context["all_stations"] = scope.level != "station"
    context["hand_lists"] = by_hand_list.receivers() if scope.can("sync.export") else []
    return render(request, "sync/station.html", context)


@require_GET
@needs("sync.view")
def row(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One record at one receiver: where it stands, what to correct, what was said to each attempt."""
    found = _row(pk)
    readlog.record("sync.row", [found.person_id] if found.person_id else [])
    return render(request, "sync/row.html", row_context(found))


def row_context(found: OutboxRow, form: HandReceiptForm | None = None) -> dict[str, Any]:
    """What the page of a row shows; `form` as it was typed into, where that was refused."""
    scope = current()
    (line,) = queries.lines(scope, [found])
    here = scope.reaches(found.facility_id)
    said = {"on": found.hand_on or timezone.localdate(), "receipt": found.hand_receipt}
    return {
        "line": line,
        "answers": queries.answers_of(found),
        "can_send": scope.can("sync.enter"),
        "can_see": scope.can("sync.export"),
        "can_merge": scope.can("duplicates.edit"),
        "words": not queries.quiet_rows(scope, [found]),
        "by_hand": found.state == RowState.BY_HAND,
        "may_take": here and scope.can(right_to_take(found)) and found.state in TAKEN_FROM,
        "may_note": here and scope.can("sync.enter"),
        "form": form or HandReceiptForm(initial=said),
    }


@require_POST
@needs("sync.enter")
@idempotent
def send_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _row(pk)
    try:
        services.row_send_again(row=found)
    except Refused as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, "Bản ghi đã vào hàng chờ gửi lại.")
    return redirect("sync:row", pk=pk)


@require_http_methods(["GET", "POST"])
@needs("sync.export")
def payload(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Dry run: what would be sent, its person covered; a press shows it to the letter. Both are logged."""
    found = _row(pk)
    whole = request.method == "POST"
    screen = "sync.payload_whole" if whole else "sync.payload"
    readlog.record(screen, [found.person_id] if found.person_id else [])
    try:
        text, problems, by_hand = services.payload(row=found, whole=whole)
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("sync:row", pk=pk)
    scope = current()
    (line,) = queries.lines(scope, [found])
    fixes = [standings.fix(found, vars(issue), queries.opens_to(scope)) for issue in problems]
    context = {"line": line, "text": text, "fixes": fixes, "by_hand": by_hand, "whole": whole}
    return render(request, "sync/payload.html", context)


@require_GET
@needs("sync.view")
def receivers(request: HttpRequest) -> HttpResponse:
    """All receivers, their state, and what of these facilities waits for them."""
    scope = current()
    context = {"lines": queries.receiver_lines(scope), "can_edit": scope.can("sync.edit")}
    context["waiting"] = approvals.waiting(guarding.CHANGE)
    context["can_catalogues"] = scope.can("catalogues.edit")
    return render(request, "sync/receivers.html", context)


@require_GET
@needs("sync.view")
def receiver(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One receiver: address, state, the last troubles, the switches."""
    found = _receiver(pk)
    chip, word = queries.receiver_word(found)
    context = {"receiver": found, "chip": chip, "word": word, "answers": queries.receiver_failing(found)}
    scope = current()
    context |= {"can_edit": scope.can("sync.edit"), "takes_visits": backfill.kind_of(found) is not None}
    context["settings"] = words.told(found) if scope.can("sync.edit") else []
    context["waiting"] = [
        *approvals.waiting_on(guarding.CHANGE, pk),
        *approvals.waiting_on(backfill.CHANGE, pk),
    ]
    context["again"] = queries.all_again(scope, found) if scope.can("sync.enter") else {}
    context["comparisons"] = queries.comparisons_of(found)
    context["offers"] = comparing.offers(found)
    return render(request, "sync/receiver.html", context)


@require_POST
@needs("sync.edit")
@idempotent
def switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _receiver(pk)
    asked = guarding.receiver_switch(receiver_id=found.pk, on=request.POST.get("on") == "1")
    if asked is None:
        messages.success(request, "Đã tắt nơi nhận.")
    else:
        messages.info(request, "Đã gửi yêu cầu. Nơi nhận được bật khi một người khác có quyền duyệt.")
    return redirect("sync:receiver", pk=pk)


@require_http_methods(["GET", "POST"])
@needs("sync.edit")
@idempotent
def earlier(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Visits that ended before this receiver was there: from which day, how many; a second approves."""
    found = _receiver(pk)
    given = request.POST if request.method == "POST" else request.GET if "since" in request.GET else None
    form = EarlierForm(given)
    counted = None
    if form.is_valid():
        since = form.cleaned_data["since"]
        try:
            if request.method == "POST":
                backfill.backfill_ask(receiver_id=found.pk, since=since)
                messages.info(request, "Đã gửi yêu cầu. Việc gửi bắt đầu khi một người khác có quyền duyệt.")
                return redirect("sync:receiver", pk=pk)
            counted = backfill.preview(receiver=found, since=since)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"receiver": found, "form": form, "counted": counted}
    return render(request, "sync/earlier.html", context, status=422 if form.errors else 200)


@require_POST
@needs("sync.edit")
@idempotent
def resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    rows = services.receiver_resume(receiver_id=_receiver(pk).pk)
    messages.success(request, f"Nơi nhận chạy lại; {rows} bản ghi vào hàng chờ.")
    return redirect("sync:receiver", pk=pk)


@require_POST
@needs("sync.enter")
@idempotent
def send_all_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    found, what = _receiver(pk), request.POST.get("what", "")
    if what not in queries.ALL_AGAIN:
        raise Http404
    rows = services.receiver_send_again(receiver_id=found.pk, what=what)
    messages.success(request, f"{rows} bản ghi vào hàng chờ gửi lại.")
    return redirect("sync:receiver", pk=pk)


@require_POST
@needs("sync.edit")
@idempotent
def compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask now what the receiver holds of the last days; the answers come in by themselves."""
    try:
        asked = services.receiver_compare(receiver_id=_receiver(pk).pk)
    except Refused as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, f"{asked.records} bản ghi của {asked.days} ngày đang được đối chiếu.")
    return redirect("sync:receiver", pk=pk)


@require_GET
@needs("sync.view")
def visit_panel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the visit's page that asks again until every receiver has answered."""
    if not Visit.objects.filter(pk=pk).exists():
        raise Http404
    return render(request, "sync/visit_panel.html", {"panel": panel_context(pk)})


def panel_context(visit_id: UUID) -> dict[str, Any] | None:
    """Where a visit stands at each receiver; None when it was never to be sent."""
    may_read = current().can(restricted.RIGHT) or not unread.of_visits([visit_id])
    found = standings.of(kinds.of_visits(), [visit_id], check_ups.of_visit(visit_id), words=may_read)
    shown = [each for lines in found.values() for each in lines if each.state != RowState.SUPERSEDED]
    if not shown:
        return None
    waiting = any(not standing.settled for standing in shown)
    return {
        "visit_id": visit_id,
        "standings": shown,
        "poll": POLL_SECONDS if waiting else 0,
    }
