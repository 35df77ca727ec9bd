"""Giving medicines out: who waits, one prescription, one act with its returns. Thin: services do the work."""

import datetime as dt
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import paper, readlog
from apps.core.access import needs
from apps.core.approvals import waiting_on
from apps.core.errors import NeedsReason, Refused
from apps.core.forms import add_refusal, add_warnings
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.encounters import page, states
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.dispensing import offers, printing, queries, second, services
from apps.encounters.dispensing import states as act_states
from apps.encounters.dispensing.forms import BackForm, DispenseForm
from apps.encounters.forms import ReasonForm
from apps.encounters.models import Dispensing, Visit
from apps.encounters.views.papers import mark
from apps.encounters.views.visit import visit_or_404
from apps.encounters.writing import Problems
from apps.patients.facts import EntryMode
from apps.stock.queries import dispensing_places

NOT_YOURS = "Lần cấp của người khác, của ngày khác hoặc đã hủy: dược sĩ, trưởng trạm mới hủy được."
EARLIER_DAYS = 7  # what was not fetched in the last days stands behind one link


@require_GET
@needs("dispensing.view")
def waiting(request: HttpRequest) -> HttpResponse:
    """Who waits for medicines: of today, or of the last days."""
    scope, today = current(), timezone.localdate()
    all_days = request.GET.get("ngay") == "tat-ca"
    since = today - dt.timedelta(days=EARLIER_DAYS) if all_days else today
    found, rows = queries.waiting(scope, since=since, on=today, cursor=request.GET.get("c", ""))
    readlog.record("dispensing.waiting", [visit.person_id for visit in found.items])
    context = {"page": found, "rows": rows, "all_days": all_days, "days": EARLIER_DAYS, "today": today}
    return render(request, "encounters/dispensing/waiting.html", context)


# ---- one prescription


@require_http_methods(["GET", "POST"])
@needs("dispensing.view")
@idempotent
def of_visit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is prescribed, what was given of it, and giving out the rest. `tu` chooses another place."""
    scope, visit = current(), visit_or_404(pk)
    no = _why_not(scope, visit)
    if request.method == "POST":
        if no:
            raise PermissionDenied("dispensing.enter")
        form = _form(scope, visit, request.POST)
        if request.POST.get("action") == "place":  # another place, fewer packets: nothing is given yet
            return redirect(f"{request.path}?{_chosen(request, form)}")
        return _dispense(request, scope, visit, form)
    form = _form(scope, visit, None, request.GET) if not no else None
    return _page(request, scope, visit, form, no=no)


def _why_not(scope: Scope, visit: Visit) -> str:
    """Why nothing can be given out here now; empty when it can."""
    if not scope.can("dispensing.enter") or not scope.reaches(visit.facility_id):
        return "Bạn chỉ xem được."
    if sentence := why_not("dispense", own_practitioner(scope)):
        return sentence
    if visit.state != states.FINALISED:
        return f"Lượt khám {states.TITLES[visit.state]}: cấp thuốc sau khi đơn được ký."
    return ""


def _chosen(request: HttpRequest, form: DispenseForm) -> str:
    """The place and the packets of each formula that were chosen, for the address."""
    said = {"tu": request.POST.get("location", "")[:36]}
    for each in form.formulas:
        if each.is_valid() and each.cleaned_data["packets"]:
            said[str(each.prefix)] = str(each.cleaned_data["packets"])
    return urlencode(said)


def _packets(chosen: QueryDict) -> dict[UUID, int]:
    """How many packets of which formula, as an address says it; what is no such thing says nothing."""
    found = {}
    for key, said in chosen.items():
        name, _, pk = key.partition("-")
        if name == "thang" and isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 4:
            with suppress(ValueError):
                found[UUID(pk)] = int(said)
    return found


def _form(scope: Scope, visit: Visit, data: Any, chosen: QueryDict | None = None) -> DispenseForm:
    places = dispensing_places(scope)
    wanted = data.get("location", "") if data is not None else chosen.get("tu", "") if chosen else ""
    place = next((each for each in places if str(each.pk) == wanted), places[0] if places else None)
    today = timezone.localdate()
    on = visit.on if visit.entry_mode == EntryMode.BACK_ENTERED else today
    lines, orphans = offers.offered(scope, visit, place, on, _packets(chosen) if chosen else None)
    return DispenseForm(
        data,
        places=places,
        lines=lines,
        orphans=orphans,
        agreed_by=visit.doctor.full_name if visit.doctor else "",
        initial={
            "version": visit.version,
            "location": str(place.pk) if place else "",
            "on": on,
            "recipient": visit.person.guardian_name or visit.person.full_name,
        },
    )


def _dispense(request: HttpRequest, scope: Scope, visit: Visit, form: DispenseForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, scope, visit, form)
    try:
        act = services.dispense(
            visit_id=visit.pk,
            expected_version=form.cleaned_data["version"] or 0,
            data=form.data_of(),
            override=form.cleaned_data["override"],
        )
    except Problems as problems:
        form.add_problems(problems)
    except NeedsReason as needed:
        add_warnings(form, needed)
        return _page(request, scope, visit, form, ask=True)
    except Refused as refused:
        add_refusal(form, refused)
    else:
        return _done(request, act)
    return _page(request, scope, visit, form)


def _done(request: HttpRequest, act: Dispensing) -> HttpResponse:
    if act.state == act_states.PREPARATION:
        messages.warning(request, "Có thuốc kiểm soát đặc biệt: chờ người thứ hai đồng ý mới lấy khỏi kho.")
    else:
        messages.success(request, "Đã cấp thuốc, kho đã trừ.")
    return redirect("encounters:dispensing", act.pk)


def _page(
    request: HttpRequest,
    scope: Scope,
    visit: Visit,
    form: DispenseForm | None,
    *,
    no: str = "",
    ask: bool = False,
) -> HttpResponse:
    """The page of a prescription; a form sent back is a 422."""
    readlog.record("dispensing.visit", [visit.person_id])
    if form is None:
        lines, orphans = offers.offered(scope, visit, None, visit.on)
    else:
        lines, orphans = [line.offered for line in form.lines], form.orphans
    for each in lines:
        each.told = each.warned(visit)
    context = page.banner(scope, visit.person) | {
        "visit": visit,
        "form": form,
        "no": no,
        "ask": ask or bool(form and form.data.get("override")),
        "lines": lines,
        "orphans": _orphans(visit, orphans),
        "done": bool(lines) and all(not line.standing.remaining for line in lines),
        "acts": queries.acts_of(scope, visit),
        "may_enter": scope.can("dispensing.enter") and scope.reaches(visit.facility_id),
    }
    return render(
        request, "encounters/dispensing/visit.html", context, status=422 if request.method == "POST" else 200
    )


def _orphans(visit: Visit, orphans: Any) -> list[dict[str, Any]]:
    """What she has that is prescribed no more, by the name it was given under."""
    if not orphans:
        return []
    names = {(line.fact.key, line.fact.drug): line.row for line in queries.reading.given_on([visit.pk])}
    return [
        {"row": names[each.key, each.drug], "kept": each.quantity - each.back}
        for each in orphans
        if each.quantity > each.back and not each.outside and (each.key, each.drug) in names
    ]


# ---- one act


def act_or_404(pk: UUID) -> Dispensing:
    found = queries.act_page(current(), pk)
    if found is None:
        raise Http404
    return found


@require_GET
@needs("dispensing.view")
def act(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An act as it stands: what of which lot, what came back, and what may be done with it."""
    scope, found = current(), act_or_404(pk)
    readlog.record("dispensing.act", [found.person_id])
    context = page.banner(scope, found.visit.person) | {
        "shown": queries.shown([found])[0],
        "act": found,
        "visit": found.visit,
        "may": _may(scope, found),
        "waiting": waiting_on(second.CHANGE, found.pk) if found.state == act_states.PREPARATION else [],
        "remaining": _remaining(found.visit),
    }
    return render(request, "encounters/dispensing/act.html", context)


def _remaining(visit: Visit) -> bool:
    _, standings, _ = queries.reading.standings_of(visit)
    return any(row.remaining for row in standings.values())


def _may(scope: Scope, found: Dispensing) -> list[str]:
    """What this account may do with an act as it stands."""
    if not scope.reaches(found.facility_id):
        return []
    may = [
        action
        for action in act_states.TABLE[found.state]
        if action != "complete" and scope.can(act_states.RIGHTS[action])
    ]
    if "cancel" in may and not services.is_own(found) and not scope.can("dispensing.edit"):
        may.remove("cancel")
    return may


def _not_now(request: HttpRequest, scope: Scope, found: Dispensing, sentence: str) -> HttpResponse:
    """Back to the act with a sentence; another station's is nobody's here."""
    if not scope.reaches(found.facility_id):
        raise PermissionDenied("dispensing.enter")
    messages.error(request, sentence)
    return redirect("encounters:dispensing", found.pk)


@require_http_methods(["GET", "POST"])
@needs("dispensing.enter")
@idempotent
def give_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take back some of what was given."""
    scope, found = current(), act_or_404(pk)
    if "return" not in _may(scope, found):
        return _not_now(request, scope, found, f"Lần cấp này {found.state_word}: không nhận trả lại được.")
    shown = queries.shown([found])[0]
    form = BackForm(request.POST or None, shown=shown, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        try:
            services.medicines_back(
                dispensing_id=found.pk,
                expected_version=form.cleaned_data["version"] or 0,
                data=form.data_of(),
            )
        except Problems as problems:
            form.add_problems(problems)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã nhận thuốc trả lại.")
            return redirect("encounters:dispensing", found.pk)
    readlog.record("dispensing.act", [found.person_id])
    context = page.banner(scope, found.visit.person) | {"act": found, "visit": found.visit, "form": form}
    return render(request, "encounters/dispensing/back.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@needs("dispensing.enter")
@idempotent
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that nothing was given, and why."""
    scope, found = current(), act_or_404(pk)
    if "cancel" not in _may(scope, found):
        return _not_now(request, scope, found, NOT_YOURS)
    form = ReasonForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        try:
            services.dispensing_cancel(
                dispensing_id=found.pk,
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã hủy lần cấp. Thuốc đã về đúng lô trong kho.")
            return redirect("encounters:dispense", found.visit_id)
    readlog.record("dispensing.act", [found.person_id])
    context = page.banner(scope, found.visit.person) | {
        "act": found,
        "visit": found.visit,
        "form": form,
        "shown": queries.shown([found])[0],
    }
    return render(request, "encounters/dispensing/cancel.html", context, status=422 if form.errors else 200)


@require_GET
@needs("dispensing.view")
def slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Phiếu cấp phát thuốc, A5."""
    shown = _given_or_404(pk)
    context = printing.slip(shown) | mark(request, shown.act.visit, printing.PAPER, pk)
    return paper.pdf_response("print/dispensing.html", context, filename="phieu-cap-phat.pdf")


@require_GET
@needs("dispensing.view")
def labels(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Nhãn thuốc, 80 mm: one for each medicine or formula that left the shelf."""
    shown = _given_or_404(pk)
    context = printing.labels(shown) | mark(request, shown.act.visit, printing.LABELS, pk)
    if not context["lines"] and not context["bundles"]:
        raise Http404
    return paper.pdf_response("print/medicine_labels.html", context, filename="nhan-thuoc.pdf")


def _given_or_404(pk: UUID) -> queries.ActShown:
    """An act of which a paper tells: one that was done."""
    found = act_or_404(pk)
    if found.state != act_states.COMPLETED:
        raise Http404
    return queries.shown([found])[0]
