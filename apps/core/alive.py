"""Asked by an open page before it saves: does the session live, whose is it, which CSRF token is valid."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.core.access import public


@public
@require_GET
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """200 with {user, csrf} for a living session, 401 without one: so no typed form dies with its session."""
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse({"user": str(request.user.pk), "csrf": get_token(request)})
