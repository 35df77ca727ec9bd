"""What every page's frame needs. Costs no query: the request has its user and scope already."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.core import registry
from apps.core.scope import active


def shell(request: HttpRequest) -> dict[str, Any]:
    """menu, workplace, demo, user_label for templates/base.html."""
    scope = active()
    items = []
    if scope is not None:
        for item in registry.menu:
            if item.right is None or scope.can(item.right):
                url = reverse(item.url_name)
                items.append(
                    {
                        "title": item.title,
                        "url": url,
                        "icon": item.icon,
                        "active": request.path == url or (url != "/" and request.path.startswith(url)),
                    }
                )
    user = getattr(request, "user", None)
    own = [item for item in registry.user_menu if item.right is None or (scope and scope.can(item.right))]
    return {
        "menu": items,
        "user_menu": [{"title": item.title, "url": reverse(item.url_name)} for item in own],
        "workplace": scope.label if scope else "",
        "demo": settings.DEMO,
        "user_label": user.get_short_name() if user is not None and user.is_authenticated else "",
        "can_search": scope is not None and scope.can("people.view"),
    }
