"""Where she works today: the station, one of its points, or out in the hamlets."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.access import signed_in
from apps.facilities.middleware import OUTREACH, POINT, POINT_NAME, WORKPLACE
from apps.facilities.models import FacilityKind
from apps.facilities.posts import held_posts, workplaces
from apps.facilities.queries import points_of


@signed_in
def workplace(request: HttpRequest) -> HttpResponse:
    """Choose or change the workplace. A choice that is not hers is not offered and not taken."""
    choices = _choices(request.user)
    if request.method == "POST":
        value = request.POST.get("place", "")
        chosen = next(
            (option for choice in choices for option in choice["options"] if option["value"] == value), None
        )
        if chosen is not None:
            request.session[WORKPLACE] = chosen["workplace"]
            request.session[POINT] = chosen["point"]
            request.session[POINT_NAME] = chosen["title"] if chosen["point"] else ""
            request.session[OUTREACH] = chosen["outreach"]
            messages.success(request, f"Nơi làm việc: {chosen['title']}.")
            return redirect("core:home")
        messages.error(request, "Nơi làm việc này không còn trong danh sách của anh/chị; xin chọn lại.")
    here = (
        request.session.get(WORKPLACE),
        request.session.get(POINT) or "",
        bool(request.session.get(OUTREACH)),
    )
    options = [option for choice in choices for option in choice["options"]]
    for option in options:
        option["current"] = (option["workplace"], option["point"], option["outreach"]) == here
    chosen = next((option for option in options if option["current"]), None)
    first = chosen or (options[0] if options else None)
    return render(
        request, "accounts/workplace.html", {"choices": choices, "first": first, "chosen": chosen is not None}
    )


def _choices(user: Any) -> list[dict[str, Any]]:
    """One entry a workplace: its name, the roles there, and the ways to work from it."""
    places = workplaces(held_posts(user))
    first = {place: next(p for p in posts if p.facility_id == place) for place, posts in places.items()}
    stations = [place for place, post in first.items() if post.kind == FacilityKind.STATION]
    points = points_of(stations, timezone.localdate()) if stations else []
    choices = []
    # Stations before their points: where she usually is comes first.
    for place in sorted(places, key=lambda each: first[each].kind == FacilityKind.POINT):
        posts, here = places[place], first[place]
        options = [_option(place, here.facility_name)]
        options += [
            _option(place, point.name, point=str(point.pk))
            for point in points
            if point.part_of_id == place and point.pk not in places  # one with posts of its own stands below
        ]
        if here.kind in (FacilityKind.STATION, FacilityKind.POINT):
            options.append(_option(place, f"{here.facility_name} – lưu động", outreach=True))
        roles = ", ".join(dict.fromkeys(post.role_name for post in posts))
        choices.append({"title": here.facility_name, "roles": roles, "options": options})
    return choices


def _option(place: Any, title: str, *, point: str = "", outreach: bool = False) -> dict[str, Any]:
    return {
        "value": f"{place}/{point or ('luu-dong' if outreach else '')}",
        "workplace": str(place),
        "point": point,
        "outreach": outreach,
        "title": title,
        "word": "Lưu động tại thôn" if outreach else title,
    }
