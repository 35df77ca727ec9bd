"""/khoe: does this process answer and reach its database? For balancers and container healthchecks."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.access import public


@public
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 'tốt' or 503; says nothing about versions, names or people."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, OSError):
        return HttpResponse(
            "không tới được cơ sở dữ liệu\n", content_type="text/plain; charset=utf-8", status=503
        )
    return HttpResponse("tốt\n", content_type="text/plain; charset=utf-8")
