"""The day's list, the queue that calls people, rooms and screens, and the screen itself."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import paper, parameters, readlog
from apps.core.access import needs, public
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.encounters import page, queries, services, states
from apps.encounters.desk import boards, queue
from apps.encounters.desk import tickets as printed
from apps.encounters.desk.forms import LeaveForm, RoomForm
from apps.encounters.forms import DayForm
from apps.encounters.models import BoardScreen, Room, Visit
from apps.encounters.views.reception import chosen_visits
from apps.encounters.views.visit import visit_or_404

ROOM = "queue_room"  # of the session: the room at this computer
COOKIE = "board"
BOARD_PATH = "/kham/bang-so/man-hinh/"


@require_GET
@needs("visits.view")
def day(request: HttpRequest) -> HttpResponse:
    """A day's visits: what is still to be done first, then in the order of the queue."""
    scope = current()
    form = DayForm(request.GET)
    state = form.cleaned_data.get("state", "") if form.is_valid() else ""
    on = _day(request.GET.get("on", ""))
    rows = queries.day(scope, on=on, state=state, cursor=request.GET.get("c", ""))
    queries.hushed(scope, rows.items)
    readlog.record("visit.day", [visit.person_id for visit in rows.items])
    counts = queries.counts(scope, on)
    context = {
        "page": rows,
        "on": on,
        "today": timezone.localdate(),
        "earlier": on - dt.timedelta(days=1),
        "later": on + dt.timedelta(days=1),
        "state": state,
        "tabs": [{"key": key, "title": title, "count": counts[key]} for key, title in states.TITLES.items()],
        "total": sum(counts[key] for key in states.TITLES if key not in states.NOT_COUNTED),
        "unsigned": counts["unsigned"],
        "may_dispense": scope.can("dispensing.view"),
        "may_sign": scope.can("visits.approve"),
        "may_enter": scope.can("visits.enter"),
    }
    return render(request, "encounters/day.html", context)


def _day(text: str) -> dt.date:
    try:
        return parse_date(text) if text else timezone.localdate()
    except ValueError:
        return timezone.localdate()


# ---- the queue


@require_GET
@needs("visits.view")
def standing(request: HttpRequest) -> HttpResponse:
    """Who waits here now. A page that asks again with the mark it has is told nothing while it holds."""
    scope, now = current(), timezone.now()
    on = timezone.localdate()
    found = queue.queue(scope, on, now=now)
    again = bool(request.headers.get("HX-Request"))
    if again and request.GET.get("mark") == found.mark:
        return HttpResponse(status=204)
    shown = [each.visit.person_id for each in (*found.called, *found.waiting, *found.skipped)]
    if shown:
        readlog.record("visit.queue", shown)
    context = {
        "queue": found,
        "rooms": queue.rooms(scope),
        "room": request.session.get(ROOM, ""),
        "points": queue.points(scope),
        "may_enter": scope.can("visits.enter"),
        "may_settle": scope.can("visits.edit"),
        "may_add_person": scope.can("visits.enter") and scope.can("people.enter"),
        "refresh": int(parameters.value(queue.REFRESH, on=on)),
        "on": on,
    }
    template = "encounters/queue_list.html" if again else "encounters/queue.html"
    return render(request, template, context)


@require_POST
@needs("visits.enter")
@idempotent
def call_next(request: HttpRequest) -> HttpResponse:
    """Call whoever is first."""
    try:
        visit = queue.call_next(room_id=_room(request))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if visit is None:
            messages.info(request, "Không còn ai chờ gọi.")
        else:
            return _called(request, visit)
    return redirect("encounters:queue")


def _room(request: HttpRequest) -> UUID | None:
    """The room of this computer: chosen once, kept in the session."""
    if "room" in request.POST:
        request.session[ROOM] = request.POST["room"]
    try:
        return UUID(request.session.get(ROOM, ""))
    except ValueError:
        return None


def _called(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Back to the queue, the cursor on the name of who was called: Enter opens her visit."""
    where = f" vào {visit.room.name}" if visit.room else ""
    messages.success(request, f"Mời số {visit.queue_no}{where}.")
    return redirect(f"{reverse('encounters:queue')}#q-{visit.pk}")


@require_POST
@needs("visits.enter")
@idempotent
def act(request: HttpRequest, pk: UUID, action: str) -> HttpResponse:
    """One step with somebody who waits: goi, vang, lai, chuyen."""
    try:
        if action == "goi":
            calls = request.POST.get("calls", "")
            seen = int(calls) if calls.isascii() and calls.isdigit() and len(calls) < 5 else -1
            return _called(request, queue.call(visit_id=pk, seen_calls=seen, room_id=_room(request)))
        elif action == "vang":
            queue.skip(visit_id=pk)
        elif action == "lai":
            queue.back(visit_id=pk)
        elif action == "chuyen":
            _send(request, pk)
        else:
            raise Http404
    except Visit.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("encounters:queue")


def _send(request: HttpRequest, pk: UUID) -> None:
    kind, _, text = request.POST.get("to", "").partition(" ")
    try:
        target = UUID(text)
    except ValueError:
        raise Refused("Chọn phòng, bàn hoặc điểm trạm để chuyển đến.") from None
    if kind == "point":
        visit = queue.transfer(visit_id=pk, point_id=target)
        messages.success(request, f"Đã chuyển đi, số mới ở nơi đến là {visit.queue_no}.")
    else:
        visit = queue.transfer(visit_id=pk, room_id=target)
        messages.success(request, f"Số {visit.queue_no} chờ ở {visit.room.name if visit.room else ''}.")


@require_http_methods(["GET", "POST"])
@needs("visits.enter")
@idempotent
def leave(request: HttpRequest, pk: UUID) -> HttpResponse:
    """She went away before anybody saw her."""
    scope, visit = current(), visit_or_404(pk)
    if "leave" not in page.allowed(scope, visit):
        messages.error(request, f"Lượt khám {states.TITLES[visit.state]}: không ghi bỏ về được.")
        return redirect("encounters:queue")
    form = LeaveForm(request.POST or None, initial={"version": visit.version})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            services.visit_left(visit_id=pk, expected_version=said["version"] or 0, reason=said["reason"])
        except StaleVersion:
            messages.error(request, "Lượt khám vừa được người khác mở. Xem lại hàng chờ.")
            return redirect("encounters:queue")
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Đã ghi số {visit.queue_no} bỏ về.")
            return redirect("encounters:queue")
    readlog.record("visit.open", [visit.person_id])
    context = page.banner(scope, visit.person) | {"form": form, "visit": visit}
    return render(request, "encounters/leave.html", context, status=422 if form.errors else 200)


@require_POST
@needs("visits.enter")
@idempotent
def come_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Whoever went away is there again."""
    visit = visit_or_404(pk)
    try:
        version = int(request.POST.get("version", "0"))
    except ValueError:
        version = 0
    try:
        services.visit_return(visit_id=pk, expected_version=version)
    except StaleVersion:
        messages.error(request, "Lượt khám vừa được người khác sửa. Xem lại hàng chờ.")
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"Số {visit.queue_no} chờ khám lại.")
    return redirect("encounters:queue")


# ---- tickets


@require_GET
@needs("visits.view")
def tickets(request: HttpRequest) -> HttpResponse:
    """The 80 mm tickets of one visit or of a family: number, place, time."""
    visits = chosen_visits(request)
    if not visits:
        raise Http404
    readlog.record("visit.paper", [visit.person_id for visit in visits])
    context = {"title": "Phiếu số thứ tự", "size": "ticket", "tickets": printed.tickets(visits, request)}
    return paper.pdf_response("print/tickets.html", context, filename="phieu-so.pdf")


# ---- rooms and screens


@require_http_methods(["GET", "POST"])
@needs("visits.edit")
@idempotent
def settings(request: HttpRequest) -> HttpResponse:
    """Rooms of this workplace, its screens, and whether these say names."""
    scope = current()
    form = RoomForm(request.POST if request.POST.get("what") == "room" else None, initial={"position": 1})
    if request.method == "POST":
        try:
            if request.POST.get("what") == "names":
                boards.names_put(shown=request.POST.get("shown") == "1")
                messages.success(request, "Đã lưu cách hiện bảng số.")
                return redirect("encounters:board_settings")
            if form.is_valid():
                said = form.cleaned_data
                boards.room_put(name=said["name"], position=said["position"] or 1)
                messages.success(request, "Đã thêm phòng, bàn.")
                return redirect("encounters:board_settings")
        except Refused as refused:
            add_refusal(form, refused)
    context = {
        "form": form,
        "rooms": queue.rooms(scope) if scope.workplace_id else [],
        "screens": boards.screens(scope),
        "shows_names": boards.shows_names(scope.workplace_id),
        "may_name": scope.can("visits.approve"),
    }
    return render(request, "encounters/board_settings.html", context, status=422 if form.errors else 200)


@require_POST
@needs("visits.edit")
@idempotent
def room_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A room is not used any more."""
    room = Room.objects.filter(pk=pk).first()
    if room is None:
        raise Http404
    try:
        boards.room_put(name=room.name, position=room.position, room_id=pk, is_active=False)
    except Room.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"Đã thôi dùng {room.name}.")
    return redirect("encounters:board_settings")


@require_POST
@needs("visits.edit")
@idempotent
def screen_open(request: HttpRequest) -> HttpResponse:
    """Make this browser a screen of the workplace; it stays one after she has signed out."""
    screen, key = boards.screen_open()
    answer = redirect("encounters:board")
    answer.set_cookie(
        COOKIE,
        key,
        path=BOARD_PATH,
        expires=screen.expires_at,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return answer


@require_POST
@needs("visits.edit")
@idempotent
def screen_close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A screen shows nothing from now on, wherever it stands."""
    try:
        boards.screen_close(screen_id=pk)
    except BoardScreen.DoesNotExist:
        raise Http404 from None
    messages.success(request, "Đã đóng màn hình.")
    return redirect("encounters:board_settings")


@require_GET
@public
@never_cache
def board(request: HttpRequest) -> HttpResponse:
    """The waiting room's screen. Without the key that this browser was given it shows nothing."""
    now = timezone.now()
    screen = boards.screen_of(request.COOKIES.get(COOKIE, ""), now)
    again = bool(request.headers.get("HX-Request"))
    if screen is None:
        # A closed screen that asks again loads the whole page, which says so.
        if again:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return render(request, "encounters/board_closed.html", status=403)
    on = timezone.localdate()
    found = boards.board(screen, on)
    if again and request.GET.get("mark") == found.mark:
        return HttpResponse(status=204)
    context = {"board": found, "refresh": int(parameters.value(queue.REFRESH, on=on))}
    return render(request, "encounters/board_lines.html" if again else "encounters/board.html", context)
