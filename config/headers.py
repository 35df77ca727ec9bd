"""The last word on every answer's headers, and the first on a request that is too large to be read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# A page of ours asks nothing of the machine; a card is read by a scanner that types.
NOTHING = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
    *("geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment"),
    *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
PERMISSIONS = ", ".join(f"{name}=()" for name in NOTHING)


class Headers:
    """Permissions-Policy and CORP on everything; nothing personal stays in any cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = too_large(request) or self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        # Static files say their own; whatever else says nothing may show a person.
        response.setdefault("Cache-Control", "no-store, private")
        return response


def too_large(request: HttpRequest) -> HttpResponse | None:
    """413 for a body that no form of ours sends, before a byte of it is read."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length <= settings.LARGEST_REQUEST:
        return None
    return render(request, "413.html", {"megabytes": settings.LARGEST_REQUEST // 1_000_000}, status=413)
